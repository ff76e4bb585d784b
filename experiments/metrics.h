// SPDX-License-Identifier: MIT
//
// What is measured of a point in a repeat: names with values. A metric that is missing does not
// apply; one that is NaN or infinite does, and training diverged.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halfulp::experiments {

// Of a model, in the order of its results. They outlive all that is named by them.
using MetricNames = std::span<const std::string_view>;

struct Metric {
  std::string_view name;
  double value = 0.0;
};
using Metrics = std::vector<Metric>;

// A number that is measured at several steps of training.
struct Series {
  std::string name;
  std::vector<std::uint64_t> steps;  // increasing
  std::vector<double> values;        // at each of them
  bool operator==(const Series&) const = default;

  template <typename Visitor>
  void visit_state(Visitor& visit) {
    visit("name", name);
    visit("steps", steps);
    visit("values", values);
  }
};

// The value of that name, or nullptr.
inline const double* find_metric(const Metrics& metrics, std::string_view name) {
  for (const Metric& metric : metrics) {
    if (metric.name == name) return &metric.value;
  }
  return nullptr;
}

}  // namespace halfulp::experiments
