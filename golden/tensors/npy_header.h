// SPDX-License-Identifier: MIT
//
// The header of a NumPy array file: a dictionary as Python's repr writes it, of which no more is
// understood than NumPy puts there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "golden/tensors/tensor.h"

namespace halfulp::tensors {

struct NpyHeader {
  std::string type;  // "<f4": byte order, letter, size
  bool fortran_order = false;
  Shape shape;
  std::size_t length = 0;  // of magic, version, the header's length and the header
};

// Of the beginning of a file. Throws Error.
NpyHeader parse_npy_header(ByteView file);

// Magic, version 1.0, length and header, padded as numpy.save does it.
std::string npy_header_text(const std::string& type, bool fortran_order, const Shape& shape);

}  // namespace halfulp::tensors
