// SPDX-License-Identifier: MIT
//
// Encode: of |x|, cut at what stands for an overflow, magic_round.h makes the sum S = |x| + C. With
// q the spacing at x and 2^E the leading power, at least the least normal number, the low bits of
// its pattern are 2^22 + |x| / q, rounded, and the rank of the result is
//     |x| / q + (field(E) - least_field << t)
// Only the low bits of it are wanted, which a code has without its sign, so that 2^22 may stay, and
// field(E) << t is the pattern of 2^E, moved down by s = 23 - t, whatever stands above. The
// constant least_field << t is taken off before: C is less by so many q, modulo 256. That is an
// even number of them, as t > 0, so ties still go where they should, and changes no other bit of
// the sum, which stays in the binade of 2^23 q.
//
// Decode: by tables in registers where there are permutations of bytes and the format's numbers are
// short (their patterns' lower halves zero), by tables in memory elsewhere.
// This file is compiled once for every instruction set. Floating-point arithmetic.
#include "emulator/kernels/array_codes.h"

#include <algorithm>
#include <bit>
#include <cmath>

#define HWY_WANT_AVX3_DL 1
#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/array_codes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/code_lanes.h"
#include "emulator/kernels/magic_round.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Integers = hn::RebindToSigned<Floats>;
using V = hn::Vec<Integers>;

// The code of |x| in the lowest bits of a lane, and others above. Where NaN has one code, that is
// for with_sign.
template <NanCode kNan, class F = hn::Vec<Floats>>
HWY_INLINE V magnitude_code(const ArrayEncoding& encoding, F x) {
  const Floats d;
  const Integers d_bits;
  const V magnitude = hn::BitCast(d_bits, hn::Abs(x));
  const V cut = hn::Min(magnitude, hn::Set(d_bits, static_cast<std::int32_t>(encoding.clamp)));
  const auto power = leading_power(d, encoding.magic, hn::BitCast(d, cut));
  const auto sum = hn::MulAdd(power, hn::Set(d, encoding.raise), hn::BitCast(d, cut));
  const int spare = static_cast<int>(encoding.spare_bits);
  const V code = hn::BitCast(d_bits, sum) + hn::ShiftRightSame(hn::BitCast(d_bits, power), spare);
  if constexpr (kNan != NanCode::odd) return code;
  const auto nan = magnitude > hn::Set(d_bits, static_cast<std::int32_t>(encoding.nan_above));
  return hn::IfThenElse(nan, hn::Set(d_bits, static_cast<std::int32_t>(encoding.nan)), code);
}

// The codes of x from those of |x|, nothing above.
template <NanCode kNan, class F = hn::Vec<Floats>>
HWY_INLINE V with_sign(const ArrayEncoding& encoding, F x, V code) {
  const Integers d;
  const hn::RebindToUnsigned<Integers> d_words;
  const V sign = hn::BitCast(
      d, hn::ShiftRightSame(hn::BitCast(d_words, x), static_cast<int>(32 - encoding.width)));
  const V below = hn::Set(d, (1 << (encoding.width - 1)) - 1);
  const V all = hn::Or(hn::And(code, below), hn::AndNot(below, sign));
  if constexpr (kNan != NanCode::one) return all;
  const auto nan =
      hn::BitCast(d, hn::Abs(x)) > hn::Set(d, static_cast<std::int32_t>(encoding.nan_above));
  return hn::IfThenElse(nan, hn::Set(d, static_cast<std::int32_t>(encoding.nan)), all);
}

// Codes of four vectors, packed.
template <NanCode kNan>
HWY_INLINE void encode_four(const ArrayEncoding& encoding, const float* in, std::uint8_t* bytes) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const auto a = hn::LoadU(d, in);
  const auto b = hn::LoadU(d, in + lanes);
  const auto c = hn::LoadU(d, in + 2 * lanes);
  const auto e = hn::LoadU(d, in + 3 * lanes);
  V of_a = magnitude_code<kNan>(encoding, a);
  V of_b = magnitude_code<kNan>(encoding, b);
  V of_c = magnitude_code<kNan>(encoding, c);
  V of_e = magnitude_code<kNan>(encoding, e);
#if HWY_TARGET == HWY_AVX3_DL
  if (kNan != NanCode::one && encoding.width == 8) {
    // The sign is in the highest byte of a number where it is in a code.
    const __m512i codes = bytes_of_lanes<0>(of_a.raw, of_b.raw, of_c.raw, of_e.raw);
    const auto word = [](auto x) HWY_ATTR { return _mm512_castps_si512(x.raw); };
    const __m512i signs = bytes_of_lanes<3>(word(a), word(b), word(c), word(e));
    const __m512i sign = _mm512_set1_epi8(-128);
    _mm512_storeu_si512(bytes, _mm512_ternarylogic_epi32(sign, signs, codes, 0xCA));
    return;
  }
#endif
  of_a = with_sign<kNan>(encoding, a, of_a);
  of_b = with_sign<kNan>(encoding, b, of_b);
  of_c = with_sign<kNan>(encoding, c, of_c);
  of_e = with_sign<kNan>(encoding, e, of_e);
  if (encoding.width == 8) return store_four(Integers(), of_a, of_b, of_c, of_e, bytes);
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  store_joined(bytes_of_four(of_a.raw, of_b.raw, of_c.raw, of_e.raw), bytes);
#else
  HWY_ALIGN std::uint8_t apart[4 * hn::MaxLanes(Floats())];
  store_four(Integers(), of_a, of_b, of_c, of_e, apart);
  join_halves(apart, 4 * lanes, bytes);
#endif
}

template <NanCode kNan>
void encode_all(const float* in, std::size_t count, const ArrayEncoding& given,
                std::uint8_t* codes) {
  const ArrayEncoding encoding = given;
  constexpr std::size_t most = 4 * hn::MaxLanes(Floats());
  const std::size_t step = 4 * hn::Lanes(Floats());
  HWY_ALIGN float last[most];
  HWY_ALIGN std::uint8_t bytes[most];
  std::size_t i = 0;
  if (encoding.width == 8) {
    for (; i + step <= count; i += step) encode_four<kNan>(encoding, in + i, codes + i);
  } else {
    for (; i + step <= count; i += step) encode_four<kNan>(encoding, in + i, codes + i / 2);
  }
  if (i == count) return;
  std::fill_n(std::copy_n(in + i, count - i, last), step - (count - i), 0.0F);
  encode_four<kNan>(encoding, last, bytes);
  if (encoding.width == 8) {
    std::copy_n(bytes, count - i, codes + i);
  } else {
    std::copy_n(bytes, (count - i + 1) / 2, codes + i / 2);
  }
}

void encode_floats(const float* in, std::size_t count, const ArrayEncoding& encoding,
                   std::uint8_t* codes) {
  switch (encoding.nan_code) {
    case NanCode::as_overflow:
      return encode_all<NanCode::as_overflow>(in, count, encoding, codes);
    case NanCode::odd:
      return encode_all<NanCode::odd>(in, count, encoding, codes);
    case NanCode::one:
      return encode_all<NanCode::one>(in, count, encoding, codes);
  }
}

// How many elements there are from here to where stores do not cross lines of the cache.
HWY_INLINE std::size_t elements_to_alignment(const float* out) {
  return (64 - reinterpret_cast<std::uintptr_t>(out) % 64) % 64 / sizeof(float);
}

// One by one, by the table in memory; answers end.
HWY_INLINE std::size_t decode_some_bytes(const std::uint8_t* codes, std::size_t begin,
                                         std::size_t end, const DecodeTable& table, float* out) {
  for (std::size_t i = begin; i < end; ++i) out[i] = std::bit_cast<float>(table.patterns[codes[i]]);
  return end;
}
HWY_INLINE std::size_t decode_some_halves(const std::uint8_t* codes, std::size_t begin,
                                          std::size_t end, const DecodeTable& table, float* out) {
  for (std::size_t i = begin; i < end; ++i)
    out[i] = std::bit_cast<float>(table.patterns[codes[i / 2] >> (i % 2 * 4) & 15]);
  return end;
}

void decode_bytes(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                  float* out) {
  std::size_t i = 0;
#if HWY_TARGET == HWY_AVX3_DL
  if (table.short_and_odd) {
    i = decode_some_bytes(codes, 0, std::min(count, elements_to_alignment(out)), table, out);
    const ByteTables tables(table.low.data(), table.high.data());
    __m512i patterns[4];
    for (; i + 64 <= count; i += 64) {
      tables.numbers(codes + i, patterns);
      for (int k = 0; k < 4; ++k) _mm512_storeu_si512(out + i + 16 * k, patterns[k]);
    }
  }
#endif
  decode_some_bytes(codes, i, count, table, out);
}

void decode_halves(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                   float* out) {
  std::size_t i = 0;
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  const std::size_t before = elements_to_alignment(out);
  if (before % 2 == 0) i = decode_some_halves(codes, 0, std::min(count, before), table, out);
  const __m512i numbers = _mm512_loadu_si512(table.patterns.data());
  for (; i + 16 <= count; i += 16) {
    const __m512i code = sixteen_halves(codes + i / 2);
    _mm512_storeu_si512(out + i, _mm512_permutexvar_epi32(code, numbers));
  }
#endif
  decode_some_halves(codes, i, count, table, out);
}

void decode_floats(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                   float* out) {
  if (table.width == 8) return decode_bytes(codes, count, table, out);
  decode_halves(codes, count, table, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

std::optional<ArrayEncoding> array_encoding_of(const Grid<std::uint32_t>& grid, int width) {
  constexpr std::uint32_t infinity = 0x7f800000;
  const std::uint32_t sign = grid.code_sign;
  const auto is_odd = [&](const Signs<std::uint32_t>& codes) {
    return (codes.positive & sign) == 0 && codes.negative == (codes.positive | sign);
  };
  const auto magic = grid.kind == RoundingKind::nearest_even_simple ? adder_of(grid) : std::nullopt;
  const std::uint32_t limit = grid.code_limit.positive;
  const bool one_nan = grid.code_nan.positive == grid.code_nan.negative;
  const bool nan_fits = is_odd(grid.code_nan) || one_nan;
  const auto same = [](const Signs<std::uint32_t>& a, const Signs<std::uint32_t>& b) {
    return a.positive == b.positive && a.negative == b.negative;
  };
  const bool as_overflow = same(grid.code_infinity, grid.code_overflow);
  const bool infinity_fits = as_overflow || same(grid.code_infinity, grid.code_nan);
  const bool saturates = grid.code_overflow.positive == limit;
  if (!magic || (width != 8 && width != 4) || sign != std::uint32_t{1} << (width - 1) ||
      grid.code_mask != 0 || grid.nan_fraction != 0 || !is_odd(grid.code_overflow) || !nan_fits ||
      !infinity_fits || (!saturates && grid.code_overflow.positive != limit + 1))
    return {};
  const std::uint32_t field = std::max(grid.limit.positive >> 23, grid.least_field);
  const auto quantum = (field - static_cast<std::uint32_t>(grid.fraction_bits)) << 23;
  const float next = std::bit_cast<float>(grid.limit.positive) + std::bit_cast<float>(quantum);
  ArrayEncoding encoding;
  encoding.width = width;
  encoding.magic = *magic;
  encoding.clamp = saturates ? grid.limit.positive : std::bit_cast<std::uint32_t>(next);
  encoding.spare_bits = grid.spare_bits;
  // C is 3/2 of a power of two that is spare_bits above 2^E.
  encoding.offset = std::uint32_t{0} - (grid.spare_bits << 23) - (std::uint32_t{1} << 22) -
                    (magic->least >> grid.spare_bits);
  encoding.nan_above = as_overflow ? infinity : infinity - 1;
  encoding.nan = grid.code_nan.positive;
  // Magnitudes of NaN are patterns above all others, and cut as they are.
  encoding.nan_code = same(grid.code_nan, grid.code_overflow) ? NanCode::as_overflow
                      : one_nan                               ? NanCode::one
                                                              : NanCode::odd;
  const std::uint32_t less = magic->least >> grid.spare_bits & 0xff;
  encoding.raise = magic->raise + std::ldexp(static_cast<float>((256 - less) % 256),
                                             static_cast<int>(grid.spare_bits) - 23);
  return encoding;
}

DecodeTable decode_table_of(std::span<const std::uint32_t> patterns) {
  DecodeTable table;
  table.width = patterns.size() == 256 ? 8 : 4;
  std::copy(patterns.begin(), patterns.end(), table.patterns.begin());
  table.short_and_odd = table.width == 8;
  for (std::size_t code = 0; code < 128 && table.short_and_odd; ++code) {
    const std::uint32_t pattern = table.patterns[code];
    table.short_and_odd = (pattern & 0xffff) == 0 && pattern >> 31 == 0 &&
                          table.patterns[code + 128] == (pattern | std::uint32_t{1} << 31);
    table.low[code] = static_cast<std::uint8_t>(pattern >> 16);
    table.high[code] = static_cast<std::uint8_t>(pattern >> 24);
  }
  return table;
}

HWY_EXPORT(encode_floats);
HWY_EXPORT(decode_floats);

void encode(const float* in, std::size_t count, const ArrayEncoding& encoding,
            std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(encode_floats)(in, count, encoding, codes);
}

void decode(const std::uint8_t* codes, std::size_t count, const DecodeTable& table, float* out) {
  HWY_DYNAMIC_DISPATCH(decode_floats)(codes, count, table, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
