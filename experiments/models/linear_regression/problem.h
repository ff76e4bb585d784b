// SPDX-License-Identifier: MIT
//
// High-dimensional linear regression as Lin, Wu, Kakade, Bartlett and Lee set it up (arXiv
// 2406.08466, section 2): x ~ N(0, diag(lambda)), y = <w, x> + noise, features z = S x of a random
// sketch S with independent N(0, 1/M) entries, one pass of SGD over fresh samples. What a document
// says about it, typed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/machine.h"
#include "formats/json.h"

namespace halfulp::experiments::linear_regression {

struct Teacher {
  enum class Kind : std::uint8_t {
    constant,  // w_i = value
    gaussian,  // w_i ~ N(0, 1), drawn for each repeat
    source,    // w_i ~ N(0, i^-exponent / lambda_i), drawn: E[lambda_i w_i^2] = i^-exponent
    list,
  };
  Kind kind = Kind::constant;
  double value = 1.0;
  double exponent = 1.5;
  std::vector<double> list;
};

struct Problem {
  std::size_t dimension = 0;
  std::vector<double> spectrum;  // lambda_i, i = 1..d: i^-a correctly rounded, or as listed
  Teacher teacher;
  double noise_variance = 1.0;
  std::size_t sketch_size = 0;  // 0: no sketch, the features are x
  std::size_t test_samples = 4096;

  [[nodiscard]] std::size_t features() const { return sketch_size == 0 ? dimension : sketch_size; }
};

struct Training {
  enum class Schedule : std::uint8_t { constant, geometric_decay };
  enum class Averaging : std::uint8_t { none, uniform, tail };
  std::size_t samples = 0;
  std::size_t batch = 1;
  double step_size = 0.1;
  Schedule schedule = Schedule::constant;
  Averaging averaging = Averaging::uniform;
  double tail_fraction = 0.5;
  double initial = 0.0;  // every weight's first value

  [[nodiscard]] std::size_t steps() const { return samples / batch; }
  // Steps between two halvings of the step size: floor(T / log2 T), all T steps where it is
  // constant. log2 T is exact for a power of two, else the quotient of two correctly rounded
  // logarithms.
  [[nodiscard]] std::size_t stage_length() const;
  // The first step (counted from 0) whose weights belong to the average. Without averaging the
  // metrics of the average are those of all steps.
  [[nodiscard]] std::size_t first_averaged() const;
};

// `resolved` becomes the same object with every default filled in. Throw Error.
Problem parse_problem(const Json& value, const std::string& where, Json& resolved);
Training parse_training(const Json& value, const std::string& where, Json& resolved);

// w of one repeat.
std::vector<double> draw_teacher(const Problem& problem, const Machine& machine);
// E[w_i^2].
std::vector<double> teacher_second_moments(const Problem& problem);

}  // namespace halfulp::experiments::linear_regression
