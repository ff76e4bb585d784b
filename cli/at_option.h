// SPDX-License-Identifier: MIT
//
// Where an error is: libraries know no options, so the verbs say which one brought what is wrong.
#pragma once

#include <string>

#include "formats/error.h"

namespace halfulp::cli {

// What make answers; an Error that it throws gets the option before its location.
template <typename Make>
auto at_option(const std::string& option, const Make& make) {
  try {
    return make();
  } catch (const Error& error) {
    throw error.at(option);
  }
}

}  // namespace halfulp::cli
