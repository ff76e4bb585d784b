// SPDX-License-Identifier: MIT
//
// What a policy says of one place of a network.
#pragma once

#include <cstdint>
#include <vector>

#include "experiments/policy/rule.h"
#include "experiments/policy/transform.h"

namespace halfulp::experiments {

// What the backward pass takes of an operand that the forward pass has rounded already.
enum class Reuse : std::uint8_t {
  requantize,      // the number before rounding, rounded by the rule of this place
  forward_copy,    // the forward pass's rounded numbers, as they are
  high_precision,  // the number before rounding
};

// What the derivative of a rounding is taken to be.
struct RoundingGradient {
  enum class Kind : std::uint8_t {
    straight_through,  // 1
    clipped,           // 1 within the format's largest numbers, else 0
    dge,               // of a soft step between two neighbours (arXiv 2501.17116)
    zero
  };
  Kind kind = Kind::straight_through;
  double k = 5.0, cap = 3.0;  // of dge
  bool operator==(const RoundingGradient&) const = default;
};

// All that is said of one place: what rounds there, one after another, or one format under a
// transform, and for operands of products what the backward pass makes of it. Without rules the
// place is native. A parsed record is the only one of its meaning: it has no rules where they would
// take no part, nor `high_precision`, which is no rules.
struct PlaceRecord {
  std::vector<Rule> rules;
  Transform transform = {};  // about the only rule, a format
  Reuse reuse = Reuse::requantize;
  RoundingGradient gradient;

  [[nodiscard]] bool is_native() const { return rules.empty(); }
  bool operator==(const PlaceRecord&) const = default;
};
// One each of the places, in their order.
using Records = std::vector<PlaceRecord>;

}  // namespace halfulp::experiments
