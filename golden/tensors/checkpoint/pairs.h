// SPDX-License-Identifier: MIT
//
// Which tensors of a checkpoint belong together: codes and their scales, by the names and types
// that those who write such files give them.
//   codes                 scales              scale over all           values
//   NAME                  NAME_scale_inv                               NAME
//   NAME                  NAME_scale          NAME_scale_2             NAME
//   NAME_packed           NAME_scale          NAME_global_scale (1 /)  NAME
//   NAME_blocks, .blocks  NAME_scales, .scales                         NAME
// Codes are F8 of any kind, I8, F4, or U8, which holds two FP4 each; scales beside F8 and I8 are of
// any float type, or U8, which then is E8M0; beside FP4 they are E8M0 (MXFP4) or E4M3 (NVFP4).
// Sources: deepseek-ai/DeepSeek-V3 inference/fp8_cast_bf16.py (scale_inv, which multiplies);
// compressed-tensors 0.12 (packed, global_scale, which divides); NVIDIA ModelOpt 5a4242f
// (scale_2); openai/gpt-oss gpt_oss/torch/weights.py (blocks: 16 bytes of 32 numbers).
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "golden/tensors/parts.h"

namespace halfulp::tensors {

// Which half of a byte holds the first of its two codes.
enum class Nibbles : std::uint8_t { low_first, high_first };

// What the names do not say.
struct PairOptions {
  Nibbles nibbles = Nibbles::low_first;
  bool tiled_scales = false;  // one-byte scales lie as scale_tiles.h says
  // Rows and columns of a block, where they do not follow from the shapes.
  std::optional<std::array<std::size_t, 2>> block = {};
  // Of the values' names those that are wanted; of the others nothing is looked at. None: all.
  std::function<bool(const std::string& name)> wants = {};
};

// Codes and scales as matrices, one after the other. A value stands at (matrix, row, column).
struct ScaledTensor {
  std::string name;  // of the values
  Shape shape;       // likewise
  FoundTensor codes;
  ElementType element;
  bool paired = false;  // two codes a byte
  Nibbles nibbles = Nibbles::low_first;
  std::size_t matrices = 1, rows = 1, columns = 1;

  FoundTensor scales;
  ElementType scale_type;
  bool tiled = false;
  std::size_t scale_matrices = 1, scale_rows = 1, scale_columns = 1;  // 1: one for all of them
  std::size_t block_rows = 1, block_columns = 1;

  std::optional<FoundTensor> global;  // of one element, or of one for every matrix
  bool global_divides = false;
};

struct Checkpoint {
  std::vector<ScaledTensor> scaled;
  std::vector<FoundTensor> others;
};

// Throws Error, naming the tensor: types that do not go together, shapes that do not.
Checkpoint checkpoint_of(const FoundFile& file, const PairOptions& options);

}  // namespace halfulp::tensors
