// SPDX-License-Identifier: MIT
#include "cli/bench/numbers.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "formats/random.h"

namespace halfulp::cli::bench {
namespace {

std::int64_t clamp_exponent(std::int64_t exponent) {
  return std::clamp<std::int64_t>(exponent, -140, 126);
}

float number_of(std::uint32_t word, std::int64_t least, std::int64_t most, int digits) {
  // One in 32 lies anywhere from below the least number to above the largest, one in 256 is
  // special.
  const std::uint32_t kind = word & 0xffU;
  const float sign = (word & 0x100U) != 0 ? -1.0F : 1.0F;
  if (kind == 0)
    return sign * ((word & 0x600U) == 0        ? std::numeric_limits<float>::quiet_NaN()
                   : (word & 0x600U) == 0x200U ? std::numeric_limits<float>::infinity()
                                               : 0.0F);
  const std::uint32_t fraction = word >> 9U;
  const auto span = static_cast<std::uint32_t>(most - least + 5);
  const std::int64_t exponent =
      kind < 9 ? least - 2 + fraction % span
               : std::clamp<std::int64_t>(static_cast<std::int64_t>(kind % 8) - 4, least, most);
  // One in eight has only one digit more than the format: a tie, or a number of it.
  const std::uint32_t kept =
      kind % 8 == 7 ? fraction & ~((1U << std::max(0, 22 - digits)) - 1U) : fraction;
  const float significand = std::bit_cast<float>(0x3f800000U | kept);
  return sign * std::ldexp(significand, static_cast<int>(clamp_exponent(exponent)));
}

}  // namespace

std::vector<float> numbers_for(const Format& format, std::size_t count, std::uint64_t stream) {
  const Random random{.seed = 1, .stream = stream};
  const std::int64_t least = leading_exponent(smallest_positive(format));
  const std::int64_t most = leading_exponent(largest_finite(format));
  const auto* fields = std::get_if<Float>(&format.kind);
  const int digits = fields == nullptr ? 4 : fields->fraction_bits;
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    numbers[i] =
        i < l2_elements ? number_of(random.word(i), least, most, digits) : numbers[i % l2_elements];
  }
  return numbers;
}

std::vector<float> tame_numbers(const Format& format, std::size_t count, std::uint64_t stream) {
  const Random random{.seed = 1, .stream = stream};
  std::vector<float> numbers(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t word = random.word(i);
    const float significand = std::bit_cast<float>(0x3f800000U | word >> 9U);
    numbers[i] = std::ldexp((word & 1U) != 0 ? -significand : significand,
                            static_cast<int>(word >> 1U & 3U) - 3);
  }
  const Plan plan = emulator::engine().prepare({.format = format, .rounding = {}});
  emulator::engine().round(view_of(std::span<const float>(numbers)), plan, {},
                           view_of(std::span<float>(numbers)), nullptr);
  return numbers;
}

void require_same(const std::vector<float>& got, const std::vector<float>& want,
                  const std::string& figure) {
  for (std::size_t i = 0; i < want.size(); ++i) {
    const bool nan = std::isnan(got[i]) && std::isnan(want[i]);
    if (!nan && std::bit_cast<std::uint32_t>(got[i]) != std::bit_cast<std::uint32_t>(want[i]))
      throw Error("emulator and reference differ at element " + std::to_string(i), figure,
                  "`halfulp verify` shows where");
  }
}

void require_same(const std::vector<std::uint8_t>& got, const std::vector<std::uint8_t>& want,
                  const std::string& figure) {
  if (!std::equal(want.begin(), want.end(), got.begin()))
    throw Error("emulator and reference differ", figure, "`halfulp verify` shows where");
}

}  // namespace halfulp::cli::bench
