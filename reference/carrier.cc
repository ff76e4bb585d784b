// SPDX-License-Identifier: MIT
#include "reference/carrier.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::reference {
namespace {

// The pattern of the binary32 number equal to a: its significand aligned to the last place, plus
// the exponent field, in which the hidden bit counts as one.
std::uint32_t binary32_pattern(const Value& a) {
  if (a.is_nan()) return std::bit_cast<std::uint32_t>(nearest_float(a));
  std::uint32_t pattern = 0;
  if (a.is_infinite()) {
    pattern = 0x7f800000;
  } else if (!a.is_zero()) {
    const std::int64_t last_place = std::max<std::int64_t>(leading_exponent(a) - 23, -149);
    const std::int64_t shift = a.exponent - last_place;
    const Integer aligned = shift >= 0 ? Integer(a.significand << static_cast<unsigned>(shift))
                                       : Integer(a.significand >> static_cast<unsigned>(-shift));
    pattern =
        static_cast<std::uint32_t>(aligned) + (static_cast<std::uint32_t>(last_place + 149) << 23);
  }
  return pattern | (std::uint32_t{a.negative} << 31);
}

}  // namespace

const Format& format_of(Carrier carrier) {
  static const Format binary32 = find_format("binary32");
  static const Format binary64 = find_format("binary64");
  return carrier == Carrier::binary32 ? binary32 : binary64;
}

Value load(const View& view, std::size_t row, std::size_t column) {
  const std::size_t index = row * view.stride + column;
  if (view.carrier == Carrier::binary64) {
    double x = 0;
    std::memcpy(&x, static_cast<const char*>(view.data) + index * sizeof(double), sizeof(double));
    return from_double(x);
  }
  std::uint32_t pattern = 0;
  std::memcpy(&pattern, static_cast<const char*>(view.data) + index * sizeof(pattern),
              sizeof(pattern));
  return decode(format_of(Carrier::binary32), pattern);
}

void store(const MutableView& view, std::size_t row, std::size_t column, const Value& value) {
  const std::size_t index = row * view.stride + column;
  if (view.carrier == Carrier::binary64) {
    const double carried = value.is_dyadic() ? to_double(value) : nearest_double(value);
    std::memcpy(static_cast<char*>(view.data) + index * sizeof(carried), &carried, sizeof(carried));
    return;
  }
  const std::uint32_t pattern = value.is_dyadic()
                                    ? binary32_pattern(value)
                                    : std::bit_cast<std::uint32_t>(nearest_float(value));
  std::memcpy(static_cast<char*>(view.data) + index * sizeof(pattern), &pattern, sizeof(pattern));
}

void require_fits(const Format& format, Carrier carrier) {
  const bool fits = carrier == Carrier::binary32 ? fits_binary32(format) : fits_binary64(format);
  HALFULP_REQUIRE(fits, format.name + " does not fit the carrier; use apply or convert on codes");
}

}  // namespace halfulp::reference
