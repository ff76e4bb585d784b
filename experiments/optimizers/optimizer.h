// SPDX-License-Identifier: MIT
//
// Optimizers: from gradients to weights, in the network's carrier. t counts steps from 1, h is the
// step size, g the gradient with weight decay as each has it.
//
//   sgd        g += decay w;  w -= h g
//   momentum   g += decay w;  m = mu m + g;  w -= h m, or with nesterov w -= h (g + mu m)
//   adam       g += decay w;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
//              w -= h (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
//              (Kingma and Ba, arXiv 1412.6980)
//   adamw      as adam without the decay in g, and w -= h decay w
//              (Loshchilov and Hutter, arXiv 1711.05101)
//   adafactor  of matrices V = R C^T / mean(R), R and C the running means of g^2 + 1e-30 over rows
//              and columns, of vectors a running mean v; b2_t = 1 - t^-0.8; u = g / sqrt(V),
//              divided by max(1, rms(u)); w -= h_t u with h_t = h, or where the step size is
//              relative min(h, 1 / sqrt(t)) max(1e-3, rms(w))
//              (Shazeer and Stern, arXiv 1804.04235)
//   svrg       as sgd, with g of reduced variance (variance_reduction.h)
//
// Places, operation optimizer, layer the parameter's name: grad_in; m, v (states as they are kept);
// row, column (of adafactor); update (what is taken off); param (what layers see); master, comp
// (weight_update of the policy: layered_policy.h). A state that is rounded as it is stored takes
// part in the step before or after that (state_order).
//
// Kahan's updates (in place): b = comp - update, rounded as comp; w' = w + b, rounded as param;
// comp = b + (w - w'), rounded as comp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/networks/layer.h"
#include "experiments/optimizers/variance_reduction.h"
#include "formats/json.h"

namespace halfulp::experiments {

struct OptimizerDescription {
  enum class Kind : std::uint8_t { sgd, momentum, adam, adamw, adafactor, svrg };
  Kind kind = Kind::sgd;
  double momentum = 0.9;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0.0;
  bool relative_step = false;  // of adafactor
  std::uint64_t inner = 1;     // of svrg: steps from anchor to anchor
  double mu = 0.0;             // of svrg: of bit centring, 0 without
};
// Throws Error. resolved: the description with every default filled in.
OptimizerDescription parse_optimizer(const Json& value, const std::string& where, Json& resolved);

// Of one step: weights of a parameter whose update was not 0, and those of them that stayed what
// they were.
struct Moves {
  std::uint64_t moving = 0, stalled = 0;

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("moving", moving);
    visit("stalled", stalled);
  }
};
Moves total(const std::vector<Moves>& moves);

template <typename Real>
class Optimizer {
 public:
  // Names its places. The parameters outlive it.
  Optimizer(const OptimizerDescription& description, std::vector<Parameter<Real>*> parameters,
            PlaceList& places);

  // After the parameters' beginning: states are zero, and layers see their weights rounded.
  void begin(Arithmetic<Real>& arithmetic);
  // From the gradients that backward() left.
  void step(double step_size, Arithmetic<Real>& arithmetic);
  // In place of a step: no weight has an update.
  void skip() { moves_.assign(states_.size(), Moves()); }

  // The weights as they are kept between steps: what a result's digest is of.
  [[nodiscard]] const Matrix<Real>& kept(std::size_t parameter) const;
  [[nodiscard]] const std::vector<Parameter<Real>*>& parameters() const { return parameters_; }
  // Of svrg, else null.
  [[nodiscard]] VarianceReduction<Real>* reduction() { return reduction_ ? &*reduction_ : nullptr; }
  // Of the last step, of each parameter.
  [[nodiscard]] const std::vector<Moves>& moves() const { return moves_; }
  // Where layers see a parameter.
  [[nodiscard]] PlaceNumber place_of_weights(std::size_t parameter) const {
    return states_[parameter].at.param;
  }

  // The weights' too.
  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("steps", steps_);
    visit("beta1_power", beta1_power_);
    visit("beta2_power", beta2_power_);
    for (std::size_t k = 0; k < states_.size(); ++k) {
      const std::string& name = parameters_[k]->name;
      State& state = states_[k];
      visit.tensor(name, parameters_[k]->value);
      visit.tensor(name + ".m", state.m);
      visit.tensor(name + ".v", state.v);
      visit.tensor(name + ".row", state.row);
      visit.tensor(name + ".column", state.column);
      visit.tensor(name + ".comp", state.comp);
      if (has_master_) visit.tensor(name + ".master", state.master);
    }
    if (reduction_) visit("reduction", *reduction_);
  }

 private:
  struct Uses {
    PlaceNumber grad_in, m, v, row, column, update, param, master, comp;
  };
  struct State {
    Uses at;
    Matrix<Real> m, v, row, column, master, comp;
  };
  Matrix<Real> update_of(const Matrix<Real>& gradient, const Matrix<Real>& weight, State& state,
                         double step_size, Arithmetic<Real>& arithmetic);
  Matrix<Real> adam_update(const Matrix<Real>& gradient, State& state, double step_size,
                           Arithmetic<Real>& arithmetic);
  Matrix<Real> adafactor_update(const Matrix<Real>& gradient, const Matrix<Real>& weight,
                                State& state, double step_size, Arithmetic<Real>& arithmetic);
  // What a step takes of a state, and what is kept of it.
  Matrix<Real> store(PlaceNumber place, Matrix<Real>& state, Arithmetic<Real>& arithmetic) const;
  void apply(const Matrix<Real>& update, std::size_t parameter, Arithmetic<Real>& arithmetic);

  OptimizerDescription description_;
  std::vector<Parameter<Real>*> parameters_;
  std::vector<State> states_;  // of each parameter
  std::optional<VarianceReduction<Real>> reduction_;
  bool has_master_ = false;
  std::vector<Moves> moves_;
  std::uint64_t steps_ = 0;
  double beta1_power_ = 1.0, beta2_power_ = 1.0;
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace halfulp::experiments
