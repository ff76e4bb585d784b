// SPDX-License-Identifier: MIT
//
// When a phase of a policy is in force: between two steps or shares of the training; while a cosine
// gives a number of bits (CPT: Fu et al., arXiv 2101.09868, and its released code); or while the
// losses have reached a plateau so and so often (PFQ: Fu et al., arXiv 2012.13113, and its released
// code); or while the gradients' diversity has fallen so and so often (MuPPET: Rajagopal et al.,
// arXiv 2006.09049, and its released code).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/policy/watches.h"
#include "formats/json.h"

namespace halfulp::experiments {

// Bits over `cycles` equal parts of the training, of T steps each:
//   rint(least + (most - least) (1 + cos(pi (t mod T) / T + pi)) / 2), halves to even.
// After the last step they stay what they were in it.
struct Cyclic {
  std::uint64_t cycles = 1;
  int least = 0, most = 0;

  [[nodiscard]] int bits(std::uint64_t step, std::uint64_t steps) const;
  bool operator==(const Cyclic&) const = default;
};

// A step of a training, and how far its losses and gradients have come.
struct Moment {
  std::uint64_t step = 0, steps = 1;
  // Stage 0 of those that are not there.
  const std::vector<PlateauWatch>* plateaus = nullptr;
  const std::vector<DiversityWatch>* diversities = nullptr;
};

struct Period {
  enum class Kind : std::uint8_t {
    steps,    // from step `first` (0 is the first) to before step `last`
    shares,   // the same of shares of all steps; a `last` of 1 has no end, so that what is computed
              // after the last step is in force still
    cyclic,   // while the cosine gives `value` bits
    plateau,  // while the losses' stage is `value`
    diversity,  // while the gradients' stage is `value`
  };
  Kind kind = Kind::steps;
  double first = 0.0, last = 0.0;
  Cyclic cyclic{};
  Plateau plateau{};
  Diversity diversity{};
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
