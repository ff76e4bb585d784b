// SPDX-License-Identifier: MIT
#include "golden/tensors/stored.h"

#include <algorithm>

#include "formats/error.h"

namespace halfulp::tensors {
namespace {

// Calls visit(c, f) for every element: its places in C order and in Fortran order.
template <typename Visit>
void for_each_place(const Shape& shape, Visit visit) {
  std::vector<std::size_t> strides(shape.size());
  std::size_t stride = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    strides[axis] = stride;
    stride *= static_cast<std::size_t>(shape[axis]);
  }
  Shape index(shape.size(), 0);
  const std::size_t count = element_count(shape);
  std::size_t fortran_place = 0;
  for (std::size_t c_place = 0; c_place < count; ++c_place) {
    visit(c_place, fortran_place);
    // The next index in C order: the last axis counts, and carries into the one before it.
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      fortran_place += strides[axis];
      if (++index[axis] < shape[axis]) break;
      fortran_place -= strides[axis] * static_cast<std::size_t>(shape[axis]);
      index[axis] = 0;
    }
  }
}

}  // namespace

bool orders_differ(const Shape& shape) {
  return element_count(shape) > 0 &&
         std::count_if(shape.begin(), shape.end(), [](std::int64_t n) { return n != 1; }) > 1;
}

Bytes from_layout(Bytes data, const Shape& shape, std::size_t size, const Layout& layout) {
  if (layout.byte_order == ByteOrder::big) swap_bytes(data, size);
  if (!layout.fortran_order || !orders_differ(shape)) return data;
  Bytes ordered(data.size());
  for_each_place(shape, [&](std::size_t c_place, std::size_t fortran_place) {
    std::copy_n(data.data() + fortran_place * size, size, ordered.data() + c_place * size);
  });
  return ordered;
}

Bytes to_layout(const Tensor& tensor, const Layout& layout) {
  const std::size_t size = element_bytes(tensor.type);
  Bytes data = tensor.data;
  if (layout.fortran_order && orders_differ(tensor.shape)) {
    for_each_place(tensor.shape, [&](std::size_t c_place, std::size_t fortran_place) {
      std::copy_n(tensor.data.data() + c_place * size, size, data.data() + fortran_place * size);
    });
  }
  if (layout.byte_order == ByteOrder::big) swap_bytes(data, size);
  return data;
}

Tensor tensor_of(const StoredTensor& stored, ByteView data) {
  HALFULP_REQUIRE(data.size() == stored.end - stored.begin, "tensor_of: another size");
  if (stored.packed) return from_packed_codes(stored.heading, data);
  const auto& [name, type, shape] = stored.heading;
  return make_tensor(
      name, type, shape,
      from_layout(Bytes(data.begin(), data.end()), shape, element_bytes(type), stored.layout));
}

}  // namespace halfulp::tensors
