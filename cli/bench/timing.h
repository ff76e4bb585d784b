// SPDX-License-Identifier: MIT
//
// Speed as a ratio of two times taken in turns: A B A B ..., each long enough for the clock, so
// that a clock that slows down or a neighbour that takes the memory's bandwidth weighs on both. The
// ratio is the median of the rounds' ratios, the time the best of all rounds.
#pragma once

#include <functional>

namespace halfulp::cli::bench {

struct Timing {
  double ratio = 0;    // time of the yardstick over that of the work: above 1 the work is faster
  double seconds = 0;  // of one call of the work, the best round's
};

// rounds: at least 1. A round calls each so often that it takes about `least` seconds. Without a
// yardstick the ratio is 0.
struct Patience {
  int rounds = 9;
  double least = 0.004;
};
Timing time_in_turns(const std::function<void()>& work, const std::function<void()>& yardstick,
                     const Patience& patience);

}  // namespace halfulp::cli::bench
