// SPDX-License-Identifier: MIT
//
#pragma once

#include <optional>
#include <type_traits>
#include <vector>

#include "emulator/operations/number_rounder.h"
#include "formats/numbers/short_decimal.h"
#include "golden/vectors/calculation.h"
#include "golden/vectors/drawing.h"
#include "golden/vectors/near_misses.h"
#include "golden/vectors/word_number.h"

namespace halfulp::vectors {

// Numbers at the ends of a format.
template <typename Number>
struct Ends {
  Number least_normal, least, largest;
  Number end;  // where overflow begins, of formats that have one; else the largest
};

// A format that cases are drawn for, with what is asked of it again and again worked out once.
class DrawnFormat {
 public:
  explicit DrawnFormat(const Format& format)
      : format_(format),
        nearest_(quantizer_of(format, Mode::nearest_even)),
        toward_zero_(quantizer_of(format, Mode::toward_zero)),
        range_(finite_range(format)),
        exponents_(exponents_of(format)),
        bits_(halfulp::bits(format)),
        precision_(drawn_precision(format)),
        is_signed_(halfulp::is_signed(format)),
        is_dyadic_(halfulp::is_dyadic(format)),
        exact_ends_{smallest_normal(format), smallest_positive(format), largest_finite(format),
                    end_of(format)} {
    const auto* f = std::get_if<Float>(&format.kind);
    if (f == nullptr || !f->zero) return;
    magnitudes_ = (Code{1} << (f->exponent_bits + f->fraction_bits)) - 1;
    finite_ = magnitudes_ - f->nan_codes - (f->infinity ? 1 : 0);
    has_negative_zero_ = !f->sign || f->negative_zero;
    fraction_bits_ = f->fraction_bits;
    bias_ = static_cast<std::int64_t>(f->bias);
    is_in_words_ = f->sign && f->negative_zero && f->subnormals &&
                   precision_ <= WordNumber::widest && takes_words(nearest_) &&
                   takes_words(toward_zero_);
    if (!is_in_words_) return;
    word_ends_ = {word_number(exact_ends_.least_normal), word_number(exact_ends_.least),
                  word_number(exact_ends_.largest), word_number(exact_ends_.end)};
  }

  operator const Format&() const { return format_; }
  [[nodiscard]] const Format& format() const { return format_; }
  [[nodiscard]] const Range& range() const { return range_; }
  [[nodiscard]] const Exponents& exponents() const { return exponents_; }
  [[nodiscard]] int bits() const { return bits_; }
  [[nodiscard]] int precision() const { return precision_; }
  [[nodiscard]] bool is_signed() const { return is_signed_; }
  [[nodiscard]] bool is_dyadic() const { return is_dyadic_; }
  // Are all numbers that are drawn for it WordNumbers?
  [[nodiscard]] bool is_in_words() const { return is_in_words_; }
  template <typename Number>
  [[nodiscard]] const Ends<Number>& ends() const {
    if constexpr (std::is_same_v<Number, WordNumber>) {
      return word_ends_;
    } else {
      return exact_ends_;
    }
  }

  // What a code stands for.
  template <typename Number>
  [[nodiscard]] Number number(Code code) const {
    if constexpr (std::is_same_v<Number, WordNumber>) {
      return word_at(code);
    } else {
      return decode(format_, code);
    }
  }
  // The number of a rank, not negative, and where nearest turns from it to the next one.
  template <typename Number>
  [[nodiscard]] Number number_at(Rank rank) const {
    if constexpr (std::is_same_v<Number, WordNumber>) {
      return word_at(static_cast<Code>(rank));
    } else {
      return value_at(format_, rank);
    }
  }
  template <typename Number>
  [[nodiscard]] Number turn_above(Rank rank) const {
    if constexpr (std::is_same_v<Number, WordNumber>) {
      const WordNumber below = word_at(static_cast<Code>(rank));
      return {.significand = 2 * below.significand + 1, .exponent = below.exponent - 1};
    } else {
      return boundary_above(format_, rank);
    }
  }
  // Of a finite code.
  [[nodiscard]] Rank rank(Code code) const {
    if (!is_in_words_) return rank_of(format_, code);
    const auto magnitude = static_cast<Rank>(code & magnitudes_);
    return code > magnitudes_ ? -magnitude : magnitude;
  }
  // Without a sign.
  [[nodiscard]] Rank magnitude_rank(Code code) const {
    if (is_in_words_) return static_cast<Rank>(code & magnitudes_);
    const Value v = decode(format_, code);
    return rank_of(format_, v.negative ? rounded(absolute(v)) : code);
  }
  [[nodiscard]] Code code(Rank rank) const {
    if (!is_in_words_) return code_at(format_, rank);
    return rank < 0 ? static_cast<Code>(-rank) | (magnitudes_ + 1) : static_cast<Code>(rank);
  }

  [[nodiscard]] Code rounded(const Value& x) const { return nearest_.round(x, 0).code; }
  [[nodiscard]] Code rounded(const WordNumber& x) const { return round_word(nearest_, x); }
  template <typename Number>
  [[nodiscard]] Code rounded_toward_zero(const Number& x) const {
    if constexpr (std::is_same_v<Number, WordNumber>) {
      return round_word(toward_zero_, x);
    } else {
      return toward_zero_.round(x, 0).code;
    }
  }
  [[nodiscard]] Code rounded_quotient(const Value& a, const Value& b) const {
    return nearest_.round(Real{.numerator = a, .denominator = b}, 0).code;
  }
  // Bit 0 of the quotient is set in the place of everything below.
  [[nodiscard]] Code rounded_quotient(WordNumber a, const WordNumber& b) const {
    constexpr int room = 127;
    if (a.significand != 0) {
      const int up = room - bit_length(a.significand);
      a.significand <<= static_cast<unsigned>(up);
      a.exponent -= up;
    }
    const Code quotient = a.significand / b.significand;
    a.significand = quotient | (quotient * b.significand != a.significand ? 1 : 0);
    a.exponent -= b.exponent;
    a.negative = a.negative != b.negative;
    return rounded(a);
  }

  [[nodiscard]] bool is_finite(Code code) const {
    if (magnitudes_ == 0) return vectors::is_finite(format_, code);
    const Code magnitude = code & magnitudes_;
    return magnitude <= finite_ && (magnitude != 0 || code == 0 || has_negative_zero_);
  }

  // The finite code `steps` further up, as far as there are any.
  [[nodiscard]] Code stepped(Code code, std::int64_t steps) const {
    if (steps == 0 || !is_finite(code)) return code;
    return this->code(
        std::clamp(rank(code) + static_cast<Rank>(steps), range_.lowest, range_.highest));
  }

 private:
  static Quantizer quantizer_of(const Format& format, Mode mode) {
    Quantizer quantizer{.format = format, .rounding = {}};
    quantizer.rounding.mode = mode;
    return quantizer;
  }

  static Value end_of(const Format& format) {
    if (saturates(format) || !halfulp::is_dyadic(format)) return largest_finite(format);
    return boundary_above(format, finite_range(format).highest);
  }

  static bool takes_words(const emulator::NumberRounder& rounder) {
    const ShortNumber cut{.exact = false, .significand = (std::uint64_t{1} << 63U) + 1};
    return rounder.round(cut, 0).has_value();
  }

  // The code of a number of full precision, which is most that are drawn; absent where it is none.
  [[nodiscard]] std::optional<Code> code_of_normal(const WordNumber& x) const {
    const int length = bit_length(x.significand);
    const std::int64_t above = x.exponent + length - 1 - exponents_.least;
    if (!x.is_finite() || length == 0 || above < 0 || above > exponents_.largest - exponents_.least)
      return std::nullopt;
    const int lost = std::max(length - precision_, 0);
    const Code kept = x.significand >> static_cast<unsigned>(lost);
    if (kept << static_cast<unsigned>(lost) != x.significand) return std::nullopt;
    // The leading bit adds one to the field of the exponent.
    const Code fraction = kept << static_cast<unsigned>(std::max(precision_ - length, 0));
    const Code magnitude =
        (static_cast<Code>(above) << static_cast<unsigned>(fraction_bits_)) + fraction;
    if (magnitude > finite_) return std::nullopt;
    return magnitude | (x.negative ? magnitudes_ + 1 : 0);
  }

  [[nodiscard]] Code round_word(const emulator::NumberRounder& rounder, const WordNumber& x) const {
    if (const std::optional<Code> code = code_of_normal(x)) return *code;
    if (x.is_nan()) return rounder.round(nan_value(x.negative), 0).code;
    if (!x.is_finite()) return rounder.round(infinite_value(x.negative), 0).code;
    ShortNumber cut{.negative = x.negative, .exponent = x.exponent};
    constexpr int room = 64;
    const int lost = std::max(bit_length(x.significand) - room, 0);
    const Code kept = x.significand >> static_cast<unsigned>(lost);
    cut.exact = kept << static_cast<unsigned>(lost) == x.significand;
    cut.significand = static_cast<std::uint64_t>(kept) | (cut.exact ? 0 : 1);
    cut.exponent += lost;
    return rounder.round(cut, 0)->code;
  }

  [[nodiscard]] WordNumber word_at(Code code) const {
    const Code magnitude = code & magnitudes_;
    WordNumber v{.negative = code > magnitudes_};
    if (magnitude > finite_) return word_number(decode(format_, code));
    const Code one = Code{1} << static_cast<unsigned>(fraction_bits_);
    const auto field =
        static_cast<std::int64_t>(magnitude >> static_cast<unsigned>(fraction_bits_));
    v.significand = (magnitude & (one - 1)) | (field != 0 ? one : 0);
    v.exponent = std::max<std::int64_t>(field, 1) - bias_ - fraction_bits_;
    return v;
  }

  Format format_;
  emulator::NumberRounder nearest_, toward_zero_;
  Range range_;
  Exponents exponents_;
  int bits_, precision_;
  bool is_signed_, is_dyadic_;
  Ends<Value> exact_ends_;
  // Of floats with a zero: the bits of magnitudes, the largest finite one.
  Code magnitudes_ = 0, finite_ = 0;
  bool has_negative_zero_ = true;
  // Of floats whose numbers are words.
  bool is_in_words_ = false;
  int fraction_bits_ = 0;
  std::int64_t bias_ = 0;
  Ends<WordNumber> word_ends_;
};

// Those of an operation, and what follows from all of them.
struct DrawnFormats {
  explicit DrawnFormats(const Calculation& calculation)
      : inputs(calculation.inputs.begin(), calculation.inputs.end()),
        to(calculation.output.format) {
    all_dyadic = to.is_dyadic() && std::all_of(inputs.begin(), inputs.end(),
                                               [](const DrawnFormat& f) { return f.is_dyadic(); });
    all_in_words =
        to.is_in_words() && std::all_of(inputs.begin(), inputs.end(),
                                        [](const DrawnFormat& f) { return f.is_in_words(); });
    if (!std::holds_alternative<Float>(to.format().kind) || !all_dyadic) return;
    Integer odd = to.ends<Value>().end.significand;
    odd >>= boost::multiprecision::lsb(odd);
    end_factors.emplace(odd);
  }

  std::vector<DrawnFormat> inputs;
  DrawnFormat to;
  bool all_dyadic = false;  // sums of other numbers are none that could be directed
  bool all_in_words = false;
  // Of floats: what the odd part of the number where overflow begins is a product of.
  std::optional<Factors> end_factors;
};

}  // namespace halfulp::vectors
