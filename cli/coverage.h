// SPDX-License-Identifier: MIT
//
// Which classes of cases a file of vectors has: `halfulp vectors --coverage FILE`.
#pragma once

#include <string>

#include "golden/vectors/calculation.h"

namespace halfulp::cli {

// Prints the classes that the operation and its formats may have with the number of cases in each.
// Returns the exit status of the verb: bad where a class is missing. Throws Error.
int print_coverage(const vectors::Calculation& calculation, const std::string& path, bool json);

}  // namespace halfulp::cli
