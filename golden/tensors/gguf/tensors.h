// SPDX-License-Identifier: MIT
//
// Tensors out of GGUF files and into them, in blocks (block_types.h).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "golden/tensors/gguf/block_types.h"
#include "golden/tensors/gguf/header.h"
#include "golden/tensors/value_encoder.h"

namespace halfulp::tensors::gguf {

struct GgufFile {
  // Blocks become numbers of the encoder's type, by way of binary32; plain types stay as they are.
  // `give` is empty where the type is not implemented.
  std::vector<PartedTensor> tensors;
  Metadata metadata;
};

// Throws Error as read_header does.
GgufFile parted_tensors(const std::shared_ptr<const ByteSource>& file, const ValueEncoder& encoder);

// The blocks of numbers in rows. Throws Error where a row is no whole number of blocks, naming the
// tensor. Precondition: as many numbers as the shape says. threads: 0: all processors.
Bytes quantized(const BlockType& type, const Heading& heading, std::span<const float> numbers,
                int threads = 0);
// The numbers of blocks; all NaN are the positive one. Precondition: whole blocks.
std::vector<float> dequantized(const BlockType& type, ByteView blocks);

// A tensor in blocks, to be written.
struct BlockTensor {
  std::string name;
  Shape shape;
  Bytes blocks;
};
// A GGUF file of them, whole or not at all. Throws Error as header_text does, or unwritable.
void write(const std::string& path, const BlockType& type, const Metadata& metadata,
           const std::vector<BlockTensor>& tensors);

}  // namespace halfulp::tensors::gguf
