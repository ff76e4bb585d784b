// SPDX-License-Identifier: MIT
//
// Results as a page for people: the plots that a paper would show, tables of every number, the
// configuration and the call that repeats it. The page needs no network, runs no script, and shows
// whatever text a result holds as text.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "experiments/results/figure/plots.h"
#include "formats/json.h"

namespace halfulp::experiments {

struct NamedResult {
  std::string name;  // the file's path, as the reader knows it
  Json result;
};

// Reads a result file. Throws Error naming the place where it is none of `halfulp run`.
NamedResult read_result(const std::string& path);
// At most 64 fields are swept and 64 metrics are measured.
void check_result(const Json& result, const std::string& where);

// What became of points without numbers, for a note: "3 of 24 points diverged: ..."; empty where
// all have one.
std::string loss_words(const Json& result);

// pictures: one SVG text for each of natural_plots(result) in order, over all results.
std::string report_page(std::span<const NamedResult> results,
                        std::span<const std::vector<Plot>> plots,
                        std::span<const std::string> pictures);

}  // namespace halfulp::experiments
