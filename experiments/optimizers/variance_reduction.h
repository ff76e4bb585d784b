// SPDX-License-Identifier: MIT
//
// Gradients of reduced variance (SVRG: Johnson and Zhang, NeurIPS 2013): every `inner` steps the
// weights become an anchor a, at which the gradient G over all samples is taken; a step goes along
// g(w) - g(a) + G, both g of its own batch.
//
// Bit centring (HALP: De Sa et al., arXiv 1803.03383): the weights are a + z. The offset z is kept
// on a grid that moves with the anchor, of the format of the place `offset`, whose largest number
// stands for |G| / mu: z = s Q((z - update) / s) with s = |G| / (mu largest), |G| the Euclidean
// norm over the parameter. Where G is 0 the parameter stays.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/networks/layer.h"

namespace halfulp::experiments {

template <typename Real>
class VarianceReduction {
 public:
  // Names its places. mu: of bit centring, 0 without. The parameters outlive it.
  VarianceReduction(const std::vector<Parameter<Real>*>& parameters, double mu, PlaceList& places);

  // An anchor of these weights, one each of the parameters; their gradients are 0 until add().
  void start(std::vector<Matrix<Real>> weights);
  // share times the parameters' gradients belongs to G.
  void add(Real share);
  // After the last add().
  void finish(const Arithmetic<Real>& arithmetic);
  [[nodiscard]] const Matrix<Real>& anchor(std::size_t parameter) const {
    return states_[parameter].anchor;
  }

  // Puts g(w) - g(a) + G where the gradients are, which hold g(a). at_weights: g(w).
  void correct(const std::vector<Matrix<Real>>& at_weights);

  [[nodiscard]] bool is_bit_centred() const { return mu_ > 0.0; }
  // The weights after an update under bit centring.
  Matrix<Real> moved(std::size_t parameter, const Matrix<Real>& update,
                     Arithmetic<Real>& arithmetic);

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    for (std::size_t k = 0; k < states_.size(); ++k) {
      const std::string& name = parameters_[k]->name;
      visit.tensor(name + ".anchor", states_[k].anchor);
      visit.tensor(name + ".anchor_gradient", states_[k].gradient);
      visit.tensor(name + ".offset", states_[k].offset);
      visit((name + ".scale").c_str(), states_[k].scale);
    }
  }

 private:
  struct State {
    PlaceNumber offset_at;
    Matrix<Real> anchor, gradient, offset;
    Real scale = 0;
  };
  std::vector<Parameter<Real>*> parameters_;
  std::vector<State> states_;
  double mu_;
};

extern template class VarianceReduction<float>;
extern template class VarianceReduction<double>;

}  // namespace halfulp::experiments
