// SPDX-License-Identifier: MIT
#include "golden/kernels/within_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "emulator/parallel.h"
#include "formats/error.h"

namespace halfulp::kernels {
namespace {

// The exact number is within half an ulp of the nearest double: the least that the error can be.
double least_error(const BoundedResult& result) {
  if (!std::isfinite(result.got)) return std::numeric_limits<double>::infinity();
  const double infinity = std::numeric_limits<double>::infinity();
  const double half =
      (std::nextafter(std::abs(result.exact), infinity) - std::abs(result.exact)) / 2;
  const double least = std::nextafter(result.error, 0.0) - half;
  return std::max(std::nextafter(least, 0.0), 0.0);
}

double ratio_of(const BoundedResult& result) {
  if (result.error == 0) return 0;
  return result.bound == 0 ? std::numeric_limits<double>::infinity() : result.error / result.bound;
}

void add(const BoundVerdict& more, std::uint64_t shown, BoundVerdict& all) {
  all.results += more.results;
  all.beyond += more.beyond;
  all.unbounded += more.unbounded;
  all.has_likely_errors = all.has_likely_errors || more.has_likely_errors;
  all.has_certain_errors = all.has_certain_errors || more.has_certain_errors;
  all.largest_bound = std::max(all.largest_bound, more.largest_bound);
  if (more.largest && (!all.largest || ratio_of(*more.largest) > ratio_of(*all.largest)))
    all.largest = more.largest;
  for (const BoundedResult& one : more.first) {
    if (all.first.size() < shown) all.first.push_back(one);
  }
}

}  // namespace

BoundVerdict judge(const tensors::Tensor& got, const MatrixUnit& unit, const Order& order,
                   const Engine& engine, const ProductOperands& operands,
                   const BoundOptions& options) {
  const ErrorBounds bounds(unit, order, operands, options.to);
  const tensors::Tensor exact_tensor =
      exact_product(unit, order, engine, operands, {.threads = options.threads});
  if (exact_tensor.shape != got.shape)
    throw Error("the product has another shape than what was made", "a", "are these its operands?");
  const std::vector<double> numbers = tensors::doubles_of(got);
  const std::vector<double> exact = tensors::doubles_of(exact_tensor);
  const ProductShape shape = shape_of(unit, order, operands);
  BoundVerdict all;
  all.lambda = lambda_of(options.failure, numbers.size());
  std::vector<BoundVerdict> rows(shape.batches * shape.rows);
  const auto judge_row = [&](std::size_t row) {
    const std::vector<ResultBound> of_row = bounds.row(row / shape.rows, row % shape.rows);
    BoundVerdict& verdict = rows[row];
    for (std::size_t i = 0; i < of_row.size(); ++i) {
      const std::size_t index = row * shape.columns + i;
      const ResultBound& bound = of_row[i];
      ++verdict.results;
      if (!bound.bounded || !std::isfinite(exact[index])) {
        ++verdict.unbounded;
        continue;
      }
      const BoundedResult result{.index = index,
                                 .got = numbers[index],
                                 .exact = exact[index],
                                 .error = std::abs(numbers[index] - exact[index]),
                                 .bound = options.kind == BoundKind::deterministic
                                              ? bound.deterministic()
                                              : bound.probabilistic(all.lambda)};
      verdict.has_likely_errors = verdict.has_likely_errors || bound.rounding > 0;
      verdict.has_certain_errors = verdict.has_certain_errors || bound.certain > 0;
      verdict.largest_bound = std::max(verdict.largest_bound, result.bound);
      if (!verdict.largest || ratio_of(result) > ratio_of(*verdict.largest))
        verdict.largest = result;
      if (least_error(result) <= result.bound) continue;
      ++verdict.beyond;
      if (verdict.first.size() < options.shown) verdict.first.push_back(result);
    }
  };
  emulator::for_each_task(rows.size(), options.threads, judge_row);
  for (const BoundVerdict& row : rows) add(row, options.shown, all);
  if (options.kind == BoundKind::deterministic) all.lambda = 0;
  return all;
}

}  // namespace halfulp::kernels
