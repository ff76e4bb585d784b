// SPDX-License-Identifier: MIT
#include "experiments/models/dense.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "experiments/data/variates.h"

namespace halfulp::experiments {
namespace {

// n x n, with a spectrum that falls over four decades or so.
std::vector<double> positive_definite(std::size_t n) {
  std::vector<double> s(n * 2 * n);
  fill_variates(Law::gaussian, {.seed = 3, .stream = n, .offset = 0}, 0, s);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < 2 * n; ++j) s[i * 2 * n + j] /= static_cast<double>(j + 1);
  }
  std::vector<double> a(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j)
      a[i * n + j] = dot({&s[i * 2 * n], 2 * n}, {&s[j * 2 * n], 2 * n});
  }
  return a;
}

std::vector<double> vector_of(std::size_t n, std::uint64_t stream) {
  std::vector<double> v(n);
  fill_variates(Law::gaussian, {.seed = 4, .stream = stream, .offset = 0}, 0, v);
  return v;
}

class Dense : public testing::TestWithParam<std::size_t> {};

TEST_P(Dense, CholeskySolves) {
  const std::size_t n = GetParam();
  const std::vector<double> a = positive_definite(n);
  const std::vector<double> b = vector_of(n, 1);
  const std::vector<double> lower = cholesky(a, n);
  ASSERT_FALSE(lower.empty());
  std::vector<double> x = b;
  solve_lower(lower, x);
  solve_lower_transposed(lower, x);
  const std::vector<double> back = multiply(a, x);
  const double size = std::sqrt(dot(x, x));
  for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(back[i], b[i], 1e-13 * (1.0 + size));
}

// Without eigenvectors at hand: sum_i f(l_i) <x, u_i> <y, u_i> = x^T f(A) y for f = 1, l, l^2, 1/l.
TEST_P(Dense, EigenvaluesAndCoordinatesReproduceTheMatrix) {
  const std::size_t n = GetParam();
  const std::vector<double> a = positive_definite(n);
  const std::vector<double> x = vector_of(n, 1);
  const std::vector<double> y = vector_of(n, 2);
  Eigenbasis basis;
  ASSERT_TRUE(decompose(a, {x, y}, basis));
  double trace = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    trace += a[i * n + i];
    total += basis.values[i];
    EXPECT_GT(basis.values[i], 0.0);
  }
  EXPECT_NEAR(total, trace, 1e-13 * trace);
  const auto form = [&](auto f) {
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i)
      sum += f(basis.values[i]) * basis.coordinates[0][i] * basis.coordinates[1][i];
    return sum;
  };
  const double scale = std::sqrt(dot(x, x) * dot(y, y));
  EXPECT_NEAR(form([](double) { return 1.0; }), dot(x, y), 1e-13 * scale);
  EXPECT_NEAR(form([](double l) { return l; }), dot(multiply(a, x), y), 1e-13 * trace * scale);
  EXPECT_NEAR(form([](double l) { return l * l; }), dot(multiply(a, x), multiply(a, y)),
              1e-13 * trace * trace * scale);
}

// Eigen's factor, eigenvalues and eigenvectors of the same matrices, found by other algorithms.
TEST_P(Dense, EigenAgrees) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const std::size_t n = GetParam();
  const auto size = static_cast<Eigen::Index>(n);
  const std::vector<double> a = positive_definite(n);
  const std::vector<double> x = vector_of(n, 1);
  const Eigen::Map<const Matrix> matrix(a.data(), size, size);
  const double norm = matrix.norm();

  const std::vector<double> lower = cholesky(a, n);
  const Matrix factor = matrix.llt().matrixL();
  const Eigen::Map<const Matrix> ours(lower.data(), size, size);
  EXPECT_LE((factor - ours).norm(), 1e-13 * factor.norm() * std::sqrt(norm));

  Eigenbasis basis;
  ASSERT_TRUE(decompose(a, {x}, basis));
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(matrix);
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return basis.values[i] < basis.values[j]; });
  const Eigen::VectorXd coordinates =
      solver.eigenvectors().transpose() * Eigen::Map<const Eigen::VectorXd>(x.data(), size);
  for (std::size_t i = 0; i < n; ++i) {
    const auto at = static_cast<Eigen::Index>(i);
    EXPECT_NEAR(basis.values[order[i]], solver.eigenvalues()[at], 1e-13 * norm);
    // Eigenvectors have no sign, and none of their own where eigenvalues lie close together.
    const double gap = i == 0 ? norm : basis.values[order[i]] - basis.values[order[i - 1]];
    const double next = i + 1 == n ? norm : basis.values[order[i + 1]] - basis.values[order[i]];
    const double tolerance = 1e-13 * norm / std::min(gap, next) * std::sqrt(dot(x, x));
    EXPECT_NEAR(std::abs(basis.coordinates[0][order[i]]), std::abs(coordinates[at]), tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Dense, testing::Values(1, 2, 3, 7, 8, 9, 64, 130));

TEST(DenseEdges, RepeatedAndZeroEigenvalues) {
  Eigenbasis basis;
  ASSERT_TRUE(decompose({2, 0, 0, 0, 2, 0, 0, 0, 0}, {{1, 2, 3}}, basis));
  std::sort(basis.values.begin(), basis.values.end());
  EXPECT_EQ(basis.values, (std::vector<double>{0, 2, 2}));
  EXPECT_TRUE(cholesky(std::vector<double>{1, 2, 2, 1}, 2).empty());
  const double nan = std::nan("");
  EXPECT_TRUE(cholesky(std::vector<double>{nan, 0, 0, 1}, 2).empty());
  EXPECT_FALSE(decompose({nan, 1, 0, 1, 1, 1, 0, 1, 1}, {{1, 2, 3}}, basis));
}

TEST(DenseEdges, DotHasTheStatedOrder) {
  // Terms that only the order ((0+4)+(2+6))+((1+5)+(3+7)) of partial sums rounds to this.
  const std::vector<double> a{1, 0x1p-53, 0x1p-53, 0, 0, 0, 0, 0x1p-53, 0x1p-53};
  const std::vector<double> one(a.size(), 1.0);
  // Sum 0 is 1 + 2^-53 -> 1; sum 2 leaves it at 1; sums 1 and 7 make 2^-52.
  EXPECT_EQ(dot(a, one), 1.0 + 0x1p-52);
}

}  // namespace
}  // namespace halfulp::experiments
