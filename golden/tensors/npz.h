// SPDX-License-Identifier: MIT
//
// NumPy's archives: a zip file of .npy files, stored or deflated, with or without zip64. The zip is
// libzip's work. Source: NumPy 2.4, numpy.savez; PKWARE APPNOTE 6.3.10.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "golden/tensors/npy.h"
#include "golden/tensors/selection.h"

namespace halfulp::tensors {

// An array of an archive that is open.
struct NpzMember {
  std::string name;  // of the array: without ".npy"
  std::uint64_t index = 0, size = 0;
};

// An archive whose arrays are read one by one, by one thread at a time. All throw Error as
// parse_npz does.
class NpzArchive {
 public:
  explicit NpzArchive(ByteView file);  // which outlives it
  // size: of the file.
  NpzArchive(const std::string& path, std::uint64_t size);
  NpzArchive(const NpzArchive&) = delete;
  NpzArchive& operator=(const NpzArchive&) = delete;
  ~NpzArchive();

  // Those that are selected, in the archive's order.
  [[nodiscard]] std::vector<NpzMember> members(Selection& selection) const;
  // The .npy file that a member is: as much of its beginning as its header takes, and whole.
  [[nodiscard]] Bytes beginning(const NpzMember& member) const;
  [[nodiscard]] Bytes content(const NpzMember& member) const;
  // The bytes of that file from `begin` on, by a reader that goes through it once: a part before
  // the last one begins anew. The archive outlives it.
  class Reader {
   public:
    Reader(const NpzArchive& archive, NpzMember member);
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader();
    // Throws Error as content() does; of a wrong checksum or size where the end is read.
    void read(std::uint64_t begin, std::span<std::uint8_t> bytes);

   private:
    struct Open;
    const NpzArchive& archive_;
    NpzMember member_;
    std::unique_ptr<Open> open_;
  };

 private:
  struct Implementation;  // of libzip
  std::unique_ptr<Implementation> implementation_;
};

// The selected arrays in the archive's order; an array's name is that of its member without ".npy".
// Throws Error naming the member: no zip file, members that are no such arrays, encrypted,
// compressed otherwise, of a name twice, of a wrong checksum or size. Members that are not selected
// may be anything.
std::vector<Tensor> parse_npz(ByteView file, GivenType& given, Selection& selection);

// The whole archive, members stored and dated 1980-01-01, so that the same arrays give the same
// bytes. Tensors without a name are called arr_0, arr_1 and so on by their place, as numpy.savez
// does. Throws Error: a name twice, or one that no member can have.
std::string npz_file(const std::vector<Tensor>& tensors, const Layout& layout);

}  // namespace halfulp::tensors
