// SPDX-License-Identifier: MIT
//
// One operation in given formats, as the verbs op, vectors and check compute it: what the operation
// is, what its operands and its result are, and the engine that answers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/same_file.h"
#include "cli/verb.h"
#include "formats/engine.h"

namespace halfulp::cli {

struct Calculation {
  Op op = Op::add;
  std::vector<Format> inputs;  // one each operand
  Quantizer output;
  const Engine* engine = nullptr;

  [[nodiscard]] bool is_stochastic() const { return halfulp::is_stochastic(output.rounding.mode); }
  [[nodiscard]] Outcome compute(std::span<const Code> operands, std::uint64_t random) const;
  // The same with another rounding, or to another format.
  [[nodiscard]] Outcome compute_as(const Quantizer& other, std::span<const Code> operands,
                                   std::uint64_t random) const;
};

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
Calculation calculation_of(const CalculationOptions& options);
// The files that the options name: descriptions of formats.
std::vector<NamedPath> files_of(const CalculationOptions& options);

// "f16_add", "f32_mulAdd", "ui32_to_f16", "f64_to_i32_rx_minMag": what TestFloat's functions are
// (Berkeley TestFloat 3e, TestFloat-general.html, section 6); absent where the name is none of
// them. exact: functions that round to integers raise inexact (its option -exact).
struct TestFloatFunction {
  Op op = Op::add;
  std::string input, output;  // names of formats
  std::optional<Mode> mode;   // where the name has it
};
std::optional<TestFloatFunction> testfloat_function(std::string_view name, bool exact);

// near_even, near_maxMag, minMag, min, max, odd, also with the r of its options before; absent
// where the name is none of them.
std::optional<Mode> testfloat_mode(std::string_view name);

}  // namespace halfulp::cli
