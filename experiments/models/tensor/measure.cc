// SPDX-License-Identifier: MIT
#include "experiments/models/tensor/measure.h"

#include <algorithm>
#include <cmath>

namespace halfulp::experiments::tensor {
namespace {

// Sums over pairs of an exact number and what stands for it.
struct Errors {
  double squares = 0, error_squares = 0, products = 0;  // of x^2, (q - x)^2, q x
  double magnitudes = 0, errors = 0;                    // of |x|, q - x
  double largest = 0, largest_error = 0;

  void add(double x, double q) {
    const double error = q - x;
    squares += x * x;
    error_squares += error * error;
    products += q * x;
    magnitudes += std::abs(x);
    errors += error;
    largest = std::max(largest, std::abs(x));
    // A NaN stays.
    if (!(std::abs(error) <= largest_error)) largest_error = std::abs(error);
  }
};

template <typename Real>
void add_block_max_bias(const Matrix<Real>& x, const Matrix<Real>& q, Eigen::Index block,
                        Metrics& metrics) {
  double sum = 0;
  double blocks = 0;
  for (Eigen::Index r = 0; r < x.rows(); ++r) {
    for (Eigen::Index first = 0; first < x.cols(); first += block) {
      Eigen::Index at = first;
      for (Eigen::Index c = first; c < std::min(first + block, x.cols()); ++c)
        if (std::abs(x(r, c)) > std::abs(x(r, at))) at = c;
      if (x(r, at) == Real{0}) continue;
      sum += static_cast<double>(q(r, at)) / static_cast<double>(x(r, at)) - 1.0;
      blocks += 1;
    }
  }
  if (blocks > 0) metrics.push_back({"block_max_bias", sum / blocks});
}

}  // namespace

template <typename Real>
Metrics measure_tensor(const Matrix<Real>& x, const Matrix<Real>& q, Eigen::Index block,
                       const Counts& counts) {
  Errors errors;
  double nonzero = 0;
  double flushed = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    errors.add(static_cast<double>(x.data()[i]), static_cast<double>(q.data()[i]));
    nonzero += x.data()[i] != Real{0} ? 1 : 0;
    flushed += x.data()[i] != Real{0} && q.data()[i] == Real{0} ? 1 : 0;
  }
  Metrics metrics;
  if (errors.squares > 0) {
    metrics.push_back({"relative_mse", errors.error_squares / errors.squares});
    metrics.push_back({"projection", errors.products / errors.squares});
    metrics.push_back({"mean_error", errors.errors / errors.magnitudes});
    add_block_max_bias(x, q, block, metrics);
    metrics.push_back({"zero_share", flushed / nonzero});
    metrics.push_back({"largest_error", errors.largest_error / errors.largest});
  }
  if (counts.elements > 0)
    metrics.push_back({"saturated_share", static_cast<double>(counts.saturated) /
                                              static_cast<double>(counts.elements)});
  return metrics;
}

template <typename Real>
Metrics measure_product(const Matrix<double>& exact, const Matrix<Real>& y) {
  Errors errors;
  double sum = 0;
  double relative = 0;
  double relative_squares = 0;
  bool all_positive = true;
  for (Eigen::Index i = 0; i < exact.size(); ++i) {
    const auto value = static_cast<double>(y.data()[i]);
    errors.add(exact.data()[i], value);
    sum += value;
    all_positive = all_positive && exact.data()[i] > 0;
    const double one = value / exact.data()[i] - 1.0;
    relative += one;
    relative_squares += one * one;
  }
  const auto count = static_cast<double>(exact.size());
  Metrics metrics;
  if (errors.squares > 0) {
    metrics.push_back({"product_relative_mse", errors.error_squares / errors.squares});
    metrics.push_back({"product_projection", errors.products / errors.squares});
    metrics.push_back({"product_mean_error", errors.errors / errors.magnitudes});
  }
  metrics.push_back({"product_mean", sum / count});
  if (all_positive) {
    metrics.push_back({"sum_error", relative / count});
    metrics.push_back({"sum_error_rms", std::sqrt(relative_squares / count)});
  }
  return metrics;
}

template <typename Real>
Matrix<double> exact_product(const Matrix<Real>& a, const Matrix<Real>& b) {
  Matrix<double> out(a.rows(), b.rows());
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    for (Eigen::Index j = 0; j < b.rows(); ++j) {
      double sum = 0;
      for (Eigen::Index k = 0; k < a.cols(); ++k)
        sum += static_cast<double>(a(i, k)) * static_cast<double>(b(j, k));
      out(i, j) = sum;
    }
  }
  return out;
}

template Metrics measure_tensor(const Matrix<float>&, const Matrix<float>&, Eigen::Index,
                                const Counts&);
template Metrics measure_tensor(const Matrix<double>&, const Matrix<double>&, Eigen::Index,
                                const Counts&);
template Metrics measure_product(const Matrix<double>&, const Matrix<float>&);
template Metrics measure_product(const Matrix<double>&, const Matrix<double>&);
template Matrix<double> exact_product(const Matrix<float>&, const Matrix<float>&);
template Matrix<double> exact_product(const Matrix<double>&, const Matrix<double>&);

}  // namespace halfulp::experiments::tensor
