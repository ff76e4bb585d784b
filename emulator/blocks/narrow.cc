// SPDX-License-Identifier: MIT
#include "emulator/blocks/narrow.h"

#include <algorithm>
#include <limits>
#include <variant>

#include "emulator/scalar/neighbour.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

using kernels::NarrowTable;

bool is_for_tables(const Quantizer& element) {
  const Rounding& rounding = element.rounding;
  const bool simple = std::holds_alternative<Float>(element.format.kind) ||
                      std::holds_alternative<Fixed>(element.format.kind);
  if (!simple || rounding.flush_inputs || rounding.flush_outputs) return false;
  if (land_overflow(element, false) != Landing::largest ||
      land_overflow(element, true) != Landing::largest || !has_zero(element.format)) {
    return false;
  }
  switch (rounding.mode) {
    case Mode::nearest_even:
    case Mode::nearest_away:
    case Mode::nearest_zero:
    case Mode::nearest_odd:
    case Mode::toward_zero:
      return true;
    default:
      return false;
  }
}

// From which magnitude on the rank below zero next to -rank is delivered, and whether that
// magnitude itself is enough.
struct Turn {
  Value magnitude;
  bool reached = false;
};

Turn turn_below(const Quantizer& element, Rank rank) {
  if (element.rounding.mode == Mode::toward_zero) {
    return {absolute(value_at(element.format, -rank - 1)), true};
  }
  const bool odd = is_odd(element.format, -rank);
  return {absolute(boundary_above(element.format, -rank - 1)),
          goes_out(element.rounding.mode, 0, odd, true)};
}

// True where the number above zero next to `rank` mirrors that below.
bool mirrors(const Quantizer& element, Rank rank) {
  const Format& format = element.format;
  return compare(value_at(format, rank + 1), absolute(value_at(format, -rank - 1))) == 0 &&
         compare(boundary_above(format, rank), absolute(boundary_above(format, -rank - 1))) == 0 &&
         is_odd(format, rank) == is_odd(format, -rank) &&
         code_at(format, rank + 1) == static_cast<Code>(rank + 1);
}

}  // namespace

std::optional<NarrowTable> narrow_table(const Quantizer& element) {
  if (!is_for_tables(element)) return {};
  const Format& format = element.format;
  const Range range = finite_range(format);
  constexpr Rank most = NarrowTable::most;
  if (range.highest < 1 || -range.lowest > most) return {};
  const bool one_more =
      std::holds_alternative<Fixed>(format.kind) && -range.lowest == range.highest + 1;
  if (-range.lowest != range.highest && !one_more) return {};
  NarrowTable table;
  table.positive = static_cast<std::size_t>(range.highest);
  table.negative = static_cast<std::size_t>(-range.lowest);
  table.negative_zero = has_negative_zero(format);
  if (const auto* fixed = std::get_if<Fixed>(&format.kind)) {
    table.code_mask = (std::uint32_t{1} << fixed->bits) - 1;
  } else {
    table.code_sign = std::uint32_t{1} << (bits(format) - 1);
  }
  table.turn.fill(std::numeric_limits<double>::infinity());
  for (std::size_t j = 0; j < table.negative; ++j) {
    const auto rank = static_cast<Rank>(j);
    if (j < table.positive && !mirrors(element, rank)) return {};
    const Turn turn = turn_below(element, rank);
    const Value magnitude = absolute(value_at(format, -rank - 1));
    if (!turn.magnitude.is_finite() || !fits_double(turn.magnitude)) return {};
    table.turn[j] = to_double(turn.magnitude);
    table.magnitude[j] = to_double(magnitude);
    table.stays[j] = turn.reached ? std::numeric_limits<double>::quiet_NaN() : 0;
  }
  const std::size_t last = table.negative - 1;
  table.least_scale = 0x1p-125 / table.turn[0];
  table.most_scale = 0x1p126 / std::max(table.turn[last], table.magnitude[last]);
  return table;
}

}  // namespace halfulp::emulator
