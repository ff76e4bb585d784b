// SPDX-License-Identifier: MIT
//
// Arrays rounded to a grid, and their codes: round_lanes.h over whole arrays. This file is compiled
// once for every instruction set.
#include "emulator/kernels/kernels.h"

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/round.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/round_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {

// The padding of the last vector is +0, which is exact in every format with a zero: it counts as
// nothing.
template <RoundingKind kKind, typename Bits>
void round_kind(const RealOf<Bits>* in, std::size_t count, const Grid<Bits>& grid,
                const Bits* random, RealOf<Bits>* out, Counts* counts) {
  const hn::ScalableTag<Bits> d;
  using V = hn::Vec<decltype(d)>;
  for_each_vector<draws(kKind)>(
      d, in, count, random, out, [&](V bits, V words, std::size_t) HWY_ATTR {
        return round_vector<kKind>(d, bits, words, grid, Unmoved{}, counts);
      });
  if (counts != nullptr) counts->elements += count;
}

template <RoundingKind kKind, typename Bits>
void encode_kind(const RealOf<Bits>* in, std::size_t count, const Grid<Bits>& grid,
                 const Bits* random, Bits* out) {
  const hn::ScalableTag<Bits> d;
  using V = hn::Vec<decltype(d)>;
  for_each_vector<draws(kKind)>(d, in, count, random, out,
                                [&](V bits, V words, std::size_t) HWY_ATTR {
                                  return encode_vector<kKind>(d, bits, words, grid, Unmoved{});
                                });
}

template <typename Bits>
HWY_INLINE void round_any(const RealOf<Bits>* in, std::size_t count, const Grid<Bits>& grid,
                          const Bits* random, RealOf<Bits>* out, Counts* counts) {
  with_kind(grid.kind,
            [&]<RoundingKind kKind>() { round_kind<kKind>(in, count, grid, random, out, counts); });
}

template <typename Bits>
HWY_INLINE void encode_any(const RealOf<Bits>* in, std::size_t count, const Grid<Bits>& grid,
                           const Bits* random, Bits* codes) {
  with_kind(grid.kind,
            [&]<RoundingKind kKind>() { encode_kind<kKind>(in, count, grid, random, codes); });
}

void round_binary32(const float* in, std::size_t count, const Grid<std::uint32_t>& grid,
                    const std::uint32_t* random, float* out, Counts* counts) {
  round_any(in, count, grid, random, out, counts);
}
void round_binary64(const double* in, std::size_t count, const Grid<std::uint64_t>& grid,
                    const std::uint64_t* random, double* out, Counts* counts) {
  round_any(in, count, grid, random, out, counts);
}
void encode_binary32(const float* in, std::size_t count, const Grid<std::uint32_t>& grid,
                     const std::uint32_t* random, std::uint32_t* codes) {
  encode_any(in, count, grid, random, codes);
}
void encode_binary64(const double* in, std::size_t count, const Grid<std::uint64_t>& grid,
                     const std::uint64_t* random, std::uint64_t* codes) {
  encode_any(in, count, grid, random, codes);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(round_binary32);
HWY_EXPORT(round_binary64);
HWY_EXPORT(encode_binary32);
HWY_EXPORT(encode_binary64);

void round(const float* in, std::size_t count, const Grid<std::uint32_t>& grid,
           const std::uint32_t* random, float* out, Counts* counts) {
  HWY_DYNAMIC_DISPATCH(round_binary32)(in, count, grid, random, out, counts);
}

void round(const double* in, std::size_t count, const Grid<std::uint64_t>& grid,
           const std::uint64_t* random, double* out, Counts* counts) {
  HWY_DYNAMIC_DISPATCH(round_binary64)(in, count, grid, random, out, counts);
}

void encode(const float* in, std::size_t count, const Grid<std::uint32_t>& grid,
            const std::uint32_t* random, std::uint32_t* codes) {
  HWY_DYNAMIC_DISPATCH(encode_binary32)(in, count, grid, random, codes);
}

void encode(const double* in, std::size_t count, const Grid<std::uint64_t>& grid,
            const std::uint64_t* random, std::uint64_t* codes) {
  HWY_DYNAMIC_DISPATCH(encode_binary64)(in, count, grid, random, codes);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
