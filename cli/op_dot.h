// SPDX-License-Identifier: MIT
//
// halfulp op dot and op sum: dot products, and sums, by a matrix unit or in an order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/unit_options.h"
#include "cli/verb.h"

namespace halfulp::cli {

struct DotOptions {
  UnitOptions arithmetic;
  std::string format;  // of the operands, where the order has an arithmetic of its own
  std::string c;       // what is added where a dot product does not bring it; empty: +0
  std::vector<std::string> tokens;
  RoundingOptions random;  // seed and generator of stochastic steps
  NumberStyle style;
  bool sum = false;  // b is all ones
  bool codes = false, trace = false, json = false, reference = false;
};

// "dot" or "sum".
bool is_dot(std::string_view operation);
void add_dot_options(Parser& parser, DotOptions& options);
// Throws Error where options that do not go with the operation were given.
void require_dot_options(Parser& parser, bool dot);

int answer_dots(const DotOptions& options);

}  // namespace halfulp::cli
