// SPDX-License-Identifier: MIT
//
// A preset with the kinds of formats that it is for, as its table has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/presets.h"

namespace halfulp {

// A set of kinds.
struct PeerKinds {
  std::uint32_t bits = 0;
  [[nodiscard]] constexpr bool has(PeerKind kind) const {
    return ((bits >> static_cast<int>(kind)) & 1) != 0;
  }
};
constexpr PeerKinds operator|(PeerKinds a, PeerKinds b) { return {a.bits | b.bits}; }

template <typename... Kinds>
constexpr PeerKinds of(Kinds... kinds) {
  return {((std::uint32_t{1} << static_cast<int>(kinds)) | ...)};
}

template <typename Preset, typename Choice>
struct PresetEntry {
  Preset preset;
  PeerKinds kinds;                                   // that the peer treats as the preset says
  std::vector<std::pair<PeerKinds, Choice>> others;  // and those that it treats otherwise
  std::string_view known;
};

// `own`: what the preset says.
template <typename Preset, typename Choice>
std::optional<Choice> choice_for(const PresetEntry<Preset, Choice>& entry, const Choice& own,
                                 PeerKind kind) {
  if (entry.kinds.has(kind)) return own;
  for (const auto& [kinds, choice] : entry.others) {
    if (kinds.has(kind)) return choice;
  }
  return std::nullopt;
}

}  // namespace halfulp
