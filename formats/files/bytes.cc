// SPDX-License-Identifier: MIT
#include "formats/files/bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "formats/error.h"

namespace halfulp::tensors {
namespace {

// Closes what it opened; standard input stays open.
class InputFile {
 public:
  explicit InputFile(const std::string& path)
      : descriptor_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile() {
    if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
  }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

Error unreadable(const std::string& path, int code) {
  return Error(std::string("cannot be read (") + std::strerror(code) + ")",
               path == "-" ? "standard input" : path,
               code == EISDIR ? "give the path of a file" : "check the path and its permissions");
}

}  // namespace

void swap_bytes(std::span<std::uint8_t> elements, std::size_t size) {
  if (size <= 1) return;
  for (std::size_t i = 0; i + size <= elements.size(); i += size) {
    std::reverse(elements.data() + i, elements.data() + i + size);
  }
}

Bytes read_bytes(const std::string& path) {
  const InputFile file(path);
  struct stat status {};
  if (file.descriptor() < 0 || ::fstat(file.descriptor(), &status) != 0)
    throw unreadable(path, errno);
  constexpr std::size_t first_buffer = 65536;
  // One byte more than the size, so that the end is seen without growing; a pipe has no size.
  const bool sized = S_ISREG(status.st_mode) && status.st_size > 0;
  Bytes bytes(sized ? static_cast<std::size_t>(status.st_size) + 1 : first_buffer);
  std::size_t filled = 0;
  while (true) {
    if (filled == bytes.size()) bytes.resize(2 * bytes.size());
    const ssize_t count = ::read(file.descriptor(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw unreadable(path, errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 80;
  constexpr unsigned char del = 0x7f;
  std::string line;
  for (const char c : text.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != del) {
      line += c;
      continue;
    }
    line += "\\x";
    line += "0123456789abcdef"[byte >> 4U];
    line += "0123456789abcdef"[byte & 15U];
  }
  return text.size() > longest ? line + "..." : line;
}

}  // namespace halfulp::tensors
