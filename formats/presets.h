// SPDX-License-Identifier: MIT
//
// What standards, libraries and processors do where a conversion has a choice, by name. A peer says
// so for the formats that it knows, and not for all of them the same: a preset holds kind by kind,
// and is refused where its peer says nothing. The kinds are those that some peer treats unlike
// others; `halfulp formats --markdown` prints the table of presets by kind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json.h"
#include "formats/rounding.h"

namespace halfulp {

enum class PeerKind : std::uint8_t {
  wide_float,         // a sign, infinities, two zeros; 32 bits and more
  half_float,         // the same of 9 to 31 bits
  small_float,        // the same of at most 8 bits: E5M2
  finite_float,       // a sign, NaN, no infinities, two zeros; at most 8 bits: E4M3FN
  one_zero,           // a sign, one zero, no infinities; at most 8 bits: FNUZ, P3109
  p3109_signed,       // a sign, one zero, infinities or more than 8 bits
  scale_with_zero,    // no sign, a zero, one NaN: UE4M3, P3109
  numbers_only,       // a sign, every code a number; at most 6 bits: FP6, FP4
  wide_numbers_only,  // every code a number, others: Tesla's, Arm's alternative half
  power_of_two,       // no sign, no zero, no fraction: E8M0
  other_float,        // DLFloat16, the unsigned floats of OpenGL
  integer,
  unsigned_integer,
  fixed,  // with fraction bits
  affine,
  tapered,  // posits and takums
  logarithmic,
  codebook,
};
inline constexpr int peer_kind_count = 18;

PeerKind peer_kind_of(const Format& format);

struct PeerKindEntry {
  PeerKind kind;
  std::string_view name;     // "float with infinities, at most 8 bits"
  std::string_view example;  // a format of it: a name, or JSON
};
const std::vector<PeerKindEntry>& peer_kinds();  // one each kind, in its order

// What an overflow preset's peer does for a kind of format: the preset's own rule, another, or
// nothing where the peer says nothing.
std::optional<Overflow> rule_for(const OverflowPreset& preset, PeerKind kind);
// "ONNX has ...": the formats that the peer has.
std::string_view known_to(const OverflowPreset& preset);
// Throws Error: unknown (with a suggestion), or not for the format (with the reason).
Overflow parse_overflow(std::string_view name, const Format& format);
// The first preset that is this rule for the format; empty where none is.
std::string_view preset_name_of(const Overflow& rule, const Format& format);

// The same of presets of rounding.
std::optional<Rounding> rounding_for(const RoundingPreset& preset, PeerKind kind);
std::string_view known_to(const RoundingPreset& preset);
Rounding parse_rounding_preset(std::string_view name, const Format& format);

// In documents, where the format is known. Throws Error where a preset is not for it.
Overflow overflow_from_json(const Json& value, const std::string& where, const Format& format);
Json to_json(const Overflow& overflow, const Format& format);  // a preset's name, or its axes
Rounding rounding_from_json(ObjectReader& reader, const Format& format, const Rounding& otherwise);

}  // namespace halfulp
