// SPDX-License-Identifier: MIT
//
// Rounding of arrays: segments of at most draw_segment elements go through the vector kernels where
// the plan has a grid, through a table of steps where the format has few numbers, else element by
// element through the scalar path. A segment is one row's part, or a part of the whole where the
// rows follow each other without gaps.
#include "emulator/arrays/arrays.h"

#include <algorithm>
#include <array>
#include <bit>

#include "emulator/arrays/random_bits.h"
#include "emulator/arrays/segments.h"
#include "emulator/environment.h"

namespace halfulp::emulator {
namespace {

void round_by_element(const View& in, const CompiledPlan& plan, const Random& random,
                      const MutableView& out, Counts* counts) {
  const Elements elements(plan.target(), random, counts);
  for (std::size_t row = 0; row < in.rows; ++row) {
    for (std::size_t column = 0; column < in.columns; ++column) {
      const Operand x = load_number(plan, in, row, column);
      const std::size_t index = row * in.columns + column;
      store(out, index,
            delivered(plan, elements.round(x, index), nan_is_negative(plan.rounding(), x)));
    }
  }
}

// In and out are of the steps' carrier.
template <typename Real, typename Bits>
void round_by_steps(const View& in, const Steps<Bits>& steps, const MutableView& out,
                    Counts* counts) {
  Counts sum = counts != nullptr ? *counts : Counts{};
  const Segments segments(in.rows, in.columns, {in.stride, out.stride});
  segments.for_each(segments.longest_row(), [&](const Segment& segment) {
    const Real* from = pointer<Real>(in, segment);
    Real* to = pointer<Real>(out, segment);
    for (std::size_t i = 0; i < segment.count; ++i) {
      const auto& step = steps[std::bit_cast<Bits>(from[i])];
      to[i] = std::bit_cast<Real>(step.value);
      step.count(sum);
    }
  });
  if (counts != nullptr) *counts = sum;
}

void round_posits(const View& in, const kernels::PositRounding& rounding, const MutableView& out) {
  const Segments segments(in.rows, in.columns, {in.stride, out.stride});
  segments.for_each(segments.longest_row(), [&](const Segment& segment) {
    kernels::round_posits(pointer<float>(in, segment), segment.count, rounding,
                          pointer<float>(out, segment));
  });
}

// False, and nothing written, where the machine has no kernel for it.
bool round_by_staircase(const View& in, const kernels::Staircase& stairs, const MutableView& out) {
  const Segments segments(in.rows, in.columns, {in.stride, out.stride});
  bool served = true;
  segments.for_each(segments.longest_row(), [&](const Segment& segment) {
    served = served && kernels::round_by_staircase(pointer<float>(in, segment), segment.count,
                                                   stairs, pointer<float>(out, segment));
  });
  return served;
}

// In and out are of the grid's carrier.
template <typename Real, typename Bits>
void round_in_carrier(const View& in, const CompiledPlan& plan, const kernels::Grid<Bits>& grid,
                      const Random& random, const MutableView& out, Counts* counts) {
  const Segments segments(in.rows, in.columns, {in.stride, out.stride});
  std::array<Bits, draw_segment> draws;
  const std::size_t longest = plan.stochastic() ? draw_segment : segments.longest_row();
  segments.for_each(longest, [&](const Segment& segment) {
    if (plan.stochastic()) {
      draw(random, plan.rounding().random_bits, {segment.index, 1, segment.count}, draws.data());
    }
    kernels::round(pointer<Real>(in, segment), segment.count, grid, draws.data(),
                   pointer<Real>(out, segment), counts);
  });
}

void round_floats(const View& in, const kernels::ArrayRounding& rounding, const MutableView& out) {
  const StandardEnvironment environment(rounding.direction);
  const Segments segments(in.rows, in.columns, {in.stride, out.stride});
  const bool past_caches = in.data != out.data && in.rows * in.columns > most_cached;
  segments.for_each(segments.longest_row(), [&](const Segment& segment) {
    kernels::round(pointer<float>(in, segment), segment.count, rounding, past_caches,
                   pointer<float>(out, segment));
  });
}

void round_floats(const View& in, const CompiledPlan& plan, const Random& random,
                  const MutableView& out) {
  const StandardEnvironment environment(Direction::zero);
  const Segments segments(in.rows, in.columns, {in.stride, out.stride});
  const bool past_caches = in.data != out.data && in.rows * in.columns > most_cached;
  segments.for_each(segments.longest_row(), [&](const Segment& segment) {
    Random part = random;
    part.offset += segment.index;
    kernels::round(pointer<float>(in, segment), segment.count, *plan.stochastic32(), part,
                   past_caches, pointer<float>(out, segment));
  });
}

// Through binary64, whatever the carriers: exact both ways.
void round_through_binary64(const View& in, const CompiledPlan& plan, const Random& random,
                            const MutableView& out, Counts* counts) {
  const StandardEnvironment environment;
  const Segments segments(in.rows, in.columns, {in.stride, out.stride});
  std::array<double, draw_segment> numbers;
  std::array<std::uint64_t, draw_segment> draws;
  segments.for_each(draw_segment, [&](const Segment& segment) {
    if (plan.stochastic()) {
      draw(random, plan.rounding().random_bits, {segment.index, 1, segment.count}, draws.data());
    }
    widen(in, segment, plan.rounding().flush_inputs, numbers.data());
    kernels::round(numbers.data(), segment.count, *plan.grid64(), draws.data(), numbers.data(),
                   counts);
    narrow(numbers.data(), out, segment);
  });
}

}  // namespace

void round_array(const View& in, const Plan& plan, const Random& random, const MutableView& out,
                 Counts* counts) {
  require_same_shape(in, out);
  const bool same = in.carrier == out.carrier;
  const bool same32 = same && in.carrier == Carrier::binary32;
  const bool same64 = same && in.carrier == Carrier::binary64;
  const kernels::PositRounding* const posit = compiled(plan).posit32();
  if (same32 && posit != nullptr && counts == nullptr) return round_posits(in, *posit, out);
  const PlanOfCall of_call(compiled(plan), in.carrier, in.rows * in.columns);
  const CompiledPlan& ready = *of_call;
  require_fits(ready, out.carrier);
  const auto* const stairs = same32 && counts == nullptr ? ready.staircase32() : nullptr;
  if (stairs != nullptr && round_by_staircase(in, *stairs, out)) return;
  if (same32 && ready.rounding32() != nullptr && counts == nullptr) {
    round_floats(in, *ready.rounding32(), out);
  } else if (same32 && ready.stochastic32() != nullptr && counts == nullptr) {
    round_floats(in, ready, random, out);
  } else if (same32 && ready.grid32() != nullptr) {
    round_in_carrier<float>(in, ready, *ready.grid32(), random, out, counts);
  } else if (same64 && ready.grid64() != nullptr) {
    round_in_carrier<double>(in, ready, *ready.grid64(), random, out, counts);
  } else if (ready.grid64() != nullptr && !ready.keeps_fractions()) {
    round_through_binary64(in, ready, random, out, counts);
  } else if (const auto* steps32 = same32 ? ready.steps<std::uint32_t>() : nullptr) {
    round_by_steps<float>(in, *steps32, out, counts);
  } else if (const auto* steps64 = same64 ? ready.steps<std::uint64_t>() : nullptr) {
    round_by_steps<double>(in, *steps64, out, counts);
  } else {
    round_by_element(in, ready, random, out, counts);
  }
}

}  // namespace halfulp::emulator
