// SPDX-License-Identifier: MIT
#include "experiments/models/training/session.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "experiments/hash.h"
#include "formats/error.h"

namespace halfulp::experiments::training {
namespace {

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

template <typename Real>
std::vector<PlaceNumber> places_of_weights(const Optimizer<Real>& optimizer) {
  std::vector<PlaceNumber> places;
  for (std::size_t k = 0; k < optimizer.parameters().size(); ++k)
    places.push_back(optimizer.place_of_weights(k));
  return places;
}

// Is a step among the last `share` of all?
bool is_late(std::uint64_t step, std::uint64_t steps, double share) {
  return static_cast<double>(step) >= (1.0 - share) * static_cast<double>(steps);
}

constexpr double last_tenth = 0.1;

}  // namespace

template <typename Real>
Parts<Real>::Parts(const Problem& problem, const Plan& plan)
    : data(places.add("", "problem", "data")),
      label(places.add("", "problem", "label")),
      network(make_network<Real>(problem.network, places)),
      loss(places, problem.loss),
      optimizer(std::make_unique<Optimizer<Real>>(plan.optimizer, parameters_of(*network), places)),
      exchange(optimizer->parameters(), plan.workers, places) {}

std::shared_ptr<const Places> places_of(const Problem& problem, const Plan& plan) {
  Places places = Parts<double>(problem, plan).places.places();
  // Along the sums of wgrad lies a worker's part of the batch.
  for (NamedPlace& place : places) {
    if (place.op == "matmul" && (place.use == "x.wgrad" || place.use == "g.wgrad"))
      place.columns = plan.batch / plan.workers;
  }
  return std::make_shared<const Places>(std::move(places));
}

template <typename Real>
Session<Real>::Session(const Training& training, const Machine& machine)
    : training_(training),
      parts_(training.problem, training.plan),
      arithmetic_(machine, training.policy),
      full_policy_(native_policy(training.policy.places, training.policy.native)),
      full_(machine, full_policy_),
      samples_(training.problem, machine),
      scaler_(training.policy.loss_scale),
      plateaus_(training.policy.plateau_watches()),
      diversities_(training.policy.diversity_watches()),
      place_shares_(training.policy, places_of_weights(*parts_.optimizer)),
      engine_(*machine.engine) {
  begin_parameters(parts_.optimizer->parameters(), machine);
  arithmetic_.begin(now());
  parts_.optimizer->begin(arithmetic_);
  bit_operations_of_binary32_ = 3.0 * 32.0 * 32.0 * training.problem.network.multiplications();
  for (const Parameter<Real>* p : parts_.optimizer->parameters())
    average_.push_back(Matrix<Real>::Zero(p->rows, p->columns));
}

template <typename Real>
bool Session<Real>::is_due(std::uint64_t every) const {
  return every != 0 && (step_ % every == 0 || step_ + 1 == training_.plan.steps);
}

template <typename Real>
void Session<Real>::step() {
  const Plan& plan = training_.plan;
  const bool is_anchor =
      parts_.optimizer->reduction() != nullptr && step_ % plan.optimizer.inner == 0;
  if (is_anchor) set_anchor();
  const bool counts = is_due(training_.measure.places);
  arithmetic_.count(counts);
  const double step_size = plan.learning_rate.value(step_, plan.steps, engine_);
  const Batch<Real> batch = samples_.batch(step_, plan.batch);
  const double loss = exchange_gradients(batch, step_size);
  if (is_due(training_.measure.gradient_error)) measure_gradient(batch);
  note_diversity();
  const bool taken = update_weights(step_size);
  if (counts) place_shares_.note(step_, arithmetic_, *parts_.optimizer);
  bit_operations_ += parts_.network->bit_operations(arithmetic_) / bit_operations_of_binary32_;
  note_moves(taken);
  note_loss(loss);
  ++step_;
  accumulate_average();
}

// Every worker's part of the batch in turn; leaves the gradients that all train on.
template <typename Real>
double Session<Real>::exchange_gradients(const Batch<Real>& batch, double step_size) {
  const auto workers = static_cast<Eigen::Index>(training_.plan.workers);
  const Eigen::Index rows = batch.x.rows() / workers;
  double loss = 0.0;
  for (Eigen::Index worker = 0; worker < workers; ++worker) {
    Batch<Real> part{.x = batch.x.middleRows(worker * rows, rows),
                     .target = batch.target.middleRows(worker * rows, rows)};
    arithmetic_.begin(now(), Purpose::training, static_cast<std::uint64_t>(worker));
    arithmetic_.round(parts_.data, part.x);
    arithmetic_.round(parts_.label, part.target);
    loss += differentiate(part, scaler_.scale(), arithmetic_) / static_cast<double>(workers);
    if (parts_.optimizer->reduction() != nullptr)
      reduce_variance(part, scaler_.scale(), arithmetic_);
    parts_.exchange.send(static_cast<std::uint64_t>(worker), step_size, arithmetic_);
  }
  arithmetic_.begin(now());
  parts_.exchange.receive(arithmetic_);
  return loss;
}

template <typename Real>
double Session<Real>::differentiate(const Batch<Real>& batch, double scale,
                                    Arithmetic<Real>& arithmetic) {
  const Matrix<Real> y = parts_.network->forward(batch.x, arithmetic);
  const LossOutcome<Real> outcome = parts_.loss(y, batch.target, scale, arithmetic);
  parts_.network->backward(outcome.gradient, arithmetic);
  unscale(scale);
  return outcome.loss;
}

// The weights as they are kept, and the gradient over all samples, in full precision.
template <typename Real>
void Session<Real>::set_anchor() {
  constexpr std::uint64_t at_once = 256;
  VarianceReduction<Real>& reduction = *parts_.optimizer->reduction();
  const std::vector<Parameter<Real>*>& parameters = parts_.optimizer->parameters();
  std::vector<Matrix<Real>> kept;
  for (std::size_t k = 0; k < parameters.size(); ++k) kept.push_back(parts_.optimizer->kept(k));
  reduction.start(std::move(kept));
  const std::vector<Matrix<Real>> seen = see_anchor();
  full_.begin(now());
  const std::uint64_t samples = training_.problem.data.samples;
  for (std::uint64_t first = 0; first < samples; first += at_once) {
    const std::uint64_t count = std::min(at_once, samples - first);
    differentiate(samples_.in_order(first, count), 1.0, full_);
    reduction.add(static_cast<Real>(static_cast<double>(count) / static_cast<double>(samples)));
  }
  arithmetic_.begin(now());
  reduction.finish(arithmetic_);
  for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k]->value = seen[k];
}

// Lets layers see the anchor; answers what they saw.
template <typename Real>
std::vector<Matrix<Real>> Session<Real>::see_anchor() {
  std::vector<Matrix<Real>> seen;
  for (Parameter<Real>* p : parts_.optimizer->parameters())
    seen.push_back(std::exchange(p->value, parts_.optimizer->reduction()->anchor(seen.size())));
  return seen;
}

// The same batch at the anchor, with the random bits that it had at the weights.
template <typename Real>
void Session<Real>::reduce_variance(const Batch<Real>& batch, double scale,
                                    Arithmetic<Real>& arithmetic) {
  VarianceReduction<Real>& reduction = *parts_.optimizer->reduction();
  const std::vector<Parameter<Real>*>& parameters = parts_.optimizer->parameters();
  std::vector<Matrix<Real>> gradients;
  for (const Parameter<Real>* p : parameters) gradients.push_back(p->gradient);
  const std::vector<Matrix<Real>> seen = see_anchor();
  differentiate(batch, scale, arithmetic);
  for (std::size_t k = 0; k < parameters.size(); ++k) parameters[k]->value = seen[k];
  reduction.correct(gradients);
}

// Answers whether the step was taken.
template <typename Real>
bool Session<Real>::update_weights(double step_size) {
  const bool finite = gradients_are_finite();
  const OnNonfinite wanted = training_.policy.on_nonfinite;
  if (!finite && wanted == OnNonfinite::error && arithmetic_.first_nonfinite())
    throw Error(note(), "", "the policy's on_nan says \"error\"; \"propagate\" trains on");
  const bool taken = scaler_.update(finite) && (finite || wanted != OnNonfinite::skip_step);
  if (taken) {
    parts_.optimizer->step(step_size, arithmetic_);
  } else {
    parts_.optimizer->skip();
    ++skipped_;
  }
  return taken;
}

// A training stalls where no weight that had an update has moved for a hundred steps.
template <typename Real>
void Session<Real>::note_moves(bool taken) {
  if (!taken) return;
  const Moves moves = total(parts_.optimizer->moves());
  if (is_late(step_, training_.plan.steps, last_tenth)) {
    late_moves_.moving += moves.moving;
    late_moves_.stalled += moves.stalled;
  }
  still_ = moves.moving > 0 && moves.stalled == moves.moving ? still_ + 1 : 0;
  const std::uint64_t enough = std::min<std::uint64_t>(100, training_.plan.steps);
  if (still_ == enough && !first_stalled_) first_stalled_ = step_ + 1 - enough;
}

template <typename Real>
void Session<Real>::note_diversity() {
  for (DiversityWatch& watch : diversities_) {
    for (const Parameter<Real>* p : parts_.optimizer->parameters())
      watch.note(numbers_of(p->gradient));
    watch.end_step();
  }
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
  differentiate(batch, 1.0, full_);
  if (parts_.optimizer->reduction() != nullptr) reduce_variance(batch, 1.0, full_);
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
  if (training_.measure.places != 0) {
    const std::vector<Series>& shares = place_shares_.series();
    all.insert(all.end(), shares.begin(), shares.end());
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
  spikes_.note(loss);
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
  if (step_ > 0) add("loss_spikes", static_cast<double>(spikes_.count()));
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
  if (late_moves_.moving > 0)
    add("stalled_share",
        static_cast<double>(late_moves_.stalled) / static_cast<double>(late_moves_.moving));
  if (step_ > 0) add("bit_operations", bit_operations_ / static_cast<double>(step_));
  add("skipped_steps", static_cast<double>(skipped_));
  add("loss_scale", scaler_.scale());
  if (first_stalled_) add("first_stalled_step", static_cast<double>(*first_stalled_));
  if (arithmetic_.first_nonfinite())
    add("first_nonfinite_step", static_cast<double>(arithmetic_.first_nonfinite()->step));
  return metrics;
}

template <typename Real>
std::string Session<Real>::name_of_place(PlaceNumber place) const {
  return (*training_.policy.places)[place].name;
}

template <typename Real>
std::uint64_t Session<Real>::digest() const {
  std::uint64_t hash = fnv_start;
  for (std::size_t k = 0; k < average_.size(); ++k) {
    hash = fnv1a(numbers_of(parts_.optimizer->kept(k)), hash);
  }
  return hash;
}

template struct Parts<float>;
template struct Parts<double>;
template class Session<float>;
template class Session<double>;

}  // namespace halfulp::experiments::training
