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

#include "experiments/results/plots.h"
#include "formats/json.h"

namespace halfulp::experiments {

struct NamedResult {
  std::string name;  // the file's path, as the reader knows it
  Json result;
};

// Reads a result file. Throws Error naming the place where it is none of `halfulp run`.
NamedResult read_result(const std::string& path);
void check_result(const Json& result, const std::string& where);

// pictures: one SVG text for each of natural_plots(result) in order, over all results.
std::string report_page(std::span<const NamedResult> results,
                        std::span<const std::vector<Plot>> plots,
                        std::span<const std::string> pictures);

}  // namespace halfulp::experiments
