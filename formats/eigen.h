// SPDX-License-Identifier: MIT
//
// Eigen's matrices as views of this library and back, without copying. Only for those who include
// this header: they link Eigen themselves.
//
//   Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> x = ...;
//   engine.round(view_of(x), plan, random, view_of(x), nullptr);
//
// Views are row-major with neighbouring elements side by side, so matrices are row-major here, and
// vectors of either kind are one column or one row of theirs: a column of a row-major matrix is a
// view of one column. Matrices, maps, references and blocks of them serve; expressions that have to
// be computed first do not compile. A view is valid as long as what it was made of is.
#pragma once

#include <Eigen/Core>
#include <type_traits>

#include "formats/engine.h"
#include "formats/error.h"

namespace halfulp {

namespace eigen {

template <typename Derived>
constexpr bool is_viewable() {
  using Scalar = typename Derived::Scalar;
  const bool is_real = std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double>;
  const bool in_memory = (Derived::Flags & Eigen::DirectAccessBit) != 0;
  return is_real && in_memory;
}

// Elements from one row to the next. Where every row has one element it is what separates them.
template <typename Derived>
std::size_t row_stride(const Derived& matrix) {
  const bool column = Derived::ColsAtCompileTime == 1;
  static_assert(Derived::ColsAtCompileTime == 1 || Derived::RowsAtCompileTime == 1 ||
                    static_cast<bool>(Derived::IsRowMajor),
                "views are row-major: use Eigen::RowMajor, or view the transposed matrix");
  if (column) {
    return static_cast<std::size_t>(Derived::IsRowMajor ? matrix.outerStride()
                                                        : matrix.innerStride());
  }
  const bool one_row = Derived::RowsAtCompileTime == 1;
  HALFULP_REQUIRE(matrix.innerStride() == 1 || matrix.cols() <= 1,
                  "the elements of a row are not side by side");
  return static_cast<std::size_t>(one_row ? matrix.cols() : matrix.outerStride());
}

template <typename ViewOf, typename Matrix>
ViewOf make_view(Matrix& matrix) {
  using Derived = std::remove_const_t<Matrix>;
  static_assert(is_viewable<Derived>(), "views are of floats or doubles in memory");
  return {.data = matrix.data(),
          .carrier = carrier_of<typename Derived::Scalar>,
          .rows = static_cast<std::size_t>(matrix.rows()),
          .columns = static_cast<std::size_t>(matrix.cols()),
          .stride = row_stride<Derived>(matrix)};
}

template <typename Derived>
inline constexpr bool is_writable = (Derived::Flags & Eigen::LvalueBit) != 0;

}  // namespace eigen

template <typename Derived>
View view_of(const Eigen::DenseBase<Derived>& matrix) {
  return eigen::make_view<View>(matrix.derived());
}
template <typename Derived>
auto view_of(Eigen::DenseBase<Derived>& matrix) {
  using Kind = std::conditional_t<eigen::is_writable<Derived>, MutableView, View>;
  return eigen::make_view<Kind>(matrix.derived());
}
// Blocks and maps that nobody keeps; a matrix that nobody keeps would be gone.
template <typename Derived>
auto view_of(Eigen::DenseBase<Derived>&& matrix) {
  static_assert(!std::is_base_of_v<Eigen::PlainObjectBase<Derived>, Derived>,
                "the view would outlive the matrix");
  return view_of(static_cast<Eigen::DenseBase<Derived>&>(matrix));
}

// A view as a matrix of Eigen's. Precondition: the view's carrier is that of Scalar.
template <typename Scalar>
using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename Scalar>
using ConstMap = Eigen::Map<const RowMajor<Scalar>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <typename Scalar>
using MutableMap = Eigen::Map<RowMajor<Scalar>, Eigen::Unaligned, Eigen::OuterStride<>>;

template <typename Scalar>
ConstMap<Scalar> map_of(const View& view) {
  HALFULP_REQUIRE(view.carrier == carrier_of<Scalar>, "the view is of another carrier");
  return {static_cast<const Scalar*>(view.data), static_cast<Eigen::Index>(view.rows),
          static_cast<Eigen::Index>(view.columns),
          Eigen::OuterStride<>(static_cast<Eigen::Index>(view.stride))};
}
template <typename Scalar>
MutableMap<Scalar> map_of(const MutableView& view) {
  HALFULP_REQUIRE(view.carrier == carrier_of<Scalar>, "the view is of another carrier");
  return {static_cast<Scalar*>(view.data), static_cast<Eigen::Index>(view.rows),
          static_cast<Eigen::Index>(view.columns),
          Eigen::OuterStride<>(static_cast<Eigen::Index>(view.stride))};
}

}  // namespace halfulp
