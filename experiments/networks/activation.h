// SPDX-License-Identifier: MIT
//
// Functions of neural networks, elementwise; and SwiGLU (Shazeer, arXiv 2002.05202), which makes of
// the halves u and v of every sample silu(u) v. Functions and their derivatives are made of
// correctly rounded ones, so that the bits are the same on every machine:
//
//   relu'(x) = 1 where x > 0, else 0
//   gelu'(x) = (1 + erf(x / sqrt 2)) / 2 + x e^(-x^2 / 2) / sqrt(2 pi)
//   silu'(x) = s (1 + x (1 - s)), s = 1 / (1 + e^-x)
//   gelu_sigmoid(x) = x s, s = 1 / (1 + e^-u), u = k (x + c x^3); its derivative is
//   s + x s (1 - s) k (1 + 3 c x^2)
//
// The last is microxcaling's GELU: that with the hyperbolic tangent (Hendrycks and Gimpel, arXiv
// 1606.08415), where k = 2 sqrt(2 / pi) and c = 0.044715 are rounded to bfloat16.
//
// Places: x (what is rounded before the function), y; g, dx.
#pragma once

#include <string>
#include <string_view>

#include "experiments/networks/layer.h"

namespace halfulp::experiments {

enum class ActivationKind : std::uint8_t { linear, relu, gelu, silu, swiglu, gelu_sigmoid };
const std::vector<std::string>& activation_names();  // in the order of ActivationKind

// Numbers a sample that the function makes `width` of.
Eigen::Index width_before(ActivationKind kind, Eigen::Index width);

template <typename Real>
class Activation final : public Layer<Real> {
 public:
  Activation(PlaceList& places, const std::string& name, ActivationKind kind);

  Matrix<Real> forward(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) override;
  Matrix<Real> backward(const Matrix<Real>& gradient, Arithmetic<Real>& arithmetic) override;

 private:
  ActivationKind kind_;
  struct Uses {
    PlaceNumber x, y, g, dx;
  } at_;
  Matrix<Real> x_;  // as rounded in the last forward pass
};

extern template class Activation<float>;
extern template class Activation<double>;

}  // namespace halfulp::experiments
