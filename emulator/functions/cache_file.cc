// SPDX-License-Identifier: MIT
#include "emulator/internal/cache_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace halfulp::emulator {
namespace {

constexpr mode_t of_the_user = 0600;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

bool is_of_the_user(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_uid == ::geteuid();
}

bool is_trusted(const struct stat& status) {
  return is_of_the_user(status) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(file, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// A name beside the path that nobody can have laid there before; empty where there are no random
// bits.
std::string temporary_name(const std::filesystem::path& path) {
  std::array<unsigned char, 8> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
  std::string name = path.string() + ".";
  for (const unsigned char byte : bytes) {
    name += "0123456789abcdef"[byte >> 4U];
    name += "0123456789abcdef"[byte & 15U];
  }
  return name + ".tmp";
}

// Writes a new file of the name; where the file system can, the name comes when the content is
// whole, so that no killed process leaves a part of it.
bool make_file(const std::string& name, const std::filesystem::path& folder,
               std::string_view content) {
  const Descriptor nameless(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, of_the_user));
  if (nameless.is_open()) {
    const std::string self = "/proc/self/fd/" + std::to_string(nameless.number());
    if (!write_all(nameless.number(), content)) return false;
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0)
      return true;
  }
  const Descriptor named(
      ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, of_the_user));
  if (!named.is_open()) return false;
  if (write_all(named.number(), content)) return true;
  ::unlink(name.c_str());
  return false;
}

}  // namespace

std::optional<std::string> read_cache_file(const std::filesystem::path& path, std::size_t size) {
  struct stat status {};
  // Before it is opened: to open a device may do something.
  if (::lstat(path.c_str(), &status) != 0 || !is_trusted(status)) return std::nullopt;
  const Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.is_open() || ::fstat(file.number(), &status) != 0 || !is_trusted(status))
    return std::nullopt;
  if (status.st_size != static_cast<off_t>(size)) return std::nullopt;
  std::string content(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t count = ::read(file.number(), content.data() + filled, size - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    filled += static_cast<std::size_t>(count);
  }
  return content;
}

void write_cache_file(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path folder = path.parent_path().empty() ? "." : path.parent_path();
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 ? !is_of_the_user(status) : errno != ENOENT) return;
  const std::string name = temporary_name(path);
  if (name.empty() || !make_file(name, folder, content)) return;
  if (::rename(name.c_str(), path.c_str()) != 0) ::unlink(name.c_str());
}

}  // namespace halfulp::emulator
