// SPDX-License-Identifier: MIT
//
// A file that is read in parts, so that its size is no measure of the memory that it takes. What
// has no parts to go to (a pipe, a terminal) is read whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "formats/files/bytes.h"

namespace halfulp::tensors {

class InputFile {
 public:
  // "-" is standard input. Throws Error naming the path where it cannot be read.
  explicit InputFile(const std::string& path);
  // Bytes at hand in place of a file.
  explicit InputFile(Bytes bytes);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // `count` bytes from `begin` on. Throws Error where the file ends before them, or is read no
  // more.
  [[nodiscard]] Bytes read(std::uint64_t begin, std::size_t count) const;

 private:
  int descriptor_ = -1;  // none: whole_
  Bytes whole_;
  std::uint64_t size_ = 0;
  std::string path_;
};

}  // namespace halfulp::tensors
