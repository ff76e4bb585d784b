// SPDX-License-Identifier: MIT
//
// An array with a name, a shape and an element type, and its elements as codes, as floats or as
// doubles. Numbers go in and out exactly or not at all: rounding is the engines' work.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "formats/files/bytes.h"
#include "formats/files/safetensors_header.h"
#include "golden/tensors/element_type.h"

namespace halfulp::tensors {

struct Tensor {
  std::string name;  // of the entry in an .npz or .safetensors file; else empty
  ElementType type;
  Shape shape;  // empty: one element; with a dimension of 0: none
  // The codes in C order, each in element_bytes(type) bytes, least significant first; bits beyond
  // the code are zero.
  Bytes data;
  bool operator==(const Tensor&) const = default;
};

// The product of the dimensions. Throws Error: a negative dimension, more than 64 of them, or more
// elements than 2^60.
std::size_t element_count(const Shape& shape);
inline std::size_t element_count(const Tensor& tensor) { return element_count(tensor.shape); }

// A tensor of the name and data, with what Tensor promises checked: throws Error, naming the
// element whose code has more bits than its type. Precondition: data has the shape's size.
Tensor make_tensor(std::string name, ElementType type, Shape shape, Bytes data);

// The tensor's name; without one, arr_0, arr_1 and so on by its place, as numpy.savez has it.
std::string name_or_place(const Tensor& tensor, std::size_t place);

// "[128, 512]"
std::string shape_text(const Shape& shape);
// "[1, 2]": where the element stands that is the index-th in C order.
std::string index_text(const Shape& shape, std::size_t index);

std::uint64_t code_at(const Tensor& tensor, std::size_t index);
std::vector<std::uint64_t> codes_of(const Tensor& tensor);
// Codes close together, as Engine::decode and Engine::encode have them: packed_bits a code, the
// first in the lowest bits. (So does safetensors with F4, after PyTorch's Float4_e2m1fn_x2.h, and
// F6, of which it says nothing.)
Bytes packed_codes(const Tensor& tensor);

// The elements as numbers; of irrational ones the nearest, as engines carry them. Throws Error
// naming the first element that is no double (float), such as the int64 2^53 + 1. A NaN is any NaN.
std::vector<double> doubles_of(const Tensor& tensor);
std::vector<float> floats_of(const Tensor& tensor);

// What a tensor is to be, but for its elements.
struct Heading {
  std::string name;
  ElementType type;
  Shape shape;
};

// Tensors of elements in C order. Throw Error naming the first element that the type does not have:
// a code of too many bits; a number between its numbers, or beyond them; NaN or an infinity where
// there is none. -0 becomes +0 where the type has no -0. Precondition: as many as the shape says.
Tensor from_codes(Heading heading, std::span<const std::uint64_t> codes);
Tensor from_packed_codes(Heading heading, ByteView packed);
Tensor from_numbers(Heading heading, std::span<const double> numbers);
Tensor from_numbers(Heading heading, std::span<const float> numbers);

}  // namespace halfulp::tensors
