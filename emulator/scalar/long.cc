// SPDX-License-Identifier: MIT
#include "emulator/scalar/long.h"

#include <algorithm>
#include <utility>

#include "emulator/scalar/round_exact.h"

namespace halfulp::emulator {
namespace {

namespace mp = boost::multiprecision;

Exact<Integer> with_sticky(bool negative, const Integer& n, std::int64_t exponent, bool lost) {
  if (!lost) return {negative, n, exponent};
  return {negative, Integer(n << 1) | 1, exponent - 1};
}

// |n| cut to at most `bits` bits, what is below jammed.
Exact<WideWord> jammed(const Exact<Integer>& x, int bits) {
  const int cut = std::max(0, bit_length(x.significand) - bits);
  Integer n = x.significand >> cut;
  if (cut > 0 && mp::lsb(x.significand) < static_cast<unsigned>(cut)) n |= 1;
  return {x.negative, static_cast<WideWord>(n), x.exponent + cut};
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

Outcome round_long(const Target& target, Exact<Integer> x, std::uint64_t random) {
  if (x.negative && drops_sign(*target.quantizer)) {
    x.negative = false;
    return without_sign(target, round_long(target, std::move(x), random));
  }
  if (target.scheme == Scheme::tapered) return round_tapered(target, x, random);
  if (target.scheme == Scheme::codebook) return round_codebook(target, x, random);
  return round_exact(target, jammed(x, word_bits<WideWord> - 12), random);
}

}  // namespace halfulp::emulator
