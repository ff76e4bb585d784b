// SPDX-License-Identifier: MIT
//
// Manual pages in the macros of man(7), made of what the verbs declare.
#pragma once

#include <span>
#include <string>

#include "cli/verb.h"

namespace halfulp::cli {

// halfulp(1): the verbs, and what is common to them.
std::string manual_page(std::span<const Verb> verbs);
// halfulp-VERB(1)
std::string manual_page(const VerbHelp& verb);

}  // namespace halfulp::cli
