// SPDX-License-Identifier: MIT
//
// The scale of a block is a / d rounded once to a float of t fraction bits, where a, the block's
// largest magnitude, is a float and d has D significant bits. The quotient is rounded to binary64
// first and then, to nearest even, by the adder (magic_round.h). That is one rounding, because no
// inexact quotient comes so near to where the second turns: such a place T, a number of the format
// or the middle between two, has at most t + 2 significant bits, so T d has at most D + t + 2. If a
// is not T d, both are multiples of the last place of one of them, and differ by at least one of
// it:
//     |a / d - T| / T = |a - T d| / (T d) > 2^-max(D + t + 2, 24 + 1)
// A quotient that rounds to T in binary64 is within 2^-53 T of it. So with D + t + 2 <= 51 it is T
// itself, and all other quotients stay on their side. T is a double; rounding is monotonic.
//
// Ranks as in block_round.cc, in words of 64 bits, with P the pattern of the leading power, S that
// of the sum and s = 52 - t: S + (P >> s) - P + offset.
// This file is compiled once for every instruction set. Floating-point arithmetic.
#include "emulator/kernels/ratio_scales.h"

#include <algorithm>
#include <limits>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/ratio_scales.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/magic_round.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The scales from i on in whole vectors; answers where they end.
template <class D>
HWY_INLINE std::size_t whole_vectors(D d, const std::uint32_t* largest, std::size_t i,
                                     std::size_t count, const RatioRounding& rounding,
                                     const Ratio& ratio, double* totals, std::uint64_t* ranks,
                                     bool& all) {
  const hn::RebindToSigned<D> d_bits;
  const hn::RebindToUnsigned<D> d_words;
  const hn::Rebind<float, D> d_float;
  const hn::Rebind<std::uint32_t, D> d_patterns;
  const auto zero = hn::Zero(d);
  const auto none = hn::Set(d, std::numeric_limits<double>::quiet_NaN());
  const auto offset = hn::Set(d_words, rounding.offset);
  const int spare = static_cast<int>(rounding.spare_bits);
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    const auto a = hn::PromoteTo(d, hn::BitCast(d_float, hn::LoadU(d_patterns, largest + i)));
    const auto quotient = a / hn::Set(d, ratio.divisor);
    const auto power = leading_power(d, rounding.magic, quotient);
    const auto raise = hn::Set(d, rounding.magic.raise);
    const auto sum = hn::MulAdd(power, raise, quotient);
    const auto scale = hn::NegMulAdd(power, raise, sum);
    // Infinities and NaN are beyond, too.
    const auto magnitude = hn::BitCast(d_bits, quotient);
    const auto last = hn::Set(d_bits, static_cast<std::int64_t>(rounding.magic.last.positive));
    const auto good = hn::AndNot(hn::RebindMask(d, magnitude > last), scale > zero);
    const auto total = scale * hn::Set(d, ratio.outer);
    all = all && hn::AllTrue(d, good);
    hn::StoreU(hn::IfThenElse(good, total, none), d, totals + i);
    const auto field = hn::BitCast(d_words, power);
    const auto rank = hn::BitCast(d_words, sum) + hn::ShiftRightSame(field, spare) - field + offset;
    hn::StoreU(rank, d_words, ranks + i);
  }
  return i;
}

bool ratio_scales_lanes(const std::uint32_t* largest, std::size_t count,
                        const RatioRounding& rounding, const Ratio& ratio, double* totals,
                        std::uint64_t* ranks) {
  bool all = true;
  const std::size_t i = whole_vectors(hn::ScalableTag<double>(), largest, 0, count, rounding, ratio,
                                      totals, ranks, all);
  whole_vectors(hn::CappedTag<double, 1>(), largest, i, count, rounding, ratio, totals, ranks, all);
  return all;
}

std::uint32_t largest_of_lanes(const std::uint32_t* largest, std::size_t count) {
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < count; ++i) most = std::max(most, largest[i]);
  return most;
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

std::optional<RatioRounding> ratio_rounding_of(const Grid<std::uint64_t>& grid, int divisor_bits) {
  constexpr int most_bits = 51;
  const auto magic = magic_of(grid);
  if (!magic || divisor_bits + grid.fraction_bits + 2 > most_bits) return {};
  RatioRounding rounding;
  rounding.magic = *magic;
  rounding.spare_bits = grid.spare_bits;
  // C is 3/2 of a power of two that is spare_bits above 2^E.
  rounding.offset = std::uint64_t{0} - (grid.spare_bits << 52) - (std::uint64_t{1} << 51) -
                    (magic->least >> grid.spare_bits);
  return rounding;
}

HWY_EXPORT(ratio_scales_lanes);
HWY_EXPORT(largest_of_lanes);

bool ratio_scales(const std::uint32_t* largest, std::size_t count, const RatioRounding& rounding,
                  const Ratio& ratio, double* totals, std::uint64_t* ranks) {
  return HWY_DYNAMIC_DISPATCH(ratio_scales_lanes)(largest, count, rounding, ratio, totals, ranks);
}

std::uint32_t largest_of(const std::uint32_t* largest, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(largest_of_lanes)(largest, count);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
