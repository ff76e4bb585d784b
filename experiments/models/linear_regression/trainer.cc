// SPDX-License-Identifier: MIT
#include "experiments/models/linear_regression/trainer.h"

#include <algorithm>
#include <cmath>

namespace halfulp::experiments::linear_regression {
namespace {

View rows_of(const View& all, std::size_t first, std::size_t count) {
  View part = all;
  part.data = static_cast<const double*>(all.data) + first * all.stride;
  part.rows = count;
  return part;
}

View column(const std::vector<double>& values) { return view_of(values.data(), values.size(), 1); }

void apply_in_place(PlaceRounder& rounder, const MutableView& view, std::uint64_t first_row) {
  if (rounder.active()) rounder.apply(as_const(view), first_row, view);
}

// The order of the prediction where nothing is said of it.
DotUnit dot_unit(const Policy& policy) {
  const QuantizerRule* quantized = quantizer_rule_of(policy.at(place::accumulator));
  if (quantized != nullptr) return dot_unit_of(*quantized);
  DotUnit unit;
  unit.order = Order::eight_sums;
  return unit;
}

// How many weights all steps see.
std::uint64_t updates(const Instance& instance, const Training& training) {
  return std::uint64_t{training.steps()} * instance.features();
}

}  // namespace

FeatureRounders::FeatureRounders(const Machine& machine, const Instance& instance,
                                 const Policy& policy, Site site, std::size_t batch,
                                 std::uint64_t rows)
    : machine_(machine),
      instance_(&instance),
      data_(rounder_at(
          machine, policy, place::data, site, batch,
          rows * (instance.needs.inputs ? instance.problem->dimension : instance.features()))),
      feature_(
          rounder_at(machine, policy, place::feature, site, batch, rows * instance.features())) {
  const Noise* noise = noise_of(policy.at(place::data));
  if (instance.needs.gram && !instance.needs.inputs && noise != nullptr &&
      noise->kind == Noise::Kind::additive) {
    input_noise_ = std::sqrt(noise->eps);
    input_random_ = random_of(machine, site, place::data);
  }
}

// Leaves the features after `data` in features_.
void FeatureRounders::apply_data(const Samples& samples) {
  const std::size_t m = instance_->features();
  const std::size_t stride = instance_->stride;
  features_.resize(samples.features.size());
  if (instance_->needs.inputs) {
    const std::size_t d = instance_->problem->dimension;
    inputs_.resize(samples.inputs.size());
    data_.apply(view_of(samples.inputs.data(), samples.rows, d), samples.first_row,
                view_of(inputs_.data(), samples.rows, d));
    apply_sketch(*instance_, machine_, inputs_.data(), samples.rows, features_.data());
    return;
  }
  std::copy(samples.features.begin(), samples.features.end(), features_.begin());
  if (input_noise_) {
    draw_input_noise(*instance_, machine_, input_random_, samples.first_row, samples.rows, noise_);
    for (std::size_t r = 0; r < samples.rows; ++r) {
      for (std::size_t j = 0; j < m; ++j)
        features_[r * stride + j] += *input_noise_ * noise_[r * m + j];
    }
    return;
  }
  const MutableView view{.data = features_.data(),
                         .carrier = Carrier::binary64,
                         .rows = samples.rows,
                         .columns = m,
                         .stride = stride};
  apply_in_place(data_, view, samples.first_row);
}

View FeatureRounders::apply(const Samples& samples) {
  const std::size_t m = instance_->features();
  const View plain{.data = samples.features.data(),
                   .carrier = Carrier::binary64,
                   .rows = samples.rows,
                   .columns = m,
                   .stride = instance_->stride};
  if (!data_.active() && !feature_.active()) return plain;
  MutableView out{.data = nullptr,
                  .carrier = Carrier::binary64,
                  .rows = samples.rows,
                  .columns = m,
                  .stride = instance_->stride};
  if (data_.active()) {
    apply_data(samples);
    out.data = features_.data();
    apply_in_place(feature_, out, samples.first_row);
  } else {
    features_.resize(samples.features.size());
    out.data = features_.data();
    feature_.apply(plain, samples.first_row, out);
  }
  return as_const(out);
}

Trainer::Trainer(const Machine& machine, const Instance& instance, const Policy& policy,
                 const Training& training)
    : machine_(machine),
      training_(training),
      first_averaged_(training.first_averaged()),
      stage_length_(training.stage_length()),
      features_(machine, instance, policy, Site::training_place, training.batch, training.samples),
      label_(rounder_at(machine, policy, place::label, Site::training_place, training.batch,
                        training.samples)),
      param_(rounder_at(machine, policy, place::param, Site::training_place, 1,
                        updates(instance, training))),
      act_(rounder_at(machine, policy, place::act, Site::training_place, training.batch,
                      training.samples)),
      out_grad_(rounder_at(machine, policy, place::out_grad, Site::training_place, training.batch,
                           training.samples)),
      weight_(rounder_at(machine, policy, place::weight, Site::training_place, 1,
                         updates(instance, training))),
      average_rounder_(rounder_at(machine, policy, place::avg, Site::training_place, 1,
                                  updates(instance, training))),
      dot_(machine.engine->prepare_dot(dot_unit(policy),
                                       {.elements = training.samples * instance.features()})),
      dot_random_(random_of(machine, Site::training_place, place::accumulator)),
      step_size_(training.step_size),
      weights_(instance.features(), training.initial),
      average_(instance.features(), 0.0),
      seen_(instance.features()),
      prediction_(training.batch),
      gradient_(instance.features()) {
  if (const QuantizerRule* quantized = quantizer_rule_of(policy.at(place::accumulator)))
    dot_random_.generator = quantized->generator;
}

void Trainer::train(const Samples& samples) {
  if (finished()) return;
  const std::size_t batch = training_.batch;
  const View features = features_.apply(samples);
  labels_ = samples.labels;
  apply_in_place(label_, view_of(labels_.data(), labels_.size(), 1), samples.first_row);
  for (std::size_t row = 0; row + batch <= samples.rows && !finished(); row += batch)
    step(rows_of(features, row, batch), &labels_[row], samples.first_row + row);
}

void Trainer::predict(const View& features, std::uint64_t first_row) {
  const std::vector<double>* w = &weights_;
  if (param_.active()) {
    param_.apply(view_of(std::span<const double>(weights_)), step_,
                 view_of(std::span<double>(seen_)));
    w = &seen_;
  }
  Random random = dot_random_;
  random.offset = draws_per_result(dot_.tree, features.columns) * first_row;
  const MutableView out = view_of(prediction_.data(), prediction_.size(), 1);
  machine_.engine->multiply(features, column(*w), dot_, random, out);
  apply_in_place(act_, out, first_row);
}

void Trainer::update(const View& features) {
  const auto* x = static_cast<const double*>(features.data);
  const std::size_t m = weights_.size();
  const double factor = step_size_ / static_cast<double>(training_.batch);
  double* w = weights_.data();
  if (features.rows == 1) {
    const double residual = prediction_[0];
    for (std::size_t j = 0; j < m; ++j) w[j] += factor * (x[j] * residual);
    return;
  }
  for (std::size_t j = 0; j < m; ++j) gradient_[j] = x[j] * prediction_[0];
  for (std::size_t r = 1; r < features.rows; ++r) {
    const double* row = x + r * features.stride;
    const double residual = prediction_[r];
    for (std::size_t j = 0; j < m; ++j) gradient_[j] += row[j] * residual;
  }
  for (std::size_t j = 0; j < m; ++j) w[j] += factor * gradient_[j];
}

void Trainer::step(const View& features, const double* labels, std::uint64_t first_row) {
  if (step_ > 0 && step_ % stage_length_ == 0) step_size_ *= 0.5;
  predict(features, first_row);
  for (std::size_t r = 0; r < prediction_.size(); ++r) prediction_[r] = labels[r] - prediction_[r];
  apply_in_place(out_grad_, view_of(prediction_.data(), prediction_.size(), 1), first_row);
  update(features);
  apply_in_place(weight_, view_of(std::span<double>(weights_)), step_);
  accumulate_average();
  ++step_;
}

// Sums, divided once at the end; where the average itself has a format, the running average
// a <- Q(a + (w - a) (1/k)) after k weights.
void Trainer::accumulate_average() {
  if (step_ < first_averaged_) return;
  if (!average_rounder_.active()) {
    for (std::size_t j = 0; j < weights_.size(); ++j) average_[j] += weights_[j];
    return;
  }
  const double share = 1.0 / static_cast<double>(step_ - first_averaged_ + 1);
  for (std::size_t j = 0; j < weights_.size(); ++j)
    average_[j] += (weights_[j] - average_[j]) * share;
  apply_in_place(average_rounder_, view_of(std::span<double>(average_)), step_);
}

std::vector<double> Trainer::average() const {
  std::vector<double> mean = average_;
  if (average_rounder_.active()) return mean;
  const auto count = static_cast<double>(training_.steps() - first_averaged_);
  for (double& x : mean) x /= count;
  return mean;
}

}  // namespace halfulp::experiments::linear_regression
