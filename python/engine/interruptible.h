// SPDX-License-Identifier: MIT
//
// Long work under Python: other threads of Python go on meanwhile, and Ctrl-C is heard.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace halfulp::python {

// Thrown by work that was told to stop.
struct Stopped {};

class Interruption {
 public:
  void request() { requested_ = true; }
  // To be called now and then by the work. Throws Stopped.
  void check() const {
    if (requested_) throw Stopped{};
  }

 private:
  std::atomic<bool> requested_{false};
};

// Does the work without the GIL, which the caller holds. Work on many elements gets a thread of its
// own, beside which signals are looked for; after one that Python makes an exception of (Ctrl-C),
// the work is told to stop, and the exception is thrown. What the work throws is thrown here.
void without_gil(std::size_t elements, const std::function<void(const Interruption&)>& work);

// body(begin, end) for chunks of [0, count), on so many threads (0: all of the machine).
void in_chunks(std::size_t count, std::size_t chunk, int threads, const Interruption& interruption,
               const std::function<void(std::size_t begin, std::size_t end)>& body);

}  // namespace halfulp::python
