// SPDX-License-Identifier: MIT
//
// Functions of neural networks, elementwise; and SwiGLU (Shazeer, arXiv 2002.05202), which makes of
// the halves u and v of every sample silu(u) v. Functions and their derivatives are made of
// correctly rounded ones, so that the bits are the same on every machine:
//
//   relu'(x) = 1 where x > 0, else 0       gelu'(x) = (1 + erf(x / sqrt 2)) / 2 + x e^(-x^2 / 2) /
//   sqrt(2 pi) silu'(x) = s (1 + x (1 - s)), s = 1 / (1 + e^-x)
//
// Places: x (what is rounded before the function), y; g, dx.
#pragma once

#include <string>
#include <string_view>

#include "experiments/networks/layer.h"

namespace halfulp::experiments {

enum class ActivationKind : std::uint8_t { linear, relu, gelu, silu, swiglu };
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
