// SPDX-License-Identifier: MIT
//
// The one place that knows threads (oneTBB). Work is cut into chunks whose bounds depend on the
// count alone, never on the number of threads, so that whoever writes each chunk's result to its
// own place gets the same bytes from any number of threads. `threads` 0 means all of the machine.
// An exception of a chunk or task reaches the caller; what has not started by then is dropped.
#pragma once

#include <cstddef>
#include <functional>

namespace halfulp::emulator {

// body(begin, end) for [0, chunk), [chunk, 2 chunk) and so on up to count. Precondition: chunk > 0.
void for_each_chunk(std::size_t count, std::size_t chunk, int threads,
                    const std::function<void(std::size_t begin, std::size_t end)>& body);

// body(index) for every index below count, each a task of its own, started in increasing order.
void for_each_task(std::size_t count, int threads,
                   const std::function<void(std::size_t index)>& body);

}  // namespace halfulp::emulator
