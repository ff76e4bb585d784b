// SPDX-License-Identifier: MIT
//
// Matrices of networks: row-major arrays of Eigen in one of the carriers, of which view_of
// (formats/eigen.h) makes what engines take. Elementwise + - * / of Eigen are one IEEE operation an
// element, in whatever vectors they are computed; sums are not taken with Eigen, whose order of
// addition depends on the machine, but here, in a stated order.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>

#include "formats/eigen.h"

namespace halfulp::experiments {

template <typename Real>
using Matrix = Eigen::Array<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Row after row.
template <typename Real>
std::span<const Real> numbers_of(const Matrix<Real>& x) {
  return {x.data(), static_cast<std::size_t>(x.size())};
}

// 1 x columns: every column from its first row down, from +0.
template <typename Real>
Matrix<Real> column_sums(const Matrix<Real>& x) {
  Matrix<Real> sums = Matrix<Real>::Zero(1, x.cols());
  for (Eigen::Index r = 0; r < x.rows(); ++r) sums.row(0) += x.row(r);
  return sums;
}

// rows x 1: every row from left to right, from +0.
template <typename Real>
Matrix<Real> row_sums(const Matrix<Real>& x) {
  Matrix<Real> sums = Matrix<Real>::Zero(x.rows(), 1);
  for (Eigen::Index r = 0; r < x.rows(); ++r) {
    Real sum = 0;
    for (Eigen::Index c = 0; c < x.cols(); ++c) sum += x(r, c);
    sums(r, 0) = sum;
  }
  return sums;
}

// The column of a row's largest number, the first of equal ones.
template <typename Real>
Eigen::Index largest_in_row(const Matrix<Real>& x, Eigen::Index row) {
  Eigen::Index best = 0;
  for (Eigen::Index c = 1; c < x.cols(); ++c) {
    if (x(row, c) > x(row, best)) best = c;
  }
  return best;
}

// Row after row, in binary64.
template <typename Real>
double sum_of_squares(const Matrix<Real>& x) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const auto value = static_cast<double>(x.data()[i]);
    sum += value * value;
  }
  return sum;
}

}  // namespace halfulp::experiments
