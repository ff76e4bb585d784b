// SPDX-License-Identifier: MIT
//
// Progress of long work on standard error: a bar that is redrawn on a terminal, a line every half
// minute elsewhere, nothing where it is not wanted. Any thread may report.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

namespace halfulp::cli {

class ProgressBar {
 public:
  // unit: what is counted, in the plural ("steps", "cases").
  ProgressBar(std::string unit, bool quiet);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();  // removes the bar

  // total: 0 where it is not known: then the label and the rate alone.
  // skipped: how much of `done` stood there before, so that rate and time left leave it out.
  // label: shown before the rate ("12/40 units"); may be empty.
  void update(double done, double total, double skipped, const std::string& label);
  // Removes the bar so that other lines can be written; the next update draws it again.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] std::string line(double done, double total, double skipped,
                                 const std::string& label) const;

  std::string unit_;
  bool quiet_, terminal_;
  bool drawn_ = false;
  Clock::time_point start_, next_;
  std::mutex mutex_;
};

// "3.4 M", "12": at most three digits and a prefix.
std::string short_number(double x);
// "45 s", "3 min 20 s", "2 h 5 min".
std::string duration_text(double seconds);

}  // namespace halfulp::cli
