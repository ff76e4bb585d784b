// SPDX-License-Identifier: MIT
#include "golden/vectors/line_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "formats/error.h"

namespace halfulp::vectors {
namespace {

constexpr std::size_t batch_bytes = std::size_t{1} << 20;
constexpr std::size_t longest_line = 100000;

Error unreadable(const std::string& name) {
  return Error(std::string("cannot be read (") + std::strerror(errno) + ")", name,
               "check the path and its permissions");
}

}  // namespace

LineSource::LineSource(const std::string& path, std::function<void()> before_waiting)
    : name_(path), before_waiting_(std::move(before_waiting)) {
  if (path == "-") {
    name_ = "standard input";
    return;
  }
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw unreadable(path);
  owned_ = true;
}

LineSource::~LineSource() {
  if (owned_) ::close(descriptor_);
}

std::string LineSource::place(std::size_t line) const {
  return name_ + ", line " + std::to_string(line);
}

std::uint64_t LineSource::size() const {
  struct stat status {};
  const bool regular = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  return regular ? static_cast<std::uint64_t>(status.st_size) : 0;
}

// False where nothing came: at the end, or where it would have had to wait.
bool LineSource::read_more(bool may_wait) {
  pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
  const bool ready = ::poll(&waiting, 1, 0) != 0;
  if (!ready && !may_wait) return false;
  if (!ready && before_waiting_) before_waiting_();
  const std::size_t size = buffer_.size();
  buffer_.resize(size + batch_bytes);
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, buffer_.data() + size, batch_bytes);
  } while (count < 0 && errno == EINTR);
  buffer_.resize(size + static_cast<std::size_t>(count < 0 ? 0 : count));
  if (count < 0) throw unreadable(name_);
  ended_ = count == 0;
  return count > 0;
}

std::string_view LineSource::peek() {
  if (buffer_.empty() && !ended_) read_more(true);
  return std::string_view(buffer_).substr(used_);
}

void LineSource::peek_more() {
  if (!ended_) read_more(true);
}

std::string LineSource::rest() {
  std::string all = buffer_.substr(used_);
  buffer_.clear();
  used_ = 0;
  while (!ended_) {
    if (read_more(true)) all += buffer_;
    buffer_.clear();
  }
  return all;
}

const std::vector<std::string_view>& LineSource::next() {
  line_ += given_;
  lines_.clear();
  buffer_.erase(0, used_);
  used_ = 0;
  // Until there is a line; then as much as there is without waiting, up to a batch.
  std::size_t searched = 0;
  bool whole = false;
  while (!ended_) {
    whole = whole || buffer_.find('\n', searched) != std::string::npos;
    searched = buffer_.size();
    if (whole && buffer_.size() >= batch_bytes) break;
    if (!whole && buffer_.size() > longest_line)
      throw Error("a line of more than 100000 characters", place(line_), "a case is one line");
    if (!read_more(!whole) && whole) break;
  }
  const std::string_view text = buffer_;
  while (used_ < text.size()) {
    const std::size_t end = text.find('\n', used_);
    if (end == std::string_view::npos && !ended_) break;
    lines_.push_back(text.substr(used_, end - used_));
    used_ = end == std::string_view::npos ? text.size() : end + 1;
  }
  given_ = lines_.size();
  position_ += used_;
  return lines_;
}

}  // namespace halfulp::vectors
