// SPDX-License-Identifier: MIT
//
// The kinds of fits, each with what reads its document and what computes its records. A record
// repeats what was asked, and has either the numbers or "error" with the reason.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/fits/fit_point.h"
#include "formats/json.h"

namespace halfulp::experiments {

struct FitKind {
  const char* name;
  // The checked document of a fit, defaults filled in. The caller sees to unknown members. Throws
  // Error.
  Json (*check)(ObjectReader& reader, const FitScope& scope);
  // Appends the records of one fit.
  void (*compute)(const Json& fit, const std::vector<FitPoint>& points, Json& records);
};

// A fit is marked as a misfit where a true one would look as bad with less than this probability.
inline constexpr double misfit_probability = 0.01;

Json check_power_law(ObjectReader& reader, const FitScope& scope);
void compute_power_law(const Json& fit, const std::vector<FitPoint>& points, Json& records);

Json check_power_law_floor(ObjectReader& reader, const FitScope& scope);
void compute_power_law_floor(const Json& fit, const std::vector<FitPoint>& points, Json& records);

Json check_joint_power_law(ObjectReader& reader, const FitScope& scope);
void compute_joint_power_law(const Json& fit, const std::vector<FitPoint>& points, Json& records);

Json check_precision_law(ObjectReader& reader, const FitScope& scope);
void compute_precision_law(const Json& fit, const std::vector<FitPoint>& points, Json& records);

Json check_effective_size(ObjectReader& reader, const FitScope& scope);
void compute_effective_size(const Json& fit, const std::vector<FitPoint>& points, Json& records);

Json check_effective_sizes(ObjectReader& reader, const FitScope& scope);
void compute_effective_sizes(const Json& fit, const std::vector<FitPoint>& points, Json& records);

}  // namespace halfulp::experiments
