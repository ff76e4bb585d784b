// SPDX-License-Identifier: MIT
#include "experiments/blame/delta_debugging.h"

#include <algorithm>
#include <optional>

namespace halfulp::experiments {
namespace {

// Where piece i of n begins.
std::size_t start_of(std::size_t i, std::size_t pieces, std::size_t size) {
  return i * size / pieces;
}

// The first of the pieces, or of what is left without each of them, that has the property.
std::optional<Members> first_with(const Members& set, std::size_t pieces, bool complements,
                                  const std::function<bool(const Members&)>& has) {
  for (std::size_t i = 0; i < pieces; ++i) {
    const auto first = static_cast<std::ptrdiff_t>(start_of(i, pieces, set.size()));
    const auto last = static_cast<std::ptrdiff_t>(start_of(i + 1, pieces, set.size()));
    Members part(set.begin() + first, set.begin() + last);
    if (complements) {
      part.assign(set.begin(), set.begin() + first);
      part.insert(part.end(), set.begin() + last, set.end());
    }
    if (has(part)) return part;
  }
  return std::nullopt;
}

}  // namespace

Members minimal_subset(Members set, const std::function<bool(const Members&)>& has) {
  std::size_t pieces = 2;
  while (set.size() > 1) {
    if (std::optional<Members> piece = first_with(set, pieces, false, has)) {
      set = std::move(*piece);
      pieces = 2;
      continue;
    }
    // Of two pieces each is what the other leaves.
    if (pieces > 2) {
      if (std::optional<Members> rest = first_with(set, pieces, true, has)) {
        set = std::move(*rest);
        pieces = std::max<std::size_t>(pieces - 1, 2);
        continue;
      }
    }
    if (pieces == set.size()) break;
    pieces = std::min(set.size(), 2 * pieces);
  }
  return set;
}

}  // namespace halfulp::experiments
