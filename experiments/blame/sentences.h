// SPDX-License-Identifier: MIT
//
// What was found, in words, for tables, pages and pictures.
#pragma once

#include <string>
#include <vector>

#include "experiments/blame/blame.h"

namespace halfulp::experiments {

// "1.203 [1.18, 1.226]", with the digits that the interval leaves standing; without an interval the
// mean alone.
std::string estimate_words(const Estimate& estimate);
// Compared with full precision, or with the policy: the ratio, the difference where by_ratio is
// false, or "diverged (2 of 4 repeats)". Empty where there is no such number.
enum class Against : std::uint8_t { full, policy };
std::string variant_words(const Variant& variant, Against against, bool by_ratio);

// What was compared, what the policy costs, and which set restores the run: whole sentences.
std::vector<std::string> findings(const Blame& blame);

}  // namespace halfulp::experiments
