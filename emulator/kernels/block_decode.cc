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
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
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

// Blocks of whole vectors.
HWY_INLINE void decode_halves(const std::uint8_t* codes, std::size_t count,
                              const DecodeTable& table, const Scales& scales, float* out) {
  const float* const patterns = reinterpret_cast<const float*>(table.patterns.data());
  const __m512d lower = _mm512_cvtps_pd(_mm256_loadu_ps(patterns));
  const __m512d upper = _mm512_cvtps_pd(_mm256_loadu_ps(patterns + 8));
  for (std::size_t begin = 0, k = 0; begin < count; begin += scales.block, ++k) {
    const __m512d scale = _mm512_set1_pd(scales.scales[k]);
    const __m256 below = _mm512_cvtpd_ps(_mm512_mul_pd(lower, scale));
    const __m256 above = _mm512_cvtpd_ps(_mm512_mul_pd(upper, scale));
    const __m512 numbers = one_nan(_mm512_insertf32x8(_mm512_castps256_ps512(below), above, 1));
    const std::size_t end = std::min(begin + scales.block, count);
    for (std::size_t i = begin; i + 16 <= end; i += 16)
      _mm512_storeu_ps(out + i, _mm512_permutexvar_ps(sixteen_halves(codes + i / 2), numbers));
  }
}

bool decode_blocks_lanes(const std::uint8_t* codes, std::size_t count, const DecodeTable& table,
                         const Scales& scales, float* out) {
  if (table.width == 4) {
    if (scales.block % 16 != 0 || count % 16 != 0) return false;
    decode_halves(codes, count, table, scales, out);
    return true;
  }
#if HWY_TARGET == HWY_AVX3_DL
  if (!table.short_and_odd || scales.block % 16 != 0 || count % 16 != 0) return false;
  const std::size_t blocks = (count + scales.block - 1) / scales.block;
  for (std::size_t k = 0; k < blocks; ++k) {
    const double scale = scales.scales[k];
    if (scale == scale && static_cast<double>(static_cast<float>(scale)) != scale) return false;
  }
  const ByteTables tables(table);
  __m512i part[4];
  std::size_t left = scales.block;
  const double* scale = scales.scales;
  __m512 factor = _mm512_set1_ps(static_cast<float>(*scale));
  for (std::size_t i = 0; i < count; i += 64) {
    const std::size_t vectors = std::min<std::size_t>(4, (count - i) / 16);
    std::uint8_t bytes[64];
    const std::uint8_t* from = codes + i;
    if (vectors < 4) {
      std::copy_n(from, 16 * vectors, bytes);
      from = bytes;
    }
    tables.numbers(from, part);
    for (std::size_t v = 0; v < vectors; ++v) {
      if (left == 0) {
        factor = _mm512_set1_ps(static_cast<float>(*++scale));
        left = scales.block;
      }
      left -= 16;
      _mm512_storeu_ps(out + i + 16 * v,
                       one_nan(_mm512_mul_ps(_mm512_castsi512_ps(part[v]), factor)));
    }
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
