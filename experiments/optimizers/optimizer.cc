// SPDX-License-Identifier: MIT
#include "experiments/optimizers/optimizer.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "experiments/optimizers/adafactor.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

using Kind = OptimizerDescription::Kind;

const std::vector<std::string> kind_names{"sgd", "momentum", "adam", "adamw", "adafactor", "svrg"};

bool is_adam(Kind kind) { return kind == Kind::adam || kind == Kind::adamw; }

}  // namespace

OptimizerDescription parse_optimizer(const Json& value, const std::string& where, Json& resolved) {
  static const Json nothing = Json::object();
  ObjectReader reader(value.is_string() ? nothing : value, where);
  OptimizerDescription d;
  const auto kind = [&] {
    if (!value.is_string()) return reader.choice("kind", 0, kind_names);
    const Json named{{"kind", value}};
    return ObjectReader(named, where).choice("kind", 0, kind_names);
  }();
  d.kind = static_cast<Kind>(kind);
  resolved["kind"] = kind_names[kind];
  const auto number = [&](const char* name, double& member, double lowest, double highest) {
    member = reader.number(name, member, lowest, highest);
    resolved[name] = member;
  };
  if (d.kind == Kind::momentum) {
    number("momentum", d.momentum, 0.0, 1.0);
    d.nesterov = reader.boolean("nesterov", false);
    resolved["nesterov"] = d.nesterov;
  }
  if (is_adam(d.kind)) {
    number("beta1", d.beta1, 0.0, 1.0 - 0x1p-40);
    number("beta2", d.beta2, 0.0, 1.0 - 0x1p-40);
    number("epsilon", d.epsilon, 0.0, 1.0);
  }
  if (d.kind == Kind::adafactor) {
    d.relative_step = reader.boolean("relative_step", false);
    resolved["relative_step"] = d.relative_step;
  } else {
    if (d.kind == Kind::adamw) d.weight_decay = 0.01;
    number("weight_decay", d.weight_decay, 0.0, 1e6);
  }
  if (d.kind == Kind::svrg) {
    reader.require("inner");
    d.inner = static_cast<std::uint64_t>(reader.integer("inner", 1, 1, std::int64_t{1} << 40));
    number("mu", d.mu, 0.0, 1e30);
    resolved["inner"] = d.inner;
  }
  reader.finish();
  return d;
}

Moves total(const std::vector<Moves>& moves) {
  Moves sum;
  for (const Moves& one : moves) {
    sum.moving += one.moving;
    sum.stalled += one.stalled;
  }
  return sum;
}

template <typename Real>
Optimizer<Real>::Optimizer(const OptimizerDescription& description,
                           std::vector<Parameter<Real>*> parameters, PlaceList& places)
    : description_(description), parameters_(std::move(parameters)) {
  for (const Parameter<Real>* p : parameters_) {
    const auto place = [&](const char* use) { return places.add(p->name, "optimizer", use); };
    State state;
    state.at = {.grad_in = place("grad_in"),
                .m = place("m"),
                .v = place("v"),
                .row = place("row"),
                .column = place("column"),
                .update = place("update"),
                .param = place("param"),
                .master = place("master"),
                .comp = place("comp")};
    states_.push_back(std::move(state));
  }
  if (description.kind == Kind::svrg) reduction_.emplace(parameters_, description.mu, places);
}

template <typename Real>
void Optimizer<Real>::begin(Arithmetic<Real>& arithmetic) {
  has_master_ = arithmetic.policy().weight_update == WeightUpdate::master;
  for (std::size_t k = 0; k < states_.size(); ++k) {
    Parameter<Real>& p = *parameters_[k];
    State& state = states_[k];
    const Matrix<Real> zero = Matrix<Real>::Zero(p.rows, p.columns);
    state.m = state.v = state.comp = zero;
    state.row = Matrix<Real>::Zero(p.rows, 1);
    state.column = Matrix<Real>::Zero(1, p.columns);
    state.master = p.value;
    if (has_master_) {
      arithmetic.round(state.at.master, state.master);
      p.value = state.master;
    }
    arithmetic.round(state.at.param, p.value);
  }
  steps_ = 0;
  beta1_power_ = beta2_power_ = 1.0;
}

template <typename Real>
const Matrix<Real>& Optimizer<Real>::kept(std::size_t parameter) const {
  return has_master_ ? states_[parameter].master : parameters_[parameter]->value;
}

template <typename Real>
void Optimizer<Real>::step(double step_size, Arithmetic<Real>& arithmetic) {
  ++steps_;
  skip();
  beta1_power_ *= description_.beta1;
  beta2_power_ *= description_.beta2;
  for (std::size_t k = 0; k < states_.size(); ++k) {
    State& state = states_[k];
    Matrix<Real> gradient = parameters_[k]->gradient;
    arithmetic.round(state.at.grad_in, gradient);
    Matrix<Real> update = update_of(gradient, kept(k), state, step_size, arithmetic);
    arithmetic.round(state.at.update, update);
    const Matrix<Real> before = kept(k);
    apply(update, k, arithmetic);
    const Matrix<Real>& after = kept(k);
    for (Eigen::Index i = 0; i < update.size(); ++i) {
      if (update.data()[i] == Real{0}) continue;
      ++moves_[k].moving;
      if (before.data()[i] == after.data()[i]) ++moves_[k].stalled;
    }
  }
}

// As the policy orders: the state as it was computed takes part and is rounded to be kept, or its
// rounded form does both.
template <typename Real>
Matrix<Real> Optimizer<Real>::store(PlaceNumber place, Matrix<Real>& state,
                                    Arithmetic<Real>& arithmetic) const {
  Matrix<Real> computed = state;
  arithmetic.round(place, state);
  return arithmetic.policy().state_order == StateOrder::store_then_use ? state : computed;
}

template <typename Real>
Matrix<Real> Optimizer<Real>::update_of(const Matrix<Real>& gradient, const Matrix<Real>& weight,
                                        State& state, double step_size,
                                        Arithmetic<Real>& arithmetic) {
  const auto h = static_cast<Real>(step_size);
  const auto decay = static_cast<Real>(description_.weight_decay);
  if (description_.kind == Kind::adafactor)
    return adafactor_update(gradient, weight, state, step_size, arithmetic);
  Matrix<Real> g = gradient;
  if (decay != 0 && description_.kind != Kind::adamw) g += decay * weight;
  if (description_.kind == Kind::sgd || description_.kind == Kind::svrg) return h * g;
  if (description_.kind == Kind::momentum) {
    const auto mu = static_cast<Real>(description_.momentum);
    state.m = mu * state.m + g;
    const Matrix<Real> m = store(state.at.m, state.m, arithmetic);
    if (description_.nesterov) return h * (g + mu * m);
    return h * m;
  }
  Matrix<Real> update = adam_update(g, state, step_size, arithmetic);
  if (decay != 0 && description_.kind == Kind::adamw) update += (h * decay) * weight;
  return update;
}

template <typename Real>
Matrix<Real> Optimizer<Real>::adam_update(const Matrix<Real>& gradient, State& state,
                                          double step_size, Arithmetic<Real>& arithmetic) {
  const auto b1 = static_cast<Real>(description_.beta1);
  const auto b2 = static_cast<Real>(description_.beta2);
  state.m = b1 * state.m + static_cast<Real>(1.0 - description_.beta1) * gradient;
  state.v = b2 * state.v + static_cast<Real>(1.0 - description_.beta2) * (gradient * gradient);
  const Matrix<Real> m = store(state.at.m, state.m, arithmetic);
  const Matrix<Real> v = store(state.at.v, state.v, arithmetic);
  const auto share = static_cast<Real>(1.0 / (1.0 - beta2_power_));
  const auto h = static_cast<Real>(step_size / (1.0 - beta1_power_));
  const auto epsilon = static_cast<Real>(description_.epsilon);
  return h * m / (arithmetic.map(Op::square_root, v * share) + epsilon);
}

template <typename Real>
Matrix<Real> Optimizer<Real>::adafactor_update(const Matrix<Real>& gradient,
                                               const Matrix<Real>& weight, State& state,
                                               double step_size, Arithmetic<Real>& arithmetic) {
  // b2_t = 1 - t^-0.8, and 1 - b2_t.
  const Matrix<Real> fresh =
      arithmetic.map(Op::power, Matrix<Real>::Constant(1, 1, static_cast<Real>(steps_)),
                     Matrix<Real>::Constant(1, 1, static_cast<Real>(-0.8)));
  const Real share = fresh(0, 0);
  const Matrix<Real> squares = gradient * gradient + static_cast<Real>(1e-30);
  Matrix<Real> second;
  if (gradient.rows() > 1 && gradient.cols() > 1) {
    mix(state.row, row_means(squares), share);
    mix(state.column, column_means(squares), share);
    second = rank_one(store(state.at.row, state.row, arithmetic),
                      store(state.at.column, state.column, arithmetic));
  } else {
    mix(state.v, squares, share);
    second = store(state.at.v, state.v, arithmetic);
  }
  Matrix<Real> update = gradient / arithmetic.map(Op::square_root, second);
  update /= std::max(Real{1}, root_mean_square(update));
  Real h = static_cast<Real>(step_size);
  if (description_.relative_step)
    h = std::min(h, Real{1} / std::sqrt(static_cast<Real>(steps_))) *
        std::max(static_cast<Real>(1e-3), root_mean_square(weight));
  return h * update;
}

template <typename Real>
void Optimizer<Real>::apply(const Matrix<Real>& update, std::size_t number,
                            Arithmetic<Real>& arithmetic) {
  Parameter<Real>& parameter = *parameters_[number];
  State& state = states_[number];
  const bool is_centred = reduction_ && reduction_->is_bit_centred();
  const auto moved = [&](const Matrix<Real>& weight) -> Matrix<Real> {
    if (is_centred) return reduction_->moved(number, update, arithmetic);
    return weight - update;
  };
  if (has_master_) {
    state.master = moved(state.master);
    arithmetic.round(state.at.master, state.master);
    parameter.value = state.master;
    arithmetic.round(state.at.param, parameter.value);
    return;
  }
  if (arithmetic.policy().weight_update == WeightUpdate::in_place) {
    parameter.value = moved(parameter.value);
    arithmetic.round(state.at.param, parameter.value);
    return;
  }
  const Matrix<Real> before = parameter.value;
  Matrix<Real> owed = state.comp - update;
  arithmetic.round(state.at.comp, owed);
  parameter.value = before + owed;
  arithmetic.round(state.at.param, parameter.value);
  state.comp = owed + (before - parameter.value);
  arithmetic.round(state.at.comp, state.comp);
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace halfulp::experiments
