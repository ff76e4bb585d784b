// SPDX-License-Identifier: MIT
//
// A tensor seen around one of its axes: as the matrix whose rows run along it, and as the shapes
// that scales have there.
#pragma once

#include <cstddef>

#include "formats/block.h"
#include "golden/tensors/tensor.h"

namespace halfulp::tensors {

// The axis of a shape that a number means: from the last backwards where it is negative; 0 and -1
// of no dimensions are 0. Throws Error: no such axis.
std::size_t axis_of(const Shape& shape, int axis);

// A shape around its axis: [outer, length, inner]. The matrix has outer * inner rows.
struct Cut {
  std::size_t outer = 1, length = 1, inner = 1;
};
Cut cut_at(const Shape& shape, std::size_t axis);

// Elements of `size` bytes from [outer, a, b] to [outer, b, a].
Bytes transposed(Bytes data, std::size_t size, std::size_t outer, std::size_t a, std::size_t b);

// The shape of the scales of a level: the rows' dimensions as far as the level tells them apart,
// and the blocks along the axis, in the place of the axis where there are any for each row. A
// dimension that one scale spans is left out.
Shape scale_shape(const Shape& shape, std::size_t axis, const Level& level);

// May such scales lie in tiles (scale_tiles.h): a byte each, and one for every row of a block?
bool lies_in_tiles(const Level& level);

}  // namespace halfulp::tensors
