// SPDX-License-Identifier: MIT
#include "formats/files/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "formats/error.h"

namespace halfulp::tensors {

ByteSource::ByteSource(const std::string& path) {
  struct stat status {};
  if (path != "-" && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    whole_ = read_bytes(path);
    size_ = whole_.size();
    return;
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

ByteSource::ByteSource(Bytes bytes) : size_(bytes.size()), whole_(std::move(bytes)) {}

ByteSource::~ByteSource() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void ByteSource::read(std::uint64_t offset, std::span<std::uint8_t> bytes) const {
  if (offset > size_ || bytes.size() > size_ - offset)
    throw Error("ends before byte " + std::to_string(offset) + " + " + std::to_string(bytes.size()),
                "", "is it whole?");
  if (is_whole()) {
    std::copy_n(whole_.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(), bytes.begin());
    return;
  }
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::pread(descriptor_, bytes.data() + filled, bytes.size() - filled,
                                  static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw Error(std::string("cannot be read (") + std::strerror(errno) + ")", "",
                  "check the disk that it lies on");
    if (count == 0)
      throw Error("became shorter while it was read", "", "leave it alone until the end");
    filled += static_cast<std::size_t>(count);
  }
}

Bytes ByteSource::read(std::uint64_t offset, std::size_t count) const {
  Bytes bytes(count);
  read(offset, bytes);
  return bytes;
}

}  // namespace halfulp::tensors
