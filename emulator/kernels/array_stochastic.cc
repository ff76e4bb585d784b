// SPDX-License-Identifier: MIT
//
// Arrays of binary32 rounded stochastically. With v = |x| / q and R random bits r, up is where
// floor(frac(v) 2^R) + r reaches 2^R, that is where frac(v) + r / 2^R reaches 1, as r is an
// integer. So the result is floor(v + r / 2^R) quanta, and as in array_round.cc two sums toward
// zero make it: |x| + r q / 2^R, cut to a grid that has all multiples of q, and magic_round.h. r q
// / 2^R is exact, r having at most 24 bits.
//
// Random bits are taken from the generator's vectors as they are made, whole vectors of units at a
// time; what stands before and behind those, and arrays beyond the caches, whose stores must be
// aligned, in parts through memory.
//
// Magnitudes are cut to the number behind the limit (or need no cut, below), infinities and NaN
// among them, which rounds to more than the limit with any bits: where overflows, infinities and
// NaN are all delivered as one number, that comparison tells all of them. This file is compiled
// once for every instruction set. Floating-point arithmetic, toward zero.
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
#include "emulator/kernels/random_lanes.h"

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

// Where patterns compare without a sign magnitudes need not be cut. Of a number beyond the limit
// whose sum with what is added stays in the carrier the result is beyond the limit. Where the sum
// would be 2^128 or more it is the carrier's largest number, and the difference is about 2^126 or
// negative (the limit is below 2^124, magic.h), or NaN: patterns above the limit's all of them.
constexpr bool compares_unsigned = HWY_TARGET <= HWY_AVX3;

// kOne: what stands beyond the limit is NaN's too.
template <bool kOne>
HWY_INLINE hn::Vec<Floats> round_vector(const StochasticRounding& rounding, hn::Vec<Floats> x,
                                        hn::Vec<Integers> draw) {
  const Floats d;
  const Integers d_bits;
  const auto pattern = [&](std::uint32_t bits)
                           HWY_ATTR { return hn::Set(d_bits, static_cast<std::int32_t>(bits)); };
  const auto magnitude = hn::BitCast(d_bits, hn::Abs(x));
  auto cut = hn::BitCast(d, magnitude);
  if constexpr (!compares_unsigned)
    cut = hn::BitCast(d, hn::Min(magnitude, pattern(rounding.clamp)));
  const auto power = leading_power(d, rounding.magic, cut);
  const auto raise = hn::Set(d, rounding.magic.raise);
  const auto moved = hn::MulAdd(hn::ConvertTo(d, draw), power * hn::Set(d, rounding.unit), cut);
  auto rounded = hn::NegMulAdd(power, raise, hn::MulAdd(power, raise, moved));
  const auto overflow = hn::BitCast(d, pattern(rounding.magic.overflow.positive));
  if constexpr (compares_unsigned) {
    const hn::RebindToUnsigned<Floats> d_pattern;
    const auto over = hn::BitCast(d_pattern, rounded) > hn::Set(d_pattern, rounding.limit);
    rounded = hn::IfThenElse(hn::RebindMask(d, over), overflow, rounded);
  } else {
    const auto over = hn::BitCast(d_bits, rounded) > pattern(rounding.limit);
    rounded = hn::IfThenElse(hn::RebindMask(d, over), overflow, rounded);
  }
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

// --- From the generator's vectors.

#if HWY_TARGET != HWY_SCALAR
// Part `part` of a vector of fields in their order, widened.
template <typename Field>
HWY_INLINE hn::Vec<Integers> draws_of(Units ordered, std::size_t part, int shift) {
  const Integers d;
  const hn::Repartition<Field, UnitLanes> d_fields;
  const auto fields = hn::BitCast(d_fields, ordered);
  if constexpr (sizeof(Field) == 4) {
    return hn::BitCast(d, hn::ShiftRightSame(fields, shift));
  } else {
    const hn::Half<decltype(d_fields)> d_half;
    constexpr std::size_t halves = 4 / sizeof(Field) / 2;
    const auto half =
        part / halves == 0 ? hn::LowerHalf(d_half, fields) : hn::UpperHalf(d_half, fields);
    hn::Vec<Integers> bits;
    if constexpr (sizeof(Field) == 2) {
      bits = hn::PromoteTo(d, half);
    } else {
      const hn::Half<decltype(d_half)> d_quarter;
      bits = hn::PromoteTo(
          d, part % 2 == 0 ? hn::LowerHalf(d_quarter, half) : hn::UpperHalf(d_quarter, half));
    }
    return shift != 0 ? hn::ShiftRightSame(bits, shift) : bits;
  }
}

HWY_INLINE void next_units(PhiloxRun& run, Units (&units)[4]) { run.next<2>(units); }
HWY_INLINE void next_units(SplitMixRun& run, Units (&units)[4]) { run.next(units); }

// count: of four vectors of units.
template <bool kOne, typename Field, class Run>
HWY_NOINLINE void round_run(const float* in, std::size_t count, const StochasticRounding& given,
                            Run run, float* out) {
  const StochasticRounding rounding = given;
  const Floats d;
  constexpr std::size_t parts = 4 / sizeof(Field);
  constexpr int width = 8 * sizeof(Field);
  const FieldOrder order(width);
  const int shift = width - rounding.random_bits;
  for (const float* const end = in + count; in != end;) {
    Units units[4];
    next_units(run, units);
    for (const Units unit : units) {
      const Units ordered = order.ordered(unit);
      for (std::size_t part = 0; part < parts; ++part) {
        const auto draw = draws_of<Field>(ordered, part, shift);
        hn::StoreU(round_vector<kOne>(rounding, hn::LoadU(d, in), draw), d, out);
        in += hn::Lanes(d);
        out += hn::Lanes(d);
      }
    }
  }
}

template <typename Field>
void round_by(const UnitSource& source, std::uint64_t first, const float* in, std::size_t count,
              const StochasticRounding& rounding, float* out) {
  const bool one = rounding.nan == rounding.magic.overflow.positive;
  if (source.generator == Generator::splitmix64) {
    const SplitMixRun run(source, first);
    return one ? round_run<true, Field>(in, count, rounding, run, out)
               : round_run<false, Field>(in, count, rounding, run, out);
  }
  const PhiloxRun run(source.key, first);
  one ? round_run<true, Field>(in, count, rounding, run, out)
      : round_run<false, Field>(in, count, rounding, run, out);
}

void round_generated(const UnitSource& source, std::uint64_t first, const float* in,
                     std::size_t count, const StochasticRounding& rounding, float* out) {
  switch (field_width(rounding.random_bits)) {
    case 8:
      return round_by<std::uint8_t>(source, first, in, count, rounding, out);
    case 16:
      return round_by<std::uint16_t>(source, first, in, count, rounding, out);
    default:
      return round_by<std::uint32_t>(source, first, in, count, rounding, out);
  }
}
std::size_t generated_at_once(int width) {
  return 4 * hn::Lanes(UnitLanes()) * static_cast<std::size_t>(64 / width);
}
#else
void round_generated(const UnitSource&, std::uint64_t, const float*, std::size_t,
                     const StochasticRounding&, float*) {}
std::size_t generated_at_once(int) { return 0; }
#endif

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
HWY_EXPORT(round_generated);
HWY_EXPORT(generated_at_once);
HWY_EXPORT(unaligned);

namespace {

constexpr std::size_t part_elements = 4096;  // whose random bits stay in the first cache

struct Elements {
  const float* in;
  float* out;
  std::size_t begin, end;
};

void round_in_parts(const Elements& all, const StochasticRounding& rounding, const Random& random,
                    bool past_caches) {
  constexpr std::size_t most_units = part_elements / 2 + 1;
  alignas(64) std::array<std::uint64_t, most_units> units;
  const UnitSource source = unit_source(random);
  const int width = field_width(rounding.random_bits);
  const auto in_unit = static_cast<std::uint64_t>(64 / width);
  const std::size_t count = all.end - all.begin;
  const std::size_t before = HWY_DYNAMIC_DISPATCH(unaligned)(all.out + all.begin, count);
  const std::size_t first = all.begin + before;
  const bool aligned = before < count;
  for (std::size_t i = all.begin; i < all.end;) {
    const std::size_t taken = std::min(i < first ? first - i : all.end - i, part_elements);
    const std::uint64_t index = random.offset + i;
    const std::size_t skipped = index % in_unit;
    random_units(source, index / in_unit, (skipped + taken + in_unit - 1) / in_unit, width,
                 units.data());
    const FieldRun run{units.data(), skipped, past_caches && aligned && i >= first};
    HWY_DYNAMIC_DISPATCH(round_drawn)(all.in + i, taken, rounding, run, all.out + i);
    i += taken;
  }
}

// The elements that whole vectors of units serve: from an even unit on, and where neither indices
// nor the high word of Philox's counters come to an end among them.
Elements generated_part(const Elements& all, int width, std::uint64_t offset) {
  const Elements none{all.in, all.out, all.begin, all.begin};
  const std::size_t at_once = HWY_DYNAMIC_DISPATCH(generated_at_once)(width);
  const std::uint64_t pair = 2 * static_cast<std::uint64_t>(64 / width);
  const std::size_t count = all.end - all.begin;
  const std::size_t before = (pair - (offset + all.begin) % pair) % pair;
  if (at_once == 0 || count < before + at_once) return none;
  const std::size_t taken = (count - before) / at_once * at_once;
  const std::uint64_t first_block = (offset + all.begin + before) / pair;
  const std::uint64_t last_block = (offset + all.begin + before + taken - 1) / pair;
  if (last_block < first_block || first_block >> 32 != last_block >> 32) return none;
  return {all.in, all.out, all.begin + before, all.begin + before + taken};
}

void round_as_generated(const Elements& all, const StochasticRounding& rounding,
                        const Random& random) {
  const auto in_unit = static_cast<std::uint64_t>(64 / field_width(rounding.random_bits));
  HWY_DYNAMIC_DISPATCH(round_generated)
  (unit_source(random), (random.offset + all.begin) / in_unit, all.in + all.begin,
   all.end - all.begin, rounding, all.out + all.begin);
}

}  // namespace

void round(const float* in, std::size_t count, const StochasticRounding& rounding,
           const Random& random, bool past_caches, float* out) {
  const Elements all{in, out, 0, count};
  if (past_caches) {
    round_in_parts(all, rounding, random, true);
    hwy::FlushStream();
    return;
  }
  const Elements generated = generated_part(all, field_width(rounding.random_bits), random.offset);
  round_in_parts({in, out, 0, generated.begin}, rounding, random, false);
  if (generated.begin < generated.end) round_as_generated(generated, rounding, random);
  round_in_parts({in, out, generated.end, count}, rounding, random, false);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
