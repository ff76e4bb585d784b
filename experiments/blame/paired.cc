// SPDX-License-Identifier: MIT
#include "experiments/blame/paired.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/results/fits/distributions.h"
#include "formats/error.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments {

Estimate mean_of_pairs(const std::vector<double>& values) {
  HALFULP_REQUIRE(!values.empty(), "a mean is of one value or more");
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double x : values) sum += x / n;
  if (values.size() < 2) {
    const double unknown = std::numeric_limits<double>::quiet_NaN();
    return {.mean = sum, .low = unknown, .high = unknown};
  }
  double squares = 0;
  for (const double x : values) squares += (x - sum) * (x - sum) / (n - 1);
  const double reach = student_95(n - 1) * std::sqrt(squares / n);
  return {.mean = sum, .low = sum - reach, .high = sum + reach};
}

Comparison compare(const std::vector<double>& values, const std::vector<double>& reference) {
  HALFULP_REQUIRE(values.size() == reference.size(), "pairs are of two values");
  Comparison comparison;
  if (count_nonfinite(values) + count_nonfinite(reference) > 0) return comparison;
  std::vector<double> differences;
  std::vector<double> logarithms;
  for (std::size_t i = 0; i < values.size(); ++i) {
    differences.push_back(values[i] - reference[i]);
    if (values[i] > 0 && reference[i] > 0)
      logarithms.push_back(reference::logarithm(values[i]) - reference::logarithm(reference[i]));
  }
  comparison.difference = mean_of_pairs(differences);
  if (logarithms.size() < values.size()) return comparison;
  const Estimate log = mean_of_pairs(logarithms);
  const auto power = [](double x) { return std::isnan(x) ? x : reference::exponential(x); };
  comparison.ratio =
      Estimate{.mean = power(log.mean), .low = power(log.low), .high = power(log.high)};
  return comparison;
}

std::size_t count_nonfinite(const std::vector<double>& values) {
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [](double x) { return !std::isfinite(x); }));
}

}  // namespace halfulp::experiments
