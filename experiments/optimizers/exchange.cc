// SPDX-License-Identifier: MIT
#include "experiments/optimizers/exchange.h"

#include <utility>

namespace halfulp::experiments {

template <typename Real>
Exchange<Real>::Exchange(const std::vector<Parameter<Real>*>& parameters, std::uint64_t workers,
                         PlaceList& places)
    : parameters_(parameters), workers_(workers) {
  for (const Parameter<Real>* p : parameters_) {
    const auto place = [&](const char* use) { return places.add(p->name, "comm", use); };
    State state;
    state.send_at = place("send");
    state.residual_at = place("residual");
    state.mean_at = place("mean");
    state.owed.resize(workers, Matrix<Real>::Zero(p->rows, p->columns));
    states_.push_back(std::move(state));
  }
}

template <typename Real>
void Exchange<Real>::send(std::uint64_t worker, double step_size, Arithmetic<Real>& arithmetic) {
  if (worker == 0) step_size_before_ = std::exchange(step_size_, step_size);
  const bool feeds_back = arithmetic.policy().error_feedback;
  const auto owes = static_cast<Real>(step_size > 0.0 ? step_size_before_ / step_size : 0.0);
  for (std::size_t k = 0; k < states_.size(); ++k) {
    State& state = states_[k];
    Matrix<Real> sent = parameters_[k]->gradient;
    if (feeds_back) sent += owes * state.owed[worker];
    Matrix<Real>& owed = state.owed[worker];
    if (feeds_back) owed = sent;
    arithmetic.round(state.send_at, sent);
    if (feeds_back) {
      owed -= sent;
      arithmetic.round(state.residual_at, owed);
    }
    if (worker == 0)
      state.sum = std::move(sent);
    else
      state.sum += sent;
  }
}

template <typename Real>
void Exchange<Real>::receive(Arithmetic<Real>& arithmetic) {
  for (std::size_t k = 0; k < states_.size(); ++k) {
    Matrix<Real>& mean = parameters_[k]->gradient;
    mean = states_[k].sum;
    if (workers_ > 1) mean /= static_cast<Real>(workers_);
    arithmetic.round(states_[k].mean_at, mean);
  }
}

template class Exchange<float>;
template class Exchange<double>;

}  // namespace halfulp::experiments
