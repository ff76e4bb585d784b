// SPDX-License-Identifier: MIT
//
// Files of safetensors (formats/files/safetensors_layout.h) with elements of the types that it has
// names for, all in C order and little-endian; elements of 4 and 6 bits lie close together.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "formats/files/safetensors_header.h"
#include "golden/tensors/selection.h"
#include "golden/tensors/stored.h"

namespace halfulp::tensors {

// What a file holds.
struct TensorFile {
  std::vector<Tensor> tensors;
  Metadata metadata;  // of safetensors; the other formats have none
};

// The selected tensors in the order of their data. Throws Error: cut off; a header beyond 100 MB,
// or that is not such a JSON object; unknown or complex types; data that overlap, leave a hole or
// are not of the shape's size; elements that do not fill their last byte. Tensors that are not
// selected may be of any type. A given type that is packed is that of U8 tensors, whose last
// dimension grows.
TensorFile parse_safetensors(ByteView file, GivenType& given, Selection& selection);

// One tensor without its elements, of a header that is sound (safetensors_layout.h). data_begin:
// where in the file the data of all of them begin. Throws Error as above.
StoredTensor stored_safetensors(const SafetensorsEntry& entry, std::uint64_t data_begin,
                                GivenType& given);

// The whole file, laid out as safetensors does it: by decreasing alignment, then by name. Tensors
// without a name are called arr_0, arr_1 and so on by their place. Throws Error: a name twice,
// "__metadata__" as a name, a type that safetensors has no name for, elements that do not fill
// their last byte.
std::string safetensors_file(const TensorFile& file);

// Where tensors lie in such a file: its header, and of each of its entries which tensor it is.
// Throws Error as safetensors_file does.
struct SafetensorsPlan {
  SafetensorsHeader header;
  std::vector<std::size_t> tensors;
};
SafetensorsPlan safetensors_plan(std::span<const Heading> headings, Metadata metadata);

// Do the type's codes lie close together in the file? F4, F6_E2M3 and F6_E3M2; a BOOL has a byte.
bool lies_close(const ElementType& type);
// Bytes in the file of so many elements. Throws Error, with the place, where the last is not full.
std::uint64_t safetensors_size(const ElementType& type, std::size_t count,
                               const std::string& place);

}  // namespace halfulp::tensors
