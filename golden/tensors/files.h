// SPDX-License-Identifier: MIT
//
// Tensor files as the verbs see them: read whole, written whole, the kind of file taken from its
// ending. Every Error names the file.
#pragma once

#include <optional>
#include <string>

#include "golden/tensors/npy.h"
#include "golden/tensors/npz.h"
#include "golden/tensors/safetensors.h"
#include "golden/tensors/selection.h"

namespace halfulp::tensors {

enum class Container : std::uint8_t { npy, npz, safetensors, raw };

// By the ending: .npy, .npz, .safetensors, .raw, .bin. Throws Error for any other.
Container container_of(const std::string& path);

// What the caller says that the file does not.
struct ReadOptions {
  // Of raw bytes and of unsigned integers of its size (see GivenType); a raw file needs it.
  std::optional<ElementType> type = {};
  // A raw file needs it, and no other may have it.
  std::optional<Shape> shape = {};
  Layout layout = {};  // of a raw file
  // Elements of 4 or 6 bits lie close together, the first in the lowest bits: in a raw file, its
  // last byte filled with zeros, and in U8 tensors of safetensors, whose last dimension counts
  // bytes. Otherwise each takes a byte.
  bool packed = false;
  // The tensors to be read; of the others nothing is. None: all.
  Selection* only = nullptr;
};

struct WriteOptions {
  Layout layout = {};   // of .npy, .npz and raw files; safetensors has one only
  bool packed = false;  // of a raw file, as above
};

// The file, or standard input for "-". A file that begins as a NumPy array, archive or, with an
// ending that says so, a safetensors file is read as one; it is raw where a shape is given. Throws
// Error, naming the file: unreadable, or for the reasons that the parse_ functions have.
TensorFile read(const std::string& path, const ReadOptions& options);

// What a file is whose beginning is given: by its ending, else raw where its shape is known
// (with_shape), else by its content. Throws Error: no kind of tensor file.
Container container_of_file(const std::string& path, ByteView beginning, bool with_shape);

// Of a raw file of so many bytes. Throws Error.
StoredTensor stored_raw(std::uint64_t file_size, const ReadOptions& options);

// The same of bytes at hand; locations of errors begin inside the file.
TensorFile parse(ByteView file, Container container, const ReadOptions& options);

// Writes the file whole or not at all. Throws Error: unwritable; several tensors in a file for one;
// or for the reasons that the _file functions have.
void write(const std::string& path, const TensorFile& file, const WriteOptions& options);

// The bytes that write writes.
std::string file_bytes(const TensorFile& file, Container container, const WriteOptions& options);

}  // namespace halfulp::tensors
