// SPDX-License-Identifier: MIT
//
// What phases of a policy wait for in a training: losses that have come to rest, gradients that
// have lost their diversity. A watch is told of every step and counts stages, from 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace halfulp::experiments {

// Every `every` steps make an epoch, whose loss is the mean over them. The stage, 0 at first, rises
// where the last `history` epochs' losses L have all |L_i - L_now| / S <= threshold, S being the
// mean of the epochs' losses so far, of the first ten at most; the history begins anew then, and
// the threshold shrinks by `decay`, `decays` times at most.
struct Plateau {
  std::uint64_t every = 1;
  double threshold = 0.05, decay = 0.3;
  std::uint64_t history = 5, decays = 2;
  bool operator==(const Plateau&) const = default;
};

class PlateauWatch {
 public:
  explicit PlateauWatch(const Plateau& rule) : rule_(rule), threshold_(rule.threshold) {}
  // The loss of one step after the other.
  void note(double loss);
  [[nodiscard]] int stage() const { return stage_; }
  [[nodiscard]] const Plateau& rule() const { return rule_; }

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("threshold", threshold_);
    visit("stage", stage_);
    visit("sum", sum_);
    visit("steps", steps_);
    visit("epochs", epochs_);
    visit("first_sum", first_sum_);
    visit("history", history_);
  }

 private:
  void end_epoch(double loss);

  Plateau rule_;
  double threshold_;
  int stage_ = 0;
  double sum_ = 0.0;  // of the epoch's losses so far
  std::uint64_t steps_ = 0, epochs_ = 0;
  double first_sum_ = 0.0;  // of the first epochs' losses
  std::vector<double> history_;
};

// Every `every` steps make an epoch. Diversity is the mean over the parameters of S1 / |S2|^2, S1
// the sum of |g|^2 and S2 the sum of g over the steps of `resolution` epochs. At their end it is
// compared with the largest of this stage so far, D: it becomes D where it is not less; else
// D / diversity above 1 + factor e^(-decay epoch) is a violation, and with `patience` of them the
// stage rises and all begins anew. Epochs are counted from 0 over the whole training.
struct Diversity {
  std::uint64_t every = 1, resolution = 3, patience = 2;
  double factor = 1.5, decay = 0.1;
  bool operator==(const Diversity&) const = default;
};

class DiversityWatch {
 public:
  explicit DiversityWatch(const Diversity& rule) : rule_(rule) {}
  // The gradient of one parameter after the other, in an order that stays; then the step's end.
  void note(std::span<const float> gradient);
  void note(std::span<const double> gradient);
  void end_step();
  [[nodiscard]] int stage() const { return stage_; }
  [[nodiscard]] const Diversity& rule() const { return rule_; }

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("stage", stage_);
    visit("steps", steps_);
    visit("epochs", epochs_);
    visit("violations", violations_);
    visit("largest", largest_);
    visit("sums", sums_);
  }

 private:
  template <typename Real>
  void add(std::span<const Real> gradient);
  // At the end of this epoch.
  void compare(double diversity, std::uint64_t epoch);

  struct Sums {
    double of_squares = 0.0;
    std::vector<double> of_gradients;

    template <typename Visitor>
    void visit_state(Visitor& visit) {
      visit("of_squares", of_squares);
      visit("of_gradients", of_gradients);
    }
  };
  Diversity rule_;
  int stage_ = 0;
  std::uint64_t steps_ = 0, epochs_ = 0, violations_ = 0;
  double largest_ = 0.0;
  std::size_t next_ = 0;  // parameter
  std::vector<Sums> sums_;
};

}  // namespace halfulp::experiments
