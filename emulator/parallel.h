// SPDX-License-Identifier: MIT
//
// The one place that knows threads (oneTBB). Work is cut into chunks whose bounds depend on the
// count alone, never on the number of threads, so that whoever writes each chunk's result to its
// own place gets the same bytes from any number of threads. `threads` 0 means all of the machine.
// An exception of a chunk or task reaches the caller; what has not started by then is dropped.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace halfulp::emulator {

using ChunkBody = std::function<void(std::size_t begin, std::size_t end)>;
using TaskBody = std::function<void(std::size_t index)>;

// Threads that stay between calls, asleep while there is nothing to do: for work of less than a
// millisecond, which is done before new ones are awake. One call at a time.
class Workers {
 public:
  explicit Workers(int threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  [[nodiscard]] int threads() const { return threads_; }
  // body(begin, end) for [0, chunk), [chunk, 2 chunk) and so on up to count. Precondition:
  // chunk > 0.
  void for_each_chunk(std::size_t count, std::size_t chunk, const ChunkBody& body);
  // body(index) for every index below count, each a task of its own, started in increasing order.
  void for_each_task(std::size_t count, const TaskBody& body);

 private:
  struct Arena;
  int threads_;
  std::unique_ptr<Arena> arena_;  // none where there is one thread
};

// The same with threads of the call's own.
void for_each_chunk(std::size_t count, std::size_t chunk, int threads, const ChunkBody& body);
void for_each_task(std::size_t count, int threads, const TaskBody& body);

}  // namespace halfulp::emulator
