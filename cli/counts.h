// SPDX-License-Identifier: MIT
//
// Counts on the command line: 10000 and 1e6 and 2.5e3 are numbers of cases, 1.5 is none.
#pragma once

#include <cstdint>
#include <string>

namespace halfulp::cli {

// A whole number in decimal digits, which may have a point and a decimal exponent, from least to
// most. Throws Error, without a location.
std::uint64_t parse_count(const std::string& text, std::uint64_t least = 0,
                          std::uint64_t most = UINT64_MAX);

}  // namespace halfulp::cli
