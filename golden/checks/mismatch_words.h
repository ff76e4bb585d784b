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

}  // namespace halfulp::checks
