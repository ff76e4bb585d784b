// SPDX-License-Identifier: MIT
#include "experiments/runs/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "formats/error.h"
#include "formats/output_file.h"

namespace halfulp::experiments {

int open_plain(const std::string& path, int flags) {
  constexpr mode_t all_may_write = 0666;  // less the umask
  const int file = ::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, all_may_write);
  struct stat status {};
  if (file >= 0 && ::fstat(file, &status) == 0 && S_ISREG(status.st_mode)) return file;
  const int code = file < 0 ? errno : EINVAL;
  if (file >= 0) ::close(file);
  if (file < 0 && code != ELOOP && code != EISDIR) {
    errno = code;
    return -1;
  }
  throw Error("a plain file is needed, and something else stands here", path,
              "choose another output with -o");
}

std::string read_from(int file, std::size_t offset, const std::string& path) {
  constexpr std::size_t piece = 1U << 16U;
  std::string text;
  std::vector<char> buffer(piece);
  for (;;) {
    const ssize_t count =
        ::pread(file, buffer.data(), buffer.size(), static_cast<off_t>(offset + text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("cannot be read", path, errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::optional<PlainFile> read_plain(const std::string& path) {
  int file = -1;
  try {
    file = open_plain(path, O_RDONLY);
    if (file < 0) return std::nullopt;
    PlainFile found{.text = read_from(file, 0, path)};
    struct stat status {};
    const bool known = ::fstat(file, &status) == 0;
    ::close(file);
    if (!known) return std::nullopt;
    constexpr double nano = 1e-9;
    found.modified = static_cast<double>(status.st_mtim.tv_sec) +
                     nano * static_cast<double>(status.st_mtim.tv_nsec);
    return found;
  } catch (const Error&) {
    if (file >= 0) ::close(file);
    return std::nullopt;
  }
}

std::vector<std::string> names_beside(const std::string& output) {
  namespace fs = std::filesystem;
  const fs::path path(output);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string name = path.filename().string();
  std::vector<std::string> found;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string file = entry->path().filename().string();
    if (file.size() > name.size() && file.starts_with(name))
      found.push_back(file.substr(name.size()));
  }
  return found;
}

}  // namespace halfulp::experiments
