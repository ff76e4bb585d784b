// SPDX-License-Identifier: MIT
//
// The names that Berkeley TestFloat 3e has for functions and rounding modes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/operation.h"
#include "formats/rounding.h"

namespace halfulp::vectors {

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

}  // namespace halfulp::vectors
