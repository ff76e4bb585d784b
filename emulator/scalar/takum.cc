// SPDX-License-Identifier: MIT
#include "emulator/scalar/takum.h"

#include <algorithm>
#include <variant>

#include "emulator/scalar/scheme.h"

namespace halfulp::emulator {
namespace {

// 1. r: the length of c + 1, or of -c, without its leading one.
// 2. The characteristic: c + 1 - 2^r going up, c - 1 + 2^(r+1) going down.
// 3. Direction, regime (r, or 7 - r going down), characteristic.
Head head_of(const Format& /*format*/, std::int64_t c) {
  const bool up = c >= 0;
  const int r = bit_length(static_cast<Code>(up ? c + 1 : -c)) - 1;
  const std::int64_t characteristic =
      up ? c + 1 - (std::int64_t{1} << r) : c - 1 + (std::int64_t{2} << r);
  const int direction_and_regime = up ? 8 + r : 7 - r;
  return {(static_cast<Code>(direction_and_regime) << r) | static_cast<Code>(characteristic),
          4 + r};
}

// Of a positive takum; zeros are appended up to the longest head.
Operand number_of_body(const Format& /*format*/, Code body, int width) {
  constexpr int longest_head = 11;
  const int padding = std::max(longest_head - width, 0);
  body <<= padding;
  width += padding;
  const auto start = static_cast<int>(body >> (width - 4));
  const bool up = start >= 8;
  const int r = up ? start - 8 : 7 - start;
  const int fraction_bits = width - 4 - r;
  const auto characteristic = static_cast<std::int64_t>((body >> fraction_bits) & ones(r));
  const std::int64_t c = up ? characteristic - 1 + (std::int64_t{1} << r)
                            : characteristic + 1 - (std::int64_t{2} << r);
  Operand x;
  x.significand = (Code{1} << fraction_bits) | (body & ones(fraction_bits));
  x.exponent = c - fraction_bits;
  return x;
}

void describe(const Format& format, Target& t) {
  describe_tapered(std::get<Takum>(format.kind).bits, t);
  t.most_exponent = 254;
  t.least_exponent = -255;
  constexpr int widest_gap = 64;  // of exponents, where the characteristic is cut
  if (is_stochastic(t.quantizer->rounding.mode)) t.further_bits = widest_gap;
}

Operand unpack(const Format& format, Code code) {
  return unpack_tapered(format, std::get<Takum>(format.kind).bits, number_of_body, code);
}

template <typename Word>
Outcome round(const Target& target, const Exactly<Word>& x, std::uint64_t random) {
  return round_tapered(target, head_of, x, random);
}

}  // namespace

TaperedCut cut_takum(const Target& target, const Exact<Code>& x) {
  return cut_tapered(target, head_of, x);
}

const Scheme takum_scheme{describe, unpack, round<Code>, round<WideWord>, round<Integer>};

}  // namespace halfulp::emulator
