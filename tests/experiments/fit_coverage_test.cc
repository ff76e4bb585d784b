// SPDX-License-Identifier: MIT
//
// Of many made-up data sets that follow a law, intervals of 95 % must hold the truth about 95 times
// in 100, and few may be called misfits, also with three repeats and with common random numbers.
// HALFULP_DRAWS=10 draws ten times as many sets.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/experiments/fit_points.h"
#include "tests/support/sampling.h"

namespace halfulp::experiments {
namespace {

struct Shares {
  double covered = 0.0, misfits = 0.0;
};

const Json power_law{{"kind", "power_law"}, {"x", "/m"}, {"y", "excess_clean_last"}};

// repeats: by point.
Shares power_law_shares(const std::vector<std::size_t>& repeats, double sigma, double common,
                        std::uint64_t seed) {
  const std::size_t sets = sampling::draws(200);
  Shares shares;
  for (std::size_t k = 0; k < sets; ++k) {
    Points points;
    double m = 4;
    for (const std::size_t n : repeats) {
      m *= 2;
      points.add_noisy({{"/m", m}}, 3.0 / m,
                       {.sigma = sigma, .common = common, .seed = seed + 1000 * k}, n);
    }
    const Json fit = points.fit(power_law)[0];
    shares.covered += holds(fit["slope_interval"], -1.0) ? 1.0 / static_cast<double>(sets) : 0.0;
    shares.misfits += fit["misfit"].get<bool>() ? 1.0 / static_cast<double>(sets) : 0.0;
  }
  std::cout << repeats.size() << " points, " << repeats.front() << " to " << repeats.back()
            << " repeats, sigma " << sigma << ", common " << common << ": covered "
            << shares.covered << ", misfits " << shares.misfits << "\n";
  return shares;
}

TEST(FitCoverage, SlopesOfFewRepeats) {
  for (const std::size_t n : {3, 5, 8, 16}) {
    for (const double common : {0.0, 0.5, 0.95}) {
      const Shares shares = power_law_shares(std::vector<std::size_t>(5, n), 0.3, common, n);
      EXPECT_GE(shares.covered, 0.91) << n << " repeats, common " << common;
      EXPECT_LE(shares.covered, 0.99) << n << " repeats, common " << common;
      EXPECT_LE(shares.misfits, 0.05) << n << " repeats, common " << common;
    }
  }
}

TEST(FitCoverage, SlopesOfUnequalRepeats) {
  const Shares shares = power_law_shares({32, 32, 16, 8, 4}, 0.3, 0.5, 77);
  EXPECT_GE(shares.covered, 0.91);
  EXPECT_LE(shares.misfits, 0.05);
}

}  // namespace
}  // namespace halfulp::experiments
