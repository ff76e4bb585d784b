// SPDX-License-Identifier: MIT
//
// Views of Eigen's matrices name the elements that Eigen names, and back.
#include "formats/eigen.h"

#include <gtest/gtest.h>

#include <Eigen/Core>

namespace halfulp {
namespace {

template <typename Scalar>
Scalar element(const View& view, Eigen::Index row, Eigen::Index column) {
  const auto at = static_cast<std::size_t>(row) * view.stride + static_cast<std::size_t>(column);
  return static_cast<const Scalar*>(view.data)[at];
}

template <typename Derived>
void expect_same(const View& view, const Eigen::DenseBase<Derived>& matrix) {
  ASSERT_EQ(view.rows, static_cast<std::size_t>(matrix.rows()));
  ASSERT_EQ(view.columns, static_cast<std::size_t>(matrix.cols()));
  for (Eigen::Index r = 0; r < matrix.rows(); ++r) {
    for (Eigen::Index c = 0; c < matrix.cols(); ++c) {
      EXPECT_EQ(element<typename Derived::Scalar>(view, r, c), matrix.derived()(r, c));
    }
  }
}

template <typename Scalar>
RowMajor<Scalar> counted_matrix(Eigen::Index rows, Eigen::Index columns) {
  RowMajor<Scalar> x(rows, columns);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<Scalar>(i + 1);
  return x;
}

TEST(EigenViews, NameTheSameElements) {
  RowMajor<float> floats = counted_matrix<float>(3, 5);
  RowMajor<double> doubles = counted_matrix<double>(4, 2);
  const RowMajor<double> constant = doubles;
  expect_same(view_of(floats), floats);
  expect_same(view_of(doubles), doubles);
  expect_same(view_of(constant), constant);
  EXPECT_EQ(view_of(floats).carrier, Carrier::binary32);
  EXPECT_EQ(view_of(doubles).carrier, Carrier::binary64);
  expect_same(view_of(floats.block(1, 2, 2, 3)), floats.block(1, 2, 2, 3));
  expect_same(view_of(floats.row(2)), floats.row(2));
  expect_same(view_of(floats.col(3)), floats.col(3));
  expect_same(view_of(constant.col(1)), constant.col(1));
  const Eigen::VectorXf vector = floats.col(0);
  const Eigen::RowVectorXd row = doubles.row(1);
  expect_same(view_of(vector), vector);
  expect_same(view_of(row), row);
  const RowMajor<float> nothing(0, 5);
  EXPECT_EQ(view_of(nothing).rows, 0U);
  // A matrix stored by columns, transposed.
  const Eigen::MatrixXd columns = doubles;
  expect_same(view_of(columns.transpose()), columns.transpose());
}

TEST(EigenViews, AreWrittenThrough) {
  RowMajor<double> x = counted_matrix<double>(3, 4);
  const MutableView part = view_of(x.block(1, 1, 2, 2));
  static_cast<double*>(part.data)[part.stride + 1] = -1;
  EXPECT_EQ(x(2, 2), -1);
  map_of<double>(part) *= 2.0;
  EXPECT_EQ(x(2, 2), -2);
  EXPECT_EQ(x(0, 0), 1);
  EXPECT_EQ(x(2, 3), 12);
  expect_same(part, map_of<double>(View(part)));
}

TEST(EigenViews, OfAnotherCarrierAreRefused) {
  RowMajor<double> x = counted_matrix<double>(1, 1);
  EXPECT_THROW(map_of<float>(view_of(x)), std::logic_error);
  // Every other element of a row is no row of a view.
  RowMajor<double> wide = counted_matrix<double>(2, 6);
  const Eigen::Map<RowMajor<double>, 0, Eigen::Stride<Eigen::Dynamic, 2>> sparse(
      wide.data(), 2, 3, Eigen::Stride<Eigen::Dynamic, 2>(6, 2));
  EXPECT_THROW(view_of(sparse), std::logic_error);
}

}  // namespace
}  // namespace halfulp
