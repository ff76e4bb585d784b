// SPDX-License-Identifier: MIT
//
// The border of the C functions: whatever is thrown within becomes a status and a text of the
// caller's; nothing passes.
#pragma once

#include <cstddef>
#include <string>

#include "capi/halfulp.h"
#include "formats/error.h"

namespace halfulp::capi {

// What the exception that is being handled says. refused: the status of an Error, which has what a
// caller did wrong.
halfulp_status status_of_exception(halfulp_status refused, halfulp_error* error) noexcept;

template <typename Work>
halfulp_status guarded(halfulp_status refused, halfulp_error* error, const Work& work) noexcept {
  try {
    work();
    return HALFULP_OK;
  } catch (...) {
    return status_of_exception(refused, error);
  }
}
// A call with handles at hand.
template <typename Work>
halfulp_status answered(halfulp_error* error, const Work& work) noexcept {
  return guarded(HALFULP_BAD_ARGUMENT, error, work);
}

// An argument that cannot be, of a call whose other errors are of descriptions.
class BadArgument : public Error {
 public:
  using Error::Error;
};
// Throws BadArgument where an argument that is needed is NULL.
void require(const void* argument, const char* name);
// The same of an array of so many elements.
inline void require_array(const void* array, std::size_t count, const char* name) {
  if (count != 0) require(array, name);
}

// Text as snprintf has it (halfulp.h).
void write_text(const std::string& text, char* buffer, std::size_t size, std::size_t* length);

}  // namespace halfulp::capi
