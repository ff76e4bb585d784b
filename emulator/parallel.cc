// SPDX-License-Identifier: MIT
#include "emulator/parallel.h"

#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>

#include "formats/error.h"

namespace halfulp::emulator {
namespace {

// No more than the machine has: results do not depend on it, and the scheduler complains.
int threads_of(int threads) {
  const int machine = tbb::info::default_concurrency();
  return threads > 0 ? std::min(threads, machine) : machine;
}

std::size_t chunks_of(std::size_t count, std::size_t chunk) {
  HALFULP_REQUIRE(chunk > 0, "for_each_chunk: a chunk has at least one element");
  return count / chunk + (count % chunk != 0 ? 1 : 0);
}

}  // namespace

struct Workers::Arena {
  explicit Arena(int threads) : tbb(threads) {}
  tbb::task_arena tbb;
};

Workers::Workers(int threads) : threads_(threads_of(threads)) {
  if (threads_ > 1) arena_ = std::make_unique<Arena>(threads_);
}

Workers::~Workers() = default;

void Workers::for_each_task(std::size_t count, const TaskBody& body) {
  const auto workers =
      static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads_), count));
  if (workers <= 1) {
    for (std::size_t index = 0; index < count; ++index) body(index);
    return;
  }
  // Each worker takes the lowest index that nobody has: tasks start in order, whatever their
  // lengths.
  std::atomic<std::size_t> next = 0;
  arena_->tbb.execute([&] {
    tbb::task_group_context context(tbb::task_group_context::isolated);
    tbb::parallel_for(
        0, workers,
        [&](int) {
          while (!context.is_group_execution_cancelled()) {
            const std::size_t index = next.fetch_add(1);
            if (index >= count) return;
            body(index);
          }
        },
        tbb::simple_partitioner(), context);
  });
}

void Workers::for_each_chunk(std::size_t count, std::size_t chunk, const ChunkBody& body) {
  for_each_task(chunks_of(count, chunk), [&](std::size_t index) {
    const std::size_t begin = index * chunk;
    body(begin, std::min(count, begin + chunk));
  });
}

void for_each_task(std::size_t count, int threads, const TaskBody& body) {
  const auto wanted =
      static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads_of(threads)), count));
  Workers(std::max(wanted, 1)).for_each_task(count, body);
}

void for_each_chunk(std::size_t count, std::size_t chunk, int threads, const ChunkBody& body) {
  const auto wanted = static_cast<int>(std::min<std::size_t>(
      static_cast<std::size_t>(threads_of(threads)), chunks_of(count, chunk)));
  Workers(std::max(wanted, 1)).for_each_chunk(count, chunk, body);
}

}  // namespace halfulp::emulator
