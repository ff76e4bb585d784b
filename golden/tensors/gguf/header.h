// SPDX-License-Identifier: MIT
//
// The header of a GGUF file: what it says of itself, and of every tensor its name, shape, type and
// place. Read are versions 2 and 3, little-endian; written is 3. Source: ggml, docs/gguf.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/files/byte_source.h"
#include "formats/files/safetensors_header.h"

namespace halfulp::tensors::gguf {

struct TensorInfo {
  std::string name;
  Shape shape;  // the last dimension varies fastest; the file has it first
  std::uint32_t type = 0;
  std::uint64_t begin = 0, size = 0;  // in the file; size 0 of types that are not known
};

struct Header {
  std::uint32_t version = 0;
  // Keys with values that are one number, truth value or text of at most 64 KiB; of lists nothing.
  Metadata metadata;
  std::uint64_t alignment = 32;
  std::vector<TensorInfo> tensors;  // in the order of their data
};

// Throws Error: not such a file; another version or byte order; cut off; counts or lengths that the
// file cannot hold; unknown kinds of values; names or keys twice; more than four dimensions; rows
// that are no whole blocks; data that overlap, lie beyond the end, or are not aligned.
Header read_header(const ByteSource& file);

// What stands before the data of tensors that follow each other, each beginning at a multiple of
// 32; `begin` is counted from the end of it. Of the types that metadata may have there are texts
// and, where the text is a number alone, uint32. Throws Error: a name of more than 63 bytes, which
// other readers refuse, or more than four dimensions.
std::string header_text(const Metadata& metadata, const std::vector<TensorInfo>& tensors);

}  // namespace halfulp::tensors::gguf
