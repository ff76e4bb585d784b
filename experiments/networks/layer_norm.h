// SPDX-License-Identifier: MIT
//
// Layer normalisation over the d numbers of a sample (Ba et al., arXiv 1607.06450):
//
//   mean = sum(x) / d,  c = x - mean,  var = sum(c^2) / d,  rstd = 1 / sqrt(var + 1e-5),
//   xhat = c rstd,  y = gamma xhat + beta
//
// and backward, with h = gamma g:  dbeta = sum g, dgamma = sum g xhat over samples,
//   dx = rstd (h - mean(h) - xhat mean(h xhat)).
//
// Places: x, mean, centred, var, rstd, xhat, gamma, beta, scaled (gamma xhat), y; g, dgamma, dbeta,
// dx; and acc, how every sum over a sample is taken.
#pragma once

#include <string>

#include "experiments/networks/layer.h"

namespace halfulp::experiments {

template <typename Real>
class LayerNorm final : public Layer<Real> {
 public:
  struct Shape {
    Eigen::Index width = 1;
    double gamma = 1.0, gamma_deviation = 0.0;  // where gamma begins, normal; beta begins at 0
  };
  LayerNorm(PlaceList& places, const std::string& name, const Shape& shape);

  Matrix<Real> forward(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) override;
  Matrix<Real> backward(const Matrix<Real>& gradient, Arithmetic<Real>& arithmetic) override;
  void list_parameters(std::vector<Parameter<Real>*>& all) override;

 private:
  struct Uses {
    PlaceNumber x, mean, centred, var, rstd, xhat, gamma, beta, scaled, y, g, dgamma, dbeta, dx,
        acc;
  } at_;
  Parameter<Real> gamma_, beta_;
  Matrix<Real> xhat_, rstd_, gamma_rounded_;  // of the last forward pass
};

extern template class LayerNorm<float>;
extern template class LayerNorm<double>;

}  // namespace halfulp::experiments
