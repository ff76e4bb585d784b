// SPDX-License-Identifier: MIT
//
// A wrong case in words: its operands with their bits, what was got and wanted, the exact result,
// the distance, and the known wrong ways that give the same.
#pragma once

#include <string>

#include "golden/checks/check.h"

namespace halfulp::checks {

// Several lines, or one JSON object.
std::string text_of(const vectors::Calculation& calculation, const Strictness& strictness,
                    const Mismatch& mismatch);
std::string json_text_of(const vectors::Calculation& calculation, const Strictness& strictness,
                         const Mismatch& mismatch);

// A code with its bits and its value: "3C01  0|01111|0000000001  1.001".
std::string code_line(const Format& format, Code code);
// Of got from want in ulp: "-2"; empty where there is no distance.
std::string distance_text(const Format& format, Code got, Code want);

}  // namespace halfulp::checks
