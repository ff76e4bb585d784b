// SPDX-License-Identifier: MIT
#include "emulator/functions/cache_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "formats/output_file.h"

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
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  struct stat status {};
  const bool exists = ::lstat(path.c_str(), &status) == 0;
  if (exists ? !is_of_the_user(status) : errno != ENOENT) return;
  // A file that is replaced passes on its permissions, and these are not to be passed on.
  if (exists && !is_trusted(status)) ::unlink(path.c_str());
  try {
    OutputFile file(path.string(), of_the_user);
    file.write(content);
    file.commit();
  } catch (const Error&) {  // the table is made again next time
  }
}

}  // namespace halfulp::emulator
