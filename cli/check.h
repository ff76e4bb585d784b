// SPDX-License-Identifier: MIT
//
// halfulp check in two parts: the verb (check.cc), and the words for a mismatch (check_report.cc).
// What is right, and which known wrong way gives the same, golden/checks decides.
#pragma once

#include <string>

#include "golden/checks/check.h"

namespace halfulp::cli {

// Several lines, or one JSON object.
std::string text_of(const vectors::Calculation& calculation, const checks::Strictness& strictness,
                    const checks::Mismatch& mismatch);
std::string json_text_of(const vectors::Calculation& calculation,
                         const checks::Strictness& strictness, const checks::Mismatch& mismatch);

}  // namespace halfulp::cli
