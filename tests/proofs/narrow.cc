// SPDX-License-Identifier: MIT
#include <bit>
#include <cmath>
#include <cstdio>
#include <map>
#include <span>
#include <vector>

#include "emulator/engine.h"
#include "emulator/parallel.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/engine.h"
#include "formats/numbers/value.h"
#include "reference/round.h"
#include "tests/proofs/proofs.h"

namespace halfulp::proofs {
namespace {

constexpr std::uint32_t sign_bit = 0x80000000;
constexpr std::uint32_t infinity = 0x7f800000;
constexpr std::uint32_t one = 0x3f800000;

std::uint32_t without_nan_payload(float x) {
  return std::isnan(x) ? 0x7fc00000 : std::bit_cast<std::uint32_t>(x);
}

// What the reference makes of a pattern of binary32, as a pattern; every NaN is one.
std::uint32_t rounded(const Quantizer& q, std::uint32_t pattern) {
  const Value x = from_double(static_cast<double>(std::bit_cast<float>(pattern)));
  return without_nan_payload(nearest_float(decode(q.format, reference::round(real(x), q, 0).code)));
}

// Where results change along the magnitudes of one sign: from this pattern on, that result.
using Steps = std::map<std::uint32_t, std::uint32_t>;

// Adds the steps in (low, high], whose ends have these results.
void bisect(const Quantizer& q, std::uint32_t low, std::uint32_t high, std::uint32_t at_low,
            std::uint32_t at_high, Steps& steps) {
  if (at_low == at_high) return;
  if (high - low == 1) {
    steps[high] = at_high;
    return;
  }
  const std::uint32_t middle = low + (high - low) / 2;
  const std::uint32_t at_middle = rounded(q, middle);
  bisect(q, low, middle, at_low, at_middle, steps);
  bisect(q, middle, high, at_middle, at_high, steps);
}

// One is a point apart: formats may deliver NaN at both ends.
Steps steps_of(const Quantizer& q, std::uint32_t sign) {
  Steps steps;
  steps[sign] = rounded(q, sign);
  const std::uint32_t middle = sign | one;
  const std::uint32_t last = sign | infinity;
  bisect(q, sign, middle, steps[sign], rounded(q, middle), steps);
  bisect(q, middle, last, rounded(q, middle), rounded(q, last), steps);
  steps[last + 1] = rounded(q, last + 1);
  return steps;
}

constexpr std::uint32_t block = 1U << 16;

void check_block(std::uint32_t first, const Steps& steps, const Plan& plan, Reporter& reporter) {
  std::vector<float> in(block);
  std::vector<float> out(block);
  for (std::uint32_t i = 0; i < block; ++i) in[i] = std::bit_cast<float>(first + i);
  emulator::engine().round(view_of(std::span<const float>(in)), plan, Random{},
                           view_of(std::span<float>(out)), nullptr);
  auto step = std::prev(steps.upper_bound(first));
  auto next = std::next(step);
  for (std::uint32_t i = 0; i < block; ++i) {
    if (next != steps.end() && first + i >= next->first) step = next++;
    const std::uint32_t found = without_nan_payload(out[i]);
    if (found == step->second) continue;
    char text[128];
    std::snprintf(text, sizeof text, "%08x: %08x, reference %08x", first + i, found, step->second);
    reporter.differ(plan.quantizer.format.name + " " + text);
  }
}

}  // namespace

Count prove_narrow(const std::string& format, Mode mode, const std::string& overflow) {
  Quantizer q{.format = find_format(format), .rounding = {}};
  q.rounding.mode = mode;
  q.rounding.overflow = parse_overflow(overflow);
  Steps steps = steps_of(q, 0);
  steps.merge(steps_of(q, sign_bit));
  const Plan plan = emulator::engine().prepare(q);
  Reporter reporter;
  constexpr std::size_t blocks = std::size_t{1} << 16;
  emulator::for_each_task(blocks, 0, [&](std::size_t i) {
    check_block(static_cast<std::uint32_t>(i) * block, steps, plan, reporter);
  });
  return {std::uint64_t{blocks} * block, reporter.differences()};
}

}  // namespace halfulp::proofs
