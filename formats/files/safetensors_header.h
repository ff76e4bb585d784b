// SPDX-License-Identifier: MIT
//
// The header of a safetensors file: {"name": {"dtype": "F16", "shape": [2, 3], "data_offsets":
// [0, 12]}, ..., "__metadata__": {"key": "text", ...}}. Here is what one can say of it without the
// data; safetensors_layout.h has the rest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace halfulp::tensors {

using Shape = std::vector<std::int64_t>;

// NumPy's limit.
inline constexpr std::size_t most_dimensions = 64;

using Metadata = std::vector<std::pair<std::string, std::string>>;
inline constexpr const char* metadata_key = "__metadata__";

struct SafetensorsEntry {
  std::string name;
  std::string type;  // "F16"; any text
  Shape shape;       // at most 64 dimensions, each at most 2^60
  std::uint64_t begin = 0, end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;
  Metadata metadata;
};

// Both in the order of the text. Throws Error: no JSON, other keys or other kinds of value than
// these, a key that is missing or stands twice.
SafetensorsHeader parse_safetensors_header(std::string_view text);

// The JSON text, as short as can be.
std::string safetensors_header_text(const SafetensorsHeader& header);

}  // namespace halfulp::tensors
