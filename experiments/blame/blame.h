// SPDX-License-Identifier: MIT
//
// Which place of a policy costs what. Every part of the policy (parts.h) is run alone in low
// precision, with all others in full, and alone in full, with all others in low; all over the same
// repeats, compared pair by pair (paired.h). The first says what a part does by itself, the second
// what is won by giving it up. Then delta debugging (delta_debugging.h) looks for a small set of
// parts whose full precision restores the run.
//
// Full precision is the policy's native carrier at every place; loss scale, optimizer and all else
// stay as the policy has them. A policy that makes an error of numbers that are not finite
// propagates them here, so that a run that diverges is a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "experiments/blame/options.h"
#include "experiments/blame/paired.h"
#include "experiments/blame/parts.h"
#include "formats/engine.h"
#include "formats/json.h"

namespace halfulp::experiments {

// The metric of one policy in every repeat.
struct Variant {
  std::vector<double> values;
  std::size_t diverged = 0;  // how many of them are infinite or NaN
  Comparison to_full, to_policy;
};

struct PartBlame {
  std::string name;
  std::vector<std::string> places;
  Variant alone_low, alone_full;
};

// When a run counts as restored: every repeat is finite, and it is not worse than full precision by
// more than the bound.
struct Restoration {
  bool by_ratio = true;  // the bound is of the ratio to full precision, else of the difference
  double bound = 0.0;
  bool diverged = false;   // the policy itself diverges
  bool uncertain = false;  // the interval of what the policy costs includes nothing
};

struct MinimalSet {
  std::vector<std::size_t> parts;  // in full precision; by their number in Blame::parts
  Variant variant;
};

struct Blame {
  Json document;  // resolved; its policy is what is blamed
  By by = By::use;
  std::string metric;
  bool larger_is_better = false;
  Variant full, policy;
  std::vector<PartBlame> parts;            // the worst alone in low precision first
  std::optional<double> tolerance;         // as in the options
  std::optional<Restoration> restoration;  // none where the policy costs nothing that shows
  std::optional<MinimalSet> minimal;       // 1-minimal
  std::size_t variants = 0, searched = 0;  // policies that were run, and how many for the search
};

// Has every variant that is finite a ratio to full precision? Then ratios say it best, else
// differences do.
bool speaks_in_ratios(const Blame& blame);
// By how much a variant is worse than full precision: its ratio, or its difference, turned so that
// larger is worse; infinite where a repeat diverged.
double harm_of(const Variant& variant, bool by_ratio, bool larger_is_better);

// document: one point, without sweep. where: its path, for messages and for the files it names.
// Throws Error: the document is wrong or has no policy, the metric is unknown, a run fails, full
// precision itself diverges; and Stopped.
Blame blame(const Json& document, const std::string& where, const Engine& engine,
            const BlameOptions& options);

// For scripts; numbers that there are not are null.
Json to_json(const Blame& blame);

}  // namespace halfulp::experiments
