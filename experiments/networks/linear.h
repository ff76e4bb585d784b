// SPDX-License-Identifier: MIT
//
// y = x W^T + b, with x of samples x in, W of out x in. Its three products and their six operands
// (Rouhani et al., arXiv 2310.10537, section on training; as in microxcaling's linear layer):
//
//   forward   y  = x.fwd    w.fwd^T      summed over in,    blocks of both along in
//   dgrad     dx = g.dgrad  w.dgrad      summed over out,   blocks of both along out
//   wgrad     dW = g.wgrad^T x.wgrad     summed over batch, blocks of both along the batch
//
// Every operand is rounded by the rule of its own place from the numbers before rounding, unless
// that place says to take the forward pass's rounded copy. Results have the places y.fwd, dx and
// dw; sums acc.fwd, acc.dgrad and acc.wgrad. The bias has places of its own, operation bias_add: b,
// y, and db, whose sums run down the batch.
#pragma once

#include <optional>
#include <string>

#include "experiments/networks/layer.h"

namespace halfulp::experiments {

template <typename Real>
class Linear final : public Layer<Real> {
 public:
  struct Shape {
    Eigen::Index in = 1, out = 1;
    bool bias = true;
    WeightBeginning beginning = {};
  };
  Linear(PlaceList& places, const std::string& name, const Shape& shape);

  Matrix<Real> forward(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) override;
  Matrix<Real> backward(const Matrix<Real>& gradient, Arithmetic<Real>& arithmetic) override;
  [[nodiscard]] double bit_operations(const Arithmetic<Real>& arithmetic) const override;
  void list_parameters(std::vector<Parameter<Real>*>& all) override;

 private:
  // An operand of the backward pass, its blocks along the rows of what is answered: `source`, or
  // its transpose where `transposed` is set, rounded; or the forward pass's copy of it.
  Matrix<Real> operand(PlaceNumber place, const Matrix<Real>& source, const Matrix<Real>& copy,
                       bool transposed, Arithmetic<Real>& arithmetic) const;

  struct Uses {
    PlaceNumber x_forward, w_forward, acc_forward, y;
    PlaceNumber g_dgrad, w_dgrad, acc_dgrad, dx;
    PlaceNumber g_wgrad, x_wgrad, acc_wgrad, dw;
  } at_;
  struct BiasUses {
    PlaceNumber b, y, db;
  } bias_at_{};
  Parameter<Real> weight_;
  std::optional<Parameter<Real>> bias_;
  Matrix<Real> x_, x_rounded_, w_rounded_;  // of the last forward pass
};

extern template class Linear<float>;
extern template class Linear<double>;

}  // namespace halfulp::experiments
