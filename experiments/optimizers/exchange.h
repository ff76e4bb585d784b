// SPDX-License-Identifier: MIT
//
// Gradients of simulated workers. Each has a part of the batch and sends its gradient, rounded as
// the policy says at `send`; what everybody trains on is the mean of what was sent, rounded at
// `mean`. With error feedback a worker keeps what rounding lost, rounded at `residual`, and sends
// it with the next gradient (1-bit SGD: Seide et al., Interspeech 2014; EF-SignSGD: Karimireddy et
// al., arXiv 1901.09847):
//
//   p = g + (h' / h) e,  sent: d = Q(p),  e = p - d,    h the step size, h' that of the step
//   before,
//
// which is h p = h g + h' e: what is lost of an update is owed in units of the update.
// Places, operation comm, layer the parameter's name: send, residual, mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/networks/layer.h"

namespace halfulp::experiments {

template <typename Real>
class Exchange {
 public:
  // Names its places. The parameters outlive it.
  Exchange(const std::vector<Parameter<Real>*>& parameters, std::uint64_t workers,
           PlaceList& places);

  // After a worker's backward pass; workers in order. step_size: of this step.
  void send(std::uint64_t worker, double step_size, Arithmetic<Real>& arithmetic);
  // After the last worker's: the mean becomes the parameters' gradients.
  void receive(Arithmetic<Real>& arithmetic);

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("step_size", step_size_);
    for (std::size_t k = 0; k < states_.size(); ++k) {
      for (std::size_t worker = 0; worker < states_[k].owed.size(); ++worker)
        visit.tensor(parameters_[k]->name + ".owed." + std::to_string(worker),
                     states_[k].owed[worker]);
    }
  }

 private:
  struct State {
    PlaceNumber send_at, residual_at, mean_at;
    Matrix<Real> sum;
    std::vector<Matrix<Real>> owed;  // e of each worker
  };
  std::vector<Parameter<Real>*> parameters_;
  std::vector<State> states_;
  std::uint64_t workers_;
  double step_size_ = 0.0, step_size_before_ = 0.0;
};

extern template class Exchange<float>;
extern template class Exchange<double>;

}  // namespace halfulp::experiments
