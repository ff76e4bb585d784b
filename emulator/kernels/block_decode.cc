// SPDX-License-Identifier: MIT
//
// Packed codes of 8 and 4 bits as the numbers of their blocks. Codes of four bits: a block has its
// own table, of all numbers times its scale, made in doubles, where those products are exact, and
// rounded once; an element is a permutation. Codes of eight: numbers by the tables of code_lanes.h,
// times the scale, which is a float then: the multiplication rounds once. Only where there are
// permutations of such tables.
//
// Scales of at most eight bits have few values, so that many blocks share them: then what depends
// on a scale alone is made once a scale, and a block takes it from memory by the scale's code.
// This file is compiled once for every instruction set. Floating-point arithmetic.
#include <algorithm>
#include <cstring>
#include <limits>

#include "emulator/kernels/array_codes.h"

#define HWY_WANT_AVX3_DL 1
#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/block_decode.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/code_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86

// A NaN is the positive quiet one.
HWY_INLINE __m512 one_nan(__m512 x) {
  const __m512 nan = _mm512_set1_ps(std::numeric_limits<float>::quiet_NaN());
  return _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), nan);
}

// All numbers of a table of codes of four bits, as doubles.
struct SixteenNumbers {
  __m512d lower, upper;

  explicit HWY_INLINE SixteenNumbers(const DecodeTable& table) {
    const float* const patterns = reinterpret_cast<const float*>(table.patterns.data());
    lower = _mm512_cvtps_pd(_mm256_loadu_ps(patterns));
    upper = _mm512_cvtps_pd(_mm256_loadu_ps(patterns + 8));
  }
  // Times a scale, rounded once. kNan: the table has one.
  template <bool kNan>
  HWY_INLINE __m512 times(double by) const {
    const __m512d scale = _mm512_set1_pd(by);
    const __m256 below = _mm512_cvtpd_ps(_mm512_mul_pd(lower, scale));
    const __m256 above = _mm512_cvtpd_ps(_mm512_mul_pd(upper, scale));
    const __m512 numbers = _mm512_insertf32x8(_mm512_castps256_ps512(below), above, 1);
    return kNan ? one_nan(numbers) : numbers;
  }
};

// Blocks of whole vectors.
template <bool kNan>
void decode_halves(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                   const Scales& scales, float* out) {
  const SixteenNumbers sixteen(table);
  for (std::size_t begin = 0, k = 0; begin < count; begin += scales.block, ++k) {
    const __m512 numbers = sixteen.times<kNan>(scales.scales[k]);
    const std::size_t end = std::min(begin + scales.block, count);
    for (std::size_t i = begin; i + 16 <= end; i += 16)
      _mm512_storeu_ps(out + i, _mm512_permutexvar_ps(sixteen_halves(codes + i / 2), numbers));
  }
}

void scale_halves_lanes(const DecodeTable& table, const ScaleNumbers& scales,
                        ScaledHalves& scaled) {
  const SixteenNumbers sixteen(table);
  for (std::size_t code = 0; code < scales.size(); ++code) {
    const bool number = scales[code] == scales[code];
    _mm512_store_ps(scaled.numbers[code],
                    number ? sixteen.times<true>(scales[code]) : _mm512_setzero_ps());
  }
}

bool has_nan(const DecodeTable& table) {
  return std::any_of(table.patterns.begin(), table.patterns.begin() + 16,
                     [](std::uint32_t pattern) { return (pattern & 0x7fffffff) > 0x7f800000; });
}

#if HWY_TARGET == HWY_AVX3_DL
// True where all scales are floats, or NaN.
bool are_floats(const double* scales, std::size_t blocks) {
  unsigned wide = 0;
  for (std::size_t k = 0; k < blocks; k += 8) {
    const auto there = static_cast<__mmask8>(blocks - k < 8 ? (1U << (blocks - k)) - 1 : 0xffU);
    const __m512d scale = _mm512_maskz_loadu_pd(there, scales + k);
    const __m512d narrow = _mm512_cvtps_pd(_mm512_cvtpd_ps(scale));
    wide |= _mm512_cmp_pd_mask(narrow, scale, _CMP_NEQ_OQ);
  }
  return wide == 0;
}

// The scales of so many vectors from the first on.
void write_factors(const Scales& scales, std::size_t first, std::size_t vectors, float* factors) {
  const std::size_t of_block = scales.block / 16;
  const double* scale = scales.scales + first / of_block;
  std::size_t v = 0;
  if (of_block == 2) {
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    for (; v + 16 <= vectors; v += 16, scale += 8) {
      const __m512 eight = _mm512_castps256_ps512(_mm512_cvtpd_ps(_mm512_loadu_pd(scale)));
      _mm512_storeu_ps(factors + v, _mm512_permutexvar_ps(twice, eight));
    }
  }
  for (std::size_t left = of_block - (first + v) % of_block; v < vectors; ++v, --left) {
    if (left == 0) {
      ++scale;
      left = of_block;
    }
    factors[v] = static_cast<float>(*scale);
  }
}

// Of 64 codes the first kVectors vectors; factor(k): that of the k-th.
template <std::size_t kVectors, class Factor>
HWY_INLINE void decode_by_factors(const ByteTables& tables, const std::uint8_t* codes,
                                  const Factor& factor, float* out) {
  __m512i part[4];
  const bool special = tables.numbers(codes, part);
  for (std::size_t k = 0; k < kVectors; ++k) {
    __m512 product = _mm512_mul_ps(_mm512_castsi512_ps(part[k]), _mm512_set1_ps(factor(k)));
    if (HWY_UNLIKELY(special)) product = one_nan(product);
    _mm512_storeu_ps(out + 16 * k, product);
  }
}

// Whole vectors, of which a factor each is there.
void decode_bytes(const std::uint8_t* codes, std::size_t vectors, const ByteTables& given,
                  const float* factors, float* out) {
  const ByteTables tables = given;
  std::size_t v = 0;
  const auto factor = [&](std::size_t k) HWY_ATTR { return factors[v + k]; };
  for (; v + 4 <= vectors; v += 4)
    decode_by_factors<4>(tables, codes + 16 * v, factor, out + 16 * v);
  for (; v < vectors; ++v) {
    alignas(64) std::uint8_t last[64] = {};
    std::copy_n(codes + 16 * v, 16, last);
    // The first vector has the codes of the first quarter.
    decode_by_factors<1>(tables, last, factor, out + 16 * v);
  }
}
#endif

// Whole vectors, of which a block has kPer. kFloats: the numbers times scales that are floats.
// Answers whether a block is under NaN, as do those below.
template <int kPer, bool kFloats>
bool decode_halves_scaled(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                          const ScaleCodes& scales, float* out) {
  const auto mask = static_cast<std::uint8_t>(scales.mask);
  const Code* const of_blocks = scales.codes;
  const ScaledHalves* const halves = scales.halves;
  const __m512 numbers = _mm512_loadu_ps(table.patterns.data());
  const auto decode_one = [&](std::size_t i, std::size_t scale) HWY_ATTR {
    const __m512i places = sixteen_halves(codes + i / 2);
    const __m512 worth =
        kFloats ? _mm512_mul_ps(_mm512_permutexvar_ps(places, numbers),
                                _mm512_set1_ps(scales.factors[scale]))
                : _mm512_permutexvar_ps(places, _mm512_load_ps(halves->numbers[scale]));
    _mm512_storeu_ps(out + i, worth);
  };
  unsigned nan = 0;
  const auto scale_of = [&](std::size_t block) HWY_ATTR {
    const std::size_t scale = std::size_t{static_cast<std::uint8_t>(of_blocks[block])} & mask;
    nan |= scales.nan[scale];
    return scale;
  };
  std::size_t block = 0, i = 0;
  for (; i + 16 * kPer <= count; i += 16 * kPer, ++block) {
    const std::size_t scale = scale_of(block);
    for (std::size_t k = 0; k < kPer; ++k) decode_one(i + 16 * k, scale);
  }
  for (; i < count; i += 16) decode_one(i, scale_of(block));
  return nan != 0;
}

#if HWY_TARGET == HWY_AVX3_DL
template <int kPer>
bool decode_bytes_scaled(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                         const ScaleCodes& scales, float* out) {
  const ByteTables tables(table.low.data(), table.high.data());
  const auto mask = static_cast<std::uint8_t>(scales.mask);
  std::size_t v = 0;
  unsigned nan = 0;
  const auto factor = [&](std::size_t k) HWY_ATTR {
    const auto code = static_cast<std::uint8_t>(scales.codes[(v + k) / kPer]);
    const std::size_t scale = std::size_t{code} & mask;
    nan |= scales.nan[scale];
    return scales.factors[scale];
  };
  const std::size_t vectors = count / 16;
  for (; v + 4 <= vectors; v += 4)
    decode_by_factors<4>(tables, codes + 16 * v, factor, out + 16 * v);
  for (; v < vectors; ++v) {
    alignas(64) std::uint8_t last[64] = {};
    std::copy_n(codes + 16 * v, 16, last);
    decode_by_factors<1>(tables, last, factor, out + 16 * v);
  }
  return nan != 0;
}
#endif

template <int kPer>
std::optional<bool> decode_scaled_blocks(const std::uint8_t* codes, std::size_t count,
                                         const DecodeTable& table, const ScaleCodes& scales,
                                         float* out) {
  if (table.width == 4 && scales.halves != nullptr)
    return decode_halves_scaled<kPer, false>(codes, count, table, scales, out);
  if (table.width == 4 && !has_nan(table))
    return decode_halves_scaled<kPer, true>(codes, count, table, scales, out);
#if HWY_TARGET == HWY_AVX3_DL
  if (table.short_and_odd && scales.halves == nullptr)
    return decode_bytes_scaled<kPer>(codes, count, table, scales, out);
#endif
  return {};
}

std::optional<bool> decode_scaled_lanes(const std::uint8_t* codes, std::size_t count,
                                        const DecodeTable& table, const ScaleCodes& scales,
                                        float* out) {
  if (count % 16 != 0) return {};
  if (scales.block == 16) return decode_scaled_blocks<1>(codes, count, table, scales, out);
  if (scales.block == 32) return decode_scaled_blocks<2>(codes, count, table, scales, out);
  return {};
}

bool decode_blocks_lanes(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                         const Scales& scales, float* out) {
  if (scales.block % 16 != 0 || count % 16 != 0) return false;
  if (table.width == 4) {
    (has_nan(table) ? decode_halves<true> : decode_halves<false>)(codes, count, table, scales, out);
    return true;
  }
#if HWY_TARGET == HWY_AVX3_DL
  if (!table.short_and_odd || !are_floats(scales.scales, (count + scales.block - 1) / scales.block))
    return false;
  constexpr std::size_t most = 256;  // vectors at once
  float factors[most];
  const ByteTables tables(table.low.data(), table.high.data());
  for (std::size_t first = 0; first < count / 16; first += most) {
    const std::size_t vectors = std::min(most, count / 16 - first);
    write_factors(scales, first, vectors, factors);
    decode_bytes(codes + 16 * first, vectors, tables, factors, out + 16 * first);
  }
  return true;
#else
  return false;
#endif
}

#else

bool decode_blocks_lanes(const std::uint8_t*, std::size_t, const DecodeTable&, const Scales&,
                         float*) {
  return false;
}
std::optional<bool> decode_scaled_lanes(const std::uint8_t*, std::size_t, const DecodeTable&,
                                        const ScaleCodes&, float*) {
  return {};
}

void scale_halves_lanes(const DecodeTable&, const ScaleNumbers&, ScaledHalves&) {}

#endif

bool set_factors_lanes(const ScaleNumbers& numbers, ScaleCodes& scales) {
  unsigned wide = 0;
  for (std::size_t code = 0; code < numbers.size(); ++code) {
    const double number = numbers[code];
    const auto factor = static_cast<float>(number);
    const bool nan = number != number;
    scales.factors[code] = factor;
    scales.nan[code] = static_cast<std::uint8_t>(nan);
    wide |=
        static_cast<unsigned>(static_cast<double>(factor) != number) & ~static_cast<unsigned>(nan);
  }
  return (wide & 1) == 0;
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(decode_blocks_lanes);

bool decode_blocks(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                   const Scales& scales, float* out) {
  return HWY_DYNAMIC_DISPATCH(decode_blocks_lanes)(codes, count, table, scales, out);
}

HWY_EXPORT(scale_halves_lanes);
HWY_EXPORT(set_factors_lanes);
HWY_EXPORT(decode_scaled_lanes);

void scale_halves(const DecodeTable& table, const ScaleNumbers& scales, ScaledHalves& scaled) {
  HWY_DYNAMIC_DISPATCH(scale_halves_lanes)(table, scales, scaled);
}

bool set_factors(const ScaleNumbers& numbers, ScaleCodes& scales) {
  return HWY_DYNAMIC_DISPATCH(set_factors_lanes)(numbers, scales);
}

std::optional<bool> decode_scaled(const std::uint8_t* codes, std::size_t count,
                                  const DecodeTable& table, const ScaleCodes& scales, float* out) {
  return HWY_DYNAMIC_DISPATCH(decode_scaled_lanes)(codes, count, table, scales, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
