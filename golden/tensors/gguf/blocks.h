// SPDX-License-Identifier: MIT
//
// The functions of the table in block_types.cc, a file a family.
#pragma once

#include <cstdint>

namespace halfulp::tensors::gguf {

// 32 numbers with one scale, of 4, 5 and 8 bits: legacy_blocks.cc.
void dequantize_q4_0(const std::uint8_t* block, float* numbers);
void dequantize_q4_1(const std::uint8_t* block, float* numbers);
void dequantize_q5_0(const std::uint8_t* block, float* numbers);
void dequantize_q5_1(const std::uint8_t* block, float* numbers);
void dequantize_q8_0(const std::uint8_t* block, float* numbers);
void dequantize_q8_1(const std::uint8_t* block, float* numbers);
void quantize_q4_0(const float* numbers, std::uint8_t* block);
void quantize_q4_1(const float* numbers, std::uint8_t* block);
void quantize_q5_0(const float* numbers, std::uint8_t* block);
void quantize_q5_1(const float* numbers, std::uint8_t* block);
void quantize_q8_0(const float* numbers, std::uint8_t* block);
void quantize_q8_1(const float* numbers, std::uint8_t* block);

// FP4 under scales of 8 bits, and ternary and binary numbers: small_blocks.cc.
void dequantize_mxfp4(const std::uint8_t* block, float* numbers);
void dequantize_nvfp4(const std::uint8_t* block, float* numbers);
void dequantize_tq1_0(const std::uint8_t* block, float* numbers);
void dequantize_tq2_0(const std::uint8_t* block, float* numbers);
void dequantize_q1_0(const std::uint8_t* block, float* numbers);
void quantize_mxfp4(const float* numbers, std::uint8_t* block);
void quantize_nvfp4(const float* numbers, std::uint8_t* block);
void quantize_tq1_0(const float* numbers, std::uint8_t* block);
void quantize_tq2_0(const float* numbers, std::uint8_t* block);
void quantize_q1_0(const float* numbers, std::uint8_t* block);

// 256 numbers in runs of 16 or 32 whose scales have a scale: k_blocks.cc and k_quantize.cc.
void dequantize_q2_k(const std::uint8_t* block, float* numbers);
void dequantize_q3_k(const std::uint8_t* block, float* numbers);
void dequantize_q4_k(const std::uint8_t* block, float* numbers);
void dequantize_q5_k(const std::uint8_t* block, float* numbers);
void dequantize_q6_k(const std::uint8_t* block, float* numbers);
void dequantize_q8_k(const std::uint8_t* block, float* numbers);
void quantize_q2_k(const float* numbers, std::uint8_t* block);
void quantize_q3_k(const float* numbers, std::uint8_t* block);
void quantize_q4_k(const float* numbers, std::uint8_t* block);
void quantize_q5_k(const float* numbers, std::uint8_t* block);
void quantize_q6_k(const float* numbers, std::uint8_t* block);
void quantize_q8_k(const float* numbers, std::uint8_t* block);

}  // namespace halfulp::tensors::gguf
