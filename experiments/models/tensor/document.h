// SPDX-License-Identifier: MIT
//
// The member `problem` of documents that round a tensor (docs/tensor.md), typed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "experiments/policy/layered_policy.h"
#include "formats/json.h"

namespace halfulp::experiments::tensor {

// What numbers are drawn from, independently of each other.
struct Distribution {
  enum class Kind : std::uint8_t {
    normal,       // of this mean and deviation
    uniform,      // from low to high
    log2_normal,  // 2^n, n normal of this mean and deviation, with a sign drawn at random
    ones
  };
  Kind kind = Kind::normal;
  double mean = 0.0, deviation = 1.0;
  double low = 0.0, high = 1.0;
  // A number is multiplied by the factor with the probability of the share.
  double outlier_share = 0.0, outlier_factor = 1.0;
};

struct SecondOperand {
  std::int64_t columns = 1;
  Distribution numbers;
};

// A matrix x; or a product a b of two, a of this shape and b of as many rows as a has columns.
struct Problem {
  std::int64_t rows = 1, columns = 1;
  Distribution numbers;
  std::optional<SecondOperand> second;
  std::int64_t block = 32;  // of which the largest number is looked at
};

struct Rounding {
  Problem problem;
  LayeredPolicy policy;
};

// Throws Error. resolved: with every default filled in.
Problem parse_problem(const Json& value, const std::string& where, Json& resolved);

// Of a tensor x, or of a product a, b and acc.
std::shared_ptr<const Places> places_of(const Problem& problem);

}  // namespace halfulp::experiments::tensor
