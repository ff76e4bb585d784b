// SPDX-License-Identifier: MIT
#include "emulator/scalar/long.h"

#include <algorithm>

namespace halfulp::emulator {
namespace {

namespace mp = boost::multiprecision;

Exact<Integer> with_sticky(bool negative, const Integer& n, std::int64_t exponent, bool lost) {
  if (!lost) return {negative, n, exponent};
  return {negative, Integer(n << 1) | 1, exponent - 1};
}

}  // namespace

Exact<Integer> long_sum(const Exact<Integer>& a, const Exact<Integer>& b) {
  const std::int64_t exponent = std::min(a.exponent, b.exponent);
  const auto aligned = [&](const Exact<Integer>& x) {
    const Integer n = x.significand << static_cast<unsigned>(x.exponent - exponent);
    return x.negative ? Integer(-n) : n;
  };
  const Integer sum = aligned(a) + aligned(b);
  return {sum < 0, abs(sum), exponent};
}

Exact<Integer> long_quotient(const Exact<Integer>& a, const Exact<Integer>& b, int bits) {
  const int shift = std::max(0, bits + 1 + bit_length(b.significand) - bit_length(a.significand));
  Integer quotient;
  Integer rest;
  mp::divide_qr(Integer(a.significand << shift), b.significand, quotient, rest);
  return with_sticky(a.negative != b.negative, quotient, a.exponent - b.exponent - shift,
                     !rest.is_zero());
}

Exact<Integer> long_root(const Exact<Integer>& a, int bits) {
  int shift = std::max(0, 2 * (bits + 1) - bit_length(a.significand));
  if (((a.exponent - shift) & 1) != 0) ++shift;
  Integer rest;
  const Integer root = mp::sqrt(Integer(a.significand << shift), rest);
  return with_sticky(false, root, (a.exponent - shift) / 2, !rest.is_zero());
}

Exact<WideWord> jammed(const Exact<Integer>& x, int bits) {
  const int cut = std::max(0, bit_length(x.significand) - bits);
  Integer n = x.significand >> cut;
  if (cut > 0 && mp::lsb(x.significand) < static_cast<unsigned>(cut)) n |= 1;
  return {x.negative, static_cast<WideWord>(n), x.exponent + cut};
}

}  // namespace halfulp::emulator
