// SPDX-License-Identifier: MIT
//
// Packed codes of 8 and 4 bits as the numbers of their blocks. Codes of four bits: a block has its
// own table, of all numbers times its scale, made in doubles, where those products are exact, and
// rounded once; an element is a permutation. Codes of eight: numbers by the tables of code_lanes.h,
// times the scale, which is a float then: the multiplication rounds once. Only where there are
// permutations of such tables. This file is compiled once for every instruction set. Floating-point
// arithmetic.
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

// Blocks of whole vectors. kNan: the table has one.
template <bool kNan>
void decode_halves(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                   const Scales& scales, float* out) {
  const float* const patterns = reinterpret_cast<const float*>(table.patterns.data());
  const __m512d lower = _mm512_cvtps_pd(_mm256_loadu_ps(patterns));
  const __m512d upper = _mm512_cvtps_pd(_mm256_loadu_ps(patterns + 8));
  for (std::size_t begin = 0, k = 0; begin < count; begin += scales.block, ++k) {
    const __m512d scale = _mm512_set1_pd(scales.scales[k]);
    const __m256 below = _mm512_cvtpd_ps(_mm512_mul_pd(lower, scale));
    const __m256 above = _mm512_cvtpd_ps(_mm512_mul_pd(upper, scale));
    __m512 numbers = _mm512_insertf32x8(_mm512_castps256_ps512(below), above, 1);
    if (kNan) numbers = one_nan(numbers);
    const std::size_t end = std::min(begin + scales.block, count);
    for (std::size_t i = begin; i + 16 <= end; i += 16)
      _mm512_storeu_ps(out + i, _mm512_permutexvar_ps(sixteen_halves(codes + i / 2), numbers));
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

// kVectors of them, from 64 codes.
template <int kVectors>
HWY_INLINE void decode_four(const ByteTables& tables, const std::uint8_t* codes,
                            const float* factors, float* out) {
  __m512i part[4];
  const bool special = tables.numbers(codes, part);
  for (int k = 0; k < kVectors; ++k) {
    __m512 product = _mm512_mul_ps(_mm512_castsi512_ps(part[k]), _mm512_set1_ps(factors[k]));
    if (HWY_UNLIKELY(special)) product = one_nan(product);
    _mm512_storeu_ps(out + 16 * k, product);
  }
}

// Whole vectors, of which a factor each is there.
void decode_bytes(const std::uint8_t* codes, std::size_t vectors, const ByteTables& given,
                  const float* factors, float* out) {
  const ByteTables tables = given;
  std::size_t v = 0;
  for (; v + 4 <= vectors; v += 4)
    decode_four<4>(tables, codes + 16 * v, factors + v, out + 16 * v);
  for (; v < vectors; ++v) {
    alignas(64) std::uint8_t last[64] = {};
    std::copy_n(codes + 16 * v, 16, last);
    // The first vector has the codes of the first quarter.
    decode_four<1>(tables, last, factors + v, out + 16 * v);
  }
}
#endif

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

#endif

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

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
