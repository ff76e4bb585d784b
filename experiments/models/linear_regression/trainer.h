// SPDX-License-Identifier: MIT
//
// Quantized one-pass SGD (Zhang, Su and Zou, arXiv 2510.18259, the algorithm), one step a batch X,
// y of B fresh rows, t = 1 .. T:
//     w_t = w_{t-1} + (gamma_t / B) Qd(X)^T Qo(Ql(y) - Qa(Qd(X) Qp(w_{t-1})))
// followed by Qw on the carried weights and Qavg on the running average, with the same Qd(X) in
// prediction and gradient. Everything between quantizers is binary64: the prediction's sum in the
// order eight_sums (or by the accumulator of the policy), the sum over a batch in increasing row,
// then times gamma / B, then the addition to w.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "experiments/models/linear_regression/instance.h"
#include "experiments/policy/place_rounder.h"

namespace halfulp::experiments::linear_regression {

// x or z on its way into the product, by the places `data` and `feature`.
class FeatureRounders {
 public:
  // batch: the rows of a step. rows: of all steps, 0 where that is unknown.
  FeatureRounders(const Machine& machine, const Instance& instance, const Policy& policy, Site site,
                  std::size_t batch = 1, std::uint64_t rows = 0);
  // Rows of quantized features of a block, which begins a batch; they stay valid until the next
  // call.
  View apply(const Samples& samples);

 private:
  void apply_data(const Samples& samples);

  Machine machine_;
  const Instance* instance_;
  PlaceRounder data_, feature_;
  std::optional<double> input_noise_;  // sqrt(eps) of additive Gaussian noise before the sketch
  Random input_random_;
  std::vector<double> features_, inputs_, noise_;
};

class Trainer {
 public:
  Trainer(const Machine& machine, const Instance& instance, const Policy& policy,
          const Training& training);

  // As many steps as the block has whole batches, or as are left. Precondition: the block's rows
  // follow those of the last one, and begin a batch.
  void train(const Samples& samples);
  [[nodiscard]] bool finished() const { return step_ == training_.steps(); }

  [[nodiscard]] const std::vector<double>& weights() const { return weights_; }
  // Precondition: finished, and there was a step.
  [[nodiscard]] std::vector<double> average() const;

 private:
  void step(const View& features, const double* labels, std::uint64_t first_row);
  void predict(const View& features, std::uint64_t first_row);
  void update(const View& features);
  void accumulate_average();

  Machine machine_;
  Training training_;
  std::size_t first_averaged_ = 0;
  std::size_t stage_length_ = 1;
  FeatureRounders features_;
  PlaceRounder label_, param_, act_, out_grad_, weight_, average_rounder_;
  DotPlan dot_;
  Random dot_random_;
  std::size_t step_ = 0;
  double step_size_ = 0.0;  // gamma_t
  std::vector<double> weights_, average_, labels_;
  std::vector<double> seen_;        // Qp(w)
  std::vector<double> prediction_;  // of a batch, then its residual
  std::vector<double> gradient_;
};

}  // namespace halfulp::experiments::linear_regression
