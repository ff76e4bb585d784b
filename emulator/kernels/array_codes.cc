// SPDX-License-Identifier: MIT
//
// Encode: of |x|, cut at what stands for an overflow, magic_round.h makes the sum S = |x| + C whose
// low bits are 2^22 + |x| / q, rounded. Its pattern less that of C is that multiple, and the rank
// is
//     (field(E) - least_field << t) + (S - C)
// where 2^E is the leading power, at least the least normal number. With P the pattern of 2^E,
// whose low 23 bits are zero, and s = 23 - t, the rank is S + (P >> s) - P + offset for a constant
// offset. Carries go from one binade's ranks to the next's, as they should.
//
// Decode: by tables in registers where there are permutations of bytes and the format's numbers are
// short (their patterns' lower halves zero), by tables in memory elsewhere.
// This file is compiled once for every instruction set. Floating-point arithmetic.
#include "emulator/kernels/array_codes.h"

#include <algorithm>
#include <bit>

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

// Codes of one vector, each in its lane.
HWY_INLINE V encode_lanes(const ArrayEncoding& encoding, const float* in) {
  const Floats d;
  const Integers d_bits;
  const auto x = hn::LoadU(d, in);
  const V magnitude = hn::BitCast(d_bits, hn::Abs(x));
  const V cut = hn::Min(magnitude, hn::Set(d_bits, static_cast<std::int32_t>(encoding.clamp)));
  const auto power = leading_power(d, encoding.magic, hn::BitCast(d, cut));
  const auto sum = hn::MulAdd(power, hn::Set(d, encoding.magic.raise), hn::BitCast(d, cut));
  const V field = hn::BitCast(d_bits, power);
  const int spare = static_cast<int>(encoding.spare_bits);
  const V moved = hn::ShiftRightSame(field, spare) - field;
  const V offset = hn::Set(d_bits, static_cast<std::int32_t>(encoding.offset));
  V code = hn::BitCast(d_bits, sum) + (moved + offset);
  const auto nan = magnitude > hn::Set(d_bits, static_cast<std::int32_t>(encoding.nan_above));
  const hn::RebindToUnsigned<Integers> d_words;
  const auto sign = hn::ShiftRightSame(hn::BitCast(d_words, x), 32 - encoding.width);
  const auto place = hn::Set(d_words, std::uint32_t{1} << (encoding.width - 1));
  code = hn::Or(code, hn::BitCast(d_bits, hn::And(sign, place)));
  const auto nan_sign = hn::And(sign, hn::Set(d_words, encoding.nan_sign));
  const auto value = hn::Or(nan_sign, hn::Set(d_words, encoding.nan));
  return hn::IfThenElse(nan, hn::BitCast(d_bits, value), code);
}

// Codes of four vectors as bytes.
HWY_INLINE void encode_four(const ArrayEncoding& encoding, const float* in, std::uint8_t* bytes) {
  const std::size_t lanes = hn::Lanes(Integers());
  const V a = encode_lanes(encoding, in);
  const V b = encode_lanes(encoding, in + lanes);
  const V c = encode_lanes(encoding, in + 2 * lanes);
  const V e = encode_lanes(encoding, in + 3 * lanes);
  store_four(Integers(), a, b, c, e, bytes);
}

void encode_floats(const float* in, std::size_t count, const ArrayEncoding& given,
                   std::uint8_t* codes) {
  const ArrayEncoding encoding = given;
  constexpr std::size_t most = 4 * hn::MaxLanes(Floats());
  const std::size_t step = 4 * hn::Lanes(Floats());
  HWY_ALIGN float last[most];
  HWY_ALIGN std::uint8_t bytes[most];
  std::size_t i = 0;
  for (; i + step <= count; i += step) {
    if (encoding.width == 8) {
      encode_four(encoding, in + i, codes + i);
    } else {
      encode_four(encoding, in + i, bytes);
      join_halves(bytes, step, codes + i / 2);
    }
  }
  if (i == count) return;
  std::fill_n(std::copy_n(in + i, count - i, last), step - (count - i), 0.0F);
  encode_four(encoding, last, bytes);
  if (encoding.width == 8) {
    std::copy_n(bytes, count - i, codes + i);
  } else {
    join_halves(bytes, count - i, codes + i / 2);
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
  encoding.nan_sign = one_nan ? 0 : sign;
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
