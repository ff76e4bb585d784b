// SPDX-License-Identifier: MIT
//
// Excess risks of given weights from the known covariance. Clean: unquantized test features,
//     excess(v) = (v - v*)^T Sigma (v - v*) + approximation.
// Quantized: the places `data` and `feature` act on the test features too. Under the noise models
// that adds v^T (Sigma_q - Sigma) v with the second moment Sigma_q of the quantized features. A
// real format, scalar or of blocks, has no closed form; then the difference
//     E[<v, z_q - z>^2 + 2 <v, z_q - z> (<v, z> - y)]
// (y without its label noise, which drops out) is estimated on a fixed test sample of the repeat,
// common to all policies, and everything else stays in closed form. Block formats see the sample in
// batches as in training, one after the other.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "experiments/models/linear_regression/instance.h"

namespace halfulp::experiments::linear_regression {

// The second moment of the quantized features under the noise models of `data` and `feature`;
// absent where a real format stands there.
std::optional<Symmetric> quantized_second_moment(const Instance& instance, const Policy& policy);

class Risk {
 public:
  // batch: the rows of a step of training.
  Risk(const Machine& machine, const Instance& instance, const Policy& policy,
       std::size_t batch = 1);

  [[nodiscard]] double clean(std::span<const double> weights) const;
  // One answer for each of several weights, from one pass over the test sample where there is one.
  [[nodiscard]] std::vector<double> quantized(
      const std::vector<std::vector<double>>& weights) const;
  // Clean excess of the weights that least squares finds on infinitely many quantized samples:
  // Sigma_q^-1 S H w. Absent where Sigma_q is.
  [[nodiscard]] std::optional<double> floor() const;

 private:
  Machine machine_;
  const Instance* instance_;
  const Policy* policy_;
  std::size_t batch_;
  std::optional<Symmetric> second_moment_;
};

}  // namespace halfulp::experiments::linear_regression
