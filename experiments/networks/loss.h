// SPDX-License-Identifier: MIT
//
// What training makes small, and its gradient in the network's output y, B samples of C numbers:
//
//   mean_square    sum (y - t)^2 / (B C)              2 (y - t) / (B C)
//   mean_absolute  sum |y - t| / (B C)                sign(y - t) / (B C)           0 where y = t
//   logistic       sum log(1 + e^y) - t y, over B     (sigmoid(y) - t) / B          t 0 or 1, C = 1
//   cross_entropy  -sum t log softmax(y), over B      (softmax(y) - t) / B          t sums to 1
//
// The loss is for people and is added in binary64; the gradient is the network's, in its carrier.
// Places, operation loss: y (what the loss sees) and g (the gradient, times the loss scale).
#pragma once

#include <string>
#include <vector>

#include "experiments/networks/arithmetic.h"

namespace halfulp::experiments {

enum class LossKind : std::uint8_t { mean_square, mean_absolute, logistic, cross_entropy };
// Is it of classes?
constexpr bool is_of_classes(LossKind kind) {
  return kind == LossKind::logistic || kind == LossKind::cross_entropy;
}
const std::vector<std::string>& loss_names();  // in the order of LossKind

template <typename Real>
struct LossOutcome {
  double loss = 0.0;
  double correct = 0.0;   // share of samples whose class is right; 0 of numbers
  Matrix<Real> gradient;  // in y, times the scale
};

template <typename Real>
class Loss {
 public:
  Loss(PlaceList& places, LossKind kind);

  [[nodiscard]] LossOutcome<Real> operator()(Matrix<Real> y, const Matrix<Real>& target,
                                             double scale, Arithmetic<Real>& arithmetic) const;
  [[nodiscard]] bool is_of_classes() const { return experiments::is_of_classes(kind_); }

 private:
  LossKind kind_;
  struct Uses {
    PlaceNumber y, g;
  } at_;
};

extern template class Loss<float>;
extern template class Loss<double>;

}  // namespace halfulp::experiments
