// SPDX-License-Identifier: MIT
//
// Elements of four bits under scales of at most eight. What depends on a scale alone is made once a
// scale and taken by its code: the reciprocal, and the sixteen numbers that elements may become, so
// that a code is looked up instead of multiplied.
//
// Let z = |x| / (S L), S being the scale and L the least normal number, and s = max(2z, z + 1). In
// [1, 2) s is z + 1, which grows like the format's numbers below L; above, it is 2z, which doubles
// where they do. So with t fraction bits and d = 23 - t the pattern of s as a float, less that of
// 1, in units of 2^d, is the rank at the format's numbers and half of an odd number at the turns,
// and the rank of x rounded is that quotient rounded.
//
// 1 / S comes with two roundings and the product with it has one more, of 2^-24 each, so that 2z is
// within three units of the last place; z + 1, where it counts, has z of these and at most two
// roundings of its own, which is less. A vector that has an element within 8 units of a turn, ties
// among them, goes by turns (narrow.cc). As far from those, the error cannot reach one.
//
// Only where sixteen lanes are permuted. This file is compiled once for every instruction set.
// Floating-point arithmetic.
#include "emulator/kernels/narrow_halves.h"

#include <algorithm>
#include <bit>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/narrow_halves.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86

bool has_halves_lanes() { return true; }

// RoundedSixteen elements.
struct RoundedSixteen {
  __m512 value;
  __m512i code;
  bool decided;
};

template <bool kCodes>
HWY_INLINE RoundedSixteen round_sixteen(const HalvesRounding& rounding, __m512 x,
                                        const HalvesTable::By& by, const float* numbers) {
  const __m512 magnitude = _mm512_abs_ps(x);
  const __m512 above = _mm512_mul_ps(magnitude, _mm512_set1_ps(by.twice));
  const __m512 below = _mm512_fmadd_ps(magnitude, _mm512_set1_ps(by.once), _mm512_set1_ps(1));
  const __m512i place = _mm512_castps_si512(_mm512_max_ps(above, below));
  const __m512i cut =
      _mm512_min_epi32(place, _mm512_set1_epi32(static_cast<std::int32_t>(rounding.most)));
  const __m512i sum =
      _mm512_add_epi32(cut, _mm512_set1_epi32(static_cast<std::int32_t>(rounding.raise)));
  const __m512i far = _mm512_set1_epi32(static_cast<std::int32_t>(rounding.far));
  const __m512i rank = _mm512_srl_epi32(sum, _mm_cvtsi32_si128(rounding.spare_bits));
  const bool decided = _mm512_testn_epi32_mask(sum, far) == 0;
  const __m512i bits = _mm512_castps_si512(x);
  const __m512 row = _mm512_load_ps(numbers);
  if constexpr (kCodes) {
    const __m512i sign = _mm512_srli_epi32(bits, 28);
    const __m512i code = _mm512_ternarylogic_epi32(rank, sign, _mm512_set1_epi32(8), 0xF8);
    return {.value = _mm512_permutexvar_ps(code, row), .code = code, .decided = decided};
  }
  // The numbers of both signs have the same magnitudes.
  const __m512i magnitudes = _mm512_castps_si512(_mm512_permutexvar_ps(rank, row));
  const __m512i sign = _mm512_set1_epi32(hwy::LimitsMin<std::int32_t>());
  const __m512i value = _mm512_ternarylogic_epi32(magnitudes, bits, sign, 0xF8);
  return {.value = _mm512_castsi512_ps(value), .code = rank, .decided = decided};
}

// Two by two into one byte.
HWY_INLINE void store_halves(__m512i codes, std::uint8_t* bytes) {
  const __m512i pairs = _mm512_or_si512(codes, _mm512_srli_epi64(codes, 28));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(bytes), _mm512_cvtepi64_epi8(pairs));
}

HWY_NOINLINE void round_by_turns(const float* in, const NarrowTable& turns, double scale,
                                 float* out, std::uint8_t* codes) {
  std::uint8_t bytes[16];
  round_narrow(in, 16, turns, {.scales = &scale, .block = 16}, out,
               codes == nullptr ? nullptr : bytes);
  if (codes != nullptr) pack_halves(bytes, 16, codes);
}

// kPer: how many vectors a block has; 0 for what blocks.block says.
template <bool kCodes, std::size_t kPer>
void round_all(const float* in, std::size_t count, const NarrowTable& turns,
               const HalvesRounding& given, const HalvesTable& table, const ScaledBlocks& blocks,
               float* out, std::uint8_t* codes) {
  const HalvesRounding rounding = given;
  const std::uint64_t* scale = blocks.codes;
  const std::size_t per = kPer == 0 ? blocks.block / 16 : kPer;
  std::size_t left = per;
  for (std::size_t i = 0; i < count; i += 16) {
    const RoundedSixteen made = round_sixteen<kCodes>(
        rounding, _mm512_loadu_ps(in + i), table.by[*scale], table.halves.numbers[*scale]);
    if (HWY_LIKELY(made.decided)) {
      _mm512_storeu_ps(out + i, made.value);
      if constexpr (kCodes) store_halves(made.code, codes + i / 2);
    } else {
      round_by_turns(in + i, turns, blocks.scales[scale - blocks.codes], out + i,
                     kCodes ? codes + i / 2 : nullptr);
    }
    if (kPer == 1 || --left == 0) {
      ++scale;
      left = per;
    }
  }
}

void round_halves_lanes(const float* in, std::size_t count, const NarrowTable& turns,
                        const HalvesRounding& rounding, const HalvesTable& table,
                        const ScaledBlocks& blocks, float* out, std::uint8_t* codes) {
  const bool one = blocks.block == 16;
  if (codes != nullptr) {
    (one ? round_all<true, 1> : round_all<true, 0>)(in, count, turns, rounding, table, blocks, out,
                                                    codes);
  } else {
    (one ? round_all<false, 1> : round_all<false, 0>)(in, count, turns, rounding, table, blocks,
                                                      out, nullptr);
  }
}

#else

bool has_halves_lanes() { return false; }

void round_halves_lanes(const float*, std::size_t, const NarrowTable&, const HalvesRounding&,
                        const HalvesTable&, const ScaledBlocks&, float*, std::uint8_t*) {}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(has_halves_lanes);
HWY_EXPORT(round_halves_lanes);

HalvesRounding halves_rounding_of(const MovedRounding& rounding) {
  constexpr std::uint32_t close = 8;
  const std::uint32_t unit = std::uint32_t{1} << rounding.spare_bits;
  const float largest =
      std::bit_cast<float>(rounding.clamp.positive) / std::bit_cast<float>(rounding.magic.least);
  HalvesRounding halves;
  halves.least = std::bit_cast<float>(rounding.magic.least);
  halves.most = std::bit_cast<std::uint32_t>(std::max(2 * largest, largest + 1));
  halves.spare_bits = static_cast<int>(rounding.spare_bits);
  halves.raise = unit / 2 + close - std::bit_cast<std::uint32_t>(1.0F);
  halves.far = unit - 2 * close;
  return halves;
}

bool make_halves(const HalvesRounding& rounding, const DecodeTable& numbers,
                 const ScaleNumbers& scales, HalvesTable& table) {
  constexpr double least_scale = 0x1p-60, most_scale = 0x1p60;
  if (!HWY_DYNAMIC_DISPATCH(has_halves_lanes)()) return false;
  for (std::size_t code = 0; code < scales.size(); ++code) {
    const double scale = scales[code];
    if (scale < least_scale || scale > most_scale) return false;
    const float once = 1 / static_cast<float>(scale) / rounding.least;
    table.by[code] = {.once = once, .twice = 2 * once};
  }
  scale_halves(numbers, scales, table.halves);
  return true;
}

void round_halves(const float* in, std::size_t count, const NarrowTable& turns,
                  const HalvesRounding& rounding, const HalvesTable& table,
                  const ScaledBlocks& blocks, float* out, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(round_halves_lanes)(in, count, turns, rounding, table, blocks, out, codes);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
