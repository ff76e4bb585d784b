// SPDX-License-Identifier: MIT
//
// How a tensor lies in a file: what it is, between which bytes, in which order.
#pragma once

#include "golden/tensors/tensor.h"

namespace halfulp::tensors {

// How elements lie in a file that leaves it open.
struct Layout {
  ByteOrder byte_order = ByteOrder::little;
  bool fortran_order = false;  // the first index varies fastest
};

struct StoredTensor {
  Heading heading;
  std::uint64_t begin = 0, end = 0;  // in the file
  Layout layout = {};
  bool packed = false;  // codes of 4 or 6 bits lie close together, the first in the lowest bits
};

// The tensor of its bytes. Throws Error as make_tensor does. Precondition: data are as many bytes
// as are stored, and as the heading needs.
Tensor tensor_of(const StoredTensor& stored, ByteView data);

// True where the two memory orders of a shape are not the same bytes.
bool orders_differ(const Shape& shape);

// Elements in the layout as a tensor has them, and back. Precondition: data has the shape's size.
Bytes from_layout(Bytes data, const Shape& shape, std::size_t size, const Layout& layout);
Bytes to_layout(const Tensor& tensor, const Layout& layout);

}  // namespace halfulp::tensors
