// SPDX-License-Identifier: MIT
#include "experiments/networks/transformed_rounder.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "experiments/policy/block_scales.h"
#include "formats/codes.h"
#include "formats/hadamard.h"
#include "formats/numbers/value.h"

namespace halfulp::experiments {
namespace {

template <typename Real>
void multiply_by_hadamard(Matrix<Real>& x, const Hadamard& hadamard, const Random& signs) {
  const auto n = static_cast<std::size_t>(hadamard.block);
  halfulp::multiply_by_hadamard(
      std::span<Real>(x.data(), static_cast<std::size_t>(x.size())),
      hadamard.random_signs ? hadamard_signs<Real>(n, signs) : std::vector<Real>(n, Real{1}));
}

// Clamps every row; answers what was cut off where the clamp adds it again.
template <typename Real>
Matrix<Real> clamp_rows(Matrix<Real>& x, const Clamp& clamp) {
  const Matrix<Real> before = clamp.adds_rest ? x : Matrix<Real>();
  const auto count = static_cast<std::size_t>(x.cols());
  std::vector<double> sorted(count);
  const double position =
      clamp.quantile * static_cast<double>(count - std::min<std::size_t>(count, 1));
  const auto i = static_cast<std::size_t>(position);
  const double share = position - static_cast<double>(i);
  for (Eigen::Index r = 0; r < x.rows() && count > 0; ++r) {
    Real* row = x.data() + r * x.cols();
    std::copy_n(row, count, sorted.begin());
    if (!std::all_of(sorted.begin(), sorted.end(), [](double y) { return std::isfinite(y); }))
      continue;
    std::sort(sorted.begin(), sorted.end());
    const auto at = [&](std::size_t k) { return sorted[std::min(k, count - 1)]; };
    const auto from_end = [&](std::size_t k) { return sorted[count - 1 - std::min(k, count - 1)]; };
    const auto high = static_cast<Real>(at(i) + share * (at(i + 1) - at(i)));
    const auto low = static_cast<Real>(from_end(i) + share * (from_end(i + 1) - from_end(i)));
    for (std::size_t c = 0; c < count; ++c) row[c] = std::min(std::max(row[c], low), high);
  }
  return clamp.adds_rest ? Matrix<Real>(before - x) : Matrix<Real>();
}

template <typename Real>
double largest_magnitude(const Matrix<Real>& x) {
  Real largest = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    if (std::isnan(x.data()[i])) return std::nan("");
    largest = std::max(largest, std::abs(x.data()[i]));
  }
  return static_cast<double>(largest);
}

template <typename Real>
Real divisor_of(double scale) {
  const auto s = static_cast<Real>(scale);
  return s > Real{0} && std::isfinite(s) ? s : Real{1};
}

const Quantizer& element_of(const Rule& rule) {
  const BlockRule* blocks = blocks_of(rule);
  return blocks != nullptr ? blocks->format.element : quantizer_rule_of(rule)->quantizer;
}

}  // namespace

template <typename Real>
TransformedRounder<Real>::TransformedRounder(const Engine& engine, const Rule& rule,
                                             const Transform& transform)
    : engine_(&engine),
      transform_(transform),
      rounder_(engine, rule, carrier_of<Real>),
      element_plan_(engine.prepare(element_of(rule), {})) {
  if (const BlockRule* blocks = blocks_of(rule))
    block_plan_ = engine.prepare_block(blocks->format, {.carrier = carrier_of<Real>});
}

template <typename Real>
void TransformedRounder<Real>::apply(Matrix<Real>& x, const TransformInput& input, Counts* counts) {
  if (transform_.hadamard.block > 1) multiply_by_hadamard(x, transform_.hadamard, input.signs);
  Matrix<Real> rest;
  if (transform_.clamp.quantile < 1.0) rest = clamp_rows(x, transform_.clamp);
  const bool divided = transform_.normalize.kind != Normalization::Kind::none;
  if (divided) divide(x, input);
  if (transform_.pre_factor != 1.0) {
    round_with_factor(x, input.elements, counts);
  } else {
    round(x, input, counts);
  }
  for (Eigen::Index r = 0; divided && r < x.rows(); ++r)
    x.row(r) *= divisors_[static_cast<std::size_t>(r)];
  if (transform_.clamp.adds_rest) x += rest;
}

template <typename Real>
void TransformedRounder<Real>::round(Matrix<Real>& x, const TransformInput& input, Counts* counts) {
  const bool has_range = transform_.running_range > 0.0 && x.size() > 0;
  if (has_range && input.observes && (x - x == Real{0}).all())
    input.range->observe(static_cast<double>(x.minCoeff()), static_cast<double>(x.maxCoeff()),
                         transform_.running_range);
  if (!has_range || input.observes || !input.range->seen()) {
    const MutableView view = view_of(x);
    return rounder_.apply(as_const(view), input.elements, view, counts);
  }
  const auto low = static_cast<Real>(input.range->low());
  const auto high = static_cast<Real>(input.range->high());
  Matrix<Real> both(x.rows() + 2, x.cols());
  both.topRows(x.rows()) = x.max(low).min(high);
  both.row(x.rows()).setConstant(low);
  both.row(x.rows() + 1).setConstant(high);
  const MutableView view = view_of(both);
  rounder_.apply(as_const(view), input.elements, view, counts);
  x = both.topRows(x.rows());
}

template <typename Real>
void TransformedRounder<Real>::divide(Matrix<Real>& x, const TransformInput& input) {
  const Normalization& normalize = transform_.normalize;
  const auto rows = static_cast<std::size_t>(x.rows());
  if (normalize.kind == Normalization::Kind::delayed) {
    divisors_.assign(rows, divisor_of<Real>(delayed_scale(x, input)));
  } else if (!normalize.by_row) {
    divisors_.assign(rows, divisor_of<Real>(std::sqrt(sum_of_squares(x))));
  } else {
    divisors_.clear();
    for (Eigen::Index r = 0; r < x.rows(); ++r)
      divisors_.push_back(divisor_of<Real>(std::sqrt(sum_of_squares<Real>(x.row(r)))));
  }
  for (Eigen::Index r = 0; r < x.rows(); ++r) x.row(r) /= divisors_[static_cast<std::size_t>(r)];
}

template <typename Real>
double TransformedRounder<Real>::delayed_scale(const Matrix<Real>& x,
                                               const TransformInput& input) const {
  const Normalization& normalize = transform_.normalize;
  const double amax = input.history->before(input.step, normalize);
  if (input.observes) input.history->observe(input.step, largest_magnitude(x), normalize);
  const double largest = to_double(largest_finite(element_of(rounder_.rule()).format));
  return std::ldexp(amax, normalize.margin) / largest;
}

template <typename Real>
void TransformedRounder<Real>::round_with_factor(Matrix<Real>& x, const Random& random,
                                                 Counts* counts) {
  const auto rows = static_cast<std::size_t>(x.rows());
  const auto columns = static_cast<std::size_t>(x.cols());
  const double p = transform_.pre_factor;
  Matrix<Real> without = x;
  const std::vector<double> scales = scales_under(without, random);
  const auto is_number = [](double scale) { return scale > 0.0 && std::isfinite(scale); };
  std::vector<double> numbers(scales.size(), 0.0);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (is_number(scales[i])) numbers[i] = p * static_cast<double>(x.data()[i]) / scales[i];
  const MutableView view = view_of(numbers.data(), rows, columns);
  Random bits = random;
  if (const BlockRule* blocks = blocks_of(rounder_.rule())) {
    bits = random_of_blocks(random, *blocks);
  } else {
    bits.generator = quantizer_rule_of(rounder_.rule())->generator;
  }
  engine_->round(as_const(view), element_plan_, bits, view, counts);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    x.data()[i] =
        is_number(scales[i]) ? static_cast<Real>(numbers[i] * scales[i] / p) : without.data()[i];
}

// The scale of every number; x becomes what the format makes of it without the factor.
template <typename Real>
std::vector<double> TransformedRounder<Real>::scales_under(Matrix<Real>& x, const Random& random) {
  const BlockRule* blocks = blocks_of(rounder_.rule());
  if (blocks == nullptr)
    return std::vector<double>(static_cast<std::size_t>(x.size()),
                               quantizer_rule_of(rounder_.rule())->scale);
  BlockCodes codes;
  const MutableView view = view_of(x);
  engine_->quantize(as_const(view), block_plan_, random_of_blocks(random, *blocks), view, &codes,
                    nullptr);
  return scales_of(blocks->format, codes, view.rows, view.columns);
}

template class TransformedRounder<float>;
template class TransformedRounder<double>;

}  // namespace halfulp::experiments
