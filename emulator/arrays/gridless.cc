// SPDX-License-Identifier: MIT
#include "emulator/arrays/gridless.h"

#include <algorithm>
#include <limits>
#include <variant>
#include <vector>

#include "formats/format.h"
#include "formats/rounding.h"

namespace halfulp::emulator {
namespace {

constexpr std::uint32_t sign = 0x80000000;
constexpr std::uint32_t infinity = 0x7f800000;
constexpr std::uint32_t signalling_nan = infinity + 1;
constexpr std::uint32_t quiet_nan = 0x7fc00000;

}  // namespace

// The rules for what is no number of the format are asked of the scalar path, with the least and
// the greatest of what they decide.
std::optional<kernels::PositRounding> posit_rounding_of(const Target& target) {
  const Quantizer& quantizer = *target.quantizer;
  const auto* const posit = std::get_if<Posit>(&quantizer.format.kind);
  const Rounding& rules = quantizer.rounding;
  if (posit == nullptr || rules.mode != Mode::nearest_even || rules.flush_inputs ||
      rules.flush_outputs)
    return {};
  auto rounding = kernels::posit_rounding_of(posit->bits, posit->exponent_bits);
  if (!rounding) return {};
  const auto rounded = [&](std::uint32_t pattern) { return rounded_pattern(target, pattern); };
  rounding->infinity = {rounded(infinity), rounded(infinity | sign)};
  rounding->nan = {rounded(quiet_nan), rounded(quiet_nan | sign)};
  bool fits = rounded(0) == 0 && rounded(sign) == 0 &&
              rounded(signalling_nan) == rounding->nan.positive &&
              rounded(signalling_nan | sign) == rounding->nan.negative;
  for (const std::uint32_t least : {std::uint32_t{1}, rounding->least - 1}) {
    fits = fits && rounded(least) == rounding->least &&
           rounded(least | sign) == (rounding->least | sign);
  }
  for (const std::uint32_t greatest : {rounding->largest + 1, infinity - 1}) {
    fits = fits && rounded(greatest) == rounding->largest &&
           rounded(greatest | sign) == (rounding->largest | sign);
  }
  return fits ? rounding : std::nullopt;
}

std::optional<kernels::Staircase> staircase_of(const Steps<std::uint32_t>& steps) {
  const std::vector<Steps<std::uint32_t>::Change> changes = steps.changes();
  if (changes.size() > kernels::Staircase::most) return {};
  kernels::Staircase stairs;
  stairs.begins.fill(std::numeric_limits<std::uint32_t>::max());
  stairs.values.fill(changes.back().value);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    stairs.begins[i] = changes[i].begin;
    stairs.values[i] = changes[i].value;
  }
  return stairs;
}

}  // namespace halfulp::emulator
