// SPDX-License-Identifier: MIT
#include "experiments/networks/layer_norm.h"

namespace halfulp::experiments {
namespace {

constexpr double epsilon = 1e-5;

}  // namespace

template <typename Real>
LayerNorm<Real>::LayerNorm(PlaceList& places, const std::string& name, const Shape& shape) {
  const auto tensor = [&](const char* use) { return places.add(name, "layernorm", use); };
  at_ = {.x = tensor("x"),
         .mean = tensor("mean"),
         .centred = tensor("centred"),
         .var = tensor("var"),
         .rstd = tensor("rstd"),
         .xhat = tensor("xhat"),
         .gamma = tensor("gamma"),
         .beta = tensor("beta"),
         .scaled = tensor("scaled"),
         .y = tensor("y"),
         .g = tensor("g"),
         .dgamma = tensor("dgamma"),
         .dbeta = tensor("dbeta"),
         .dx = tensor("dx"),
         .acc = places.add(name, "layernorm", "acc", PlaceKind::accumulator)};
  gamma_.name = name + ".gamma";
  beta_.name = name + ".beta";
  gamma_.rows = beta_.rows = 1;
  gamma_.columns = beta_.columns = shape.width;
  gamma_.beginning = {
      .mean = shape.gamma, .deviation = shape.gamma_deviation, .law = Law::gaussian};
}

template <typename Real>
void LayerNorm<Real>::list_parameters(std::vector<Parameter<Real>*>& all) {
  all.push_back(&gamma_);
  all.push_back(&beta_);
}

template <typename Real>
Matrix<Real> LayerNorm<Real>::forward(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) {
  const auto width = static_cast<Real>(x.cols());
  Matrix<Real> c = x;
  arithmetic.round(at_.x, c);
  Matrix<Real> mean = arithmetic.row_sums(at_.acc, c) / width;
  arithmetic.round(at_.mean, mean);
  c.colwise() -= mean.col(0);
  arithmetic.round(at_.centred, c);
  Matrix<Real> var = arithmetic.row_sums(at_.acc, c * c) / width;
  arithmetic.round(at_.var, var);
  rstd_ = Real{1} / arithmetic.map(Op::square_root, var + static_cast<Real>(epsilon));
  arithmetic.round(at_.rstd, rstd_);
  xhat_ = c.colwise() * rstd_.col(0);
  arithmetic.round(at_.xhat, xhat_);

  gamma_rounded_ = gamma_.value;
  arithmetic.round(at_.gamma, gamma_rounded_);
  Matrix<Real> beta = beta_.value;
  arithmetic.round(at_.beta, beta);
  Matrix<Real> y = xhat_.rowwise() * gamma_rounded_.row(0);
  arithmetic.round(at_.scaled, y);
  y.rowwise() += beta.row(0);
  arithmetic.round(at_.y, y);
  return y;
}

template <typename Real>
Matrix<Real> LayerNorm<Real>::backward(const Matrix<Real>& gradient, Arithmetic<Real>& arithmetic) {
  const auto width = static_cast<Real>(gradient.cols());
  Matrix<Real> g = gradient;
  arithmetic.round(at_.g, g);
  gamma_.gradient = column_sums<Real>(g * xhat_);
  arithmetic.round(at_.dgamma, gamma_.gradient);
  beta_.gradient = column_sums(g);
  arithmetic.round(at_.dbeta, beta_.gradient);

  const Matrix<Real> h = g.rowwise() * gamma_rounded_.row(0);
  const Matrix<Real> mean = arithmetic.row_sums(at_.acc, h) / width;
  const Matrix<Real> along = arithmetic.row_sums(at_.acc, h * xhat_) / width;
  Matrix<Real> dx = h.colwise() - mean.col(0);
  dx -= xhat_.colwise() * along.col(0);
  dx.colwise() *= rstd_.col(0);
  arithmetic.round(at_.dx, dx);
  return dx;
}

template class LayerNorm<float>;
template class LayerNorm<double>;

}  // namespace halfulp::experiments
