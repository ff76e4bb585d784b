// SPDX-License-Identifier: MIT
//
// NumPy's array files: magic, version, a header that is a Python dictionary, elements. Read are
// versions 1.0, 2.0 and 3.0, every byte and memory order; written is 1.0, byte for byte what
// numpy.save writes of the same array. Source: NumPy 2.4, numpy.lib.format.
#pragma once

#include <string>

#include "golden/tensors/tensor.h"

namespace halfulp::tensors {

// How elements lie in a file that leaves it open.
struct Layout {
  ByteOrder byte_order = ByteOrder::little;
  bool fortran_order = false;  // the first index varies fastest
};

// The one array of a file; its name is empty. Throws Error: no such file, of another version,
// cut off, with something behind the array, a header that says something else than such a
// dictionary, elements that are no numbers (structures, objects, text, dates), complex or longer
// than 64 bits, or that the file leaves open and nobody names.
Tensor parse_npy(ByteView file, GivenType& given);

// The whole file. Elements of types that NumPy does not know are written as raw bytes, "|V1", for
// ndarray.view(ml_dtypes...) to interpret. Throws Error where such elements of more than one byte
// are to be in big-endian order, which NumPy would read as another code.
std::string npy_file(const Tensor& tensor, const Layout& layout);

// Elements in the layout as a tensor has them, and back. Precondition: data has the shape's size.
Bytes from_layout(Bytes data, const Shape& shape, std::size_t size, const Layout& layout);
Bytes to_layout(const Tensor& tensor, const Layout& layout);

}  // namespace halfulp::tensors
