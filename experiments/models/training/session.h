// SPDX-License-Identifier: MIT
//
// One network being trained: the order in which a step does what it does. A session is made for
// every repeat of every point; made without a machine it only names its places.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/metrics.h"
#include "experiments/models/training/document.h"
#include "experiments/models/training/loss_scaler.h"
#include "experiments/models/training/loss_spikes.h"
#include "experiments/models/training/place_shares.h"
#include "experiments/models/training/samples.h"
#include "experiments/optimizers/exchange.h"

namespace halfulp::experiments::training {

// The parts of a training, each with its places, in one order.
template <typename Real>
struct Parts {
  Parts(const Problem& problem, const Plan& plan);

  PlaceList places;
  PlaceNumber data, label;
  std::unique_ptr<Layer<Real>> network;
  Loss<Real> loss;
  std::unique_ptr<Optimizer<Real>> optimizer;
  Exchange<Real> exchange;
};
// All places of a training, whatever its carrier.
std::shared_ptr<const Places> places_of(const Problem& problem, const Plan& plan);

// How far a step's gradient is from that of full precision at the same weights and batch.
struct GradientError {
  double norm_ratio = 0.0;  // ||g|| / ||f||
  double cosine = 0.0;      // <g, f> / (||g|| ||f||)
  double zeta = 0.0;        // ||g - f||^2 / ||f||^2

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("norm_ratio", norm_ratio);
    visit("cosine", cosine);
    visit("zeta", zeta);
  }
};

template <typename Real>
class Session {
 public:
  // All outlive it. Precondition: Real is the policy's native carrier.
  Session(const Training& training, const Machine& machine);

  // One step. Throws Error where the policy makes an error of numbers that are not finite.
  void step();
  [[nodiscard]] std::uint64_t steps_done() const { return step_; }
  [[nodiscard]] bool finished() const { return step_ == training_.plan.steps; }
  [[nodiscard]] Metrics measure();
  // What was measured on the way.
  [[nodiscard]] std::vector<Series> series() const;
  // Where numbers stopped being finite; empty where they did not.
  [[nodiscard]] std::string note() const;
  [[nodiscard]] std::uint64_t digest() const;
  // A parameter as it is kept between steps.
  [[nodiscard]] const Matrix<Real>& kept(std::size_t parameter) const {
    return parts_.optimizer->kept(parameter);
  }

  // Between steps (models/visit_state.h).
  template <typename Visitor>
  void visit_state(Visitor& visit);
  // Calls look() with every curve as far as it is, one that may yet come to nothing too; those of
  // an earlier call come first and in the same order.
  template <typename Look>
  void look_at_curves(const Look& look) const {
    look(losses_);
    for (const Series& curve : gradient_errors_) look(curve);
    if (training_.measure.places == 0) return;
    for (const Series& curve : place_shares_.series()) look(curve);
  }

 private:
  [[nodiscard]] Moment now() const {
    return {.step = step_,
            .steps = training_.plan.steps,
            .plateaus = &plateaus_,
            .diversities = &diversities_};
  }
  // Every so many steps, and at the last.
  [[nodiscard]] bool is_due(std::uint64_t every) const;
  // Forward and backward on a batch that the places of data have rounded; the loss.
  double differentiate(const Batch<Real>& batch, double scale, Arithmetic<Real>& arithmetic);
  void set_anchor();
  std::vector<Matrix<Real>> see_anchor();
  void reduce_variance(const Batch<Real>& batch, double scale, Arithmetic<Real>& arithmetic);
  double exchange_gradients(const Batch<Real>& batch, double step_size);
  bool update_weights(double step_size);
  [[nodiscard]] bool gradients_are_finite() const;
  void unscale(double scale);
  void measure_gradient(const Batch<Real>& batch);
  void accumulate_average();
  void note_diversity();
  void note_moves(bool taken);
  void note_loss(double loss);
  void note_gradient_error();
  struct Validation {
    double loss = 0.0, correct = 0.0;
  };
  Validation validate(Arithmetic<Real>& arithmetic);
  [[nodiscard]] std::string name_of_place(PlaceNumber place) const;

  const Training& training_;
  Parts<Real> parts_;
  Arithmetic<Real> arithmetic_;
  LayeredPolicy full_policy_;  // without rules
  Arithmetic<Real> full_;
  Samples<Real> samples_;
  LossScaler scaler_;
  std::vector<PlateauWatch> plateaus_;
  std::vector<DiversityWatch> diversities_;
  std::vector<Matrix<Real>> average_;
  std::uint64_t step_ = 0, averaged_ = 0, skipped_ = 0;
  double loss_sum_ = 0.0;  // of the last tenth of the steps
  std::uint64_t loss_count_ = 0;
  Moves late_moves_;         // of the same steps
  std::uint64_t still_ = 0;  // steps in a row that moved no weight
  std::optional<std::uint64_t> first_stalled_;
  double bit_operations_ = 0.0, bit_operations_of_binary32_ = 1.0;  // the first: sum over the steps
  std::optional<GradientError> gradient_error_;
  Series losses_{.name = "loss", .steps = {}, .values = {}};
  double loss_since_ = 0.0;  // sum of the losses since the last step of that series
  std::uint64_t losses_since_ = 0;
  LossSpikes spikes_;
  std::vector<Series> gradient_errors_;
  PlaceShares<Real> place_shares_;
  const Engine& engine_;
};

template <typename Real>
template <typename Visitor>
void Session<Real>::visit_state(Visitor& visit) {
  visit("step", step_);
  visit("averaged", averaged_);
  visit("skipped", skipped_);
  visit("loss_sum", loss_sum_);
  visit("loss_count", loss_count_);
  visit("late_moves", late_moves_);
  visit("still", still_);
  visit("first_stalled", first_stalled_);
  visit("bit_operations", bit_operations_);
  visit("gradient_error", gradient_error_);
  visit("losses", losses_);
  visit("loss_since", loss_since_);
  visit("losses_since", losses_since_);
  visit("spikes", spikes_);
  visit("gradient_errors", gradient_errors_);
  visit("scaler", scaler_);
  visit("plateaus", plateaus_);
  visit("diversities", diversities_);
  visit("place_shares", place_shares_);
  visit("exchange", parts_.exchange);
  visit("arithmetic", arithmetic_);
  visit("optimizer", *parts_.optimizer);
  for (std::size_t k = 0; k < average_.size(); ++k)
    visit.tensor(parts_.optimizer->parameters()[k]->name + ".average", average_[k]);
}

extern template class Session<float>;
extern template class Session<double>;

}  // namespace halfulp::experiments::training
