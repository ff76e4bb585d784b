// SPDX-License-Identifier: MIT
//
// Results as tidy tables (Wickham, Tidy Data, 2014), for pandas, R and the like: a column a
// variable, a row an observation. Two tables: one of every repeat, one of the means.
//   repeats: result, point, the swept fields, metric, repeat, value
//   means:   result, point, the swept fields, metric, mean, stderr, theory, repeats, error
// `result` is the file's name, `point` the index into its points, `repeat` that of the draws: rows
// of equal result, metric and repeat are pairs. A field is called by the end of its pointer, as far
// back as tells the fields apart ("sketch_size"; "feature_eps" beside "label_eps"). A point that
// failed has one row, among the means, whose metric is empty and whose error says why. Numbers have
// all their digits, with NaN, Inf and -Inf as R and pandas read them; what there is not is empty.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "experiments/results/report.h"

namespace halfulp::experiments {

using TextSink = std::function<void(std::string_view)>;

// A result without repeats (`--no-repeats`) has no rows. The results have passed check_result().
void write_repeats_csv(std::span<const NamedResult> results, const TextSink& out);
void write_means_csv(std::span<const NamedResult> results, const TextSink& out);

}  // namespace halfulp::experiments
