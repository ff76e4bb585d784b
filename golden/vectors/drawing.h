// SPDX-License-Identifier: MIT
//
// What the drawing of cases is made of: random numbers by counter, and steps from code to code.
#pragma once

#include <algorithm>
#include <cstdint>

#include "emulator/operations/scalar.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "formats/random.h"

namespace halfulp::vectors {

// The random numbers of one case.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t index) : random_{.seed = seed, .stream = index} {}
  std::uint64_t below(std::uint64_t bound) { return random_.bits(next_++, 64) % bound; }
  std::int64_t between(std::int64_t lowest, std::int64_t highest) {
    return lowest +
           static_cast<std::int64_t>(
               below(static_cast<std::uint64_t>(std::max(highest - lowest, std::int64_t{0})) + 1));
  }
  bool coin() { return below(2) != 0; }
  Integer integer(int bits) {
    Integer n = 0;
    for (int have = 0; have < bits; have += 64) n = (n << 64) + random_.bits(next_++, 64);
    return n & ((Integer(1) << static_cast<unsigned>(bits)) - 1);
  }

 private:
  Random random_;
  std::uint64_t next_ = 0;
};

// Bits of a significand; of formats where they differ from number to number, about as many as the
// longest have.
inline int drawn_precision(const Format& format) {
  if (const auto* f = std::get_if<Float>(&format.kind)) return f->fraction_bits + 1;
  if (const auto* f = std::get_if<Fixed>(&format.kind)) return f->bits;
  return std::max(1, bits(format) - 4);
}

inline Code mask_of(const Format& format) {
  return bits(format) >= 128 ? ~Code{0} : (Code{1} << bits(format)) - 1;
}

inline bool is_finite(const Format& format, Code code) { return decode(format, code).is_finite(); }

// The finite code `steps` further up, as far as there are any.
inline Code stepped(const Format& format, Code code, std::int64_t steps) {
  if (steps == 0 || !is_finite(format, code)) return code;
  const Range range = finite_range(format);
  return code_at(format, std::clamp(rank_of(format, code) + static_cast<Rank>(steps), range.lowest,
                                    range.highest));
}

inline Code rounded(const Format& format, const Real& x, Mode mode = Mode::nearest_even) {
  Quantizer quantizer{.format = format, .rounding = {}};
  quantizer.rounding.mode = mode;
  return emulator::round_real(x, quantizer, 0).code;
}

inline Code code_of_positive(const Format& format, Code code) {
  const Value v = decode(format, code);
  return v.negative ? rounded(format, real(absolute(v))) : code;
}

// The integer moved so that its leading bit has the exponent.
inline Value placed(const Integer& significand, std::int64_t exponent) {
  Value v = integer_value(significand);
  v.exponent = exponent - static_cast<std::int64_t>(boost::multiprecision::msb(significand));
  return v;
}

// The exponents of the leading bits of the format's least and largest positive numbers of full
// precision.
struct Exponents {
  std::int64_t least = 0, largest = 0;
};
inline Exponents exponents_of(const Format& format) {
  return {leading_exponent(smallest_normal(format)), leading_exponent(largest_finite(format))};
}

}  // namespace halfulp::vectors
