// SPDX-License-Identifier: MIT
//
// What tells this build from every other: a hash over the sources of the formats and the emulator
// and over the compiler and its options (cmake/source_identity.cmake). Whatever is kept on disk for
// later processes is good for those of the same build only.
#pragma once

#include <string_view>

namespace halfulp::emulator {

std::string_view build_identity();  // 32 hexadecimal digits

}  // namespace halfulp::emulator
