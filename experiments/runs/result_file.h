// SPDX-License-Identifier: MIT
//
// From the outcomes of all repeats to the result file: means and standard errors, theory beside
// them, digests, fits. Sums run over the repeats in increasing order, members stand in a fixed
// order, numbers are written in their shortest round-trip form.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "experiments/models/model.h"
#include "experiments/study/sweep.h"
#include "formats/json.h"

namespace halfulp::experiments {

// The members halfulp, document, points and fits. outcomes: of every point, one a repeat in order.
// with_repeats: each metric says what it was in every repeat. Throws Stopped where *stop is set.
Json make_result(const Study& study, const std::vector<std::vector<RepeatOutcome>>& outcomes,
                 bool with_repeats = true, const std::atomic<bool>* stop = nullptr);

// What stands in halfulp.result_digest: FNV-1a, 64 bits in hexadecimal, over the compact texts of
// `halfulp` (without the digest), of `document`, of every point and of `fits`, each ended by a NUL.
// result: an object with an object `halfulp`.
std::string result_digest(const Json& result);

std::size_t count_failed(const Json& result);

// Of a point of a result file: is the metric (is any metric) infinite or NaN, in the mean or in a
// repeat? Never throws, whatever stands there.
bool has_diverged(const Json& point, const std::string& metric);
bool has_diverged(const Json& point);

// One point's outcome of one repeat, to a journal and back. names: the metrics that there are.
// Throws Error on anything else.
Json to_json(const RepeatOutcome& outcome);
RepeatOutcome outcome_from_json(const Json& value, MetricNames names);

// What a journal and a result must have in common to belong together, besides the hash. schema: the
// form of results, and what the same document means; 2 since the fields of formats/random.h.
extern const char* const version;
inline constexpr int schema = 2;

}  // namespace halfulp::experiments
