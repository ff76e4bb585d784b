// SPDX-License-Identifier: MIT
//
// Files of vectors, and standard input, in batches: whole lines as they come, in constant memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace halfulp::vectors {

class LineSource {
 public:
  // "-" is standard input. before_waiting is called before every read that may wait: whoever
  // answers lines as they come sends its answers then. Throws Error, naming the path.
  explicit LineSource(const std::string& path, std::function<void()> before_waiting = {});
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;
  ~LineSource();

  // The next lines, without their ends; they stand until the next call. At the end there are none.
  // Throws Error: unreadable, or a line without end.
  const std::vector<std::string_view>& next();
  // Of the first line of the last batch, counted from 1.
  [[nodiscard]] std::size_t line_number() const { return line_; }
  // "x.tv" or "standard input".
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string place(std::size_t line) const;
  // Of a regular file; 0 of anything else.
  [[nodiscard]] std::uint64_t size() const;
  // Bytes of the lines that next() has given.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  // What there is, unread; up to a batch. Before the first call of next().
  std::string_view peek();
  // Waits until peek() has more, or has come to the end.
  void peek_more();
  // False where the end has been seen.
  [[nodiscard]] bool may_go_on() const { return !ended_; }
  // All of the rest.
  std::string rest();

 private:
  bool read_more(bool may_wait);

  std::string name_;
  std::function<void()> before_waiting_;
  int descriptor_ = 0;
  bool owned_ = false, ended_ = false;
  std::string buffer_;
  std::size_t used_ = 0;  // bytes of the buffer that have been handed out
  std::uint64_t position_ = 0;
  std::size_t line_ = 1, given_ = 0;
  std::vector<std::string_view> lines_;
};

}  // namespace halfulp::vectors
