// SPDX-License-Identifier: MIT
#include "experiments/networks/loss.h"

#include <algorithm>
#include <utility>

namespace halfulp::experiments {
namespace {

template <typename Real>
double sum(const Matrix<Real>& x) {
  double total = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) total += static_cast<double>(x.data()[i]);
  return total;
}

template <typename Real>
void mean_square(const Matrix<Real>& y, const Matrix<Real>& target, LossOutcome<Real>& outcome) {
  const Matrix<Real> error = y - target;
  const auto count = static_cast<double>(y.size());
  outcome.loss = sum_of_squares(error) / count;
  outcome.gradient = error * static_cast<Real>(2.0 / count);
}

template <typename Real>
void mean_absolute(const Matrix<Real>& y, const Matrix<Real>& target, LossOutcome<Real>& outcome) {
  const Matrix<Real> error = y - target;
  const auto count = static_cast<double>(y.size());
  outcome.loss = sum<Real>(error.abs()) / count;
  outcome.gradient = error.sign() * static_cast<Real>(1.0 / count);
}

template <typename Real>
void logistic(const Matrix<Real>& y, const Matrix<Real>& target, Arithmetic<Real>& arithmetic,
              LossOutcome<Real>& outcome) {
  const auto count = static_cast<double>(y.rows());
  outcome.loss = sum<Real>(arithmetic.map(Op::softplus, y) - target * y) / count;
  outcome.gradient = (arithmetic.map(Op::sigmoid, y) - target) * static_cast<Real>(1.0 / count);
  double correct = 0;
  for (Eigen::Index r = 0; r < y.rows(); ++r)
    correct += (y(r, 0) > 0) == (target(r, 0) > Real(0.5)) ? 1 : 0;
  outcome.correct = correct / count;
}

// With the largest of a sample's numbers taken off first, so that nothing overflows.
template <typename Real>
void cross_entropy(const Matrix<Real>& y, const Matrix<Real>& target, Arithmetic<Real>& arithmetic,
                   LossOutcome<Real>& outcome) {
  const auto count = static_cast<double>(y.rows());
  Matrix<Real> shifted = y;
  for (Eigen::Index r = 0; r < y.rows(); ++r) shifted.row(r) -= y(r, largest_in_row(y, r));
  const Matrix<Real> powers = arithmetic.map(Op::exp, shifted);
  const Matrix<Real> sums = row_sums(powers);
  const Matrix<Real> logarithms = arithmetic.map(Op::log, sums);
  const Matrix<Real> probabilities = powers.colwise() / sums.col(0);
  const Matrix<Real> surprise = (-shifted).colwise() + logarithms.col(0);
  outcome.loss = sum<Real>(target * surprise) / count;
  outcome.gradient = (probabilities - target) * static_cast<Real>(1.0 / count);
  double correct = 0;
  for (Eigen::Index r = 0; r < y.rows(); ++r)
    correct += largest_in_row(y, r) == largest_in_row(target, r);
  outcome.correct = correct / count;
}

}  // namespace

const std::vector<std::string>& loss_names() {
  static const std::vector<std::string> names{"mean_square", "mean_absolute", "logistic",
                                              "cross_entropy"};
  return names;
}

template <typename Real>
Loss<Real>::Loss(PlaceList& places, LossKind kind)
    : kind_(kind), at_{.y = places.add("", "loss", "y"), .g = places.add("", "loss", "g")} {}

template <typename Real>
LossOutcome<Real> Loss<Real>::operator()(Matrix<Real> y, const Matrix<Real>& target, double scale,
                                         Arithmetic<Real>& arithmetic) const {
  arithmetic.round(at_.y, y);
  LossOutcome<Real> outcome;
  if (kind_ == LossKind::mean_square) mean_square(y, target, outcome);
  if (kind_ == LossKind::mean_absolute) mean_absolute(y, target, outcome);
  if (kind_ == LossKind::logistic) logistic(y, target, arithmetic, outcome);
  if (kind_ == LossKind::cross_entropy) cross_entropy(y, target, arithmetic, outcome);
  if (scale != 1.0) outcome.gradient *= static_cast<Real>(scale);
  arithmetic.round(at_.g, outcome.gradient);
  return outcome;
}

template class Loss<float>;
template class Loss<double>;

}  // namespace halfulp::experiments
