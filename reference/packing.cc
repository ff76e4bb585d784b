// SPDX-License-Identifier: MIT
#include "reference/packing.h"

#include "formats/codes.h"

namespace halfulp::reference {

void put_code(std::span<std::uint8_t> bytes, std::size_t position, int width, Code code) {
  for (int bit = 0; bit < width; ++bit) {
    const std::size_t place = position * static_cast<std::size_t>(width) + bit;
    const auto mask = static_cast<std::uint8_t>(1U << (place % 8));
    if (((code >> bit) & 1) != 0) {
      bytes[place / 8] |= mask;
    } else {
      bytes[place / 8] &= static_cast<std::uint8_t>(~mask);
    }
  }
}

Code get_code(std::span<const std::uint8_t> bytes, std::size_t position, int width) {
  Code code = 0;
  for (int bit = 0; bit < width; ++bit) {
    const std::size_t place = position * static_cast<std::size_t>(width) + bit;
    if ((bytes[place / 8] >> (place % 8) & 1) != 0) code |= Code{1} << bit;
  }
  return code;
}

void clear_behind(std::span<std::uint8_t> bytes, std::size_t count, int width) {
  const std::size_t used = count * static_cast<std::size_t>(width);
  if (used % 8 != 0) bytes[used / 8] &= static_cast<std::uint8_t>((1U << (used % 8)) - 1);
}

Code all_codes(const Format& format) {
  const int width = bits(format);
  return width == 128 ? ~Code{0} : (Code{1} << width) - 1;
}

void count(Counts* counts, const Real& exact, const Outcome& outcome, const Value& delivered) {
  if (counts == nullptr) return;
  const Value& x = exact.numerator;
  ++counts->elements;
  if (x.is_infinite() || (outcome.flags & flags::overflow) != 0) ++counts->saturated;
  if (!x.is_nan() && !x.is_zero() && delivered.is_zero()) ++counts->flushed;
  const bool same = delivered.is_nan() || x.is_nan() ? delivered.is_nan() && x.is_nan()
                                                     : compare(exact, delivered) == 0;
  if (!same) ++counts->inexact;
}

}  // namespace halfulp::reference
