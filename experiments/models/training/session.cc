// SPDX-License-Identifier: MIT
#include "experiments/models/training/session.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "experiments/hash.h"
#include "formats/error.h"

namespace halfulp::experiments::training {
namespace {

LayeredPolicy without_rules(const LayeredPolicy& policy) {
  LayeredPolicy full;
  full.native = policy.native;
  full.places = policy.places;
  full.base.resize(policy.places->size());
  return full;
}

template <typename Real>
std::vector<Parameter<Real>*> parameters_of(Layer<Real>& network) {
  std::vector<Parameter<Real>*> all;
  network.list_parameters(all);
  return all;
}

template <typename Real>
bool is_finite(const Matrix<Real>& x) {
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x.data()[i])) return false;
  }
  return true;
}

template <typename Real>
double inner_product(const Matrix<Real>& a, const Matrix<Real>& b) {
  double sum = 0;
  for (Eigen::Index i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a.data()[i]) * static_cast<double>(b.data()[i]);
  return sum;
}

// Is a step among the last `share` of all?
bool is_late(std::uint64_t step, std::uint64_t steps, double share) {
  return static_cast<double>(step) >= (1.0 - share) * static_cast<double>(steps);
}

constexpr double last_tenth = 0.1;

}  // namespace

template <typename Real>
Parts<Real>::Parts(const Problem& problem, const OptimizerDescription& description)
    : data(places.add("", "problem", "data")),
      label(places.add("", "problem", "label")),
      network(make_network<Real>(problem.network, places)),
      loss(places, problem.loss),
      optimizer(std::make_unique<Optimizer<Real>>(description, parameters_of(*network), places)) {}

std::shared_ptr<const Places> places_of(const Problem& problem,
                                        const OptimizerDescription& optimizer) {
  return std::make_shared<const Places>(Parts<double>(problem, optimizer).places.places());
}

template <typename Real>
Session<Real>::Session(const Training& training, const Machine& machine)
    : training_(training),
      parts_(training.problem, training.plan.optimizer),
      arithmetic_(machine, training.policy),
      full_policy_(without_rules(training.policy)),
      full_(machine, full_policy_),
      samples_(training.problem, machine),
      scaler_(training.policy.loss_scale),
      plateaus_(training.policy.plateau_watches()),
      engine_(*machine.engine) {
  begin_parameters(parts_.optimizer->parameters(), machine);
  arithmetic_.begin(now());
  parts_.optimizer->begin(arithmetic_);
  bit_operations_of_binary32_ = 3.0 * 32.0 * 32.0 * training.problem.network.multiplications();
  for (const Parameter<Real>* p : parts_.optimizer->parameters())
    average_.push_back(Matrix<Real>::Zero(p->rows, p->columns));
}

template <typename Real>
void Session<Real>::step() {
  const Plan& plan = training_.plan;
  Batch<Real> batch = samples_.batch(step_, plan.batch);
  const bool is_last = step_ + 1 == plan.steps;
  const std::uint64_t every = training_.measure.gradient_error;
  const bool measured = every != 0 && (is_last || step_ % every == 0);

  arithmetic_.begin(now());
  const Batch<Real> exact = measured ? batch : Batch<Real>();
  arithmetic_.round(parts_.data, batch.x);
  arithmetic_.round(parts_.label, batch.target);
  const Matrix<Real> y = parts_.network->forward(batch.x, arithmetic_);
  const LossOutcome<Real> outcome = parts_.loss(y, batch.target, scaler_.scale(), arithmetic_);
  parts_.network->backward(outcome.gradient, arithmetic_);
  unscale(scaler_.scale());
  if (measured) measure_gradient(exact);

  const bool finite = gradients_are_finite();
  const OnNonfinite wanted = training_.policy.on_nonfinite;
  if (!finite && wanted == OnNonfinite::error && arithmetic_.first_nonfinite())
    throw Error(note(), "", "the policy's on_nan says \"error\"; \"propagate\" trains on");
  const bool taken = scaler_.update(finite) && (finite || wanted != OnNonfinite::skip_step);
  if (taken)
    parts_.optimizer->step(plan.learning_rate.value(step_, plan.steps, engine_), arithmetic_);
  else
    ++skipped_;
  note_loss(outcome.loss);
  ++step_;
  accumulate_average();
}

template <typename Real>
void Session<Real>::unscale(double scale) {
  if (scale == 1.0) return;
  const auto divisor = static_cast<Real>(scale);
  for (Parameter<Real>* p : parts_.optimizer->parameters()) p->gradient /= divisor;
}

template <typename Real>
bool Session<Real>::gradients_are_finite() const {
  for (const Parameter<Real>* p : parts_.optimizer->parameters()) {
    if (!is_finite(p->gradient)) return false;
  }
  return true;
}

// Full precision sees the weights as layers see them, and the batch before it is rounded. What the
// layers keep of their last forward pass is its own afterwards; nothing reads that before the next.
template <typename Real>
void Session<Real>::measure_gradient(const Batch<Real>& batch) {
  std::vector<Matrix<Real>> gradients;
  for (const Parameter<Real>* p : parts_.optimizer->parameters()) gradients.push_back(p->gradient);
  full_.begin(now());
  const Matrix<Real> y = parts_.network->forward(batch.x, full_);
  parts_.network->backward(parts_.loss(y, batch.target, 1.0, full_).gradient, full_);
  double own = 0;
  double full = 0;
  double both = 0;
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    Parameter<Real>& p = *parts_.optimizer->parameters()[k];
    own += sum_of_squares(gradients[k]);
    full += sum_of_squares(p.gradient);
    both += inner_product(gradients[k], p.gradient);
    p.gradient = gradients[k];
  }
  gradient_error_ = {.norm_ratio = std::sqrt(own / full),
                     .cosine = both / std::sqrt(own * full),
                     .zeta = (own - 2.0 * both + full) / full};
  note_gradient_error();
}

template <typename Real>
void Session<Real>::note_gradient_error() {
  const GradientError& error = *gradient_error_;
  const std::array<std::pair<const char*, double>, 3> values{
      std::pair{"gradient_norm_ratio", error.norm_ratio},
      {"gradient_cosine", error.cosine},
      {"gradient_zeta", error.zeta}};
  gradient_errors_.resize(values.size());
  for (std::size_t k = 0; k < values.size(); ++k) {
    gradient_errors_[k].name = values[k].first;
    gradient_errors_[k].steps.push_back(step_);
    gradient_errors_[k].values.push_back(values[k].second);
  }
}

template <typename Real>
std::vector<Series> Session<Real>::series() const {
  std::vector<Series> all;
  if (!losses_.steps.empty()) all.push_back(losses_);
  // A single point is no curve: the metrics have it.
  for (const Series& curve : gradient_errors_) {
    if (curve.steps.size() > 1) all.push_back(curve);
  }
  return all;
}

template <typename Real>
std::string Session<Real>::note() const {
  const std::optional<Nonfinite>& began = arithmetic_.first_nonfinite();
  if (!began) return {};
  return "numbers that are not finite began at step " + std::to_string(began->step) +
         " at the place " + name_of_place(began->place);
}

// A point of the curve is the mean of the losses since the one before; the last tenth of the steps
// counts for the metrics.
template <typename Real>
void Session<Real>::note_loss(double loss) {
  for (PlateauWatch& watch : plateaus_) watch.note(loss);
  bit_operations_ += parts_.network->bit_operations(arithmetic_) / bit_operations_of_binary32_;
  loss_since_ += loss;
  ++losses_since_;
  const std::uint64_t every = training_.measure.loss;
  if (every != 0 && ((step_ + 1) % every == 0 || step_ + 1 == training_.plan.steps)) {
    losses_.steps.push_back(step_ + 1);
    losses_.values.push_back(loss_since_ / static_cast<double>(losses_since_));
    loss_since_ = 0.0;
    losses_since_ = 0;
  }
  if (!is_late(step_, training_.plan.steps, last_tenth)) return;
  loss_sum_ += loss;
  ++loss_count_;
  stalled_ += parts_.optimizer->stalled();
  moving_ += parts_.optimizer->moving();
}

// a <- a + (w - a) / k after k weights of the share at the end.
template <typename Real>
void Session<Real>::accumulate_average() {
  if (training_.plan.averaged == 0.0 ||
      !is_late(step_ - 1, training_.plan.steps, training_.plan.averaged))
    return;
  const Real share = Real{1} / static_cast<Real>(++averaged_);
  for (std::size_t k = 0; k < average_.size(); ++k)
    average_[k] += (parts_.optimizer->kept(k) - average_[k]) * share;
}

template <typename Real>
typename Session<Real>::Validation Session<Real>::validate(Arithmetic<Real>& arithmetic) {
  constexpr std::uint64_t at_once = 256;
  Validation total;
  const std::uint64_t count = training_.problem.data.validation_samples;
  for (std::uint64_t first = 0; first < count; first += at_once) {
    const std::uint64_t rows = std::min(at_once, count - first);
    Batch<Real> batch = samples_.validation(first, rows);
    // Every part draws bits of its own.
    Moment moment = now();
    moment.step = training_.plan.steps + first / at_once;
    arithmetic.begin(moment, Purpose::validation);
    arithmetic.round(parts_.data, batch.x);
    const Matrix<Real> y = parts_.network->forward(batch.x, arithmetic);
    const LossOutcome<Real> outcome = parts_.loss(y, batch.target, 1.0, arithmetic);
    const double share = static_cast<double>(rows) / static_cast<double>(count);
    total.loss += share * outcome.loss;
    total.correct += share * outcome.correct;
  }
  return total;
}

template <typename Real>
Metrics Session<Real>::measure() {
  Metrics metrics;
  const auto add = [&](std::string_view name, double value) { metrics.push_back({name, value}); };
  if (loss_count_ > 0) add("training_loss", loss_sum_ / static_cast<double>(loss_count_));
  if (training_.problem.data.validation_samples > 0) {
    const Validation last = validate(arithmetic_);
    add("validation_loss", last.loss);
    if (parts_.loss.is_of_classes()) add("validation_accuracy", last.correct);
    add("validation_loss_full", validate(full_).loss);
    if (averaged_ > 0) {
      const std::vector<Parameter<Real>*>& parameters = parts_.optimizer->parameters();
      for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k]->value = average_[k];
      add("validation_loss_average", validate(arithmetic_).loss);
    }
  }
  if (gradient_error_) {
    add("gradient_norm_ratio", gradient_error_->norm_ratio);
    add("gradient_cosine", gradient_error_->cosine);
    add("gradient_zeta", gradient_error_->zeta);
  }
  if (moving_ > 0)
    add("stalled_share", static_cast<double>(stalled_) / static_cast<double>(moving_));
  if (step_ > 0) add("bit_operations", bit_operations_ / static_cast<double>(step_));
  add("skipped_steps", static_cast<double>(skipped_));
  add("loss_scale", scaler_.scale());
  if (arithmetic_.first_nonfinite())
    add("first_nonfinite_step", static_cast<double>(arithmetic_.first_nonfinite()->step));
  return metrics;
}

template <typename Real>
std::string Session<Real>::name_of_place(PlaceNumber place) const {
  return (*training_.policy.places)[place].name;
}

// Bytes from the least significant on; all NaNs count as one, since machines make different ones.
template <typename Real>
std::uint64_t Session<Real>::digest() const {
  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  std::uint64_t hash = fnv_start;
  for (std::size_t k = 0; k < average_.size(); ++k) {
    const Matrix<Real>& w = parts_.optimizer->kept(k);
    for (Eigen::Index i = 0; i < w.size(); ++i) {
      const Real x = w.data()[i];
      const auto bits =
          std::bit_cast<Bits>(std::isnan(x) ? std::numeric_limits<Real>::quiet_NaN() : x);
      std::array<unsigned char, sizeof(Real)> bytes;
      for (std::size_t b = 0; b < bytes.size(); ++b)
        bytes[b] = static_cast<unsigned char>(bits >> (8 * b));
      hash = fnv1a(bytes.data(), bytes.size(), hash);
    }
  }
  return hash;
}

template struct Parts<float>;
template struct Parts<double>;
template class Session<float>;
template class Session<double>;

}  // namespace halfulp::experiments::training
