// SPDX-License-Identifier: MIT
//
// A format under a transform (policy/transform.h), prepared for whole tensors. Steps are in the
// carrier but for what is said to be in binary64, each operation rounded to nearest:
//   1. hadamard: x_j times its sign, the same signs in every block of n; sums and differences of
//      neighbours, then of numbers 2, 4, ... n / 2 apart; times 1 / sqrt(n), in binary64. Sign j is
//      the highest bit of word j of the stream of signs, set for minus.
//   2. clamp: the upper quantile of a row of k numbers stands at position h = q (k - 1) of the
//      sorted row, straight between its neighbours s_i and s_(i+1), i = floor(h): s_i + (h - i)
//      (s_(i+1) - s_i) in binary64; the lower one likewise from the other end. Rows with numbers
//      that are not finite stay as they are. The rest is x - clamped x.
//   3. normalize: x / s, and q s after the rounding; norms are sums of squares row by row and their
//      root in binary64. Where s is not a positive finite number of the carrier it is 1.
//   4. pre_factor: in binary64 (p x) / S is rounded to the element's format and multiplied by S,
//      then divided by p. In blocks whose scale is zero, infinite or NaN numbers are those of the
//      format without the factor.
//   5. running_range: the numbers are clamped to the carrier's numbers next to low and high, and
//      these two are rounded with them, in rows of their own behind the others, so that the
//      format's range is theirs; low and high are in binary64.
// What was cut off is added last.
#pragma once

#include <vector>

#include "experiments/networks/matrix.h"
#include "experiments/policy/tensor_rounder.h"
#include "experiments/policy/transform.h"
#include "experiments/policy/transform_states.h"

namespace halfulp::experiments {

// What rounding a tensor depends on, beside the tensor.
struct TransformInput {
  Random elements, signs;  // streams of this tensor and of its product alone
  std::uint64_t step = 0;
  AmaxHistory* history = nullptr;  // of the place; only a delayed scale looks at it
  RunningRange* range = nullptr;   // of the place; only a running range looks at it
  bool observes = true;            // does this tensor count for the scales of later steps?
};

template <typename Real>
class TransformedRounder {
 public:
  // Precondition: require_transformable().
  TransformedRounder(const Engine& engine, const Rule& rule, const Transform& transform);

  // Precondition: rows are whole blocks of the Hadamard matrix.
  void apply(Matrix<Real>& x, const TransformInput& input, Counts* counts);

 private:
  void round(Matrix<Real>& x, const TransformInput& input, Counts* counts);
  void divide(Matrix<Real>& x, const TransformInput& input);
  [[nodiscard]] double delayed_scale(const Matrix<Real>& x, const TransformInput& input) const;
  void round_with_factor(Matrix<Real>& x, const Random& random, Counts* counts);
  [[nodiscard]] std::vector<double> scales_under(Matrix<Real>& x, const Random& random);

  const Engine* engine_;
  Transform transform_;
  TensorRounder rounder_;
  Plan element_plan_;           // of the format's elements, in binary64
  BlockPlan block_plan_;        // of a block format
  std::vector<Real> divisors_;  // of every row
};

extern template class TransformedRounder<float>;
extern template class TransformedRounder<double>;

}  // namespace halfulp::experiments
