// SPDX-License-Identifier: MIT
//
// Exact results in integers of any length.
#include "emulator/scalar/gap.h"

#include "formats/numbers/value.h"

#include <algorithm>

namespace halfulp::emulator {
namespace {

// x / 2^exponent. Precondition: x.exponent >= exponent.
Integer aligned(const Exact<Integer>& x, std::int64_t exponent) {
  Integer n = x.significand << static_cast<unsigned>(x.exponent - exponent);
  return x.negative ? Integer(-n) : n;
}

// Zero is a multiple of every power of two.
std::int64_t place(const Exact<Integer>& x) {
  return x.significand.is_zero() ? std::numeric_limits<std::int64_t>::max() : x.exponent;
}

}  // namespace

// 1. Far below the first step from zero nothing has to be computed. Far below the last place of
//    both neighbours, which lie on either side of zero, any number as small will do: where v has
//    count and half exactly, x is a multiple of 2^(that place - bits - 1).
// 2. The three numbers as integers on their lowest place; n / d = v.
// 3. n 2^bits = count d + rest, and 2 rest against d.
Position position_between(Exact<Integer> x, const Exact<Integer>& inner,
                          const Exact<Integer>& outer, int bits) {
  const std::int64_t leading = x.exponent + bit_length(x.significand);
  const std::int64_t step = outer.exponent + bit_length(outer.significand);
  if (inner.significand.is_zero() && leading + bits + 2 < step) return {};
  const std::int64_t small = std::min(place(inner), place(outer)) - bits - 4;
  if (leading < small) x = {x.negative, 1, small};
  const std::int64_t lowest = std::min({place(x), place(inner), place(outer)});
  const auto at = [&](const Exact<Integer>& y) {
    return y.significand.is_zero() ? Integer(0) : aligned(y, lowest);
  };
  const Integer base = at(inner);
  const Integer n = abs(Integer(at(x) - base)) << static_cast<unsigned>(bits);
  const Integer d = abs(Integer(at(outer) - base));
  Integer count;
  Integer rest;
  boost::multiprecision::divide_qr(n, d, count, rest);
  return {to_code(count), Integer(rest << 1).compare(d)};
}

}  // namespace halfulp::emulator
