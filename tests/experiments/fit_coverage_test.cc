// SPDX-License-Identifier: MIT
//
// Of many made-up data sets that follow a law, intervals of 95 % must hold the truth about 95 times
// in 100, and few may be called misfits, also with three repeats and with common random numbers.
// HALFULP_DRAWS=10 draws ten times as many sets.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <map>
#include <string>

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

// Of the sets whose points determine all parameters, how many of each interval hold the truth: over
// all numbers of repeats together, as each has few sets.
class Tally {
 public:
  explicit Tally(std::map<std::string, double> truth) : truth_(std::move(truth)) {}

  void add(const Json& record) {
    ++sets_;
    if (record.contains("error")) return;
    ++determined_;
    misfits_ += record["misfit"].get<bool>() ? 1 : 0;
    for (const auto& [name, value] : truth_)
      covered_[name] += holds(record[name + "_interval"], value) ? 1 : 0;
  }
  void expect_good() const {
    EXPECT_GE(share(determined_, sets_), 0.95);
    EXPECT_LE(share(misfits_, determined_), 0.03);
    for (const auto& [name, count] : covered_) {
      EXPECT_GE(share(count, determined_), 0.91) << name;
      EXPECT_LE(share(count, determined_), 0.99) << name;
      std::cout << name << " covered " << share(count, determined_) << "\n";
    }
    std::cout << "misfits " << share(misfits_, determined_) << "\n";
  }

 private:
  static double share(int part, int whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  }
  std::map<std::string, double> truth_;
  std::map<std::string, int> covered_;
  int sets_ = 0, determined_ = 0, misfits_ = 0;
};

TEST(FitCoverage, EffectiveSizesOfFewRepeats) {
  std::size_t covered = 0;
  std::size_t sets = 0;
  for (const std::size_t n : {3, 5, 8, 16}) {
    for (std::size_t k = 0; k < sampling::draws(100); ++k) {
      const RepeatNoise noise{.sigma = 0.1, .common = k % 2 == 0 ? 0.0 : 0.9, .seed = 100 * k + n};
      Points points;
      // The curve is straight between its points, as the fit takes it.
      for (const double m : {8, 16, 32, 64})
        points.add_noisy({{"/m", m}, {"/eps", 0}}, 1.0 / m, noise, n);
      points.add_noisy({{"/m", 64}, {"/eps", 1}}, 1.0 / 23.0, noise, n);
      const Json fit{{"kind", "effective_size"}, {"axis", "/m"}, {"reference", {{"/eps", 0}}}};
      covered += holds(points.fit(fit)[0]["effective_size_interval"], 23.0) ? 1 : 0;
      ++sets;
    }
  }
  std::cout << "covered " << covered << " of " << sets << "\n";
  EXPECT_GE(covered, sets * 91 / 100);
  EXPECT_LE(covered, sets * 99 / 100);
}

TEST(FitCoverage, FloorsOfFewRepeats) {
  Tally tally({{"exponent", 1.0}, {"floor", 0.03}, {"amplitude", 2.0}});
  for (const std::size_t n : {3, 5, 8, 16}) {
    for (std::size_t k = 0; k < sampling::draws(60); ++k) {
      const RepeatNoise noise{.sigma = 0.05, .common = k % 2 == 0 ? 0.0 : 0.9, .seed = 100 * k + n};
      Points points;
      for (const double m : {8, 16, 32, 64, 128, 256, 512})
        points.add_noisy({{"/m", m}}, 2.0 / m + 0.03, noise, n);
      const Json fit{{"kind", "power_law_floor"}, {"x", "/m"}, {"y", "excess_clean_last"}};
      tally.add(points.fit(fit)[0]);
    }
  }
  tally.expect_good();
}

TEST(FitCoverage, JointLawsOfFewRepeats) {
  Tally tally({{"model_exponent", 1.0},
               {"data_exponent", 0.7},
               {"floor", 0.05},
               {"model_amplitude", 2.0},
               {"data_amplitude", 20.0}});
  for (const std::size_t n : {3, 5, 8, 16}) {
    for (std::size_t k = 0; k < sampling::draws(40); ++k) {
      const RepeatNoise noise{.sigma = 0.05, .common = k % 2 == 0 ? 0.0 : 0.9, .seed = 100 * k + n};
      Points points;
      for (const double m : {8, 16, 32, 64, 128}) {
        for (const double size : {256, 1024, 4096, 16384})
          points.add_noisy({{"/m", m}, {"/n", size}}, 0.05 + 2.0 / m + 20.0 * std::pow(size, -0.7),
                           noise, n);
      }
      const Json fit{{"kind", "joint_power_law"},
                     {"model_size", "/m"},
                     {"data_size", "/n"},
                     {"y", "excess_clean_last"}};
      tally.add(points.fit(fit)[0]);
    }
  }
  tally.expect_good();
}

// A law in full precision, and one of which sizes and samples count for less.
TEST(FitCoverage, EffectiveSizesOfJointLaws) {
  Tally sizes({{"effective_size", 0.0}});
  Tally shares({{"data_share", 0.7}});
  const Json fit{
      {"kind", "effective_sizes"}, {"model_size", "/m"},           {"data_size", "/n"},
      {"y", "excess_clean_last"},  {"reference", {{"/bits", 64}}}, {"with_floor", false}};
  for (const std::size_t n : {3, 5, 8, 16}) {
    for (std::size_t k = 0; k < sampling::draws(20); ++k) {
      const RepeatNoise noise{.sigma = 0.05, .common = k % 2 == 0 ? 0.0 : 0.9, .seed = 100 * k + n};
      Points points;
      for (const double m : {8, 16, 32, 64, 128}) {
        for (const double size : {256, 1024, 4096, 16384}) {
          for (const int bits : {64, 8}) {
            const double model = bits == 64 ? m : m / (1.0 + m / 60.0);
            const double data = bits == 64 ? size : 0.7 * size;
            points.add_noisy({{"/m", m}, {"/n", size}, {"/bits", bits}},
                             2.0 / std::sqrt(model) + 20.0 * std::pow(data, -0.7), noise, n);
          }
        }
      }
      const Json records = points.fit(fit);
      const Json& law = records[0];
      shares.add(law);
      if (law.contains("error")) continue;
      // The third size of the model, 32.
      Json size = records[3];
      size["misfit"] = law["misfit"];
      const double truth = 32.0 / (1.0 + 32.0 / 60.0);
      for (Json& end : size["effective_size_interval"]) end = end.get<double>() - truth;
      sizes.add(size);
    }
  }
  shares.expect_good();
  sizes.expect_good();
}

}  // namespace
}  // namespace halfulp::experiments
