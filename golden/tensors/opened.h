// SPDX-License-Identifier: MIT
//
// A tensor file whose tensors are read piece by piece, so that memory does not grow with it. Read
// in pieces are .npy, .safetensors and raw files in C order. What cannot be is held whole as long
// as it is in use: one array of an archive, one tensor in Fortran order, standard input.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "formats/files/byte_source.h"
#include "golden/tensors/files.h"

namespace halfulp::tensors {

// The codes of one tensor, a piece at a time.
class TensorCodes {
 public:
  // held: all of it; else it is read from the source, which outlives it.
  TensorCodes(Tensor held, std::string place);
  TensorCodes(const ByteSource& source, StoredTensor stored, std::string place);

  [[nodiscard]] const Shape& shape() const { return stored_.heading.shape; }
  [[nodiscard]] const ElementType& type() const { return stored_.heading.type; }
  [[nodiscard]] const std::string& name() const { return stored_.heading.name; }
  [[nodiscard]] std::size_t size() const { return element_count(shape()); }
  // "FILE: NAME", of errors.
  [[nodiscard]] const std::string& place() const { return place_; }

  // The codes from one place on, in C order; any number of threads may read. Throws Error:
  // unreadable, or a code with more bits than its type, naming file, tensor and element.
  // Precondition: they lie within size().
  void read(std::size_t begin, std::span<std::uint64_t> codes) const;
  // Does each code take the bytes of its type? Where it does, the bytes themselves: as Tensor has
  // them, whatever bits beyond the code the file has.
  [[nodiscard]] bool has_bytes() const;
  void read_bytes(std::size_t begin, std::span<std::uint8_t> bytes) const;

 private:
  void read_some(std::size_t begin, std::span<std::uint64_t> codes) const;

  const ByteSource* source_ = nullptr;
  StoredTensor stored_;
  Tensor held_;
  std::string place_;
};

class OpenedFile {
 public:
  // What the caller knows of a tensor's elements where the file leaves them open (see GivenType);
  // options.type is not looked at but for raw files.
  using TypeOf =
      std::function<std::optional<ElementType>(const std::string& name, const Metadata& metadata)>;

  // As read() of files.h, but that a shape is for raw files: others have their own. Throws Error
  // naming the file: unreadable, or no such file, its headers included.
  OpenedFile(const std::string& path, const ReadOptions& options, const TypeOf& type_of);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<Heading>& headings() const { return headings_; }
  [[nodiscard]] const Metadata& metadata() const { return metadata_; }
  // Did elements take the type that was given?
  [[nodiscard]] bool used_type() const { return used_type_; }

  // Of the tensor of that place among the headings; the file outlives it. Throws Error naming file
  // and tensor.
  [[nodiscard]] TensorCodes codes(std::size_t index) const;

 private:
  struct Opening;
  void open_npz(const Opening& opening);
  void open_safetensors(const Opening& opening);
  void open_single(Container container, const Opening& opening);
  void keep(StoredTensor stored);

  std::string path_;
  ByteSource source_;
  std::vector<Heading> headings_;
  std::vector<StoredTensor> stored_;  // of archives: as their members lie in themselves
  std::unique_ptr<NpzArchive> archive_;
  std::vector<NpzMember> members_;
  Metadata metadata_;
  bool used_type_ = false;
};

// How an error names the tensor of a file.
std::string place_in(const std::string& path, const std::string& tensor);

}  // namespace halfulp::tensors
