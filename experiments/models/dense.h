// SPDX-License-Identifier: MIT
//
// The few pieces of dense linear algebra that closed forms need, in plain loops whose order of
// summation is fixed, so that results do not depend on the width of vectors, on cache sizes or on
// the version of a library. Matrices are square, row-major, without padding.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace halfulp::experiments {

// Sum of a_i b_i as eight partial sums (term k belongs to sum k mod 8), added as
// ((0+4)+(2+6))+((1+5)+(3+7)): the order of Order::eight_sums in formats/engine.h.
double dot(std::span<const double> a, std::span<const double> b);

// The lower triangular L with A = L L^T; the upper triangle of the answer is zero. Answers an empty
// vector where A is not positive definite in binary64.
std::vector<double> cholesky(std::span<const double> a, std::size_t n);

// Solves L x = b, and L^T x = b, in place.
void solve_lower(std::span<const double> lower, std::span<double> b);
void solve_lower_transposed(std::span<const double> lower, std::span<double> b);

// A x.
std::vector<double> multiply(std::span<const double> a, std::span<const double> x);

// The eigenvalues of a symmetric matrix, and the coordinates <row, u_i> of some vectors in its
// eigenvectors u_i, without ever forming these: Householder's reduction to tridiagonal form and
// the QL iteration with implicit shifts (Golub and Van Loan, Matrix Computations, 8.3), applied to
// the vectors as they go. Eigenvalues stand in no particular order. Answers false where the
// iteration does not end (a matrix with NaN).
struct Eigenbasis {
  std::vector<double> values;
  std::vector<std::vector<double>> coordinates;
};
bool decompose(std::vector<double> a, const std::vector<std::vector<double>>& vectors,
               Eigenbasis& out);

}  // namespace halfulp::experiments
