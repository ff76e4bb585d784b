// SPDX-License-Identifier: MIT
//
// Which of two results is nearer to the exact one, and how far both are from it. "A test can tell
// that two implementations disagree but not which one is right" (tenstorrent/tt-metal#55879).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "golden/comparison/elements.h"

namespace halfulp::comparison {

// Errors in steps of the format: the rank of the number less the place of the exact one, which
// between two neighbours is that of the lower plus its share of the way to the upper one, and
// beyond the last number goes on in the last step.
struct Errors {
  double sum = 0;       // with their signs
  double absolute = 0;  // without
  double largest = 0;   // without its sign
};

struct Nearness {
  std::uint64_t got_nearer = 0, want_nearer = 0, same = 0;
  std::uint64_t left_out = 0;  // one of the three is not finite
  Errors got, want;
  [[nodiscard]] std::uint64_t measured() const { return got_nearer + want_nearer + same; }
  void add(const Nearness& next);
};

class Ruler {
 public:
  // Throws Error where doubles do not hold the numbers of the format.
  explicit Ruler(const Format& format);

  // Elements with their numbers, and the exact results. skipped: elements that are left out without
  // being counted; empty: none. Sums run from left to right, in binary64.
  [[nodiscard]] Nearness measure(const Elements& got, const Elements& want,
                                 std::span<const double> exact,
                                 const std::vector<bool>& skipped) const;

 private:
  struct Positions;
  [[nodiscard]] Positions positions(std::span<const double> exact) const;

  Format format_;
  Numbering numbering_;
  Decoder decoder_;
  Plan down_, up_;
  double last_step_ = 0;
};

}  // namespace halfulp::comparison
