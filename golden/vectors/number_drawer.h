// SPDX-License-Identifier: MIT
//
// Single numbers and codes drawn for a format: anywhere in it, at what is special about it, and the
// places at which results are to lie. The numbers are Values, or WordNumbers where all formats of
// an operation have such; both draw the same.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "golden/vectors/drawn_format.h"

namespace halfulp::vectors {

template <typename Number>
class NumberDrawer {
 public:
  static constexpr bool is_word = std::is_same_v<Number, WordNumber>;

  // Precondition: words only for formats that are in words.
  explicit NumberDrawer(Dice& dice) : dice_(dice) {}

  static Number made(std::int64_t significand, std::int64_t exponent = 0) {
    if constexpr (is_word) {
      return {.negative = significand < 0,
              .significand = static_cast<Code>(significand < 0 ? -significand : significand),
              .exponent = exponent};
    } else {
      return make_value(significand, exponent);
    }
  }
  static Number made_of(const Integer& n) {
    if constexpr (is_word) {
      return word_number(integer_value(n));
    } else {
      return integer_value(n);
    }
  }

  Number with_sign(Number v, const DrawnFormat& format) {
    return format.is_signed() && dice_.coin() ? negated(std::move(v)) : v;
  }

  // The number or its opposite, or a neighbour. One draw after the other: compilers evaluate the
  // arguments of one call in orders of their own.
  Code beside(Number v, const DrawnFormat& format) {
    const std::int64_t steps = dice_.between(-1, 1);
    return format.stepped(format.rounded(with_sign(std::move(v), format)), steps);
  }

  // A positive number of full precision whose leading bit has the exponent.
  Number number(const DrawnFormat& format, std::int64_t exponent) {
    const int bits = format.precision() - 1;
    if constexpr (is_word) {
      const Code one = Code{1} << static_cast<unsigned>(bits);
      return {.significand = one + fraction_of<std::uint64_t>(dice_, bits),
              .exponent = exponent - bits};
    } else {
      Value v =
          integer_value((Integer(1) << static_cast<unsigned>(bits)) + drawn_fraction(dice_, bits));
      v.exponent = exponent - bits;
      return v;
    }
  }

  // Any finite number, exponents evenly.
  Code finite(const DrawnFormat& format) {
    const Exponents e = format.exponents();
    const std::int64_t below = dice_.below(6) == 0 ? format.precision() : 0;
    const Number v = number(format, dice_.between(e.least - below, e.largest));
    const Code code = format.rounded_toward_zero(with_sign(v, format));
    return format.is_finite(code) ? code : format.code(format.range().highest);
  }

  Code nan(const DrawnFormat& format) {
    const auto* f = std::get_if<Float>(&format.format().kind);
    const Code code = nan_code(format, format.is_signed() && dice_.coin());
    if (f == nullptr || f->fraction_bits == 0) return code;
    const Code fraction = (Code{1} << f->fraction_bits) - 1;
    const Code drawn =
        (code & ~fraction) | (static_cast<Code>(dice_.integer(f->fraction_bits)) & fraction);
    // A signalling one where the format has them: the quiet bit is not set.
    const Code quiet = Code{1} << (f->fraction_bits - 1);
    const Code candidate = dice_.coin() ? drawn | quiet : drawn & ~quiet;
    return format.template number<Number>(candidate).is_nan() && dice_.below(3) != 0 ? candidate
                                                                                     : code;
  }

  Code special(const DrawnFormat& format) {
    const bool negative = format.is_signed() && dice_.coin();
    const Range& range = format.range();
    switch (dice_.below(7)) {
      case 0:
        return has_infinity(format) ? infinity_code(format, negative) : finite(format);
      case 1:
      case 2:
        return has_nan(format) ? nan(format) : finite(format);
      case 3:
        return has_zero(format) ? zero_code(format, negative && has_negative_zero(format))
                                : finite(format);
      case 4:
        return format.code(negative ? range.lowest : range.highest);
      case 5:
        return beside(format.template ends<Number>().least_normal, format);
      default:
        return format.rounded(with_sign(format.template ends<Number>().least, format));
    }
  }

  Code operand(const DrawnFormat& format) {
    const std::uint64_t kind = dice_.below(8);
    if (kind < 2) return special(format);
    if (kind == 2) {
      // One and other powers of two, and their neighbours.
      const Exponents e = format.exponents();
      const std::int64_t exponent =
          dice_.coin() ? 0 : dice_.between(e.least - format.precision(), e.largest);
      return beside(made(1, exponent), format);
    }
    if (kind == 3) return static_cast<Code>(dice_.integer(format.bits())) & mask_of(format);
    return finite(format);
  }

  // A number at or next to which the result is to lie.
  Number place(const DrawnFormat& to) {
    const Ends<Number>& ends = to.template ends<Number>();
    const Number& spacing = ends.least;
    switch (dice_.below(8)) {
      case 0:
        return dice_.below(3) == 0 ? ends.largest : ends.end;
      case 1:
        return scaled(spacing, dice_.between(-2, 1));
      case 2:  // just below the least normal number, down to an eighth of the spacing
        return sum(ends.least_normal, negated(scaled(spacing, dice_.between(-4, 0))));
      case 3: {
        const Exponents e = to.exponents();
        return made(1, dice_.between(e.least, e.largest));
      }
      default:
        break;
    }
    const Rank rank = to.magnitude_rank(finite(to));
    if (rank >= to.range().highest || dice_.below(4) == 0)
      return to.template number_at<Number>(rank);
    const Number turn = to.template turn_above<Number>(rank);
    return turn.is_dyadic() ? turn : to.template number_at<Number>(rank);
  }

 private:
  Dice& dice_;
};

}  // namespace halfulp::vectors
