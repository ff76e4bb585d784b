// SPDX-License-Identifier: MIT
//
// Arrays of binary32 rounded stochastically. With v = |x| / q and R random bits r, up is where
// floor(frac(v) 2^R) + r reaches 2^R, that is where frac(v) + r / 2^R reaches 1, as r is an
// integer. So the result is floor(v + r / 2^R) quanta, and as in array_round.cc two sums toward
// zero make it: |x| + r q / 2^R, cut to a grid that has all multiples of q, and magic_round.h. r q
// / 2^R is exact, r having at most 24 bits.
//
// Magnitudes are cut to the number behind the limit, infinities and NaN among them, which rounds to
// more than the limit with any bits: where overflows, infinities and NaN are all delivered as one
// number, that comparison tells all of them. This file is compiled once for every instruction set.
// Floating-point arithmetic, toward zero.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "emulator/kernels/array_round.h"

#include <hwy/cache_control.h>

#include "emulator/compiled_sets.h"
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

// The draws of whole vectors, from fields of random_units.
template <typename Field>
struct Draws {
  const Field* fields;
  int shift;  // bits of a field that are no draw's

  HWY_INLINE hn::Vec<Integers> operator()(std::size_t i) const {
    const Integers d;
    const hn::Rebind<Field, Integers> d_fields;
    hn::Vec<Integers> bits;
    if constexpr (sizeof(Field) == 4) {
      bits = hn::BitCast(d, hn::ShiftRightSame(hn::LoadU(d_fields, fields + i), shift));
    } else {
      bits = hn::PromoteTo(d, hn::LoadU(d_fields, fields + i));
      if (shift != 0) bits = hn::ShiftRightSame(bits, shift);
    }
    return bits;
  }
};

// kOne: what stands beyond the limit is NaN's too.
template <bool kOne>
HWY_INLINE hn::Vec<Floats> round_vector(const StochasticRounding& rounding, hn::Vec<Floats> x,
                                        hn::Vec<Integers> draw) {
  const Floats d;
  const Integers d_bits;
  const auto pattern = [&](std::uint32_t bits)
                           HWY_ATTR { return hn::Set(d_bits, static_cast<std::int32_t>(bits)); };
  const auto magnitude = hn::BitCast(d_bits, hn::Abs(x));
  const auto cut = hn::BitCast(d, hn::Min(magnitude, pattern(rounding.clamp)));
  const auto power = leading_power(d, rounding.magic, cut);
  const auto raise = hn::Set(d, rounding.magic.raise);
  const auto moved = hn::MulAdd(hn::ConvertTo(d, draw), power * hn::Set(d, rounding.unit), cut);
  auto rounded = hn::NegMulAdd(power, raise, hn::MulAdd(power, raise, moved));
  const auto over = hn::BitCast(d_bits, rounded) > pattern(rounding.limit);
  const auto overflow = hn::BitCast(d, pattern(rounding.magic.overflow.positive));
  rounded = hn::IfThenElse(hn::RebindMask(d, over), overflow, rounded);
  if constexpr (!kOne) {
    const auto nan = hn::RebindMask(d, magnitude > pattern(rounding.nan_above));
    rounded = hn::IfThenElse(nan, hn::BitCast(d, pattern(rounding.nan)), rounded);
  }
  return hn::CopySign(rounded, x);
}

template <bool kOne, bool kPastCaches, typename Field>
HWY_NOINLINE void round_fields(const float* in, std::size_t count, const StochasticRounding& given,
                               const Draws<Field>& draws, float* out) {
  const StochasticRounding rounding = given;
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto rounded = round_vector<kOne>(rounding, hn::LoadU(d, in + i), draws(i));
    if constexpr (kPastCaches) {
      hn::Stream(rounded, d, out + i);
    } else {
      hn::StoreU(rounded, d, out + i);
    }
  }
  if (i == count) return;
  HWY_ALIGN float last[hn::MaxLanes(Floats())] = {};
  HWY_ALIGN Field last_fields[hn::MaxLanes(Floats())] = {};
  std::copy_n(in + i, count - i, last);
  std::memcpy(last_fields, draws.fields + i, (count - i) * sizeof(Field));
  const Draws<Field> last_draws{last_fields, draws.shift};
  hn::StoreU(round_vector<kOne>(rounding, hn::LoadU(d, last), last_draws(0)), d, last);
  std::copy_n(last, count - i, out + i);
}

template <typename Field>
void round_with(const float* in, std::size_t count, const StochasticRounding& rounding,
                const FieldRun& run, float* out) {
  const Draws<Field> draws{reinterpret_cast<const Field*>(run.units) + run.skipped,
                           8 * static_cast<int>(sizeof(Field)) - rounding.random_bits};
  const bool one = rounding.nan == rounding.magic.overflow.positive;
  if (run.past_caches) {
    one ? round_fields<true, true>(in, count, rounding, draws, out)
        : round_fields<false, true>(in, count, rounding, draws, out);
  } else {
    one ? round_fields<true, false>(in, count, rounding, draws, out)
        : round_fields<false, false>(in, count, rounding, draws, out);
  }
}

void round_drawn(const float* in, std::size_t count, const StochasticRounding& rounding,
                 const FieldRun& run, float* out) {
  switch (field_width(rounding.random_bits)) {
    case 8:
      return round_with<std::uint8_t>(in, count, rounding, run, out);
    case 16:
      return round_with<std::uint16_t>(in, count, rounding, run, out);
    default:
      return round_with<std::uint32_t>(in, count, rounding, run, out);
  }
}

// How many elements stand before the first whole vector of `out`.
std::size_t unaligned(const float* out, std::size_t count) {
  const std::size_t bytes = sizeof(float) * hn::Lanes(Floats());
  const std::size_t beyond = reinterpret_cast<std::uintptr_t>(out) % bytes;
  if (beyond % sizeof(float) != 0) return count;
  return std::min(beyond == 0 ? 0 : (bytes - beyond) / sizeof(float), count);
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
  rounding.random_bits = grid.random_bits;
  rounding.limit = grid.limit.positive;
  rounding.clamp = std::bit_cast<std::uint32_t>(std::bit_cast<float>(grid.limit.positive) +
                                                std::bit_cast<float>(quantum));
  rounding.unit = std::ldexp(1.0F, -static_cast<int>(bits));
  rounding.nan_above = as_overflow ? infinity : infinity - 1;
  rounding.nan = grid.nan.positive;
  return rounding;
}

HWY_EXPORT(round_drawn);
HWY_EXPORT(unaligned);

// In parts whose random bits stay in the first-level cache.
void round(const float* in, std::size_t count, const StochasticRounding& rounding,
           const Random& random, bool past_caches, float* out) {
  constexpr std::size_t part = 4096;
  constexpr std::size_t most_units = part / 2 + 1;
  alignas(64) std::array<std::uint64_t, most_units> units;
  const UnitSource source = unit_source(random);
  const int width = field_width(rounding.random_bits);
  const auto in_unit = static_cast<std::uint64_t>(64 / width);
  const std::size_t first = HWY_DYNAMIC_DISPATCH(unaligned)(out, count);
  const bool aligned = first < count;
  for (std::size_t i = 0; i < count;) {
    const std::size_t taken = std::min(i < first ? first - i : count - i, part);
    const std::uint64_t index = random.offset + i;
    const std::size_t skipped = index % in_unit;
    random_units(source, index / in_unit, (skipped + taken + in_unit - 1) / in_unit, width,
                 units.data());
    const FieldRun run{units.data(), skipped, past_caches && aligned && i >= first};
    HWY_DYNAMIC_DISPATCH(round_drawn)(in + i, taken, rounding, run, out + i);
    i += taken;
  }
  if (past_caches) hwy::FlushStream();
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
