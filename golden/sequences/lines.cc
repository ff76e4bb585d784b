// SPDX-License-Identifier: MIT
#include "golden/sequences/lines.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "emulator/parallel.h"
#include "formats/error.h"
#include "golden/tensors/axis.h"

namespace halfulp::sequences {
namespace {

constexpr std::size_t chunk_elements = std::size_t{1} << 14U;

Random from(const Random& random, std::size_t element) {
  Random later = random;
  later.offset += element;
  return later;
}

// An operation, its operands spread over the shape of the result.
struct Mapping {
  Op op;
  std::span<const Array* const> of;
  const Shape& shape;
  const Plan& plan;
  const Run& run;

  // The elements from `begin` on.
  void compute(std::size_t begin, std::span<double> out) const {
    std::vector<std::vector<double>> buffers(of.size());
    std::vector<View> views;
    for (std::size_t i = 0; i < of.size(); ++i) {
      if (of[i]->shape == shape) {
        views.push_back(view_of(of[i]->numbers.data() + begin, 1, out.size()));
        continue;
      }
      buffers[i].resize(out.size());
      spread(*of[i], shape, begin, buffers[i]);
      views.push_back(view_of(std::as_const(buffers[i]).data(), 1, out.size()));
    }
    run.engine->map(op, views, plan, from(run.random, begin), view_of(out), nullptr);
  }
};

}  // namespace

std::size_t axis_in(const Shape& shape, int axis) {
  if (shape.empty())
    throw Error("one number has no axis", "", "an array with dimensions is needed");
  return tensors::axis_of(shape, axis);
}

Array map(Op op, std::span<const Array* const> of, const Quantizer& to, const Run& run) {
  Array result{.format = to.format, .shape = joined(of), .numbers = {}};
  result.numbers.resize(checked_count(result.shape));
  const Plan plan = run.engine->prepare(to, {.elements = result.numbers.size()});
  const Mapping mapping{op, of, result.shape, plan, run};
  emulator::for_each_chunk(
      result.numbers.size(), chunk_elements, run.threads, [&](std::size_t begin, std::size_t end) {
        mapping.compute(begin, std::span(result.numbers).subspan(begin, end - begin));
      });
  return result;
}

Array select(std::span<const Array* const> of, const Quantizer& to, const Run& run) {
  Array chosen{.format = to.format, .shape = joined(of), .numbers = {}};
  const std::size_t count = checked_count(chosen.shape);
  chosen.numbers.resize(count);
  std::vector<double> condition(count);
  std::vector<double> otherwise(count);
  spread(*of[0], chosen.shape, 0, condition);
  spread(*of[1], chosen.shape, 0, chosen.numbers);
  spread(*of[2], chosen.shape, 0, otherwise);
  for (std::size_t i = 0; i < count; ++i) {
    const bool first = condition[i] != 0 && !std::isnan(condition[i]);
    if (!first) chosen.numbers[i] = otherwise[i];
  }
  const Array* operand = &chosen;
  return map(Op::convert, std::span(&operand, 1), to, run);
}

Array fold(const Fold& fold, const Array& of, const Quantizer& to, const Run& run) {
  const std::size_t axis = axis_in(of.shape, fold.axis);
  const tensors::Cut cut = tensors::cut_at(of.shape, axis);
  if (cut.length == 0)
    throw Error("the axis is empty, and nothing has no " + std::string(name_of(fold.op)), "",
                "give at least one element along it");
  const std::vector<double> lines = lines_along(of, axis);
  const std::size_t count = cut.outer * cut.inner;
  Array result{.format = to.format,
               .shape = without_axis(of.shape, axis, fold.keep),
               .numbers = std::vector<double>(count)};
  const Plan plan = run.engine->prepare(to, {.elements = of.numbers.size()});
  const auto fold_lines = [&](std::size_t begin, std::size_t end) {
    const std::span<double> so_far = std::span(result.numbers).subspan(begin, end - begin);
    std::vector<double> next(so_far.size());
    const View element = view_of(std::as_const(next).data(), 1, next.size());
    for (std::size_t k = 0; k < cut.length; ++k) {
      for (std::size_t i = 0; i < next.size(); ++i) next[i] = lines[(begin + i) * cut.length + k];
      const std::array<View, 2> both{as_const(view_of(so_far)), element};
      const bool first = k == 0;
      run.engine->map(first ? Op::convert : fold.op, first ? std::span(&element, 1) : both, plan,
                      from(run.random, k * count + begin), view_of(so_far), nullptr);
    }
  };
  emulator::for_each_chunk(count, chunk_elements, run.threads, fold_lines);
  return result;
}

namespace {

// Sums of the rows of one array, or dot products of those of two.
struct Sums {
  std::vector<std::vector<double>> lines;
  std::size_t length;
  const DotPlan& plan;
  const Run& run;

  // Those from row `begin` on.
  void compute(std::size_t begin, std::span<double> out) const {
    const std::size_t draws = draws_per_result(plan.tree, length);
    const double* left = lines[0].data() + begin * length;
    if (lines.size() == 1) {  // products with ones
      const std::vector<double> ones(length, 1.0);
      return run.engine->multiply(
          view_of(left, out.size(), length), view_of(ones.data(), length, 1), plan,
          from(run.random, begin * draws), view_of(out.data(), out.size(), 1));
    }
    const double* right = lines[1].data() + begin * length;
    for (std::size_t i = 0; i < out.size(); ++i)
      run.engine->multiply(view_of(left + i * length, 1, length),
                           view_of(right + i * length, length, 1), plan,
                           from(run.random, (begin + i) * draws), view_of(&out[i], 1, 1));
  }
};

}  // namespace

Array dot(const Dot& dot, std::span<const Array* const> of, const Run& run) {
  const Shape shape = joined(of);
  const std::size_t axis = axis_in(shape, dot.axis);
  const tensors::Cut cut = tensors::cut_at(shape, axis);
  const DotTree tree = kernels::tree_of(dot.order, *dot.order.tree, cut.length);
  const DotPlan plan = run.engine->prepare_dot(tree, {.elements = tensors::element_count(shape)});
  Sums sums{.lines = {}, .length = cut.length, .plan = plan, .run = run};
  for (const Array* array : of) sums.lines.push_back(lines_along(spread(*array, shape), axis));
  Array result{.format = tree.sums.front().quantizer.format,
               .shape = without_axis(shape, axis, dot.keep),
               .numbers = std::vector<double>(cut.outer * cut.inner)};
  const std::size_t rows = std::max<std::size_t>(chunk_elements / (cut.length + 1), 1);
  emulator::for_each_chunk(
      result.numbers.size(), rows, run.threads, [&](std::size_t begin, std::size_t end) {
        sums.compute(begin, std::span(result.numbers).subspan(begin, end - begin));
      });
  return result;
}

Array gather(const Gather& gather, const Array& of, const Array& places) {
  const std::size_t axis = axis_in(of.shape, gather.axis);
  const Shape kept = without_axis(of.shape, axis, true);
  if (places.shape != kept && places.shape != without_axis(of.shape, axis, false))
    throw Error("places of shape " + tensors::shape_text(places.shape), "1",
                "one place a line is needed: " + tensors::shape_text(kept));
  const tensors::Cut cut = tensors::cut_at(of.shape, axis);
  Array result{.format = of.format, .shape = places.shape, .numbers = {}};
  result.numbers.reserve(places.numbers.size());
  for (std::size_t i = 0; i < places.numbers.size(); ++i) {
    const double place = places.numbers[i];
    if (!(place >= 0 && place < static_cast<double>(cut.length) && place == std::floor(place)))
      throw Error("place " + tensors::index_text(places.shape, i) + " is none of the " +
                      std::to_string(cut.length) + " along the axis",
                  "1", "places are integers from 0 on");
    const std::size_t outer = i / cut.inner;
    const std::size_t at =
        (outer * cut.length + static_cast<std::size_t>(place)) * cut.inner + i % cut.inner;
    result.numbers.push_back(of.numbers[at]);
  }
  return result;
}

Array count(const Count& count, const Array& of, const Quantizer& to, const Run& run) {
  const std::size_t axis = axis_in(of.shape, count.axis);
  Array places{.format = to.format, .shape = Shape(of.shape.size(), 1), .numbers = {}};
  places.shape[axis] = of.shape[axis];
  for (std::int64_t i = 0; i < of.shape[axis]; ++i)
    places.numbers.push_back(static_cast<double>(i));
  const Array* operand = &places;
  return map(Op::convert, std::span(&operand, 1), to, run);
}

}  // namespace halfulp::sequences
