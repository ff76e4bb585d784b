// SPDX-License-Identifier: MIT
//
// What `halfulp run` shows of a result at its end: a line a point, the swept values in words, the
// metric that a reader looks for first. The file has the rest.
#pragma once

#include <string>

#include "formats/json.h"

namespace halfulp::cli {

// result: of experiments::run. Empty where it has no points.
std::string run_table(const Json& result);

// "3 of 24 points diverged: ..." for standard error; empty where none did.
std::string divergence_note(const Json& result);

}  // namespace halfulp::cli
