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

// The finite numbers of a format, increasing, times the rule's scale.
std::vector<double> numbers_of(const QuantizerRule& rule) {
  const Format& format = rule.quantizer.format;
  std::vector<double> numbers;
  for (Code code = 0; code < (Code{1} << bits(format)); ++code) {
    const double x = to_double(decode(format, code));
    if (std::isfinite(x)) numbers.push_back(x * rule.scale);
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
Matrix<Real> soft_steps(const QuantizerRule& rule, const RoundingGradient& wanted,
                        const Matrix<Real>& x, Arithmetic<Real>& arithmetic) {
  const std::vector<double> numbers = numbers_of(rule);
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
  const QuantizerRule* rule = quantizer_rule_of(record.rules.front());
  HALFULP_REQUIRE(rule != nullptr && record.rules.size() == 1, "the derivative is of one format");
  if (wanted.kind == Kind::dge) {
    gradient *= soft_steps(*rule, wanted, x, arithmetic);
    return;
  }
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
