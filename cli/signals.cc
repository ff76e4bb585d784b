// SPDX-License-Identifier: MIT
#include "cli/signals.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace halfulp::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds patience{700};
constexpr std::timespec pause{.tv_sec = 0, .tv_nsec = 50'000'000};

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  struct sigaction hangup {};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
    sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

SignalWatch::SignalWatch(std::function<void()> last_words) : last_words_(std::move(last_words)) {
  const sigset_t set = watched_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { watch(); });
}

SignalWatch::~SignalWatch() {
  finished_ = true;
  thread_.join();
}

void SignalWatch::watch() {
  const sigset_t set = watched_signals();
  Clock::time_point end{};
  while (!finished_) {
    const int signal = ::sigtimedwait(&set, nullptr, &pause);
    if (signal > 0 && caught_ != 0) std::_Exit(signal_status + signal);
    if (signal > 0) {
      caught_ = signal;
      stop_ = true;
      end = Clock::now() + patience;
    } else if (caught_ != 0 && Clock::now() > end) {
      last_words_();
      std::_Exit(signal_status + caught_);
    }
  }
}

}  // namespace halfulp::cli
