// SPDX-License-Identifier: MIT
#include "formats/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <utility>

namespace halfulp {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".tmp";
constexpr std::size_t random_digits = 16;

fs::path folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

// NAME.0123456789abcdef.tmp: random digits of the kernel, so that nobody can lay a file there
// first.
std::string temporary_name(const std::string& path) {
  std::array<unsigned char, random_digits / 2> bytes{};
  while (::getrandom(bytes.data(), bytes.size(), 0) < 0 && errno == EINTR) {
  }
  std::string name = path + ".";
  for (const unsigned char byte : bytes) {
    name += "0123456789abcdef"[byte >> 4];
    name += "0123456789abcdef"[byte & 15];
  }
  return name.append(ending);
}

bool is_temporary_of(const std::string& name, const std::string& entry) {
  if (entry.size() != name.size() + 1 + random_digits + ending.size()) return false;
  if (!entry.starts_with(name + ".") || !entry.ends_with(ending)) return false;
  const std::string digits = entry.substr(name.size() + 1, random_digits);
  return digits.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// A writer holds a lock on its temporary file for as long as it lives. Where the file system has no
// locks, a file that nobody has written to for a day is taken for left behind.
bool is_left_behind(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return false;
  constexpr std::time_t one_day = 86400;
  struct stat status {};
  bool left =
      ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid();
  if (left && ::flock(file, LOCK_EX | LOCK_NB) != 0)
    left = errno != EWOULDBLOCK && std::time(nullptr) - status.st_mtime > one_day;
  ::close(file);
  return left;
}

void remove_left_behind(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  std::error_code error;
  for (fs::directory_iterator entry(folder_of(path), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string found = entry->path().string();
    if (is_temporary_of(name, entry->path().filename().string()) && is_left_behind(found))
      ::unlink(found.c_str());
  }
}

// A renaming is on the disk when the folder is. File systems that cannot flush a folder say so, and
// have nothing to offer instead.
void flush_folder(const std::string& path) {
  const int folder = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

}  // namespace

Error system_error(const std::string& what, const std::string& path, int code) {
  std::string hint = "check the path and its permissions";
  if (code == ENOSPC || code == EDQUOT) hint = "free some space";
  if (code == EFBIG) hint = "raise the limit of a file's size (ulimit -f)";
  if (code == ENOENT) hint = "create the folder first";
  if (code == EISDIR) hint = "give the path of a file, this is a folder";
  if (code == ELOOP) hint = "give the path of a file, not of a link to itself";
  return Error(what + " (" + std::strerror(code) + ")", path, hint);
}

int descriptor_named(const std::string& path) {
  if (path == "/dev/stdin") return STDIN_FILENO;
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view prefix : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(prefix)) continue;
    int number = -1;
    const char* const end = path.data() + path.size();
    const auto [stop, error] = std::from_chars(path.data() + prefix.size(), end, number);
    if (error == std::errc() && stop == end && number >= 0) return number;
  }
  return -1;
}

std::string link_target(const std::string& path) {
  constexpr int most_links = 40;  // as Linux has it
  fs::path target(path);
  for (int links = 0; links <= most_links; ++links) {
    std::error_code error;
    if (!fs::is_symlink(fs::symlink_status(target, error))) return target.string();
    const fs::path next = fs::read_symlink(target, error);
    if (error) return target.string();
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  throw system_error("cannot be written", path, ELOOP);
}

bool is_stream(const std::string& path) {
  if (descriptor_named(path) >= 0) return true;
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

OutputFile::OutputFile(std::string path, mode_t permissions) : path_(std::move(path)) {
  stream_ = is_stream(path_);
  if (stream_) {
    const int named = descriptor_named(path_);
    descriptor_ = named >= 0 ? ::fcntl(named, F_DUPFD_CLOEXEC, 0)
                             : ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor_ < 0) throw system_error("cannot be written", path_, errno);
    return;
  }
  target_ = link_target(path_);
  std::error_code error;  // what cannot be looked at is named when it is opened
  if (fs::path(target_).filename().empty() || fs::is_directory(target_, error))
    throw system_error("cannot be written", path_, EISDIR);
  remove_left_behind(target_);
  open_temporary(permissions);
}

void OutputFile::open_temporary(mode_t permissions) {
  // 1. A file without a name, which is gone however the program ends; it is linked through /proc.
  if (::access("/proc/self/fd", X_OK) == 0)
    descriptor_ = ::open(folder_of(target_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, permissions);
  // 2. Where the file system has none: a file of another name, which nobody else has made.
  if (descriptor_ < 0) {
    temporary_ = temporary_name(target_);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         permissions);
    if (descriptor_ < 0) {
      temporary_.clear();
      throw system_error("cannot be written", path_, errno);
    }
  }
  ::flock(descriptor_, LOCK_EX | LOCK_NB);  // see is_left_behind
  struct stat old {};
  constexpr mode_t all_of_them = 07777;
  if (::stat(target_.c_str(), &old) == 0) ::fchmod(descriptor_, old.st_mode & all_of_them);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(descriptor_, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("cannot be written", path_, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
    waiting_ += static_cast<std::uint64_t>(count);
  }
  start_flushing();
}

// Linux's way to start what fsync waits for; where it is missing, or the file system has none, all
// of it is left to commit.
void OutputFile::start_flushing() {
#ifdef SYNC_FILE_RANGE_WRITE
  constexpr std::uint64_t enough = std::uint64_t{1} << 23;
  if (stream_ || waiting_ < enough) return;
  ::sync_file_range(descriptor_, static_cast<off_t>(flushed_), static_cast<off_t>(waiting_),
                    SYNC_FILE_RANGE_WRITE);
  flushed_ += std::exchange(waiting_, 0);
#endif
}

void OutputFile::commit() {
  if (!stream_) {
    if (::fsync(descriptor_) != 0 || !take_name())
      throw system_error("cannot be written", path_, errno);
    flush_folder(target_);
  }
  const bool closed = ::close(descriptor_) == 0;
  const int code = errno;
  descriptor_ = -1;
  if (!closed) throw system_error("cannot be written", path_, code);
}

// A link does not replace a file, a renaming does.
bool OutputFile::take_name() {
  if (temporary_.empty()) {
    const std::string self = "/proc/self/fd/" + std::to_string(descriptor_);
    const std::string name = temporary_name(target_);
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
      return false;
    temporary_ = name;
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return false;
  temporary_.clear();
  return true;
}

void write_file(const std::string& path, std::string_view content) {
  OutputFile file(path);
  file.write(content);
  file.commit();
}

void require_writable(const std::string& path) {
  if (!is_stream(path)) {
    const OutputFile probe(path);
    return;
  }
  if (const int named = descriptor_named(path); named >= 0) {
    const int flags = ::fcntl(named, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
      throw system_error("cannot be written", path, EBADF);
  } else if (::access(path.c_str(), W_OK) != 0) {
    throw system_error("cannot be written", path, errno);
  }
}

}  // namespace halfulp
