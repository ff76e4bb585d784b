// SPDX-License-Identifier: MIT
//
// A safetensors file whatever its elements are: the header's length in eight bytes, the header
// (safetensors_header.h), the data of one tensor after the other. Source:
// github.com/huggingface/safetensors, README "Format", and safetensors/src/tensor.rs at version
// 0.8.0 for what it refuses.
#pragma once

#include <string>
#include <string_view>

#include "formats/files/bytes.h"
#include "formats/files/safetensors_header.h"

namespace halfulp::tensors {

struct SafetensorsLayout {
  SafetensorsHeader header;  // entries in the order of their data
  ByteView data;             // of all of them, in the file

  [[nodiscard]] ByteView data_of(const SafetensorsEntry& entry) const {
    return data.subspan(entry.begin, entry.end - entry.begin);
  }
};

// The bytes outlive what is answered. Throws Error: cut off; a header beyond 100 MB, or that is not
// such a JSON object; data that overlap or leave a hole.
SafetensorsLayout safetensors_layout(ByteView file);

// The same of a file of so many bytes whose data are not at hand. The length is told by its first
// eight bytes, or as many as it has; text is the header, behind them. Both throw as above.
inline constexpr std::size_t safetensors_length_size = 8;
std::uint64_t safetensors_header_length(ByteView beginning, std::uint64_t file_size);
SafetensorsHeader safetensors_header(std::string_view text, std::uint64_t data_size);

// What stands before the data, whose first byte is then a multiple of eight. Throws Error where the
// header is too long.
std::string safetensors_start(const SafetensorsHeader& header);

}  // namespace halfulp::tensors
