// SPDX-License-Identifier: MIT
#include "experiments/networks/rounding_gradient.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::experiments {
namespace {

// The finite numbers of a format, increasing, times the scale.
std::vector<double> numbers_of(const Format& format, double scale) {
  std::vector<double> numbers;
  for (Code code = 0; code < (Code{1} << bits(format)); ++code) {
    const double x = to_double(decode(format, code));
    if (std::isfinite(x)) numbers.push_back(x * scale);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

// |2 t - 1| of a number between the first and the last of `numbers`.
double off_middle(const std::vector<double>& numbers, double x) {
  auto above = std::upper_bound(numbers.begin(), numbers.end(), x);
  if (above == numbers.end()) --above;
  const double low = *(above - 1);
  return std::abs(2.0 * ((x - low) / (*above - low)) - 1.0);
}

// min(|2 t - 1|^(1/k - 1) / k, cap) where the number lies within, else 0.
template <typename Real>
Matrix<Real> soft_steps(const std::vector<double>& numbers, const RoundingGradient& wanted,
                        const Matrix<Real>& x, Arithmetic<Real>& arithmetic) {
  const auto within = [&](Real number) {
    return static_cast<double>(number) >= numbers.front() &&
           static_cast<double>(number) <= numbers.back();
  };
  Matrix<Real> base = Matrix<Real>::Ones(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    if (!within(x.data()[i])) continue;
    base.data()[i] = static_cast<Real>(off_middle(numbers, static_cast<double>(x.data()[i])));
  }
  const Matrix<Real> exponent =
      Matrix<Real>::Constant(x.rows(), x.cols(), static_cast<Real>(1.0 / wanted.k - 1.0));
  const Matrix<Real> power = arithmetic.map(Op::power, base, exponent);
  Matrix<Real> derivative(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const Real step =
        std::min(power.data()[i] / static_cast<Real>(wanted.k), static_cast<Real>(wanted.cap));
    derivative.data()[i] = within(x.data()[i]) ? step : Real{0};
  }
  return derivative;
}

// x over the scales of its blocks; 0 where they are no positive numbers.
template <typename Real>
Matrix<Real> over_scales(PlaceNumber place, const BlockRule& rule,
                         const std::vector<double>& numbers, const Matrix<Real>& x,
                         const Arithmetic<Real>& arithmetic) {
  const std::vector<double> scales = arithmetic.block_scales(place, rule, x);
  const bool ends_at_largest = rule.format.levels.front().rule == ScaleRule::ratio;
  Matrix<Real> quotient = Matrix<Real>::Zero(x.rows(), x.cols());
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const double scale = scales[static_cast<std::size_t>(i)];
    if (!(scale > 0.0)) continue;
    double u = static_cast<double>(x.data()[i]) / scale;
    if (ends_at_largest) u = std::min(std::max(u, numbers.front()), numbers.back());
    quotient.data()[i] = static_cast<Real>(u);
  }
  return quotient;
}

template <typename Real>
Matrix<Real> soft_steps_of(PlaceNumber place, const PlaceRecord& record, const Matrix<Real>& x,
                           Arithmetic<Real>& arithmetic) {
  const RoundingGradient& wanted = record.gradient;
  if (const QuantizerRule* rule = quantizer_rule_of(record.rules.front()))
    return soft_steps(numbers_of(rule->quantizer.format, rule->scale), wanted, x, arithmetic);
  const BlockRule* blocks = blocks_of(record.rules.front());
  HALFULP_REQUIRE(blocks != nullptr, "the derivative is of a format");
  const std::vector<double> numbers = numbers_of(blocks->format.element.format, 1.0);
  return soft_steps(numbers, wanted, over_scales(place, *blocks, numbers, x, arithmetic),
                    arithmetic);
}

}  // namespace

template <typename Real>
void multiply_by_derivative(PlaceNumber place, const Matrix<Real>& x, Arithmetic<Real>& arithmetic,
                            Matrix<Real>& gradient) {
  using Kind = RoundingGradient::Kind;
  const PlaceRecord& record = arithmetic.record(place);
  const RoundingGradient& wanted = record.gradient;
  if (record.is_native() || wanted.kind == Kind::straight_through) return;
  if (wanted.kind == Kind::zero) {
    gradient.setZero();
    return;
  }
  HALFULP_REQUIRE(record.rules.size() == 1, "the derivative is of one format");
  if (wanted.kind == Kind::dge) {
    gradient *= soft_steps_of(place, record, x, arithmetic);
    return;
  }
  const QuantizerRule* rule = quantizer_rule_of(record.rules.front());
  HALFULP_REQUIRE(rule != nullptr, "clipped is the derivative of a scalar format");
  const auto largest =
      static_cast<Real>(to_double(largest_finite(rule->quantizer.format)) * rule->scale);
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    if (!(std::abs(x.data()[i]) <= largest)) gradient.data()[i] = 0;
  }
}

template void multiply_by_derivative(PlaceNumber, const Matrix<float>&, Arithmetic<float>&,
                                     Matrix<float>&);
template void multiply_by_derivative(PlaceNumber, const Matrix<double>&, Arithmetic<double>&,
                                     Matrix<double>&);

}  // namespace halfulp::experiments
