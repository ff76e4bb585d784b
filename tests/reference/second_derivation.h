// SPDX-License-Identifier: MIT
//
// Posits, takums and logarithmic numbers once more, from the text of their definitions, to hold the
// engines against: no other software is at hand that rounds to all of them in every mode. Nothing
// here calls or copies formats/kinds, formats/numbers/enclosure.cc or an engine; codes are read as
// strings of bits, numbers are rationals, irrational ones are enclosed by MPFR between RNDD and
// RNDU.
//
// Sources: Standard for Posit Arithmetic (2022), sections 3 and 4; Hunhold, arXiv 2404.18603,
// section 3; for logarithmic numbers the rules in formats/kinds/log.cc. Rounding is derived twice:
// 1. from the sorted list of all numbers: the neighbours, hence every directed mode and to-odd;
// 2. from the encoding written out bit by bit and cut: where "nearest" turns.
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/engine.h"
#include "formats/numbers/value.h"

namespace halfulp::second {

using Integer = boost::multiprecision::cpp_int;
using Rational = boost::multiprecision::cpp_rational;

// (-1)^negative * significand * 2^exponent. Inputs of conversions are not zero.
struct Dyadic {
  bool negative = false;
  Code significand = 1;
  std::int64_t exponent = 0;
};

Rational rational(const Dyadic& x);
// The next number of `precision` significant bits beyond |x|, or before it. Precondition: |x| has
// no more bits.
Dyadic neighbour(const Dyadic& x, int precision, bool outward);
// The code in an IEEE 754 interchange layout. Precondition: x is normal there.
Code binary_code(const Dyadic& x, int exponent_bits, int fraction_bits);

// whole + fraction / 2^places, and less than a unit of the last place more where `further`. The
// order of the members is the order of the numbers, as long as one of two is without `further`.
inline constexpr int places = 120;
struct Expansion {
  std::int64_t whole = 0;
  Code fraction = 0;
  bool further = false;
  auto operator<=>(const Expansion&) const = default;
};
Expansion expansion(const Rational& x);
Expansion expansion(const Dyadic& x);
// Of a positive number 2^whole * (1 + fraction / 2^places + ...); the order is that of the numbers.
Expansion binary_expansion(const Rational& x);
Expansion binary_expansion(const Dyadic& x);
Expansion root_expansion(const Rational& x);  // of the square root of x

// log2 |x|, and the exponent 2 ln |x| of sqrt(e).
Expansion binary_logarithm(const Dyadic& x);
Expansion takum_logarithm(const Dyadic& x);

enum class Family : std::uint8_t { posit, takum, logarithmic_takum, logarithmic };
struct Scheme {
  Family family = Family::posit;
  int bits = 0;
  int parameter = 0;  // exponent bits of a posit, fraction bits of a logarithm
  bool sign = true;   // logarithmic numbers may be without
};
// Named "posit8_es2", "takum8", "takum_log8", "lns8_3", "ulns8_3".
Format format_of(const Scheme& scheme);
bool is_linear(const Scheme& scheme);
bool is_tapered(const Scheme& scheme);

// What a code stands for, by the formula for the raw bits: absent for zero and NaR (NaN). `exact`
// is the value, or the logarithm in the scheme's base.
struct Meaning {
  bool negative = false;
  Dyadic exact;
  [[nodiscard]] Rational number() const { return rational(exact); }
};
std::optional<Meaning> meaning(const Scheme& scheme, Code code);
Expansion key(const Scheme& scheme, const Meaning& meaning);  // orders magnitudes
// The same order for a magnitude to be rounded.
Expansion key(const Scheme& scheme, const Dyadic& x);

// A magnitude between its neighbours of one sign, as codes.
struct Place {
  bool negative = false;
  Code inner = 0;
  std::optional<Code> outer = std::nullopt;  // none past the last number
  bool exact = false;                        // the magnitude is that of `inner`
  bool beyond = false;                       // too far past the last number to round to it
  int order = 0;                             // against the place where nearest turns
  int logarithmic_order = 0;                 // against the geometric mean of the neighbours
};

// By the encoding, written out at full length and cut: the code kept, or the next.
Place place_by_encoding(const Scheme& scheme, const Expansion& x, bool negative);

// The order that nearest-log asks for, of |x| in a linear scheme: of x^2 and the product of the
// neighbours. In the other schemes nearest turns there already.
int logarithmic_order(const Scheme& scheme, const Place& at, const Dyadic& x);

// All numbers of a scheme, sorted by value.
class Grid {
 public:
  struct Entry {
    Expansion key;
    Code code = 0;
    Dyadic exact;  // as in Meaning
    [[nodiscard]] Rational number() const { return rational(exact); }
  };
  explicit Grid(const Scheme& scheme);

  [[nodiscard]] const Scheme& scheme() const { return scheme_; }
  // Numbers of one sign in increasing order of magnitude.
  [[nodiscard]] const std::vector<Entry>& side(bool negative) const {
    return negative ? negative_ : positive_;
  }
  // By search of the neighbours. Where nearest turns is still a matter of the encoding of a tapered
  // number; a logarithmic one is compared with the middle of two logarithms.
  [[nodiscard]] Place place(const Expansion& x, bool negative) const;

 private:
  Scheme scheme_;
  std::vector<Entry> positive_, negative_;
};

// What rounding must deliver: in a deterministic mode, or with the choice made. Overflow of
// logarithmic numbers follows the rule "ieee": NaN, the largest number where the mode rounds toward
// it or there is no NaN.
Outcome expected(const Scheme& scheme, Mode mode, const Place& at);
Outcome delivered(const Scheme& scheme, Mode mode, const Place& at, bool out);

// The base of a logarithmic scheme to a rational power, rounded down or up to `precision` bits.
Dyadic power_near(const Scheme& scheme, const Rational& logarithm, int precision, bool up);
// key() in `to` of the number with a logarithm in `from`.
Expansion key_of_power(const Scheme& to, const Scheme& from, const Rational& logarithm);
// log of base^a + base^b, or of base^a - base^b for a > b.
Expansion logarithm_of_sum(const Scheme& scheme, const Rational& a, const Rational& b,
                           bool subtract);
// The base to a rational power next to a double; the subnormal range is not reached.
double nearest_double_of_power(const Scheme& scheme, const Rational& logarithm);

// floor(v 2^bits) of the place v of |x| between its neighbours, zero and one step past the last
// logarithm among them, and whether that is less than v 2^bits.
struct Position {
  Integer floor = 0;
  bool further = false;
};
Position position(const Scheme& scheme, const Place& at, const Dyadic& x, int bits);
// P3109 interim report 4.0, section 4.7.4, variants A, B and C. at: the position to random_bits + 1
// bits.
bool goes_out(const Rounding& rounding, const Position& at, std::uint64_t random);

}  // namespace halfulp::second
