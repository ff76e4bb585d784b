// SPDX-License-Identifier: MIT
#include "emulator/arrays/map_floats.h"

#include <algorithm>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/segments.h"
#include "emulator/environment.h"

namespace halfulp::emulator {
namespace {

bool all_floats(std::span<const View> in, const MutableView& out) {
  return out.carrier == Carrier::binary32 &&
         std::all_of(in.begin(), in.end(),
                     [](const View& view) { return view.carrier == Carrier::binary32; });
}

// Rows that follow each other without gaps in all of them are one.
Segments segments_of(std::span<const View> in, const MutableView& out) {
  std::size_t stride = out.stride;
  for (const View& view : in) {
    if (view.stride != view.columns) stride = view.stride;
  }
  return {out.rows, out.columns, {stride, out.stride}};
}

void operate(Op op, std::span<const View> in, const CompiledPlan& plan, const MutableView& out) {
  const kernels::ArrayOperation& operation = *plan.operation32();
  const StandardEnvironment environment(operation.rounding.direction);
  kernels::ArrayOperands operands;
  operands.zero_sum_negative = plan.rounding().mode == Mode::toward_negative;
  operands.past_caches = out.rows * out.columns > most_cached;
  for (const View& view : in) operands.past_caches = operands.past_caches && view.data != out.data;
  const Segments segments = segments_of(in, out);
  segments.for_each(segments.longest_row(), [&](const Segment& segment) {
    for (std::size_t i = 0; i < in.size(); ++i) operands.in[i] = pointer<float>(in[i], segment);
    operands.count = segment.count;
    operands.out = pointer<float>(out, segment);
    kernels::operate(op, operation, operands);
  });
}

}  // namespace

bool map_floats(Op op, std::span<const View> in, const CompiledPlan& plan, const MutableView& out) {
  if (plan.operation32() == nullptr || !all_floats(in, out)) return false;
  if (!is_arithmetic(op) || !kernels::has_array_operations()) return false;
  operate(op, in, plan, out);
  return true;
}

}  // namespace halfulp::emulator
