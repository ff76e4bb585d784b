// SPDX-License-Identifier: MIT
//
// The tables of results (experiments/results/csv.h) as files.
#pragma once

#include <span>
#include <string>

#include "experiments/results/report.h"

namespace halfulp::cli {

// "t.csv" -> "t-means.csv": where write_csv() puts the second table.
std::string means_path(const std::string& path);

// The table of repeats to `path`, that of the means beside it. "-" prints the first alone. Throws
// Error where a file cannot be written.
void write_csv(std::span<const experiments::NamedResult> results, const std::string& path);

}  // namespace halfulp::cli
