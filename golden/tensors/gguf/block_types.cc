// SPDX-License-Identifier: MIT
#include "golden/tensors/gguf/block_types.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "formats/error.h"
#include "golden/tensors/gguf/blocks.h"

namespace halfulp::tensors::gguf {
namespace {

constexpr const char* prefix = "gguf_";

// In the order of their numbers.
constexpr std::array<BlockType, 34> table{{
    {0, "F32", 1, 4, "float32", nullptr, nullptr},
    {1, "F16", 1, 2, "float16", nullptr, nullptr},
    {2, "Q4_0", 32, 18, "", dequantize_q4_0, quantize_q4_0},
    {3, "Q4_1", 32, 20, "", dequantize_q4_1, quantize_q4_1},
    {6, "Q5_0", 32, 22, "", dequantize_q5_0, quantize_q5_0},
    {7, "Q5_1", 32, 24, "", dequantize_q5_1, quantize_q5_1},
    {8, "Q8_0", 32, 34, "", dequantize_q8_0, quantize_q8_0},
    {9, "Q8_1", 32, 36, "", dequantize_q8_1, quantize_q8_1},
    {10, "Q2_K", 256, 84, "", dequantize_q2_k, quantize_q2_k},
    {11, "Q3_K", 256, 110, "", dequantize_q3_k, quantize_q3_k},
    {12, "Q4_K", 256, 144, "", dequantize_q4_k, quantize_q4_k},
    {13, "Q5_K", 256, 176, "", dequantize_q5_k, quantize_q5_k},
    {14, "Q6_K", 256, 210, "", dequantize_q6_k, quantize_q6_k},
    {15, "Q8_K", 256, 292, "", dequantize_q8_k, quantize_q8_k},
    {16, "IQ2_XXS", 256, 66, "", nullptr, nullptr},
    {17, "IQ2_XS", 256, 74, "", nullptr, nullptr},
    {18, "IQ3_XXS", 256, 98, "", nullptr, nullptr},
    {19, "IQ1_S", 256, 50, "", nullptr, nullptr},
    {20, "IQ4_NL", 32, 18, "", nullptr, nullptr},
    {21, "IQ3_S", 256, 110, "", nullptr, nullptr},
    {22, "IQ2_S", 256, 82, "", nullptr, nullptr},
    {23, "IQ4_XS", 256, 136, "", nullptr, nullptr},
    {24, "I8", 1, 1, "int8", nullptr, nullptr},
    {25, "I16", 1, 2, "int16", nullptr, nullptr},
    {26, "I32", 1, 4, "int32", nullptr, nullptr},
    {27, "I64", 1, 8, "int64", nullptr, nullptr},
    {28, "F64", 1, 8, "float64", nullptr, nullptr},
    {29, "IQ1_M", 256, 56, "", nullptr, nullptr},
    {30, "BF16", 1, 2, "bfloat16", nullptr, nullptr},
    {34, "TQ1_0", 256, 54, "", dequantize_tq1_0, quantize_tq1_0},
    {35, "TQ2_0", 256, 66, "", dequantize_tq2_0, quantize_tq2_0},
    {39, "MXFP4", 32, 17, "", dequantize_mxfp4, quantize_mxfp4},
    {40, "NVFP4", 64, 36, "", dequantize_nvfp4, quantize_nvfp4},
    {41, "Q1_0", 128, 18, "", dequantize_q1_0, quantize_q1_0},
}};

}  // namespace

std::span<const BlockType> block_types() { return table; }

const BlockType* find_block_type(std::uint32_t id) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const BlockType& type) { return type.id == id; });
  return found == table.end() ? nullptr : &*found;
}

std::string gguf_name(const BlockType& type) {
  std::string name = prefix;
  for (const char* c = type.name; *c != '\0'; ++c)
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
  return name;
}

bool is_gguf_name(const std::string& name) { return name.starts_with(prefix); }

const BlockType& block_type_of_name(const std::string& name) {
  std::vector<std::string> names;
  for (const BlockType& type : table) {
    if (type.quantize == nullptr && gguf_name(type) != name) continue;
    names.push_back(gguf_name(type));
    if (names.back() != name) continue;
    if (type.quantize != nullptr) return type;
    throw Error("nothing is rounded to " + std::string(type.name) + " here", "",
                *type.plain != '\0' ? "round to the number format instead"
                                    : "`dequantize` lists such tensors only");
  }
  const std::string hint = suggest(name, names);
  throw Error(
      "unknown type of GGUF \"" + name + "\"", "",
      hint.empty() ? "there are gguf_q4_0, gguf_q8_0, gguf_q4_k, gguf_mxfp4 and others" : hint);
}

}  // namespace halfulp::tensors::gguf
