// SPDX-License-Identifier: MIT
#include "experiments/networks/activation.h"

#include <numbers>

namespace halfulp::experiments {
namespace {

template <typename Real>
Matrix<Real> positive(const Matrix<Real>& x) {
  return (x > Real{0}).template cast<Real>();
}

template <typename Real>
Matrix<Real> gelu_derivative(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) {
  const auto root_half = static_cast<Real>(std::numbers::sqrt2 / 2);
  const auto density = static_cast<Real>(0.3989422804014326779399461);  // 1 / sqrt(2 pi)
  const Matrix<Real> erf = arithmetic.map(Op::erf, x * root_half);
  const Matrix<Real> bell = arithmetic.map(Op::exp, x * x * Real{-0.5});
  return (Real{1} + erf) * Real{0.5} + x * bell * density;
}

template <typename Real>
Matrix<Real> silu_derivative(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) {
  const Matrix<Real> s = arithmetic.map(Op::sigmoid, x);
  return s * (Real{1} + x * (Real{1} - s));
}

template <typename Real>
constexpr Real steepness{1.59375};
template <typename Real>
constexpr Real cubic{0.044677734375};

template <typename Real>
Matrix<Real> gelu_share(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) {
  return arithmetic.map(Op::sigmoid, (x + x * x * x * cubic<Real>)*steepness<Real>);
}

template <typename Real>
Matrix<Real> gelu_sigmoid_derivative(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) {
  const Matrix<Real> s = gelu_share(x, arithmetic);
  const Matrix<Real> bend = x * s * (Real{1} - s);
  const Matrix<Real> slope = (Real{1} + x * x * (3 * cubic<Real>)) * steepness<Real>;
  // Where x^2 is beyond the largest number the sigmoid is 0 or 1.
  return s + (bend == Real{0}).select(bend, bend * slope);
}

}  // namespace

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names{"linear", "relu",   "gelu",
                                              "silu",   "swiglu", "gelu_sigmoid"};
  return names;
}

Eigen::Index width_before(ActivationKind kind, Eigen::Index width) {
  return kind == ActivationKind::swiglu ? 2 * width : width;
}

template <typename Real>
Activation<Real>::Activation(PlaceList& places, const std::string& name, ActivationKind kind)
    : kind_(kind),
      at_{.x = places.add(name, "activation", "x"),
          .y = places.add(name, "activation", "y"),
          .g = places.add(name, "activation", "g"),
          .dx = places.add(name, "activation", "dx")} {}

template <typename Real>
Matrix<Real> Activation<Real>::forward(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) {
  x_ = x;
  arithmetic.round(at_.x, x_);
  const Eigen::Index half = x.cols() / 2;
  Matrix<Real> y;
  switch (kind_) {
    case ActivationKind::linear:
      y = x_;
      break;
    case ActivationKind::relu:
      y = (x_ <= Real{0}).select(Matrix<Real>::Zero(x_.rows(), x_.cols()), x_);  // NaN stays NaN
      break;
    case ActivationKind::gelu:
      y = arithmetic.map(Op::gelu, x_);
      break;
    case ActivationKind::silu:
      y = arithmetic.map(Op::silu, x_);
      break;
    case ActivationKind::swiglu:
      y = arithmetic.map(Op::silu, x_.leftCols(half)) * x_.rightCols(half);
      break;
    case ActivationKind::gelu_sigmoid:
      y = x_ * gelu_share(x_, arithmetic);
      break;
  }
  arithmetic.round(at_.y, y);
  return y;
}

template <typename Real>
Matrix<Real> Activation<Real>::backward(const Matrix<Real>& gradient,
                                        Arithmetic<Real>& arithmetic) {
  Matrix<Real> g = gradient;
  arithmetic.round(at_.g, g);
  Matrix<Real> dx = g;
  switch (kind_) {
    case ActivationKind::linear:
      break;
    case ActivationKind::relu:
      dx *= positive(x_);
      break;
    case ActivationKind::gelu:
      dx *= gelu_derivative(x_, arithmetic);
      break;
    case ActivationKind::silu:
      dx *= silu_derivative(x_, arithmetic);
      break;
    case ActivationKind::swiglu: {
      const Eigen::Index half = x_.cols() / 2;
      const Matrix<Real> u = x_.leftCols(half);
      const Matrix<Real> v = x_.rightCols(half);
      dx.resize(x_.rows(), x_.cols());
      dx.leftCols(half) = g * v * silu_derivative(u, arithmetic);
      dx.rightCols(half) = g * arithmetic.map(Op::silu, u);
      break;
    }
    case ActivationKind::gelu_sigmoid:
      dx *= gelu_sigmoid_derivative(x_, arithmetic);
      break;
  }
  arithmetic.round(at_.dx, dx);
  return dx;
}

template class Activation<float>;
template class Activation<double>;

}  // namespace halfulp::experiments
