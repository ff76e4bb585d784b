// SPDX-License-Identifier: MIT
//
// A study and its points as fits see them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

struct Policy;

// What the document of a fit may name.
struct FitScope {
  std::vector<std::string> swept;    // pointers of the sweep
  std::vector<std::string> metrics;  // the first stands for all where a kind of fit needs none
};

// What the sweep set, the whole document, its policy, by its name each metric that the point has,
// in every repeat (none for a point that failed), and what theory says of it where there is one.
struct FitPoint {
  const Json* set = nullptr;
  const Json* document = nullptr;
  const Policy* policy = nullptr;
  std::map<std::string, std::vector<double>, std::less<>> metrics;
  std::map<std::string, double, std::less<>> theory;

  // The repeats of a metric, or nullptr.
  [[nodiscard]] const std::vector<double>* repeats_of(const std::string& metric) const {
    const auto found = metrics.find(metric);
    return found == metrics.end() ? nullptr : &found->second;
  }
};

}  // namespace halfulp::experiments
