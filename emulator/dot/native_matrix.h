// SPDX-License-Identifier: MIT
//
// Matrices as numbers of one carrier, copied where another holds them.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "emulator/dot/dot.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// A matrix in Real, without copying where it is that already; `exact` tells whether it holds the
// same numbers.
template <typename Real>
class NativeMatrix {
 public:
  explicit NativeMatrix(const View& view) : stride_(view.stride) {
    if (view.carrier == carrier_of<Real>) {
      data_ = static_cast<const Real*>(view.data);
      return;
    }
    stride_ = view.columns;
    if constexpr (sizeof(Real) == 8) {
      copy_ = doubles_of(view, false);
    } else {
      narrow(view);
    }
    data_ = copy_.data();
  }

  // A single column is read in order where its elements are neighbours.
  void make_neighbours(std::size_t rows) {
    if (stride_ == 1) return;
    std::vector<Real> column(rows);
    for (std::size_t r = 0; r < rows; ++r) column[r] = data_[r * stride_];
    copy_ = std::move(column);
    stride_ = 1;
    data_ = copy_.data();
  }

  [[nodiscard]] bool exact() const { return exact_; }
  [[nodiscard]] const Real* data() const { return data_; }
  [[nodiscard]] std::size_t stride() const { return stride_; }

 private:
  void narrow(const View& view) {
    const auto* from = static_cast<const double*>(view.data);
    copy_.resize(view.rows * view.columns);
    for (std::size_t r = 0; r < view.rows && exact_; ++r) {
      for (std::size_t c = 0; c < view.columns; ++c) {
        const double x = from[r * view.stride + c];
        const Real narrow = static_cast<Real>(x);
        copy_[r * view.columns + c] = narrow;
        exact_ = exact_ && (narrow == x || x != x);
      }
    }
  }

  std::vector<Real> copy_;
  const Real* data_ = nullptr;
  std::size_t stride_;
  bool exact_ = true;
};

}  // namespace halfulp::emulator
