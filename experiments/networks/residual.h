// SPDX-License-Identifier: MIT
//
// a + f(a), f a sequence of layers; backward g + f'(g). Places, operation residual_add: a, b
// (f(a)), y; g, and dx, their sum.
#pragma once

#include <string>
#include <utility>

#include "experiments/networks/layer.h"

namespace halfulp::experiments {

template <typename Real>
class Residual final : public Layer<Real> {
 public:
  Residual(PlaceList& places, const std::string& name, Layers<Real> layers)
      : at_{.a = places.add(name, "residual_add", "a"),
            .b = places.add(name, "residual_add", "b"),
            .y = places.add(name, "residual_add", "y"),
            .g = places.add(name, "residual_add", "g"),
            .dx = places.add(name, "residual_add", "dx")},
        branch_(std::move(layers)) {}

  Matrix<Real> forward(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) override {
    Matrix<Real> a = x;
    Matrix<Real> b = branch_.forward(x, arithmetic);
    arithmetic.round(at_.a, a);
    arithmetic.round(at_.b, b);
    Matrix<Real> y = a + b;
    arithmetic.round(at_.y, y);
    return y;
  }
  Matrix<Real> backward(const Matrix<Real>& gradient, Arithmetic<Real>& arithmetic) override {
    Matrix<Real> g = gradient;
    arithmetic.round(at_.g, g);
    Matrix<Real> dx = g + branch_.backward(g, arithmetic);
    arithmetic.round(at_.dx, dx);
    return dx;
  }
  [[nodiscard]] double bit_operations(const Arithmetic<Real>& arithmetic) const override {
    return branch_.bit_operations(arithmetic);
  }
  void list_parameters(std::vector<Parameter<Real>*>& all) override {
    branch_.list_parameters(all);
  }

 private:
  struct Uses {
    PlaceNumber a, b, y, g, dx;
  } at_;
  Sequence<Real> branch_;
};

}  // namespace halfulp::experiments
