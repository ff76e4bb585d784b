// SPDX-License-Identifier: MIT
//
// Arrays as they cross between Python and the libraries: Python's half makes arrays of plain types
// of all that it is given, with the name of their format beside.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "formats/engine.h"
#include "golden/tensors/tensor.h"

namespace halfulp::python {

namespace nb = nanobind;

// Bytes, one after the other.
using Bytes = nb::ndarray<const std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using MutableBytes = nb::ndarray<std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
// Rows of floats or doubles, each without gaps.
using Rows = nb::ndarray<nb::ro, nb::ndim<2>, nb::device::cpu>;
using MutableRows = nb::ndarray<nb::ndim<2>, nb::device::cpu>;

// The name of an element's type, the shape, and the codes in C order.
using CodedArray = std::tuple<std::string, std::vector<std::int64_t>, Bytes>;
// The same made here, behind a name of its own.
using NewArray = std::tuple<std::string, std::string, std::vector<std::int64_t>,
                            nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>>>;

std::span<const std::uint8_t> span_of(const Bytes& bytes);
std::span<std::uint8_t> span_of(const MutableBytes& bytes);
// Throws Error: other elements than float32 and float64, or rows with gaps between their elements.
View view_of(const Rows& rows);
MutableView view_of(const MutableRows& rows);

// The name of a format as a type of elements, the bytes that one takes, and the bits of its code.
// Throws Error.
std::tuple<std::string, std::size_t, int> element_type(const std::string& text);
std::string safetensors_type(const std::string& name);
std::size_t axis_of(const std::vector<std::int64_t>& shape, int axis);
// An array of any type that DLPack knows, in C order, as bytes. Throws Error.
std::tuple<std::string, std::vector<std::int64_t>,
           nb::ndarray<nb::numpy, const std::uint8_t, nb::ndim<1>>>
from_dlpack(nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu> array);

// Copies. Throws Error, of `name`: an unknown type, or bits beyond a code.
tensors::Tensor tensor_of(const CodedArray& array, const std::string& name);
NewArray array_of(const tensors::Tensor& tensor);

}  // namespace halfulp::python
