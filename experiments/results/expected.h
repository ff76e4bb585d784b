// SPDX-License-Identifier: MIT
//
// The figures that a paper or a derivation gives for an experiment, held against its result. A file
// of data/expected is an object {"experiment", "source", "figures": [...]}; a figure has "what" (a
// line for people), "expected", a tolerance ("relative" or "absolute"), and says what is measured:
//   {"at": {pointer: value}, "metric": name}                    a point's metric
//   {..., "minus": {pointer: value}} or "over"                  its difference or ratio to another
//   {..., "over": ..., "paired": true}                          mean over the repeats, which drew
//                                                               the same numbers, of their ratios
//   {"slope_in": pointer, "at": ..., "metric": ..., "range"}    slope on log-log axes over points;
//                                                               "x": "over_log" takes x / ln x
//   {"in_fit": {...}, "metric": name}      a number of the first record of "fits" that contains it
// "of" is "metrics" (the mean, by default) or "theory". "at" matches the points whose "set"
// contains it; an object inside matches where it is part of the point's. "data" beside "source" is
// a file of the folder data that the experiment needs and that has to be fetched.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

struct Verdict {
  std::string what;
  double measured = 0;  // NaN where the result has no such point
  double expected = 0;
  std::string tolerance{};  // "3 %", "0.05"
  // Of paired figures: how many pairs, and the standard error of their mean.
  std::uint64_t pairs = 0;
  double standard_error = 0;
  bool good = false;
};

// Throws Error (location: the figure) where the expected document is malformed.
std::vector<Verdict> compare_with_expected(const Json& expected, const Json& result);

}  // namespace halfulp::experiments
