// SPDX-License-Identifier: MIT
//
// SHA-256 (FIPS 180-4), by which a file names the one that it belongs to.
#pragma once

#include <string>
#include <string_view>

namespace halfulp::vectors {

// 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);

}  // namespace halfulp::vectors
