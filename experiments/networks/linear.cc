// SPDX-License-Identifier: MIT
#include "experiments/networks/linear.h"

#include <cmath>

#include "experiments/networks/rounding_gradient.h"

namespace halfulp::experiments {
namespace {

Beginning beginning_of(const WeightBeginning& weights, double in, double out) {
  using Kind = WeightBeginning::Kind;
  Beginning beginning;
  if (weights.kind == Kind::kaiming_uniform) {
    beginning.deviation = 1.0 / std::sqrt(in) / std::sqrt(3.0);
  } else if (weights.kind == Kind::constant) {
    beginning.mean = weights.gain;
  } else {
    beginning.law = Law::gaussian;
    beginning.deviation =
        weights.gain * std::sqrt(weights.kind == Kind::normal ? 1.0 / in : 2.0 / (in + out));
  }
  return beginning;
}

}  // namespace

template <typename Real>
Linear<Real>::Linear(PlaceList& places, const std::string& name, const Shape& shape) {
  // columns: of an operand, numbers of a sum where they are known.
  const auto tensor = [&](const char* use, Eigen::Index columns = 0) {
    return places.add(name, "matmul", use, PlaceKind::tensor, static_cast<std::size_t>(columns));
  };
  const auto sums = [&](const char* use) {
    return places.add(name, "matmul", use, PlaceKind::accumulator);
  };
  at_ = {.x_forward = tensor("x.fwd", shape.in),
         .w_forward = tensor("w.fwd", shape.in),
         .acc_forward = sums("acc.fwd"),
         .y = tensor("y.fwd"),
         .g_dgrad = tensor("g.dgrad", shape.out),
         .w_dgrad = tensor("w.dgrad", shape.out),
         .acc_dgrad = sums("acc.dgrad"),
         .dx = tensor("dx"),
         .g_wgrad = tensor("g.wgrad"),
         .x_wgrad = tensor("x.wgrad"),
         .acc_wgrad = sums("acc.wgrad"),
         .dw = tensor("dw")};
  const Beginning beginning =
      beginning_of(shape.beginning, static_cast<double>(shape.in), static_cast<double>(shape.out));
  weight_.name = name + ".weight";
  weight_.rows = shape.out;
  weight_.columns = shape.in;
  weight_.beginning = beginning;
  if (!shape.bias) return;
  bias_at_ = {.b = places.add(name, "bias_add", "b"),
              .y = places.add(name, "bias_add", "y"),
              .db = places.add(name, "bias_add", "db")};
  bias_.emplace();
  bias_->name = name + ".bias";
  bias_->rows = 1;
  bias_->columns = shape.out;
  if (shape.beginning.kind == WeightBeginning::Kind::kaiming_uniform) bias_->beginning = beginning;
}

template <typename Real>
void Linear<Real>::list_parameters(std::vector<Parameter<Real>*>& all) {
  all.push_back(&weight_);
  if (bias_) all.push_back(&*bias_);
}

template <typename Real>
double Linear<Real>::bit_operations(const Arithmetic<Real>& arithmetic) const {
  const auto bits = [&](PlaceNumber place, PlaceNumber copied) {
    return arithmetic.operand_bits(arithmetic.record(place).reuse == Reuse::forward_copy ? copied
                                                                                         : place);
  };
  const double x = arithmetic.operand_bits(at_.x_forward);
  const double w = arithmetic.operand_bits(at_.w_forward);
  const double dgrad = arithmetic.operand_bits(at_.g_dgrad) * bits(at_.w_dgrad, at_.w_forward);
  const double wgrad = arithmetic.operand_bits(at_.g_wgrad) * bits(at_.x_wgrad, at_.x_forward);
  return static_cast<double>(weight_.rows * weight_.columns) * (x * w + dgrad + wgrad);
}

template <typename Real>
Matrix<Real> Linear<Real>::forward(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) {
  x_ = x;
  x_rounded_ = x;
  arithmetic.round(at_.x_forward, x_rounded_);
  w_rounded_ = weight_.value;
  arithmetic.round(at_.w_forward, w_rounded_);
  Matrix<Real> y;
  arithmetic.product(at_.acc_forward, x_rounded_, w_rounded_.transpose(), y);
  arithmetic.round(at_.y, y);
  if (!bias_) return y;
  Matrix<Real> b = bias_->value;
  arithmetic.round(bias_at_.b, b);
  y.rowwise() += b.row(0);
  arithmetic.round(bias_at_.y, y);
  return y;
}

template <typename Real>
Matrix<Real> Linear<Real>::operand(PlaceNumber place, const Matrix<Real>& source,
                                   const Matrix<Real>& copy, bool transposed,
                                   Arithmetic<Real>& arithmetic) const {
  const Reuse reuse = arithmetic.record(place).reuse;
  const Matrix<Real>& taken = reuse == Reuse::forward_copy ? copy : source;
  Matrix<Real> result = transposed ? Matrix<Real>(taken.transpose()) : taken;
  if (reuse == Reuse::requantize) arithmetic.round(place, result);
  return result;
}

template <typename Real>
Matrix<Real> Linear<Real>::backward(const Matrix<Real>& gradient, Arithmetic<Real>& arithmetic) {
  if (bias_) {
    bias_->gradient = column_sums(gradient);
    arithmetic.round(bias_at_.db, bias_->gradient);
  }
  // dgrad: batch x out by out x in. W is rounded along out, as in x out.
  const Matrix<Real> g_dgrad = operand(at_.g_dgrad, gradient, gradient, false, arithmetic);
  const Matrix<Real> w_dgrad = operand(at_.w_dgrad, weight_.value, w_rounded_, true, arithmetic);
  Matrix<Real> dx;
  arithmetic.product(at_.acc_dgrad, g_dgrad, w_dgrad.transpose(), dx);
  arithmetic.round(at_.dx, dx);
  multiply_by_derivative(at_.x_forward, x_, arithmetic, dx);

  // wgrad: out x batch by batch x in. Both are rounded along the batch, x as in x batch.
  const Matrix<Real> g_wgrad = operand(at_.g_wgrad, gradient, gradient, true, arithmetic);
  const Matrix<Real> x_wgrad = operand(at_.x_wgrad, x_, x_rounded_, true, arithmetic);
  arithmetic.product(at_.acc_wgrad, g_wgrad, x_wgrad.transpose(), weight_.gradient);
  arithmetic.round(at_.dw, weight_.gradient);
  multiply_by_derivative(at_.w_forward, weight_.value, arithmetic, weight_.gradient);
  return dx;
}

template class Linear<float>;
template class Linear<double>;

}  // namespace halfulp::experiments
