// SPDX-License-Identifier: MIT
//
// Posits (Posit Standard 2022, section 4).
#include <algorithm>
#include <variant>

#include "emulator/scalar/scheme.h"
#include "emulator/scalar/tapered.h"

namespace halfulp::emulator {
namespace {

// 1. exponent = regime * 2^exponent_bits + field, 0 <= field < 2^exponent_bits.
// 2. The regime: r + 1 ones and a zero for r >= 0, -r zeros and a one for r < 0.
// 3. The field behind it, cut where the word ends.
Head head_of(const Format& format, std::int64_t exponent) {
  const Posit& f = std::get<Posit>(format.kind);
  const std::int64_t regime = exponent >> f.exponent_bits;
  const Code field = static_cast<Code>(exponent) & ones(f.exponent_bits);
  const auto run = static_cast<int>(regime >= 0 ? regime + 1 : -regime);
  const Code regime_bits = regime >= 0 ? ones(run) << 1 : 1;
  const int kept = std::min(f.exponent_bits, 128 - (run + 1));
  const int dropped = f.exponent_bits - kept;
  return {(regime_bits << kept) | (field >> dropped), run + 1 + kept, (field & ones(dropped)) != 0};
}

// Of a positive posit with `body` in the `width` bits below the sign.
Operand number_of_body(const Format& format, Code body, int width) {
  const Posit& f = std::get<Posit>(format.kind);
  const bool up = (body >> (width - 1)) != 0;
  const int run = width - bit_length(up ? body ^ ones(width) : body);
  const int rest = std::max(width - run - 1, 0);
  const int fraction_bits = std::max(rest - f.exponent_bits, 0);
  const Code tail = body & ones(rest);
  const Code field = (tail >> fraction_bits) << std::max(f.exponent_bits - rest, 0);
  const std::int64_t regime = up ? run - 1 : -run;
  Operand x;
  x.significand = (Code{1} << fraction_bits) | (tail & ones(fraction_bits));
  x.exponent = regime * (std::int64_t{1} << f.exponent_bits) + static_cast<std::int64_t>(field) -
               fraction_bits;
  return x;
}

// The regime of the largest posit is bits - 1 ones, that of the least all zeros but the last.
void describe(const Format& format, Target& t) {
  const Posit& f = std::get<Posit>(format.kind);
  describe_tapered(f.bits, t);
  t.most_exponent = (static_cast<std::int64_t>(f.bits) - 2) << f.exponent_bits;
  t.least_exponent = -t.most_exponent;
  if (is_stochastic(t.quantizer->rounding.mode)) t.further_bits = 1 << f.exponent_bits;
}

Operand unpack(const Format& format, Code code) {
  return unpack_tapered(format, std::get<Posit>(format.kind).bits, number_of_body, code);
}

template <typename Word>
Outcome round(const Target& target, const Exactly<Word>& x, std::uint64_t random) {
  return round_tapered(target, head_of, x, random);
}

}  // namespace

const Scheme posit_scheme{describe, unpack, round<Code>, round<WideWord>, round<Integer>};

}  // namespace halfulp::emulator
