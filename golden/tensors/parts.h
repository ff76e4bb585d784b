// SPDX-License-Identifier: MIT
//
// Tensors that are never in memory as a whole: those of a file that is read, of which parts are
// asked for, and those of a file that is written, which give their bytes part by part. In between
// stands whoever makes the one of the other, with a part in hand.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/files/byte_source.h"
#include "golden/tensors/safetensors.h"
#include "golden/tensors/tensor.h"

namespace halfulp::tensors {

// A tensor of a file.
struct FoundTensor {
  std::string name;
  std::string type;                    // as the file calls it: "F8_E4M3"
  std::optional<ElementType> element;  // none: a type of another library
  Shape shape;
  bool close = false;  // codes of 4 or 6 bits lie close together, else each has bytes of its own
  std::uint64_t size = 0;  // bytes
  // Bytes of its data; begin + count are at most its size. Throws Error.
  std::function<Bytes(std::uint64_t begin, std::size_t count)> read;
};

struct FoundFile {
  std::vector<FoundTensor> tensors;  // in the order of their data
  Metadata metadata;
};

// The tensors of a safetensors file; what they read from is theirs together. Throws Error as
// parse_safetensors does, but for types that are not known and data of another size than their
// shape's, which require_size refuses.
FoundFile found_safetensors(const std::shared_ptr<const ByteSource>& file);
// The arrays of NumPy's files: .npz where the file begins as an archive, else .npy. Those in C
// order with the least byte first are read in parts, others from memory. path: of the file. Throws
// Error as parse_npz and parse_npy do, of what is wrong with elements when they are read.
FoundFile found_numpy(const std::string& path, const std::shared_ptr<const ByteSource>& file);
// A tensor in memory as one that is read in parts.
FoundTensor stored(Tensor tensor);
// Throws Error: an unknown type, or data that are not of the shape's size.
void require_size(const FoundTensor& tensor);

// Takes the next bytes of a tensor.
using Sink = std::function<void(ByteView part)>;

// A tensor that is to be written.
struct PartedTensor {
  Heading heading;
  std::string stored;             // how it lay in the file: "F8_E4M3 x F32, 128x128"
  std::uint64_t stored_size = 0;  // bytes there, scales included
  // Its bytes, as safetensors has them, in order; may be called again.
  std::function<void(const Sink& sink)> give;
};

// The tensor as it is.
PartedTensor as_it_is(const FoundTensor& tensor);

// Bytes of a part, about: a megabyte of results.
inline constexpr std::size_t part_elements = std::size_t{1} << 18;

// In memory. Throws Error as `give` does.
Tensor collected(const PartedTensor& tensor);

// Called before each tensor with its index, and at the end with their number.
using Progress = std::function<void(std::size_t done)>;
// Writes the file whole or not at all: .safetensors, .npy and raw files part by part, .npz
// (files.h) and codes of fewer bits than their bytes from memory. Throws Error.
void write_parts(const std::string& path, const std::vector<PartedTensor>& tensors,
                 const Metadata& metadata, const Progress& progress);

}  // namespace halfulp::tensors
