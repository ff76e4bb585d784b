// SPDX-License-Identifier: MIT
//
// How two arrays of codes differ, in the words of a wrong case (mismatch_words.h).
#pragma once

#include <string>

#include "golden/comparison/codes.h"

namespace halfulp::checks {

// A line of counts and, of the first difference, the codes with their bits and the distance. Empty
// where nothing differs.
std::string text_of(const Format& format, const comparison::Differences& differences);

}  // namespace halfulp::checks
