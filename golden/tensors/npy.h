// SPDX-License-Identifier: MIT
//
// NumPy's array files: magic, version, a header that is a Python dictionary, elements. Read are
// versions 1.0, 2.0 and 3.0, every byte and memory order; written is 1.0, byte for byte what
// numpy.save writes of the same array. Source: NumPy 2.4, numpy.lib.format.
#pragma once

#include <string>

#include "golden/tensors/stored.h"

namespace halfulp::tensors {

// The one array of a file; its name is empty. Throws Error: no such file, of another version,
// cut off, with something behind the array, a header that says something else than such a
// dictionary, elements that are no numbers (structures, objects, text, dates), complex or longer
// than 64 bits, or that the file leaves open and nobody names.
Tensor parse_npy(ByteView file, GivenType& given);
// The same without the elements: beginning is as much of a file of so many bytes as its header
// takes, which longest_npy_beginning bytes always hold.
StoredTensor stored_npy(ByteView beginning, std::uint64_t file_size, GivenType& given);
inline constexpr std::size_t longest_npy_beginning = 16384;

// What stands before the elements, in little-endian and C order, of a type that NumPy knows.
std::string npy_beginning(const Heading& heading);
// The whole file. Elements of types that NumPy does not know are written as raw bytes, "|V1", for
// ndarray.view(ml_dtypes...) to interpret. Throws Error where such elements of more than one byte
// are to be in big-endian order, which NumPy would read as another code.
std::string npy_file(const Tensor& tensor, const Layout& layout);

}  // namespace halfulp::tensors
