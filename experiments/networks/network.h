// SPDX-License-Identifier: MIT
//
// Networks by description: what documents call `model`.
//
//   linear        y = W x + b; with the loss `logistic` it is logistic regression
//   mlp           linear layers of the given widths, a function between them
//   residual_mlp  `depth` blocks x + W2 f(W1 norm(x)) of one width, W1 to four times the width
//                 without a bias, W2 back with one; of swiglu to round(8/3) of the width, twice
//                 (the student of arXiv 2506.20752, section on the proxy model)
//   teacher_mlp   `depth` times W2 f(W1 x) without biases, norms and sums (that paper's teacher)
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/machine.h"
#include "experiments/networks/activation.h"
#include "experiments/networks/layer.h"
#include "formats/json.h"

namespace halfulp::experiments {

struct NetworkDescription {
  enum class Kind : std::uint8_t { linear, mlp, residual_mlp, teacher_mlp };
  Kind kind = Kind::linear;
  std::vector<Eigen::Index> widths;               // linear, mlp: from the inputs to the outputs
  Eigen::Index width = 0, depth = 0, hidden = 0;  // of the others
  ActivationKind activation = ActivationKind::relu;
  bool bias = true;                           // linear, mlp
  bool layer_norm = true;                     // residual_mlp
  double gamma = 1.0, gamma_deviation = 0.0;  // where the norm's gamma begins
  WeightBeginning beginning;

  [[nodiscard]] Eigen::Index inputs() const { return widths.empty() ? width : widths.front(); }
  [[nodiscard]] Eigen::Index outputs() const { return widths.empty() ? width : widths.back(); }
  // Multiplications of one sample's forward pass.
  [[nodiscard]] double multiplications() const;
};

// Throws Error. resolved: the description with every default filled in.
NetworkDescription parse_network(const Json& value, const std::string& where, Json& resolved);

// prefix: of the names of all layers.
template <typename Real>
std::unique_ptr<Layer<Real>> make_network(const NetworkDescription& description, PlaceList& places,
                                          const std::string& prefix = "");

// Every parameter as it begins, of the stream (its name, "beginning").
template <typename Real>
void begin_parameters(const std::vector<Parameter<Real>*>& parameters, const Machine& machine);

}  // namespace halfulp::experiments
