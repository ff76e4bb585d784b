// SPDX-License-Identifier: MIT
#include "experiments/models/linear_regression/risk.h"

#include <algorithm>

#include "experiments/models/dense.h"
#include "experiments/models/linear_regression/trainer.h"

namespace halfulp::experiments::linear_regression {
namespace {

constexpr std::size_t test_block = 128;  // rows, about

void scale(Symmetric& a, double factor) {
  for (double& x : a.values) x *= factor;
}

void add_diagonal(Symmetric& a, double amount) {
  for (std::size_t i = 0; i < a.n; ++i) a.values[a.diagonal ? i : i * a.n + i] += amount;
}

// Noise on z itself, whose second moment so far is `a`.
void add_feature_noise(const Noise& noise, Symmetric& a) {
  switch (noise.kind) {
    case Noise::Kind::additive:
      return add_diagonal(a, noise.eps);
    case Noise::Kind::multiplicative_rank1:
      return scale(a, 1.0 + noise.eps);
    case Noise::Kind::multiplicative_coord:
      for (std::size_t i = 0; i < a.n; ++i)
        a.values[a.diagonal ? i : i * a.n + i] *= 1.0 + noise.eps;
  }
}

// Noise on x before the sketch. H is diagonal, so both multiplicative kinds give (1 + eps) H.
void add_data_noise(const Instance& instance, const Noise& noise, Symmetric& a) {
  if (instance.problem->sketch_size == 0) return add_feature_noise(noise, a);
  if (noise.kind != Noise::Kind::additive) return scale(a, 1.0 + noise.eps);
  for (std::size_t i = 0; i < a.values.size(); ++i)
    a.values[i] += noise.eps * instance.gram.values[i];
}

// What the label would be without the part of it that no choice of weights, and no rounding of the
// features, has to do with: <w, x> where x was drawn, else <v*, z>, whose residual is independent
// of z and of everything done to z.
double predictable_label(const Instance& instance, const Samples& samples, std::size_t row) {
  if (instance.needs.inputs) {
    const std::size_t d = instance.problem->dimension;
    return dot({&samples.inputs[row * d], d}, instance.teacher);
  }
  return dot({&samples.features[row * instance.stride], instance.features()}, instance.target);
}

// The terms of the estimate over a samples, added to one sum for each of the weights.
void add_differences(const Instance& instance, const Samples& samples, const View& features,
                     const std::vector<std::vector<double>>& weights, std::vector<double>& sums) {
  const std::size_t m = instance.features();
  for (std::size_t r = 0; r < samples.rows; ++r) {
    const std::span<const double> exact(&samples.features[r * instance.stride], m);
    const std::span<const double> rounded(
        static_cast<const double*>(features.data) + r * features.stride, m);
    const double label = predictable_label(instance, samples, r);
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double plain = dot(exact, weights[k]);
      const double change = dot(rounded, weights[k]) - plain;
      sums[k] += change * (change + 2.0 * (plain - label));
    }
  }
}

}  // namespace

std::optional<Symmetric> quantized_second_moment(const Instance& instance, const Policy& policy) {
  const Rule& data = policy.at(place::data);
  const Rule& feature = policy.at(place::feature);
  if (is_format(data) || is_format(feature)) return std::nullopt;
  Symmetric a = instance.covariance;
  if (const Noise* noise = noise_of(data)) add_data_noise(instance, *noise, a);
  if (const Noise* noise = noise_of(feature)) add_feature_noise(*noise, a);
  return a;
}

Risk::Risk(const Machine& machine, const Instance& instance, const Policy& policy,
           std::size_t batch)
    : machine_(machine),
      instance_(&instance),
      policy_(&policy),
      batch_(batch),
      second_moment_(quantized_second_moment(instance, policy)) {}

double Risk::clean(std::span<const double> weights) const {
  std::vector<double> error(weights.begin(), weights.end());
  for (std::size_t i = 0; i < error.size(); ++i) error[i] -= instance_->target[i];
  return instance_->approximation + quadratic_form(instance_->covariance, error);
}

std::optional<double> Risk::floor() const {
  if (!second_moment_) return std::nullopt;
  if (is_native(policy_->at(place::data)) && is_native(policy_->at(place::feature)))
    return instance_->approximation;
  const std::vector<double> limit = solve(*second_moment_, instance_->cross);
  if (limit.empty()) return std::nullopt;
  return clean(limit);
}

std::vector<double> Risk::quantized(const std::vector<std::vector<double>>& weights) const {
  std::vector<double> answer;
  for (const std::vector<double>& v : weights) {
    double extra = 0.0;
    if (second_moment_)
      extra = quadratic_form(*second_moment_, v) - quadratic_form(instance_->covariance, v);
    answer.push_back(clean(v) + extra);
  }
  if (second_moment_) return answer;
  const std::size_t total = instance_->problem->test_samples;
  FeatureRounders rounders(machine_, *instance_, *policy_, Site::test_place, batch_, total);
  std::vector<double> sums(weights.size(), 0.0);
  const std::size_t rows = batch_ * std::max<std::size_t>(1, test_block / batch_);
  Samples samples;
  for (std::size_t first = 0; first < total; first += rows) {
    draw_samples(*instance_, machine_, Site::test_sample, first, std::min(rows, total - first),
                 samples);
    add_differences(*instance_, samples, rounders.apply(samples), weights, sums);
  }
  for (std::size_t k = 0; k < answer.size(); ++k) answer[k] += sums[k] / static_cast<double>(total);
  return answer;
}

}  // namespace halfulp::experiments::linear_regression
