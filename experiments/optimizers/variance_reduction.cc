// SPDX-License-Identifier: MIT
#include "experiments/optimizers/variance_reduction.h"

#include <cmath>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::experiments {
namespace {

// Of the format at an offset's place; 0 where there is none.
template <typename Real>
double largest_offset(PlaceNumber place, const Arithmetic<Real>& arithmetic) {
  const PlaceRecord& record = arithmetic.record(place);
  if (record.is_native()) return 0.0;
  const QuantizerRule* rule = quantizer_rule_of(record.rules.front());
  if (rule == nullptr || record.rules.size() != 1)
    throw Error("the offset of bit centring is kept in one scalar format, and the place " +
                    (*arithmetic.policy().places)[place].name + " has another rule",
                "", "give a format such as {\"format\": \"int8\", \"rounding\": \"stochastic\"}");
  return to_double(largest_finite(rule->quantizer.format)) * rule->scale;
}

}  // namespace

template <typename Real>
VarianceReduction<Real>::VarianceReduction(const std::vector<Parameter<Real>*>& parameters,
                                           double mu, PlaceList& places)
    : parameters_(parameters), mu_(mu) {
  for (const Parameter<Real>* p : parameters_) {
    State state;
    state.offset_at = places.add(p->name, "optimizer", "offset");
    state.anchor = state.gradient = state.offset = Matrix<Real>::Zero(p->rows, p->columns);
    states_.push_back(std::move(state));
  }
}

template <typename Real>
void VarianceReduction<Real>::start(std::vector<Matrix<Real>> weights) {
  for (std::size_t k = 0; k < states_.size(); ++k) {
    State& state = states_[k];
    state.anchor = std::move(weights[k]);
    state.gradient = Matrix<Real>::Zero(state.anchor.rows(), state.anchor.cols());
    state.offset = state.gradient;
  }
}

template <typename Real>
void VarianceReduction<Real>::add(Real share) {
  for (std::size_t k = 0; k < states_.size(); ++k)
    states_[k].gradient += share * parameters_[k]->gradient;
}

template <typename Real>
void VarianceReduction<Real>::finish(const Arithmetic<Real>& arithmetic) {
  for (State& state : states_) {
    const double largest = is_bit_centred() ? largest_offset(state.offset_at, arithmetic) : 0.0;
    state.scale =
        largest == 0.0
            ? Real{0}
            : static_cast<Real>(std::sqrt(sum_of_squares(state.gradient)) / (mu_ * largest));
  }
}

template <typename Real>
void VarianceReduction<Real>::correct(const std::vector<Matrix<Real>>& at_weights) {
  for (std::size_t k = 0; k < states_.size(); ++k) {
    Matrix<Real>& gradient = parameters_[k]->gradient;
    gradient = at_weights[k] - gradient + states_[k].gradient;
  }
}

template <typename Real>
Matrix<Real> VarianceReduction<Real>::moved(std::size_t parameter, const Matrix<Real>& update,
                                            Arithmetic<Real>& arithmetic) {
  State& state = states_[parameter];
  if (arithmetic.record(state.offset_at).is_native()) {
    state.offset -= update;
  } else if (state.scale > Real{0}) {
    Matrix<Real> z = (state.offset - update) / state.scale;
    arithmetic.round(state.offset_at, z);
    state.offset = z * state.scale;
  }
  return state.anchor + state.offset;
}

template class VarianceReduction<float>;
template class VarianceReduction<double>;

}  // namespace halfulp::experiments
