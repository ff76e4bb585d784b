// SPDX-License-Identifier: MIT
//
// Posits (Standard for Posit Arithmetic, 2022, section 4.1) are rounded in the encoding: the bits
// behind the sign are those of a number with any many bits, cut to n - 1 and rounded to nearest,
// ties to even. A number 2^e (1 + f) with e = k 2^es + r, 0 <= r < 2^es, has a regime of k + 2 bits
// where k >= 0, of 1 - k bits below, then r in es bits, then f. A float's pattern ends with r, if
// its exponent's field is moved to a multiple of 2^es, and f as well. So within a regime both
// encodings count alike, and cutting one is cutting the other: with s = k or -k - 1, whichever is
// not negative, n - 3 - s bits of r and f stay, of 23 + es, and d = 26 + es - n + s are dropped.
//
// Where s = n - 3 nothing of them stays, and the last bit is the regime's: 0 where k >= 0, 1 below.
// These two k, n - 3 and 2 - n, differ in parity, so that the field is moved such that k has this
// bit too. Magnitudes are cut to the least and the largest first, which have s = n - 2 or n - 3 and
// zeros below the regime: with at most n - 3 they stay what they are. So nothing becomes zero.
//
// A staircase of few steps is searched in registers, by halving. This file is compiled once for
// every instruction set. Integer lanes only.
#include "emulator/kernels/gridless_round.h"

#include <algorithm>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/gridless_round.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Signed lanes, which all targets compare; patterns of magnitudes are none the less for it.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V round_posit(D d, const PositRounding& rounding, V bits) {
  const hn::RebindToUnsigned<D> d_words;
  const auto set = [&](std::uint32_t word)
                       HWY_ATTR { return hn::Set(d, static_cast<std::int32_t>(word)); };
  const auto words = [&](V v) HWY_ATTR { return hn::BitCast(d_words, v); };
  const auto back = [&](hn::Vec<decltype(d_words)> v) HWY_ATTR { return hn::BitCast(d, v); };
  const V one = set(1);
  const V all = set(~std::uint32_t{0});
  const V magnitude = hn::And(bits, set(0x7fffffff));
  const V cut = hn::Min(hn::Max(magnitude, set(rounding.least)), set(rounding.largest));
  const V place = cut + set(rounding.offset);
  const V regime =
      back(hn::ShiftRightSame(words(place), rounding.regime_place)) - set(rounding.regime);
  const V run = hn::Min(hn::Max(regime, hn::Xor(regime, all)),
                        set(static_cast<std::uint32_t>(rounding.longest)));
  const V dropped = run + set(static_cast<std::uint32_t>(rounding.dropped));
  const V last = hn::And(back(words(place) >> words(dropped)), one);
  const V half = back(words(one) << words(dropped - one));
  const V rounded = hn::And(place + (half + (last - one)), back(words(all) << words(dropped)));
  const V sign = hn::AndNot(set(0x7fffffff), bits);
  V result = hn::Or(rounded - set(rounding.offset), sign);
  result = hn::IfThenZeroElse(magnitude == hn::Zero(d), result);
  const auto nan = magnitude > set(0x7f800000);
  const V positive =
      hn::IfThenElse(nan, set(rounding.nan.positive), set(rounding.infinity.positive));
  const V negative =
      hn::IfThenElse(nan, set(rounding.nan.negative), set(rounding.infinity.negative));
  const V special = hn::IfThenElse(bits < hn::Zero(d), negative, positive);
  return hn::IfThenElse(magnitude > set(0x7f7fffff), special, result);
}

// Whole vectors only: Highway 1.0.3 shifts a single lane by the bits of its neighbour, too.
void posits(const float* in, std::size_t count, const PositRounding& given, float* out) {
  const PositRounding rounding = given;
  const hn::ScalableTag<std::int32_t> d;
  const hn::Rebind<float, decltype(d)> d_float;
  const std::size_t lanes = hn::Lanes(d);
  const auto round_vector = [&](const float* from, float* to) HWY_ATTR {
    const auto bits = hn::BitCast(d, hn::LoadU(d_float, from));
    hn::StoreU(hn::BitCast(d_float, round_posit(d, rounding, bits)), d_float, to);
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) round_vector(in + i, out + i);
  if (i == count) return;
  HWY_ALIGN float last[hn::MaxLanes(d)] = {};
  std::copy_n(in + i, count - i, last);
  round_vector(last, last);
  std::copy_n(last, count - i, out + i);
}

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86

bool staircase(const float* in, std::size_t count, const Staircase& stairs, float* out) {
  __m512i begins[2], values[2];
  for (int k = 0; k < 2; ++k) {
    begins[k] = _mm512_loadu_si512(stairs.begins.data() + 16 * k);
    values[k] = _mm512_loadu_si512(stairs.values.data() + 16 * k);
  }
  for (std::size_t i = 0; i < count; i += 16) {
    const std::size_t left = std::min<std::size_t>(16, count - i);
    const auto there = static_cast<__mmask16>((1U << left) - 1);
    const __m512i pattern = _mm512_maskz_loadu_epi32(there, in + i);
    __m512i at = _mm512_setzero_si512();
    for (int half = 16; half > 0; half /= 2) {
      const __m512i next = _mm512_or_si512(at, _mm512_set1_epi32(half));
      const __m512i begin = _mm512_permutex2var_epi32(begins[0], next, begins[1]);
      at = _mm512_mask_mov_epi32(at, _mm512_cmpge_epu32_mask(pattern, begin), next);
    }
    const __m512i value = _mm512_permutex2var_epi32(values[0], at, values[1]);
    _mm512_mask_storeu_epi32(out + i, there, value);
  }
  return true;
}

#else

bool staircase(const float*, std::size_t, const Staircase&, float*) { return false; }

#endif

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

std::optional<PositRounding> posit_rounding_of(int bits, int exponent_bits) {
  constexpr int most_exponent_bits = 3;
  constexpr int least_bits = 4;
  if (bits < least_bits || exponent_bits > most_exponent_bits || bits >= 26 + exponent_bits ||
      (bits - 2) << exponent_bits > 126)
    return {};
  const int greatest = (bits - 2) << exponent_bits;
  PositRounding rounding;
  rounding.least = static_cast<std::uint32_t>(127 - greatest) << 23;
  rounding.largest = static_cast<std::uint32_t>(127 + greatest) << 23;
  rounding.regime_place = 23 + exponent_bits;
  rounding.longest = bits - 3;
  rounding.dropped = 26 + exponent_bits - bits;
  const std::uint32_t regime = std::uint32_t{128} >> exponent_bits;
  const std::uint32_t further = (regime ^ static_cast<std::uint32_t>(rounding.longest)) & 1;
  rounding.regime = regime + further;
  rounding.offset = (std::uint32_t{1} << 23) + (further << rounding.regime_place);
  return rounding;
}

HWY_EXPORT(posits);
HWY_EXPORT(staircase);

void round_posits(const float* in, std::size_t count, const PositRounding& rounding, float* out) {
  HWY_DYNAMIC_DISPATCH(posits)(in, count, rounding, out);
}

bool round_by_staircase(const float* in, std::size_t count, const Staircase& stairs, float* out) {
  return HWY_DYNAMIC_DISPATCH(staircase)(in, count, stairs, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
