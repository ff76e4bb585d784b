// SPDX-License-Identifier: MIT
//
// halfulp check in three parts: what is compared (check.cc), the ways of computing wrongly that may
// explain a mismatch (wrong_ways.cc), and the words (check_report.cc).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/calculation.h"
#include "golden/vectors/layout.h"

namespace halfulp::cli {

// What counts as a mismatch.
struct Strictness {
  bool flags = true;
  bool nan_exact = false;      // every NaN equals every NaN unless set
  bool invalid_exact = false;  // the integer of an invalid conversion is compared
};

struct Mismatch {
  std::string place;  // "standard input, line 7"
  vectors::Case got;
  std::optional<Outcome> want;  // none where an operand is unknown
};

// The calculation as the case says it is rounded.
Quantizer quantizer_of(const Calculation& calculation, const vectors::Case& c);

// Are result and flags of the case those of the outcome? What is unknown of them is not.
bool agrees(const Calculation& calculation, const Strictness& strictness, const vectors::Case& c,
            const Outcome& outcome);

// Names of the known wrong ways that give what the case has, flags too; where there is none, of
// those that give its result, with ", but for the flags".
std::vector<std::string> wrong_ways(const Calculation& calculation, const Strictness& strictness,
                                    const vectors::Case& c);

// Several lines, or one JSON object.
std::string text_of(const Calculation& calculation, const Strictness& strictness,
                    const Mismatch& mismatch);
std::string json_text_of(const Calculation& calculation, const Strictness& strictness,
                         const Mismatch& mismatch);

}  // namespace halfulp::cli
