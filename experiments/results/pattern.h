// SPDX-License-Identifier: MIT
//
// Which points of a result are meant: {pointer: value} names those whose "set" has the value there.
// An object as value is met where it is a part of the point's.
#pragma once

#include <nlohmann/json.hpp>

#include "formats/json.h"

namespace halfulp::experiments {

// Is the pattern equal to the value, or, as an object, a part of it? The empty object is a part of
// itself alone.
inline bool contains(const Json& value, const Json& pattern) {
  if (!pattern.is_object() || !value.is_object()) return value == pattern;
  for (const auto& member : pattern.items()) {
    const auto found = value.find(member.key());
    if (found == value.end() || !contains(*found, member.value())) return false;
  }
  return !pattern.empty() || value.empty();
}

inline bool matches(const Json& set, const Json& at) {
  for (const auto& member : at.items()) {
    const auto found = set.find(member.key());
    if (found == set.end() || !contains(*found, member.value())) return false;
  }
  return true;
}

}  // namespace halfulp::experiments
