// SPDX-License-Identifier: MIT
//
// Lines of IBM's FPgen test suite ("Floating-Point Test-Suite for IEEE", syntax of the test cases):
//   FORMATS OPERATION MODE [TRAPPED] OPERANDS -> RESULT [FLAGS]
// FORMATS is b32, b64 or b128, once where all are one format, else those of the operands and then
// that of the result; other formats stand in braces under the name that they have here. Binary
// numbers are +1.7FFFFFP127, the digits behind the point being the fraction field as an integer;
// below the least normal number +0.000001P-126; +Zero, +Inf, Q and S (a quiet and a signalling
// NaN, which lose sign and fraction). Integers are +12. Modes: > < 0 =0 =^. Flags: x u o z i, and v
// and w for u.
#pragma once

#include <string>
#include <string_view>

#include "golden/vectors/layout.h"

namespace halfulp::vectors {

class Fptest {
 public:
  // Throws Error where the style has no word for the operation, its formats or its mode.
  explicit Fptest(const Layout& layout);

  void append(const Case& c, std::string& text) const;

  enum class Line : std::uint8_t { a_case, another, nothing };
  // `another`: of another operation or of other formats, or without a result to compare (under a
  // trap). `nothing`: blank. Throws Error where it is no line of the syntax.
  Line read(std::string_view line, Case& c) const;

  // Does a line look like a test case, not like the prose at the beginning of a file?
  static bool is_case(std::string_view line);

 private:
  void append_number(const Format& format, Code code, std::string& text) const;
  [[nodiscard]] Code parse_number(const Format& format, std::string_view text) const;

  const Layout layout_;
  std::string head_;  // formats and operation
  std::string mode_;
};

}  // namespace halfulp::vectors
