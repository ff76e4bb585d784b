// SPDX-License-Identifier: MIT
//
// The element types of GGUF files: how many numbers a block has, in how many bytes, what numbers
// they are, and how llama.cpp's reference functions (quantize_row_*_ref, without an importance
// matrix) round numbers to them, step by step in binary32. Source: ggml 0.13.1, ggml-common.h for
// the layouts, ggml-quants.c for the steps.
//
// What C leaves open there, conversions of NaN and of numbers beyond an integer's, is as x86 has
// it (numbers.h); of NaN results only that they are NaN counts. Contracted products (fma), which
// some builds of ggml have, are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace halfulp::tensors::gguf {

struct BlockType {
  std::uint32_t id;      // in the file
  const char* name;      // "Q4_0"
  std::size_t elements;  // of a block
  std::size_t bytes;     // of a block
  const char* plain;     // the element type of formats that are no blocks: "float16"; else ""
  // One block; null where it is not implemented.
  void (*dequantize)(const std::uint8_t* block, float* numbers);
  void (*quantize)(const float* numbers, std::uint8_t* block);
};

std::span<const BlockType> block_types();
// Null where there is none of the number.
const BlockType* find_block_type(std::uint32_t id);

// Of the names that `halfulp quantize --to` takes: "gguf_q4_0". Throws Error with the nearest.
bool is_gguf_name(const std::string& name);
const BlockType& block_type_of_name(const std::string& name);
std::string gguf_name(const BlockType& type);

}  // namespace halfulp::tensors::gguf
