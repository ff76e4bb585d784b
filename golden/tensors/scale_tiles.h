// SPDX-License-Identifier: MIT
//
// The order in which block-scaled matrix instructions read their scales: a matrix of one-byte
// scales, a row for each row of the operand, is padded to whole tiles of 128 rows and 4 columns;
// tiles follow each other row after row; within a tile the scale of (row, column) stands at byte
//   16 * (row mod 32) + 4 * (row div 32) + column.
// Source: NVIDIA cuBLAS documentation, "1D Block Scaling Factors Layout", which MXFP8, MXFP4
// and NVFP4 share; cutlass 7107b05 (Sm1xxBlockScaledConfig) lays them out likewise.
#pragma once

#include <cstddef>

#include "golden/tensors/tensor.h"

namespace halfulp::tensors {

inline constexpr std::size_t tile_rows = 128;
inline constexpr std::size_t tile_columns = 4;

// How many whole tiles a matrix of scales takes, down and across.
struct ScaleTiles {
  std::size_t down = 0, across = 0;
  [[nodiscard]] std::size_t bytes() const { return down * across * tile_rows * tile_columns; }
  // The place of a scale. Precondition: within the tiles.
  [[nodiscard]] std::size_t place(std::size_t row, std::size_t column) const;
};
ScaleTiles scale_tiles(std::size_t rows, std::size_t columns);

// A row-major matrix of scales into tiles, and back. What pads the tiles is 0, and is not looked at
// on the way back. Precondition: rows * columns bytes, or as many as the tiles have.
Bytes to_scale_tiles(ByteView scales, std::size_t rows, std::size_t columns);
Bytes from_scale_tiles(ByteView tiles, std::size_t rows, std::size_t columns);

// A tensor of one-byte scales [..., rows, columns], each of its matrices in tiles of its own: its
// shape becomes that of the padded matrices. turned: it is [..., columns, rows], the scales of an
// operand that lies along its rows.
Tensor tiled_scales(const Tensor& scales, bool turned);
// Back to a shape. Throws Error where the tiles are of another size.
Tensor untiled_scales(const Tensor& tiles, const Shape& shape, bool turned);

}  // namespace halfulp::tensors
