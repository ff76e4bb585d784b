// SPDX-License-Identifier: MIT
//
// The options of the verbs op, vectors and check that say which operation is computed, in which
// formats, how its results are rounded and which engine answers.
#pragma once

#include <string>
#include <vector>

#include "cli/same_file.h"
#include "cli/verb.h"
#include "golden/vectors/calculation.h"

namespace halfulp::cli {

// The options that say which calculation is meant, and the words behind them.
struct CalculationOptions {
  std::string operation;         // a name of formats/operation.h or of a TestFloat function
  std::string format, to, from;  // texts; format may list one each operand
  RoundingOptions rounding;
  bool exact = false;  // of TestFloat's functions that round to integers: they raise inexact
  bool reference = false;
};
// --format, --to, --from, --reference, all of the rounding, and what TestFloat calls -exact, under
// the names given.
void add_calculation(Parser& parser, CalculationOptions& options,
                     const std::string& exact_names = "--exact,--testfloat-exact");
// Throws Error with the option's name as location.
vectors::Calculation calculation_of(const CalculationOptions& options);
// "F,G" in two, but for commas inside of JSON.
std::vector<std::string> listed(const std::string& text);
// The files that the options name: descriptions of formats.
std::vector<NamedPath> files_of(const CalculationOptions& options);

}  // namespace halfulp::cli
