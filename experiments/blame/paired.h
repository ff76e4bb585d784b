// SPDX-License-Identifier: MIT
//
// Two runs of one document compared repeat by repeat. Repeats of one number share samples, initial
// weights and the random bits of every place that both have, so that what differs between them is
// what the change has caused; intervals are Student's, from the spread of the pairs.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace halfulp::experiments {

// A mean and its 95 % interval; the ends are NaN of a single repeat.
struct Estimate {
  double mean = 0.0, low = 0.0, high = 0.0;
};
// Precondition: there are values.
Estimate mean_of_pairs(const std::vector<double>& values);

struct Comparison {
  std::optional<Estimate> difference;  // of finite numbers
  std::optional<Estimate> ratio;       // of positive ones: geometric mean, interval of logarithms
};
// value less reference, value over reference. Precondition: as many of both.
Comparison compare(const std::vector<double>& values, const std::vector<double>& reference);

std::size_t count_nonfinite(const std::vector<double>& values);

}  // namespace halfulp::experiments
