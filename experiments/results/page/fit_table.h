// SPDX-License-Identifier: MIT
//
// The fits of a result in words: a table for each law and what it is fitted to, a row a group.
#pragma once

#include <string>

#include "formats/json.h"

namespace halfulp::experiments {

// As HTML; empty where the result has no fits.
std::string fit_tables(const Json& result);

}  // namespace halfulp::experiments
