// SPDX-License-Identifier: MIT
//
// Results of a kernel held against the error bound of the unit and the order that it is said to
// compute by (error_bound.h), whatever another kernel made.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "golden/kernels/error_bound.h"

namespace halfulp::kernels {

enum class BoundKind : std::uint8_t { deterministic, probabilistic };

struct BoundOptions {
  BoundKind kind = BoundKind::deterministic;
  std::optional<Quantizer> to = {};  // rounds results last, where got is not in the unit's format
  double failure = 1e-6;             // of any result, where it is probabilistic
  std::uint64_t shown = 10;
  int threads = 0;
};

// One result. error: of got, from the exact number, which is the nearest of binary64.
struct BoundedResult {
  std::size_t index = 0;
  double got = 0, exact = 0, error = 0, bound = 0;
};

struct BoundVerdict {
  std::uint64_t results = 0;
  std::uint64_t beyond = 0;     // certainly further from the exact number than the bound
  std::uint64_t unbounded = 0;  // operands that are not finite, sums that may overflow
  double lambda = 0;            // of a probabilistic bound
  // Is any error taken as one of mean zero? Else a probabilistic bound is the deterministic one.
  bool has_likely_errors = false;
  bool has_certain_errors = false;            // and is any added as it is?
  double largest_bound = 0;                   // of all results that have one
  std::optional<BoundedResult> largest = {};  // of error over bound, where either is not 0
  std::vector<BoundedResult> first;           // of those beyond
  [[nodiscard]] bool within() const { return beyond == 0; }
};

// got: of the product's shape, in any format that doubles hold. Throws Error as ErrorBounds does;
// got is of another shape.
BoundVerdict judge(const tensors::Tensor& got, const MatrixUnit& unit, const Order& order,
                   const Engine& engine, const ProductOperands& operands,
                   const BoundOptions& options);

}  // namespace halfulp::kernels
