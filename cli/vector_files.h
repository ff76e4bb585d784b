// SPDX-License-Identifier: MIT
//
// What the verbs vectors and check say of files of vectors.
#pragma once

#include <cstdint>
#include <string>

#include "golden/vectors/layout.h"

namespace halfulp::cli {

// Throws Error with the option's name as location.
vectors::Style style_at(const std::string& option, const std::string& name);

// Throws Error where a source has fewer or more cases than it should; `who` says so, as in "its
// head says".
void require_count(const std::string& source, std::uint64_t cases, std::uint64_t wanted,
                   const std::string& who);

}  // namespace halfulp::cli
