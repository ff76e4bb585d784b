// SPDX-License-Identifier: MIT
//
// Step sizes over the steps t = 0 .. T - 1:
//
//   constant      value
//   linear        from + (to - from) t / T
//   cosine        to + (from - to) (1 + cos(pi t / T)) / 2, the cosine correctly rounded
//   inverse_sqrt  value / sqrt(t + 1)
//   steps         value times factor for every share of `at` that t / T has reached
//
// each times (t + 1) / (warmup + 1) before step `warmup`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/engine.h"
#include "formats/json.h"

namespace halfulp::experiments::training {

struct Schedule {
  enum class Kind : std::uint8_t { constant, linear, cosine, inverse_sqrt, steps };
  Kind kind = Kind::constant;
  double from = 0.0, to = 0.0;  // from: of constant, inverse_sqrt and steps the value
  double factor = 0.1;
  std::vector<double> at;
  std::uint64_t warmup = 0;

  [[nodiscard]] double value(std::uint64_t step, std::uint64_t steps, const Engine& engine) const;
};

// A number, which is constant, or an object. Throws Error.
Schedule parse_schedule(const Json& value, const std::string& where, Json& resolved);

}  // namespace halfulp::experiments::training
