// SPDX-License-Identifier: MIT
//
// The five functions that Highway 1.0 leaves to its shared library, for processors of x86: which
// targets the processor has, which of them is chosen, and aligned memory. That library measures the
// resolution of its timer when it is loaded, 2 ms that every call of a program would pay; what
// links this file needs it no longer. Of other versions and processors the library's own are taken.
//
// What a target needs is said in hwy/targets.h and detect_targets.h; where the bits stand, in the
// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID, and volume
// 1, 13.3 (which registers the system saves). instruction_set_test compares with the library's
// answer.
#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#if HWY_MAJOR == 1 && HWY_MINOR == 0 && HWY_ARCH_X86_64 && !defined(_MSC_VER)

#include <cpuid.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace hwy {
namespace {

constexpr bool has(std::uint32_t word, std::uint32_t bits) { return (word & bits) == bits; }

constexpr std::uint32_t bit(int place) { return std::uint32_t{1} << place; }

// What the system saves of the registers: bit 2 their halves of 256 bits, bits 5 to 7 those of 512.
std::uint32_t saved_registers() {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

struct Features {
  std::uint32_t basic = 0, extended_b = 0, extended_c = 0, further = 0, saved = 0;
};

Features features() {
  Features f;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) != 0) f.basic = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) {
    f.extended_b = b;
    f.extended_c = c;
  }
  if (__get_cpuid(0x80000001U, &a, &b, &c, &d) != 0) f.further = c;
  constexpr std::uint32_t osxsave = bit(27);
  if (has(f.basic, osxsave)) f.saved = saved_registers();
  return f;
}

std::int64_t detected() {
  const Features f = features();
  std::int64_t targets = HWY_SCALAR | HWY_EMU128;
  constexpr std::uint32_t ssse3 = bit(0) | bit(9);
  constexpr std::uint32_t sse4 = bit(1) | bit(19) | bit(20) | bit(25);  // PCLMULQDQ and AES too
  constexpr std::uint32_t avx = bit(12) | bit(28) | bit(29);            // FMA, AVX, F16C
  constexpr std::uint32_t avx2 = bit(3) | bit(5) | bit(8);              // BMI1, AVX2, BMI2
  constexpr std::uint32_t lzcnt = bit(5);
  constexpr std::uint32_t avx512 =
      bit(16) | bit(17) | bit(28) | bit(30) | bit(31);  // F DQ CD BW VL
  // VBMI VBMI2 GFNI VAES VPCLMULQDQ VNNI BITALG VPOPCNTDQ
  constexpr std::uint32_t avx512_dl =
      bit(1) | bit(6) | bit(8) | bit(9) | bit(10) | bit(11) | bit(12) | bit(14);
  if (!has(f.basic, ssse3)) return targets;
  targets |= HWY_SSSE3;
  if (!has(f.basic, sse4)) return targets;
  targets |= HWY_SSE4;
  constexpr std::uint32_t saves_256 = bit(1) | bit(2);
  if (!has(f.basic, avx) || !has(f.extended_b, avx2) || !has(f.further, lzcnt) ||
      !has(f.saved, saves_256))
    return targets;
  targets |= HWY_AVX2;
  constexpr std::uint32_t saves_512 = saves_256 | bit(5) | bit(6) | bit(7);
  if (!has(f.extended_b, avx512) || !has(f.saved, saves_512)) return targets;
  targets |= HWY_AVX3;
  if (has(f.extended_c, avx512_dl)) targets |= HWY_AVX3_DL;
  return targets;
}

std::atomic<std::int64_t> forced{0};  // 0: those of the processor

}  // namespace

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

std::int64_t SupportedTargets() {
  static const std::int64_t of_processor = detected();
  const std::int64_t targets = forced;
  return targets != 0 ? targets : of_processor;
}

// The next call of a kernel chooses anew.
void SetSupportedTargetsForTest(std::int64_t targets) {
  forced = targets;
  GetChosenTarget().DeInit();
}

void* AllocateAlignedBytes(std::size_t payload_size, AllocPtr alloc_ptr, void* opaque_ptr) {
  constexpr std::size_t alignment = 128;
  if (alloc_ptr != nullptr) return alloc_ptr(opaque_ptr, payload_size);  // aligned as it may be
  if (payload_size > SIZE_MAX - alignment) return nullptr;
  return std::aligned_alloc(alignment, (payload_size + alignment - 1) / alignment * alignment);
}

void FreeAlignedBytes(const void* aligned_pointer, FreePtr free_ptr, void* opaque_ptr) {
  void* const memory = const_cast<void*>(aligned_pointer);
  if (free_ptr != nullptr) return free_ptr(opaque_ptr, memory);
  std::free(memory);
}

}  // namespace hwy

#endif
