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
int threads_of(int threads, std::size_t tasks) {
  const int machine = tbb::info::default_concurrency();
  const int wanted = threads > 0 ? std::min(threads, machine) : machine;
  return static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(wanted), tasks));
}

}  // namespace

void for_each_task(std::size_t count, int threads,
                   const std::function<void(std::size_t index)>& body) {
  const int workers = threads_of(threads, count);
  if (workers <= 1) {
    for (std::size_t index = 0; index < count; ++index) body(index);
    return;
  }
  // Each worker takes the lowest index that nobody has: tasks start in order, whatever their
  // lengths.
  std::atomic<std::size_t> next = 0;
  tbb::task_arena arena(workers);
  arena.execute([&] {
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

void for_each_chunk(std::size_t count, std::size_t chunk, int threads,
                    const std::function<void(std::size_t begin, std::size_t end)>& body) {
  HALFULP_REQUIRE(chunk > 0, "for_each_chunk: a chunk has at least one element");
  const std::size_t chunks = count / chunk + (count % chunk != 0 ? 1 : 0);
  for_each_task(chunks, threads, [&](std::size_t index) {
    const std::size_t begin = index * chunk;
    body(begin, std::min(count, begin + chunk));
  });
}

}  // namespace halfulp::emulator
