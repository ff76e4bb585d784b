// SPDX-License-Identifier: MIT
//
// What is measured of a rounded tensor, or of a product of rounded operands, against the exact one.
// All sums are in binary64, row after row from the left. What has no meaning (a ratio to zero) is
// absent.
#pragma once

#include <array>
#include <string_view>

#include "experiments/metrics.h"
#include "experiments/networks/matrix.h"
#include "formats/engine.h"

namespace halfulp::experiments::tensor {

inline constexpr std::array<std::string_view, 13> metric_names{
    "relative_mse",       "projection",         "mean_error",    "block_max_bias",
    "zero_share",         "saturated_share",    "largest_error", "product_relative_mse",
    "product_projection", "product_mean_error", "product_mean",  "sum_error",
    "sum_error_rms"};

// q of x:
//   relative_mse     |q - x|^2 / |x|^2, sums over all numbers
//   projection       <q, x> / <x, x>: 1 of what is unbiased
//   mean_error       sum (q - x) / sum |x|
//   block_max_bias   the mean of q / x - 1 at the largest magnitude (the first of several) of
//   blocks
//                    of so many numbers of a row, blocks of zeros left out
//   zero_share       of the numbers that are not zero, how many became zero
//   saturated_share  of all numbers, those that were infinite or rounded beyond the largest
//   largest_error    max |q - x| / max |x|
template <typename Real>
Metrics measure_tensor(const Matrix<Real>& x, const Matrix<Real>& q, Eigen::Index block,
                       const Counts& counts);

// y of the exact product:
//   product_relative_mse  |y - exact|^2 / |exact|^2, over all entries
//   product_projection    <y, exact> / <exact, exact>
//   product_mean_error    sum (y - exact) / sum |exact|
//   product_mean          the mean of y
//   sum_error             the mean of y / exact - 1, where all exact entries are positive
//   sum_error_rms         the root of the mean of its square, there too
template <typename Real>
Metrics measure_product(const Matrix<double>& exact, const Matrix<Real>& y);

// a b^T, every sum from left to right.
template <typename Real>
Matrix<double> exact_product(const Matrix<Real>& a, const Matrix<Real>& b);

extern template Metrics measure_tensor(const Matrix<float>&, const Matrix<float>&, Eigen::Index,
                                       const Counts&);
extern template Metrics measure_tensor(const Matrix<double>&, const Matrix<double>&, Eigen::Index,
                                       const Counts&);
extern template Metrics measure_product(const Matrix<double>&, const Matrix<float>&);
extern template Metrics measure_product(const Matrix<double>&, const Matrix<double>&);
extern template Matrix<double> exact_product(const Matrix<float>&, const Matrix<float>&);
extern template Matrix<double> exact_product(const Matrix<double>&, const Matrix<double>&);

}  // namespace halfulp::experiments::tensor
