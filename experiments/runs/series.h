// SPDX-License-Identifier: MIT
//
// Numbers over repeats and over steps: standard errors, and series as JSON.
#pragma once

#include <vector>

#include "experiments/models/model.h"
#include "formats/json.h"

namespace halfulp::experiments {

// The number that number_json() wrote. Throws Error.
double number_of(const Json& value);

// Null with a single repeat, whose scatter nothing tells.
Json standard_error(const std::vector<double>& values, double mean);

// {name: {"steps": [...], "values": [...]}}, and back; throws Error on anything else.
Json to_json(const std::vector<Series>& series);
std::vector<Series> series_from_json(const Json& value);

// {name: {"steps": [...], "mean": [...], "stderr": [...]}} over the repeats; empty where there are
// none. Precondition: every repeat has the same names and steps.
Json mean_series_json(const std::vector<RepeatOutcome>& outcomes);

}  // namespace halfulp::experiments
