// SPDX-License-Identifier: MIT
#include "formats/files/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "formats/error.h"

namespace halfulp::tensors {
namespace {

Error unreadable(const std::string& path, int code) {
  return Error(std::string("cannot be read (") + std::strerror(code) + ")", path,
               "check the path and its permissions");
}

}  // namespace

InputFile::InputFile(const std::string& path) : path_(path) {
  struct stat status {};
  if (path != "-") descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
    return;
  }
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  whole_ = read_bytes(path);
  size_ = whole_.size();
}

InputFile::InputFile(Bytes bytes) : whole_(std::move(bytes)), size_(whole_.size()) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Bytes InputFile::read(std::uint64_t begin, std::size_t count) const {
  if (begin > size_ || count > size_ - begin)
    throw Error(
        "the file ends before byte " + std::to_string(begin) + " + " + std::to_string(count), "",
        "is it whole?");
  if (descriptor_ < 0) {
    const auto from = whole_.begin() + static_cast<std::ptrdiff_t>(begin);
    return {from, from + static_cast<std::ptrdiff_t>(count)};
  }
  Bytes bytes(count);
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::pread(descriptor_, bytes.data() + filled, count - filled,
                                static_cast<off_t>(begin + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw unreadable(path_, errno);
    if (got == 0) throw Error("the file has become shorter", path_, "let nobody write to it");
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace halfulp::tensors
