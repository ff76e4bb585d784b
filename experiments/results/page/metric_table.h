// SPDX-License-Identifier: MIT
//
// The numbers of a result as tables: a row a point.
#pragma once

#include <string>

#include "experiments/results/figure/swept.h"

namespace halfulp::experiments {

// "1.250 ± 0.012": the digits of a mean that its error leaves standing; six of them where the error
// is not a positive number.
std::string with_error(double mean, double error);

// One folded table for each metric of a result, as HTML.
std::string metric_tables(const Json& result);

}  // namespace halfulp::experiments
