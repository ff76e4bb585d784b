// SPDX-License-Identifier: MIT
#include "experiments/policy/watches.h"

#include <algorithm>
#include <cmath>

namespace halfulp::experiments {

void PlateauWatch::note(double loss) {
  sum_ += loss;
  if (++steps_ < rule_.every) return;
  end_epoch(sum_ / static_cast<double>(steps_));
  sum_ = 0.0;
  steps_ = 0;
}

void PlateauWatch::end_epoch(double loss) {
  constexpr std::uint64_t scaling_epochs = 10;
  if (epochs_ < scaling_epochs) {
    first_sum_ += loss;
    ++epochs_;
  }
  history_.push_back(loss);
  if (history_.size() > rule_.history) history_.erase(history_.begin());
  if (history_.size() < rule_.history) return;
  const double scale = first_sum_ / static_cast<double>(epochs_);
  const bool level = std::all_of(history_.begin(), history_.end(), [&](double earlier) {
    return std::abs(earlier - loss) / scale <= threshold_;
  });
  if (!level) return;
  history_.clear();
  if (static_cast<std::uint64_t>(stage_) < rule_.decays) threshold_ *= rule_.decay;
  ++stage_;
}

template <typename Real>
void DiversityWatch::add(std::span<const Real> gradient) {
  if (next_ == sums_.size()) sums_.emplace_back();
  Sums& sums = sums_[next_++];
  sums.of_gradients.resize(gradient.size(), 0.0);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const auto g = static_cast<double>(gradient[i]);
    sums.of_squares += g * g;
    sums.of_gradients[i] += g;
  }
}

void DiversityWatch::note(std::span<const float> gradient) { add(gradient); }
void DiversityWatch::note(std::span<const double> gradient) { add(gradient); }

void DiversityWatch::end_step() {
  next_ = 0;
  if (++steps_ < rule_.every) return;
  steps_ = 0;
  const std::uint64_t epoch = epochs_++;
  if (epochs_ % rule_.resolution != 0) return;
  double mean = 0.0;
  for (const Sums& sums : sums_) {
    double square = 0.0;
    for (const double g : sums.of_gradients) square += g * g;
    mean += sums.of_squares / square;
  }
  compare(mean / static_cast<double>(sums_.size()), epoch);
  sums_.clear();
}

// Rounded to 2^-40: libraries of mathematics differ in the exponential's last bit.
void DiversityWatch::compare(double diversity, std::uint64_t epoch) {
  if (!(diversity < largest_)) {
    largest_ = diversity;
    return;
  }
  constexpr double grid = 0x1p40;
  const double growth = rule_.factor * std::exp(-rule_.decay * static_cast<double>(epoch));
  const double threshold = 1.0 + std::nearbyint(growth * grid) / grid;
  if (!(largest_ / diversity > threshold) || ++violations_ < rule_.patience) return;
  violations_ = 0;
  largest_ = 0.0;
  ++stage_;
}

}  // namespace halfulp::experiments
