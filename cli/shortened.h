// SPDX-License-Identifier: MIT
//
// Lines for people that fit a screen, whatever somebody put into them.
#pragma once

#include <string>

namespace halfulp::cli {

// In at most about 1000 characters: what stands in quotation marks, and words of more than 200
// characters, are cut in the middle to the first and last of their characters, with "..." between;
// then the whole is. What stands at both ends, the place and the remedy, stays.
std::string shortened(const std::string& text);

}  // namespace halfulp::cli
