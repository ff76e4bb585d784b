// SPDX-License-Identifier: MIT
#include "python/engine/interruptible.h"

#include <nanobind/nanobind.h>

#include <chrono>
#include <future>

#include "emulator/parallel.h"

namespace halfulp::python {
namespace {

constexpr std::size_t many = std::size_t{1} << 20U;  // elements: a millisecond or so
constexpr std::chrono::milliseconds between_looks{50};

}  // namespace

void without_gil(std::size_t elements, const std::function<void(const Interruption&)>& work) {
  Interruption interruption;
  const nanobind::gil_scoped_release release;
  if (elements < many) return work(interruption);
  std::future<void> done = std::async(std::launch::async, [&] { work(interruption); });
  bool interrupted = false;
  while (done.wait_for(between_looks) == std::future_status::timeout) {
    if (interrupted) continue;
    const nanobind::gil_scoped_acquire acquire;
    interrupted = PyErr_CheckSignals() != 0;  // sets Python's exception
    if (interrupted) interruption.request();
  }
  if (!interrupted) return done.get();
  try {
    done.get();
  } catch (...) {  // the interruption is what the caller hears of
  }
  const nanobind::gil_scoped_acquire acquire;
  throw nanobind::python_error();
}

void in_chunks(std::size_t count, std::size_t chunk, int threads, const Interruption& interruption,
               const std::function<void(std::size_t begin, std::size_t end)>& body) {
  emulator::for_each_chunk(count, chunk, threads, [&](std::size_t begin, std::size_t end) {
    interruption.check();
    body(begin, end);
  });
}

}  // namespace halfulp::python
