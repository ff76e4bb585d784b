// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "formats/error.h"

namespace halfulp {

// What the Error says that the work throws; "no error" where it throws none.
inline std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace halfulp
