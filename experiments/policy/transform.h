// SPDX-License-Identifier: MIT
//
// What a policy does to a tensor about its rounding, in this order:
//   1. hadamard: every block of n numbers of a row is multiplied by the orthonormal Hadamard matrix
//      of n rows (Sylvester's), after signs that are drawn at random where that is asked for. Both
//      operands of a product are, with the same signs, so that their product needs no inverse
//      (QuIP, arXiv 2307.13304; for training arXiv 2502.20586).
//   2. clamp: every row is clamped to its quantiles 1 - q and q; what that cut off may be added
//      after the rounding as it is (arXiv 2501.17116).
//   3. normalize: divided by s before and multiplied by s after. `l2`: s is the Euclidean norm, of
//      the tensor or of each row (QSGD, arXiv 1610.02132). `delayed`: s = 2^margin amax / m, where
//      m is the format's largest number and amax the largest magnitude, or the most recent, that
//      step 2 left of the same tensor in the last `history` steps; 1 in the first (Transformer
//      Engine's DelayedScaling). Scales that follow from the tensor itself, its largest magnitude
//      or its mean, are block formats (formats/block.h).
//   4. pre_factor p: an element is round(p x / S), and is worth S / p times that, S being the scale
//      that the format gives x without the factor. 3/4 leaves room under the scales of MX, which
//      are rounded down, so that stochastic rounding clips nothing (arXiv 2502.20586).
//   5. running_range m: a format with zero points takes its range from the tensor while training,
//   and
//      beside it the running means low and high of those ranges, low <- low + m (least - low); what
//      is computed to look at the result is clamped to [low, high] and has that range (FracTrain,
//      arXiv 2012.13113; Jacob et al., arXiv 1712.05877).
// networks/transformed_rounder.h has the arithmetic.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "experiments/policy/rule.h"

namespace halfulp::experiments {

struct Hadamard {
  int block = 1;  // a power of two; 1: none
  bool random_signs = false;
  bool operator==(const Hadamard&) const = default;
};

struct Clamp {
  double quantile = 1.0;   // 1: none
  bool adds_rest = false;  // what was cut off, after the rounding
  bool operator==(const Clamp&) const = default;
};

struct Normalization {
  enum class Kind : std::uint8_t { none, l2, delayed };
  Kind kind = Kind::none;
  bool by_row = false;           // l2
  std::uint64_t history = 1024;  // steps; delayed, as the rest
  int margin = 0;
  bool most_recent = false;
  bool operator==(const Normalization&) const = default;
};

struct Transform {
  Hadamard hadamard;
  Clamp clamp;
  Normalization normalize;
  double pre_factor = 1.0;
  double running_range = 0.0;  // 0: none

  [[nodiscard]] bool is_none() const { return *this == Transform(); }
  bool operator==(const Transform&) const = default;
};

// Throws Error at `where` or below.
Transform parse_transform(const Json& value, const std::string& where);
// Precondition: the rule is a format. Throws Error at `where` or below where it does not go with
// the transform.
void require_transformable(const Transform& transform, const Rule& rule, const std::string& where);
// Only what is asked for, in full; read, it is the transform.
Json to_json(const Transform& transform);

}  // namespace halfulp::experiments
