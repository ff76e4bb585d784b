// SPDX-License-Identifier: MIT
//
// When a phase of a policy is in force: between two steps or shares of the training; while a cosine
// gives a number of bits (CPT: Fu et al., arXiv 2101.09868, and its released code); or while the
// losses have reached a plateau so and so often (PFQ: Fu et al., arXiv 2012.13113, and its released
// code).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

// Bits over `cycles` equal parts of the training, of T steps each:
//   rint(least + (most - least) (1 + cos(pi (t mod T) / T + pi)) / 2), halves to even.
struct Cyclic {
  std::uint64_t cycles = 1;
  int least = 0, most = 0;

  [[nodiscard]] int bits(std::uint64_t step, std::uint64_t steps) const;
  bool operator==(const Cyclic&) const = default;
};

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

// A step of a training, and how far its losses have come.
struct Moment {
  std::uint64_t step = 0, steps = 1;
  const std::vector<PlateauWatch>* plateaus = nullptr;  // stage 0 of those that are not there
};

struct Period {
  enum class Kind : std::uint8_t {
    steps,    // from step `first` (0 is the first) to before step `last`
    shares,   // the same of shares of all steps; a `last` of 1 has no end, so that what is computed
              // after the last step is in force still
    cyclic,   // while the cosine gives `value` bits
    plateau,  // while the stage is `value`
  };
  Kind kind = Kind::steps;
  double first = 0.0, last = 0.0;
  Cyclic cyclic{};
  Plateau plateau{};
  int value = 0;

  [[nodiscard]] bool holds(const Moment& moment) const;
  bool operator==(const Period&) const = default;
};

// One period; or of {"cyclic"} without "at" one of each number of bits. Throws Error.
std::vector<Period> parse_periods(const Json& value, const std::string& where);
// A value that parse_periods() reads as this period alone.
Json to_json(const Period& period);

// The value with every "{bits}" in its texts made this number. Throws Error at `where` where there
// is none.
Json with_bits(const Json& value, int bits, const std::string& where);

}  // namespace halfulp::experiments
