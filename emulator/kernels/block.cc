// SPDX-License-Identifier: MIT
//
// Blocks that share a scale: the largest magnitude of each, and rounding to a grid that a power of
// two moves from block to block (round_lanes.h), which is dividing by the scale, rounding and
// multiplying, all exact but the rounding. Integer lanes only. This file is compiled once for every
// instruction set.
#include <algorithm>
#include <array>

#include "emulator/kernels/kernels.h"

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/block.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/round_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {

// Patterns without sign are the same numbers in signed lanes, for which more targets have a
// maximum.
template <typename Real>
using MagnitudeTag = hn::ScalableTag<hwy::MakeSigned<Real>>;

template <typename Real, class D = MagnitudeTag<Real>>
HWY_INLINE hn::Vec<D> load_magnitude(D d, const Real* in) {
  const hn::Rebind<Real, D> d_in;
  const auto bits = hn::BitCast(d, hn::LoadU(d_in, in));
  return hn::And(bits, hn::Set(d, hwy::LimitsMax<hn::TFromD<D>>()));
}

template <typename Bits>
Bits magnitude_of(hwy::MakeFloat<Bits> x) {
  Bits pattern;
  hwy::CopySameSize(&x, &pattern);
  return pattern & (static_cast<Bits>(~Bits{0}) >> 1);
}

// Blocks of at least one vector.
template <typename Real, typename Bits>
HWY_INLINE Bits largest_of_block(const Real* in, std::size_t count) {
  const MagnitudeTag<Real> d;
  const std::size_t lanes = hn::Lanes(d);
  auto largest = hn::Zero(d);
  auto others = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 4 * lanes <= count; i += 4 * lanes) {
    const auto a = hn::Max(load_magnitude(d, in + i), load_magnitude(d, in + i + lanes));
    const auto b =
        hn::Max(load_magnitude(d, in + i + 2 * lanes), load_magnitude(d, in + i + 3 * lanes));
    largest = hn::Max(largest, a);
    others = hn::Max(others, b);
  }
  largest = hn::Max(largest, others);
  for (; i + lanes <= count; i += lanes) largest = hn::Max(largest, load_magnitude(d, in + i));
  Bits rest = 0;
  for (; i < count; ++i) rest = std::max(rest, magnitude_of<Bits>(in[i]));
  return std::max(rest, static_cast<Bits>(hn::GetLane(hn::MaxOfLanes(d, largest))));
}

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE std::size_t largest_four_by_four(const float*, std::size_t, std::size_t,
                                            std::uint32_t*) {
  return 0;
}
#else
// Of four blocks of whole vectors at a time; answers how many. Each step halves the lanes and joins
// two vectors; the last joins the 128-bit parts of one.
HWY_INLINE std::size_t largest_four_by_four(const float* in, std::size_t count, std::size_t block,
                                            std::uint32_t* largest) {
  const MagnitudeTag<float> d;
  const hn::RepartitionToWide<decltype(d)> d_pair;
  const hn::CappedTag<std::int32_t, 4> d_four;
  const hn::Rebind<std::uint32_t, decltype(d_four)> d_out;
  const std::size_t lanes = hn::Lanes(d);
  if (lanes < 4 || block % lanes != 0) return 0;
  HWY_ALIGN std::int32_t parts[hn::MaxLanes(d)];
  std::size_t k = 0;
  for (; (k + 4) * block <= count; k += 4) {
    const float* const from = in + k * block;
    const auto of_block = [&](const float* begin) HWY_ATTR {
      auto most = load_magnitude(d, begin);
      for (std::size_t i = lanes; i < block; i += lanes)
        most = hn::Max(most, load_magnitude(d, begin + i));
      return most;
    };
    const auto joined = [&](const float* begin) HWY_ATTR {
      const auto a = of_block(begin);
      const auto b = of_block(begin + block);
      return hn::BitCast(d_pair,
                         hn::Max(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)));
    };
    const auto ab = joined(from);
    const auto ce = joined(from + 2 * block);
    hn::Store(hn::Max(hn::BitCast(d, hn::InterleaveLower(d_pair, ab, ce)),
                      hn::BitCast(d, hn::InterleaveUpper(d_pair, ab, ce))),
              d, parts);
    auto most = hn::Load(d_four, parts);
    for (std::size_t i = 4; i < lanes; i += 4) most = hn::Max(most, hn::Load(d_four, parts + i));
    hn::StoreU(hn::BitCast(d_out, most), d_out, largest + k);
  }
  return k;
}
#endif
HWY_INLINE std::size_t largest_four_by_four(const double*, std::size_t, std::size_t,
                                            std::uint64_t*) {
  return 0;
}

template <typename Real, typename Bits>
void largest_all(const Real* in, std::size_t count, std::size_t block, Bits* largest) {
  std::size_t k = largest_four_by_four(in, count, block, largest);
  for (std::size_t begin = k * block; begin < count; begin += block, ++k)
    largest[k] = largest_of_block<Real, Bits>(in + begin, std::min(block, count - begin));
}

template <typename Real, typename Bits>
void larger_all(const Real* in, std::size_t count, Real* magnitudes) {
  const MagnitudeTag<Real> d;
  const hn::Rebind<Real, decltype(d)> d_out;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto larger = hn::Max(load_magnitude(d, in + i), load_magnitude(d, magnitudes + i));
    hn::StoreU(hn::BitCast(d_out, larger), d_out, magnitudes + i);
  }
  for (; i < count; ++i) {
    const Bits larger = std::max(magnitude_of<Bits>(in[i]), magnitude_of<Bits>(magnitudes[i]));
    hwy::CopySameSize(&larger, magnitudes + i);
  }
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE Moved<V, hn::TFromD<D>> moved_by(D d, V pattern, const Moves<hn::TFromD<D>>& moves) {
  constexpr int fraction = fraction_width<hn::TFromD<D>>;
  const hn::RebindToSigned<D> d_signed;
  const auto exponent = hn::ShiftRight<fraction>(hn::BitCast(d_signed, pattern));
  return {hn::BitCast(d, exponent), pattern, moves};
}

// function(bits, random, by) for every vector. Blocks that are whole vectors have their shift in
// all lanes; else the shifts are written out for some elements at a time.
template <bool kRandom, typename Bits, typename In, typename Out, class Function>
HWY_INLINE void for_each_moved(const In* in, std::size_t count, const Moves<Bits>& moves,
                               const Shifts<Bits>& shifts, const Bits* random, Out* out,
                               const Function& function) {
  const hn::ScalableTag<Bits> d;
  using V = hn::Vec<decltype(d)>;
  if (shifts.block % hn::Lanes(d) == 0) {
    for (std::size_t begin = 0, k = 0; begin < count; begin += shifts.block, ++k) {
      const auto by = moved_by(d, hn::Set(d, shifts.shifts[k]), moves);
      for_each_vector<kRandom>(d, in + begin, std::min(shifts.block, count - begin),
                               random + (kRandom ? begin : 0), out + begin,
                               [&](V bits, V words, std::size_t)
                                   HWY_ATTR { return function(bits, words, by); });
    }
    return;
  }
  constexpr std::size_t most = 256;
  HWY_ALIGN Bits expanded[most];
  std::size_t k = 0;
  std::size_t left = shifts.block;  // of block k
  for (std::size_t begin = 0; begin < count; begin += most) {
    const std::size_t length = std::min(most, count - begin);
    for (std::size_t i = 0; i < length; ++i) {
      expanded[i] = shifts.shifts[k];
      if (--left == 0) {
        ++k;
        left = shifts.block;
      }
    }
    std::fill(expanded + length, expanded + most, Bits{0});
    std::size_t at = 0;
    for_each_vector<kRandom>(d, in + begin, length, random + (kRandom ? begin : 0), out + begin,
                             [&](V bits, V words, std::size_t lanes) HWY_ATTR {
                               const auto by = moved_by(d, hn::LoadU(d, expanded + at), moves);
                               at += lanes;
                               return function(bits, words, by);
                             });
  }
}

template <RoundingKind kKind, typename Bits>
void round_moved_kind(const RealOf<Bits>* in, std::size_t count, const MovingGrid<Bits>& moving,
                      const Shifts<Bits>& shifts, const Bits* random, RealOf<Bits>* out,
                      Counts* counts) {
  const hn::ScalableTag<Bits> d;
  using V = hn::Vec<decltype(d)>;
  const Grid<Bits> grid = moving.grid;
  for_each_moved<draws(kKind)>(in, count, moving.moves, shifts, random, out,
                               [&](V bits, V words, const auto& by) HWY_ATTR {
                                 return round_vector<kKind>(d, bits, words, grid, by, counts);
                               });
  if (counts != nullptr) counts->elements += count;
}

template <RoundingKind kKind, typename Bits>
void encode_moved_kind(const RealOf<Bits>* in, std::size_t count, const MovingGrid<Bits>& moving,
                       const Shifts<Bits>& shifts, const Bits* random, Bits* codes) {
  const hn::ScalableTag<Bits> d;
  using V = hn::Vec<decltype(d)>;
  const Grid<Bits> grid = moving.grid;
  for_each_moved<draws(kKind)>(in, count, moving.moves, shifts, random, codes,
                               [&](V bits, V words, const auto& by) HWY_ATTR {
                                 return encode_vector<kKind>(d, bits, words, grid, by);
                               });
}

template <typename Bits>
HWY_INLINE void round_moved_any(const RealOf<Bits>* in, std::size_t count,
                                const MovingGrid<Bits>& grid, const Shifts<Bits>& shifts,
                                const Bits* random, RealOf<Bits>* out, Counts* counts) {
  with_kind(grid.grid.kind, [&]<RoundingKind kKind>() {
    round_moved_kind<kKind>(in, count, grid, shifts, random, out, counts);
  });
}
template <typename Bits>
HWY_INLINE void encode_moved_any(const RealOf<Bits>* in, std::size_t count,
                                 const MovingGrid<Bits>& grid, const Shifts<Bits>& shifts,
                                 const Bits* random, Bits* codes) {
  with_kind(grid.grid.kind, [&]<RoundingKind kKind>() {
    encode_moved_kind<kKind>(in, count, grid, shifts, random, codes);
  });
}

void round_moved32(const float* in, std::size_t count, const MovingGrid<std::uint32_t>& grid,
                   const Shifts<std::uint32_t>& shifts, const std::uint32_t* random, float* out,
                   Counts* counts) {
  round_moved_any(in, count, grid, shifts, random, out, counts);
}
void round_moved64(const double* in, std::size_t count, const MovingGrid<std::uint64_t>& grid,
                   const Shifts<std::uint64_t>& shifts, const std::uint64_t* random, double* out,
                   Counts* counts) {
  round_moved_any(in, count, grid, shifts, random, out, counts);
}
void encode_moved32(const float* in, std::size_t count, const MovingGrid<std::uint32_t>& grid,
                    const Shifts<std::uint32_t>& shifts, const std::uint32_t* random,
                    std::uint32_t* codes) {
  encode_moved_any(in, count, grid, shifts, random, codes);
}
void encode_moved64(const double* in, std::size_t count, const MovingGrid<std::uint64_t>& grid,
                    const Shifts<std::uint64_t>& shifts, const std::uint64_t* random,
                    std::uint64_t* codes) {
  encode_moved_any(in, count, grid, shifts, random, codes);
}
void largest32(const float* in, std::size_t count, std::size_t block, std::uint32_t* largest) {
  largest_all(in, count, block, largest);
}
void largest64(const double* in, std::size_t count, std::size_t block, std::uint64_t* largest) {
  largest_all(in, count, block, largest);
}
void larger32(const float* in, std::size_t count, float* magnitudes) {
  larger_all<float, std::uint32_t>(in, count, magnitudes);
}
void larger64(const double* in, std::size_t count, double* magnitudes) {
  larger_all<double, std::uint64_t>(in, count, magnitudes);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(round_moved32);
HWY_EXPORT(round_moved64);
HWY_EXPORT(encode_moved32);
HWY_EXPORT(encode_moved64);
HWY_EXPORT(largest32);
HWY_EXPORT(largest64);
HWY_EXPORT(larger32);
HWY_EXPORT(larger64);

void round_moved(const float* in, std::size_t count, const MovingGrid<std::uint32_t>& grid,
                 const Shifts<std::uint32_t>& shifts, const std::uint32_t* random, float* out,
                 Counts* counts) {
  HWY_DYNAMIC_DISPATCH(round_moved32)(in, count, grid, shifts, random, out, counts);
}
void round_moved(const double* in, std::size_t count, const MovingGrid<std::uint64_t>& grid,
                 const Shifts<std::uint64_t>& shifts, const std::uint64_t* random, double* out,
                 Counts* counts) {
  HWY_DYNAMIC_DISPATCH(round_moved64)(in, count, grid, shifts, random, out, counts);
}
void encode_moved(const float* in, std::size_t count, const MovingGrid<std::uint32_t>& grid,
                  const Shifts<std::uint32_t>& shifts, const std::uint32_t* random,
                  std::uint32_t* codes) {
  HWY_DYNAMIC_DISPATCH(encode_moved32)(in, count, grid, shifts, random, codes);
}
void encode_moved(const double* in, std::size_t count, const MovingGrid<std::uint64_t>& grid,
                  const Shifts<std::uint64_t>& shifts, const std::uint64_t* random,
                  std::uint64_t* codes) {
  HWY_DYNAMIC_DISPATCH(encode_moved64)(in, count, grid, shifts, random, codes);
}
void largest_magnitudes(const float* in, std::size_t count, std::size_t block,
                        std::uint32_t* largest) {
  HWY_DYNAMIC_DISPATCH(largest32)(in, count, block, largest);
}
void largest_magnitudes(const double* in, std::size_t count, std::size_t block,
                        std::uint64_t* largest) {
  HWY_DYNAMIC_DISPATCH(largest64)(in, count, block, largest);
}
void larger_magnitudes(const float* in, std::size_t count, float* magnitudes) {
  HWY_DYNAMIC_DISPATCH(larger32)(in, count, magnitudes);
}
void larger_magnitudes(const double* in, std::size_t count, double* magnitudes) {
  HWY_DYNAMIC_DISPATCH(larger64)(in, count, magnitudes);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
