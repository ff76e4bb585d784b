// SPDX-License-Identifier: MIT
//
// Products in slices (Slicing and StreamK of order.h): one product after the other, each going on
// from what the one before has left, as kernels do that share the terms of a result.
#pragma once

#include <cstddef>
#include <vector>

#include "golden/kernels/order.h"

namespace halfulp::kernels {

// Terms first to end of a slice.
struct Slice {
  std::size_t first = 0, end = 0;
  bool operator==(const Slice&) const = default;
};

// Of a product of so many terms, in order; at least one.
std::vector<Slice> slices_of(const Slicing& slicing, std::size_t terms);
// Of the tile that begins at a row and a column of so many results.
std::vector<Slice> slices_of(const StreamK& stream, std::size_t rows, std::size_t columns,
                             std::size_t terms, std::size_t row, std::size_t column);
// Where the terms of a slice stand among whole instructions of so many; the last number is how many
// places there are.
std::vector<std::size_t> places_of(const Slicing& slicing, std::size_t terms,
                                   std::size_t instruction);

}  // namespace halfulp::kernels
