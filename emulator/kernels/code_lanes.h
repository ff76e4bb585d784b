// SPDX-License-Identifier: MIT
//
// Codes of elements, each in a lane of 32 bits, as bytes; bytes that hold four bits each, two by
// two into one; and numbers from codes where there are permutations of bytes or lanes. Included
// once for every instruction set (foreach_target.h), hence the guard that toggles; the file that
// includes it has defined HWY_WANT_AVX3_DL or not.
#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(HALFULP_EMULATOR_KERNELS_CODE_LANES_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFULP_EMULATOR_KERNELS_CODE_LANES_H
#undef HALFULP_EMULATOR_KERNELS_CODE_LANES_H
#else
#define HALFULP_EMULATOR_KERNELS_CODE_LANES_H
#endif

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
// Lanes of four vectors, of at most eight bits each, as bytes.
HWY_INLINE __m512i bytes_of_four(__m512i a, __m512i b, __m512i c, __m512i e) {
  const __m512i packed = _mm512_packus_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, e));
  // Within each quarter there are four bytes of every vector.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, packed);
}
#endif

// Codes of four vectors, of at most eight bits each, as bytes.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void store_four([[maybe_unused]] D d, V a, V b, V c, V e, std::uint8_t* bytes) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  _mm512_storeu_si512(bytes, bytes_of_four(a.raw, b.raw, c.raw, e.raw));
#else
  const std::size_t lanes = hn::Lanes(d);
  const hn::Rebind<std::uint8_t, D> d_bytes;
  hn::StoreU(hn::DemoteTo(d_bytes, a), d_bytes, bytes);
  hn::StoreU(hn::DemoteTo(d_bytes, b), d_bytes, bytes + lanes);
  hn::StoreU(hn::DemoteTo(d_bytes, c), d_bytes, bytes + 2 * lanes);
  hn::StoreU(hn::DemoteTo(d_bytes, e), d_bytes, bytes + 3 * lanes);
#endif
}

#if HWY_TARGET == HWY_AVX3_DL
// Byte kByte of every lane of 32 bits of four vectors.
template <int kByte>
HWY_INLINE __m512i bytes_of_lanes(__m512i a, __m512i b, __m512i c, __m512i e) {
  const __m512i fours = _mm512_set1_epi32(0x0c080400 + kByte * 0x01010101);
  const __m512i sixteens =
      _mm512_setr_epi32(0, 0x10101010, 0x20202020, 0x30303030, 0x40404040, 0x50505050, 0x60606060,
                        0x70707070, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m512i order = _mm512_add_epi8(fours, sixteens);
  const __m512i first = _mm512_permutex2var_epi8(a, order, b);
  const __m512i second = _mm512_permutex2var_epi8(c, order, e);
  return _mm512_inserti64x4(first, _mm512_castsi512_si256(second), 1);
}
#endif

// As store_four, of one vector.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void store_bytes([[maybe_unused]] D d, V codes, std::uint8_t* bytes) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  if constexpr (hn::MaxLanes(d) == 16) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes), _mm512_cvtepi32_epi8(codes.raw));
    return;
  }
#endif
  const hn::Rebind<std::uint8_t, D> d_bytes;
  hn::StoreU(hn::DemoteTo(d_bytes, codes), d_bytes, bytes);
}

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
// Bytes that hold codes of four bits, two by two into one.
HWY_INLINE void store_joined(__m512i bytes, std::uint8_t* codes) {
  const __m512i joined = _mm512_maddubs_epi16(bytes, _mm512_set1_epi16(0x1001));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), _mm512_cvtepi16_epi8(joined));
}
#endif

// The same of bytes in memory: count of them, or one more that is zero.
HWY_INLINE void join_halves(const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes) {
  std::size_t i = 0;
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  for (; i + 64 <= count; i += 64) store_joined(_mm512_loadu_si512(bytes + i), codes + i / 2);
#endif
  for (; i < count; i += 2) codes[i / 2] = static_cast<std::uint8_t>(bytes[i] | bytes[i + 1] << 4);
}

#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
// Sixteen codes of four bits, each in the lowest bits of a lane whose others are not zero: eight
// bits of the 64 from each place on, or eight of 32 bits in each half, shifted into place.
HWY_INLINE __m512i sixteen_halves(const std::uint8_t* codes) {
#if HWY_TARGET == HWY_AVX3_DL
  const __m512i places =
      _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60);
  std::int64_t all;
  std::memcpy(&all, codes, sizeof(all));
  return _mm512_multishift_epi64_epi8(places, _mm512_set1_epi64(all));
#else
  const __m512i places =
      _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);
  std::int32_t words[2];
  std::memcpy(words, codes, sizeof(words));
  const __m512i both = _mm512_mask_set1_epi32(_mm512_set1_epi32(words[0]), 0xff00, words[1]);
  return _mm512_srlv_epi32(both, places);
#endif
}
#endif

#if HWY_TARGET == HWY_AVX3_DL
// The tables of DecodeTable::short_and_odd (array_codes.h), of 128 bytes each, in registers.
struct ByteTables {
  __m512i low[2], high[2];

  HWY_INLINE ByteTables(const std::uint8_t* lower, const std::uint8_t* higher) {
    for (int k = 0; k < 2; ++k) {
      low[k] = _mm512_loadu_si512(lower + 64 * k);
      high[k] = _mm512_loadu_si512(higher + 64 * k);
    }
  }

  // The patterns of 64 codes:
  // 1. Four codes of every quarter of the result to one quarter of the register.
  // 2. Both bytes of every number, and the sign.
  // 3. Bytes joined to halves of patterns, and these put above zeros.
  // Answers whether there may be infinities or NaN.
  HWY_INLINE bool numbers(const std::uint8_t* codes, __m512i* patterns) const {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i zero = _mm512_setzero_si512();
    const __m512i sign = _mm512_set1_epi8(-128);
    const __m512i code = _mm512_permutexvar_epi32(order, _mm512_loadu_si512(codes));
    const __m512i below = _mm512_permutex2var_epi8(low[0], code, low[1]);
    const __m512i above = _mm512_permutex2var_epi8(high[0], code, high[1]);
    const __m512i with_sign = _mm512_ternarylogic_epi32(above, code, sign, 0xF8);
    const __m512i first = _mm512_unpacklo_epi8(below, with_sign);
    const __m512i second = _mm512_unpackhi_epi8(below, with_sign);
    patterns[0] = _mm512_unpacklo_epi16(zero, first);
    patterns[1] = _mm512_unpackhi_epi16(zero, first);
    patterns[2] = _mm512_unpacklo_epi16(zero, second);
    patterns[3] = _mm512_unpackhi_epi16(zero, second);
    return _mm512_cmpeq_epi8_mask(above, _mm512_set1_epi8(0x7f)) != 0;
  }
};
#endif

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#endif  // HALFULP_EMULATOR_KERNELS_CODE_LANES_H
