// SPDX-License-Identifier: MIT
//
// Arrays of binary32 rounded stochastically. With v = |x| / q and R random bits r, up is where
// floor(frac(v) 2^R) + r reaches 2^R, that is where frac(v) + r / 2^R reaches 1, as r is an
// integer. So the result is floor(v + r / 2^R) quanta, and as in array_round.cc two sums toward
// zero make it: |x| + r q / 2^R, cut to a grid that has all multiples of q, and magic_round.h. r q
// / 2^R is exact, r having at most 24 bits. This file is compiled once for every instruction set.
// Floating-point arithmetic, toward zero.
#include <algorithm>
#include <bit>
#include <cmath>

#include "emulator/kernels/array_round.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/array_stochastic.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/magic_round.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Integers = hn::RebindToSigned<Floats>;

HWY_INLINE void round_vector(const StochasticRounding& rounding, const float* in,
                             const std::uint32_t* random, float* out) {
  const Floats d;
  const Integers d_bits;
  const auto pattern = [&](std::uint32_t bits)
                           HWY_ATTR { return hn::Set(d_bits, static_cast<std::int32_t>(bits)); };
  const auto x = hn::LoadU(d, in);
  const auto draw =
      hn::ConvertTo(d, hn::BitCast(d_bits, hn::LoadU(hn::RebindToUnsigned<Floats>(), random)));
  const auto magnitude = hn::BitCast(d_bits, hn::Abs(x));
  const auto cut = hn::BitCast(d, hn::Min(magnitude, pattern(rounding.clamp)));
  const auto power = leading_power(d, rounding.magic, cut);
  const auto raise = hn::Set(d, rounding.magic.raise);
  const auto moved = hn::MulAdd(draw, power * hn::Set(d, rounding.unit), cut);
  auto rounded = hn::NegMulAdd(power, raise, hn::MulAdd(power, raise, moved));
  const auto over = hn::BitCast(d_bits, rounded) > pattern(rounding.limit);
  const auto overflow = hn::BitCast(d, pattern(rounding.magic.overflow.positive));
  rounded = hn::IfThenElse(hn::RebindMask(d, over), overflow, rounded);
  const auto nan = hn::RebindMask(d, magnitude > pattern(rounding.nan_above));
  rounded = hn::IfThenElse(nan, hn::BitCast(d, pattern(rounding.nan)), rounded);
  hn::StoreU(hn::CopySign(rounded, x), d, out);
}

void round_drawn(const float* in, std::size_t count, const StochasticRounding& given,
                 const std::uint32_t* random, float* out) {
  const StochasticRounding rounding = given;
  const std::size_t lanes = hn::Lanes(Floats());
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) round_vector(rounding, in + i, random + i, out + i);
  if (i == count) return;
  HWY_ALIGN float last[hn::MaxLanes(Floats())] = {};
  HWY_ALIGN std::uint32_t last_random[hn::MaxLanes(Floats())] = {};
  std::copy_n(in + i, count - i, last);
  std::copy_n(random + i, count - i, last_random);
  round_vector(rounding, last, last_random, last);
  std::copy_n(last, count - i, out + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

std::optional<StochasticRounding> stochastic_rounding_of(const Grid<std::uint32_t>& grid) {
  constexpr std::uint32_t infinity = 0x7f800000;
  constexpr std::uint32_t sign = std::uint32_t{1} << 31;
  const auto is_odd = [&](const Signs<std::uint32_t>& signs) {
    return signs.positive < sign && signs.negative == (signs.positive | sign);
  };
  const auto magic = grid.kind == RoundingKind::stochastic_simple ? adder_of(grid) : std::nullopt;
  const auto bits = static_cast<std::uint32_t>(grid.fraction_bits + grid.random_bits);
  const bool as_overflow = grid.infinity.positive == grid.overflow.positive;
  if (!has_directions || !magic || grid.flush_inputs || grid.random_bits > 24 ||
      grid.least_field + 22 < bits || grid.nan_fraction != 0 || !is_odd(grid.overflow) ||
      !is_odd(grid.infinity) || !is_odd(grid.nan) ||
      (!as_overflow && grid.infinity.positive != grid.nan.positive))
    return {};
  const std::uint32_t field = std::max(grid.limit.positive >> 23, grid.least_field);
  const auto quantum = (field - static_cast<std::uint32_t>(grid.fraction_bits)) << 23;
  StochasticRounding rounding;
  rounding.magic = *magic;
  rounding.limit = grid.limit.positive;
  rounding.clamp = std::bit_cast<std::uint32_t>(std::bit_cast<float>(grid.limit.positive) +
                                                std::bit_cast<float>(quantum));
  rounding.unit = std::ldexp(1.0F, -static_cast<int>(bits));
  rounding.nan_above = as_overflow ? infinity : infinity - 1;
  rounding.nan = grid.nan.positive;
  return rounding;
}

HWY_EXPORT(round_drawn);

void round(const float* in, std::size_t count, const StochasticRounding& rounding,
           const std::uint32_t* random, float* out) {
  HWY_DYNAMIC_DISPATCH(round_drawn)(in, count, rounding, random, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
