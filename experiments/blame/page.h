// SPDX-License-Identifier: MIT
//
// A blame as a page that needs no network: what was found, the picture, the numbers, and the
// document that it is about.
#pragma once

#include <string>

#include "experiments/blame/blame.h"

namespace halfulp::experiments {

// name: of the document's file, where the document has no name of its own.
std::string blame_page(const Blame& blame, const std::string& name);

}  // namespace halfulp::experiments
