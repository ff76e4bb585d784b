// SPDX-License-Identifier: MIT
//
// Work in parts on many threads whose results, and whose first error, are those of one thread: the
// parts of a batch are worked on at once, then their results are taken in order. Memory holds the
// results of one batch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <vector>

#include "emulator/parallel.h"

namespace halfulp::comparison {

// work(index) answers a Result, on any thread; take(index, result) is called on the caller's, for
// every index below count in increasing order. What work throws for the least index is thrown.
template <typename Result, typename Work, typename Take>
void in_order(std::size_t count, int threads, const Work& work, const Take& take) {
  constexpr std::size_t batch = 256;
  std::vector<Result> results;
  std::vector<std::exception_ptr> errors;
  for (std::size_t begin = 0; begin < count; begin += batch) {
    const std::size_t size = std::min(batch, count - begin);
    results.assign(size, Result{});
    errors.assign(size, nullptr);
    emulator::for_each_task(size, threads, [&](std::size_t i) {
      try {
        results[i] = work(begin + i);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    });
    for (std::size_t i = 0; i < size; ++i) {
      if (errors[i] != nullptr) std::rethrow_exception(errors[i]);
      take(begin + i, std::move(results[i]));
    }
  }
}

}  // namespace halfulp::comparison
