// SPDX-License-Identifier: MIT
#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace halfulp::cli {
namespace {

constexpr int bar_width = 24;
constexpr std::chrono::milliseconds redraw_after{200};
constexpr std::chrono::seconds line_after{30};
constexpr double settled_seconds = 1.0;  // a rate measured over less says nothing

void write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string short_number(double x) {
  constexpr std::array<const char*, 6> prefixes{"", "k", "M", "G", "T", "P"};
  std::size_t prefix = 0;
  while (x >= 999.5 && prefix + 1 < prefixes.size()) {
    x /= 1000;
    ++prefix;
  }
  const char* blank = prefix == 0 ? "" : " ";
  if (x >= 99.5 || (prefix == 0 && x >= 9.95))
    return fmt::format("{:.0f}{}{}", x, blank, prefixes[prefix]);
  return fmt::format("{:.{}f}{}{}", x, x >= 9.95 ? 1 : 2, blank, prefixes[prefix]);
}

std::string duration_text(double seconds) {
  const std::int64_t total = std::llround(std::clamp(seconds, 0.0, 1e9));
  if (total < 60) return fmt::format("{} s", total);
  if (total < 3600) return fmt::format("{} min {} s", total / 60, total % 60);
  return fmt::format("{} h {} min", total / 3600, total / 60 % 60);
}

ProgressBar::ProgressBar(std::string unit, bool quiet)
    : unit_(std::move(unit)),
      quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      next_(start_ + (terminal_ ? Clock::duration(redraw_after) : Clock::duration(line_after))) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::update(double done, double total, double skipped, const std::string& label) {
  if (quiet_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? Clock::duration(redraw_after) : Clock::duration(line_after));
  const std::string text = line(done, total, skipped, label);
  // Return to the line's start, draw, erase what an earlier, longer text left behind.
  write(terminal_ ? "\r" + text + "\x1b[K" : "halfulp: " + text + "\n");
  drawn_ = terminal_;
}

void ProgressBar::clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!drawn_) return;
  write("\r\x1b[K");
  drawn_ = false;
}

std::string ProgressBar::line(double done, double total, double skipped,
                              const std::string& label) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = seconds > 0 ? (done - skipped) / seconds : 0;
  std::string text;
  if (total > 0) {
    const double share = std::clamp(done / total, 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(share * bar_width);
    if (terminal_)
      text = "[" + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] ";
    text += fmt::format("{:.0f} %", share * 100);
  }
  if (!label.empty()) text += (text.empty() ? "" : "  ") + label;
  if (seconds >= settled_seconds && rate > 0) {
    text += "  " + short_number(rate) + " " + unit_ + "/s";
    if (total > 0) text += "  " + duration_text((total - done) / rate) + " left";
  }
  return text;
}

}  // namespace halfulp::cli
