// SPDX-License-Identifier: MIT
//
// The steps of a kernel in words.
#pragma once

#include <string>
#include <vector>

#include "golden/sequences/kernel.h"

namespace halfulp::sequences {

// "[..., n]"
std::string words_of(const std::vector<Dimension>& shape);
// "x: [..., n]"
std::string words_of(const Input& input);
// A line a step, "total = sum of e along -1, sequential:binary32"; the steps of a loop are
// indented.
std::vector<std::string> words_of(const std::vector<Step>& steps);

}  // namespace halfulp::sequences
