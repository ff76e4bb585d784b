// SPDX-License-Identifier: MIT
//
// The name of this engine, which its plans bear.
#pragma once

#include <string_view>

namespace halfulp::reference {

inline constexpr std::string_view engine_name = "reference";

}  // namespace halfulp::reference
