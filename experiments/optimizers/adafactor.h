// SPDX-License-Identifier: MIT
//
// The factored second moment of Adafactor (Shazeer and Stern, arXiv 1804.04235, section 3): of a
// matrix of squares only the means of its rows and columns are kept, and R C^T / mean(R) stands for
// it, which is exact where it has rank one. Sums run from the first element to the last.
#pragma once

#include <cmath>

#include "experiments/networks/matrix.h"

namespace halfulp::experiments {

template <typename Real>
Matrix<Real> row_means(const Matrix<Real>& x) {
  return row_sums(x) / static_cast<Real>(x.cols());
}

template <typename Real>
Matrix<Real> column_means(const Matrix<Real>& x) {
  return column_sums(x) / static_cast<Real>(x.rows());
}

// state <- (1 - share) state + share x
template <typename Real>
void mix(Matrix<Real>& state, const Matrix<Real>& x, Real share) {
  state = (Real{1} - share) * state + share * x;
}

// row column / mean(row), of rows x 1 and 1 x columns.
template <typename Real>
Matrix<Real> rank_one(const Matrix<Real>& row, const Matrix<Real>& column) {
  const Real mean = column_means(row)(0, 0);
  Matrix<Real> product(row.rows(), column.cols());
  for (Eigen::Index r = 0; r < row.rows(); ++r) product.row(r) = column.row(0) * (row(r, 0) / mean);
  return product;
}

template <typename Real>
Real root_mean_square(const Matrix<Real>& x) {
  return static_cast<Real>(std::sqrt(sum_of_squares(x) / static_cast<double>(x.size())));
}

}  // namespace halfulp::experiments
