// SPDX-License-Identifier: MIT
#include "capi/status.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string_view>

namespace halfulp::capi {
namespace {

// Cut where it is too long, between characters of UTF-8.
void copy_text(std::string_view text, char* out, std::size_t size) {
  std::size_t length = std::min(text.size(), size - 1);
  const auto continues = [&](std::size_t i) {
    return (static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U;
  };
  while (length < text.size() && length > 0 && continues(length)) --length;
  std::memcpy(out, text.data(), length);
  out[length] = '\0';
}

void set_error(halfulp_error* error, std::string_view place, std::string_view message,
               std::string_view remedy) {
  if (error == nullptr) return;
  copy_text(place, error->place, sizeof error->place);
  copy_text(message, error->message, sizeof error->message);
  copy_text(remedy, error->remedy, sizeof error->remedy);
}

}  // namespace

halfulp_status status_of_exception(halfulp_status refused, halfulp_error* error) noexcept {
  constexpr std::string_view report = "this is a fault of the library's: please report it";
  try {
    throw;
  } catch (const Error& thrown) {
    set_error(error, thrown.location(), thrown.message(), thrown.hint());
    return dynamic_cast<const BadArgument*>(&thrown) != nullptr ? HALFULP_BAD_ARGUMENT : refused;
  } catch (const std::bad_alloc&) {
    set_error(error, "", "there is not enough memory", "");
    return HALFULP_OUT_OF_MEMORY;
  } catch (const std::length_error&) {  // more than any memory has
    set_error(error, "", "there is not enough memory", "");
    return HALFULP_OUT_OF_MEMORY;
  } catch (const std::exception& thrown) {
    set_error(error, "", thrown.what(), report);
  } catch (...) {
    set_error(error, "", "something that is no exception of C++ was thrown", report);
  }
  return HALFULP_INTERNAL;
}

void require(const void* argument, const char* name) {
  if (argument == nullptr) throw BadArgument("is NULL", name, "give it");
}

void write_text(const std::string& text, char* buffer, std::size_t size, std::size_t* length) {
  if (size != 0) {
    require(buffer, "buffer");
    copy_text(text, buffer, size);
  }
  if (length != nullptr) *length = text.size();
}

}  // namespace halfulp::capi
