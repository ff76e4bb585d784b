// SPDX-License-Identifier: MIT
//
// A safetensors file whatever its elements are: the header's length in eight bytes, the header
// (safetensors_header.h), the data of one tensor after the other. Source:
// github.com/huggingface/safetensors, README "Format", and safetensors/src/tensor.rs at version
// 0.8.0 for what it refuses.
#pragma once

#include <string>
#include <string_view>

#include "formats/files/byte_source.h"
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

// The same of a file of which no more than the header is read.
struct SafetensorsIndex {
  SafetensorsHeader header;      // entries in the order of their data
  std::uint64_t data_begin = 0;  // where in the file offsets count from
};
SafetensorsIndex safetensors_index(const ByteSource& file);

// What stands before the data, whose first byte is then a multiple of eight. Throws Error where the
// header is too long.
std::string safetensors_start(const SafetensorsHeader& header);

}  // namespace halfulp::tensors
