// SPDX-License-Identifier: MIT
//
// Devices that are matrix units, shipped and drawn ones: what is made of their answers alone gives
// every bit that they give, on fresh operands of every class. HALFULP_DRAWS=100 takes all shipped
// units and two hundred drawn ones (docs/probe.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "golden/kernels/tree_words.h"
#include "tests/probe/drawn_units.h"
#include "tests/probe/interview.h"
#include "tests/support/sampling.h"

namespace halfulp::probe {
namespace {

constexpr std::size_t usual_terms = 64;

std::string text_of(const MatrixUnit& unit) {
  std::string text = "  a " + kernels::words_of(unit.a) + "; b " + kernels::words_of(unit.b) +
                     "; c " + kernels::words_of(unit.c) + "; d " + unit.d.name + "\n";
  for (const std::string& words : kernels::words_of(unit.tree)) text += "  " + words + "\n";
  return text;
}

// The number of inputs that it took; fails where what was found is another unit.
std::size_t recover(const MatrixUnit& device, std::span<const MatrixUnit> known) {
  const bool scaled = ports_of(device, 1).scales.has_value();
  const Ports ports = ports_of(device, scaled ? 2 * device.terms : usual_terms);
  const Outcome outcome = interview(device, ports, known);
  const Fresh fresh = compare_on_fresh(device, outcome.unit(), ports);
  EXPECT_GT(fresh.results, 2000U);
  EXPECT_EQ(fresh.misses, 0U) << device.name << ", " << outcome.questions << " inputs in "
                              << outcome.rounds << " rounds, of which "
                              << outcome.standing.fits.front().misses << " are missed\n"
                              << text_of(device) << "found\n"
                              << text_of(outcome.unit()) << to_json(device).dump();
  return outcome.questions;
}

struct Counts {
  std::vector<std::size_t> all;
  void report(const std::string& what) const {
    std::vector<std::size_t> sorted = all;
    std::ranges::sort(sorted);
    std::cout << sorted.size() << " " << what << ": " << sorted.front() << " to " << sorted.back()
              << " inputs, median " << sorted[sorted.size() / 2] << "\n";
  }
};

// Some of the shipped units, evenly spread over their names.
void recover_shipped(std::size_t count, std::span<const MatrixUnit> known,
                     const std::string& what) {
  std::vector<const MatrixUnit*> all;
  for (const MatrixUnit& unit : shipped_units()) {
    // Scales are known of shipped units only.
    if (!known.empty() || !ports_of(unit, 1).scales) all.push_back(&unit);
  }
  count = std::min(count, all.size());
  Counts counts;
  for (std::size_t i = 0; i < count; ++i)
    counts.all.push_back(recover(*all[(2 * i + 1) * all.size() / (2 * count)], known));
  counts.report(what);
}

TEST(Probe, RecoversShippedUnits) {
  recover_shipped(sampling::draws(1), shipped_units(), "shipped units");
}

TEST(Probe, RecoversShippedUnitsThatItDoesNotKnow) {
  recover_shipped(sampling::draws(1), {}, "shipped units, not among the hypotheses");
}

TEST(Probe, RecoversDrawnUnits) {
  sampling::Stream stream(16);
  Counts counts;
  for (std::size_t i = 0; i < sampling::draws(1); ++i)
    counts.all.push_back(recover(draw_unit(stream), shipped_units()));
  counts.report("drawn units");
}

// Drawn units that another structure resembles: pairs in runs, whose products are TF32's, and an
// alignment so wide beside the rounding that C may be aligned later as well.
TEST(Probe, RecoversUnitsThatResembleOthers) {
  sampling::Stream stream(16);
  std::vector<MatrixUnit> drawn;
  for (std::size_t i = 0; i < 98; ++i) drawn.push_back(draw_unit(stream));
  Counts counts;
  constexpr std::array<std::size_t, 2> resembling{97, 21};
  for (std::size_t i = 0; i < std::min(sampling::draws(1), resembling.size()); ++i)
    counts.all.push_back(recover(drawn[resembling[i]], {}));
  counts.report("units that resemble others");
}

}  // namespace
}  // namespace halfulp::probe
