// SPDX-License-Identifier: MIT
//
// A file that is read in pieces, in any order and by many threads at once. What is no regular file
// (a pipe, standard input) is read whole when it is opened.
#pragma once

#include <string>

#include "formats/files/bytes.h"

namespace halfulp::tensors {

class ByteSource {
 public:
  // "-" is standard input. Throws Error naming the file.
  explicit ByteSource(const std::string& path);
  // Bytes at hand in place of a file.
  explicit ByteSource(Bytes bytes);
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  ~ByteSource();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // All of it, where it was read whole.
  [[nodiscard]] bool is_whole() const { return descriptor_ < 0; }
  [[nodiscard]] ByteView whole() const { return whole_; }

  // The bytes from an offset on. Throws Error, without a location: unreadable, or it ends before
  // them.
  void read(std::uint64_t offset, std::span<std::uint8_t> bytes) const;
  [[nodiscard]] Bytes read(std::uint64_t offset, std::size_t count) const;

 private:
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  Bytes whole_;
};

}  // namespace halfulp::tensors
