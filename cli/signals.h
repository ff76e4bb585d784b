// SPDX-License-Identifier: MIT
//
// Signals that ask long work to stop. A thread of its own waits for them, so that what is to be
// done is not bound by what a signal handler may do, and so that the first signal is heard within a
// second whatever the others are at: it sets a flag; where the work does not end soon after, the
// program says how to go on and ends. Nothing is lost by that, as all that is finished is on the
// disk. A second signal ends the program at once.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace halfulp::cli {

inline constexpr int signal_status = 128;  // the exit status is this and the signal's number

class SignalWatch {
 public:
  // Watches SIGINT, SIGTERM and SIGHUP (where nohup has not switched it off) of this thread and of
  // all that it starts from now on. last_words: called before the program ends in mid-work.
  explicit SignalWatch(std::function<void()> last_words);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

  // True as soon as a signal has come.
  [[nodiscard]] std::atomic<bool>& stop() { return stop_; }
  // The first signal that came, or 0.
  [[nodiscard]] int caught() const { return caught_; }

 private:
  void watch();

  std::function<void()> last_words_;
  std::atomic<bool> stop_{false}, finished_{false};
  std::atomic<int> caught_{0};
  std::thread thread_;
};

}  // namespace halfulp::cli
