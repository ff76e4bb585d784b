// SPDX-License-Identifier: MIT
#include "cli/bench/timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

namespace halfulp::cli::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const std::function<void()>& call, int times) {
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < times; ++i) call();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// How many calls take about so long; the first call, which warms caches, does not count.
int times_for(const std::function<void()>& call, double least) {
  call();
  constexpr int most = 1 << 20;
  int times = 1;
  for (double taken = seconds_of(call, times); taken < least && times < most;
       taken = seconds_of(call, times)) {
    const double more = taken > 0 ? 1.2 * least / taken : 10;
    times = std::min(most, static_cast<int>(std::ceil(times * std::clamp(more, 1.2, 10.0))));
  }
  return times;
}

}  // namespace

Timing time_in_turns(const std::function<void()>& work, const std::function<void()>& yardstick,
                     const Patience& patience) {
  const int times = times_for(work, patience.least);
  const int times_of_yardstick = yardstick ? times_for(yardstick, patience.least) : 0;
  std::vector<double> ratios;
  Timing timing{.ratio = 0, .seconds = std::numeric_limits<double>::infinity()};
  constexpr double slow = 0.2;  // seconds of one call, of which fewer rounds must do
  for (int round = 0; round < std::max(patience.rounds, 1); ++round) {
    if (timing.seconds > slow && timing.seconds < 1e9 && round >= 3) break;
    const double own = seconds_of(work, times) / times;
    timing.seconds = std::min(timing.seconds, own);
    if (yardstick)
      ratios.push_back(seconds_of(yardstick, times_of_yardstick) / times_of_yardstick / own);
  }
  if (ratios.empty()) return timing;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  timing.ratio = *middle;
  return timing;
}

}  // namespace halfulp::cli::bench
