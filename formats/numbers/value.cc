// SPDX-License-Identifier: MIT
#include "formats/numbers/value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstdlib>
#include <utility>
#include <vector>

#include "formats/error.h"

namespace halfulp {
namespace {

__extension__ using Wide = unsigned __int128;

// Most significands are one word.
bool is_word(const Integer& n) { return n.backend().size() == 1; }
std::uint64_t word_of(const Integer& n) { return *n.backend().limbs(); }

std::int64_t bit_length(const Integer& n) {
  if (is_word(n)) return 64 - std::countl_zero(word_of(n));
  return static_cast<std::int64_t>(boost::multiprecision::msb(n)) + 1;
}

int sign_of(const Value& a) {
  if (a.is_zero()) return 0;
  return a.negative ? -1 : 1;
}

// Order of |a| and |b|, both finite, nonzero and dyadic. The leading bits decide first, so that no
// shift is longer than the longer significand.
int compare_magnitude(const Value& a, const Value& b) {
  const std::int64_t leading_a = leading_exponent(a);
  const std::int64_t leading_b = leading_exponent(b);
  if (leading_a != leading_b) return leading_a < leading_b ? -1 : 1;
  const std::int64_t shift = a.exponent - b.exponent;
  if (is_word(a.significand) && is_word(b.significand)) {
    // The leading bits are one place, so that the shift is below 64.
    const Wide left = Wide{word_of(a.significand)} << std::max<std::int64_t>(shift, 0);
    const Wide right = Wide{word_of(b.significand)} << std::max<std::int64_t>(-shift, 0);
    return int{left > right} - int{left < right};
  }
  const int order =
      shift >= 0 ? Integer(a.significand << static_cast<unsigned>(shift)).compare(b.significand)
                 : a.significand.compare(b.significand << static_cast<unsigned>(-shift));
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

// Integer powers of two belong to the exponent, and a power of nothing has no bits.
Value normalised(Value v) {
  const Power whole = v.binary_power >> v.power_bits;
  v.exponent += static_cast<std::int64_t>(whole);
  v.binary_power -= whole << v.power_bits;
  if (v.is_dyadic()) v.power_bits = 0;
  return v;
}

}  // namespace

Value make_value(std::int64_t significand, std::int64_t exponent) {
  Value v;
  v.negative = significand < 0;
  v.significand = significand;
  if (v.negative) v.significand = -v.significand;
  v.exponent = exponent;
  return v;
}

Value integer_value(const Integer& n) {
  Value v;
  v.negative = n.sign() < 0;
  v.significand = boost::multiprecision::abs(n);
  return v;
}

Value zero_value(bool negative) {
  Value v;
  v.negative = negative;
  return v;
}

Value infinite_value(bool negative) {
  Value v;
  v.kind = Value::Class::infinite;
  v.negative = negative;
  return v;
}

Value nan_value(bool negative) {
  Value v;
  v.kind = Value::Class::nan;
  v.negative = negative;
  return v;
}

bool same_irrational_factor(const Value& a, const Value& b) {
  const int bits = std::max(a.power_bits, b.power_bits);
  return a.binary_power << (bits - a.power_bits) == b.binary_power << (bits - b.power_bits) &&
         a.natural_power << (bits - a.power_bits) == b.natural_power << (bits - b.power_bits);
}

Value power_of_two(Power power, int power_bits) {
  Value v = make_value(1);
  v.binary_power = power;
  v.power_bits = power_bits;
  return normalised(std::move(v));
}

Value power_of_e(Power power, int power_bits) {
  Value v = make_value(1);
  v.natural_power = power;
  v.power_bits = power_bits;
  return normalised(std::move(v));
}

int compare(const Value& a, const Value& b) {
  const int sign_a = sign_of(a);
  const int sign_b = sign_of(b);
  if (sign_a != sign_b || sign_a == 0) return (sign_a > sign_b) - (sign_a < sign_b);
  if (a.is_infinite() || b.is_infinite())
    return sign_a * (int{a.is_infinite()} - int{b.is_infinite()});
  if (a.is_dyadic() && b.is_dyadic()) return sign_a * compare_magnitude(a, b);
  const std::array<Value, 2> terms{a, negated(b)};
  return sign_of_sum(terms);
}

bool identical(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  if (a.is_nan()) return true;
  return a.negative == b.negative && compare(a, b) == 0;
}

Value negated(Value a) {
  a.negative = !a.negative;
  return a;
}

Value absolute(Value a) {
  a.negative = false;
  return a;
}

Value scaled(Value a, std::int64_t power) {
  a.exponent += power;
  return a;
}

Value sum(const Value& a, const Value& b) {
  if (a.is_zero() && b.is_zero()) return zero_value(a.negative && b.negative);
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  HALFULP_REQUIRE(same_irrational_factor(a, b), "sum: the terms have different irrational factors");
  const Value& low = a.exponent <= b.exponent ? a : b;
  const Value& high = a.exponent <= b.exponent ? b : a;
  Integer total = high.significand << static_cast<unsigned>(high.exponent - low.exponent);
  if (high.negative) total = -total;
  if (low.negative) {
    total -= low.significand;
  } else {
    total += low.significand;
  }
  if (total.is_zero()) return zero_value();
  Value result = low;
  result.negative = total.sign() < 0;
  result.significand = boost::multiprecision::abs(total);
  return result;
}

Value product(const Value& a, const Value& b) {
  Value result;
  result.negative = a.negative != b.negative;
  result.significand = a.significand * b.significand;
  if (result.significand.is_zero()) return result;
  result.exponent = a.exponent + b.exponent;
  if (a.is_dyadic() && b.is_dyadic()) return result;
  result.power_bits = std::max(a.power_bits, b.power_bits);
  const int shift_a = result.power_bits - a.power_bits;
  const int shift_b = result.power_bits - b.power_bits;
  result.binary_power = (a.binary_power << shift_a) + (b.binary_power << shift_b);
  result.natural_power = (a.natural_power << shift_a) + (b.natural_power << shift_b);
  return normalised(std::move(result));
}

std::int64_t leading_exponent(const Value& a) {
  if (a.is_dyadic()) return a.exponent + bit_length(a.significand) - 1;
  return leading_exponent(truncated(a, 2));
}

// Through bit patterns, so that no floating-point environment (flushing, rounding direction) can
// interfere.
Value from_double(double x) {
  const auto pattern = std::bit_cast<std::uint64_t>(x);
  const bool negative = (pattern >> 63) != 0;
  const auto exponent_field = static_cast<std::int64_t>((pattern >> 52) & 0x7ff);
  const std::uint64_t fraction = pattern & ((std::uint64_t{1} << 52) - 1);
  if (exponent_field == 0x7ff && fraction == 0) return infinite_value(negative);
  if (exponent_field == 0x7ff) {
    Value v = nan_value(negative);
    v.signalling = (fraction >> 51) == 0;
    v.significand = fraction;
    v.exponent = -52;
    return v;
  }
  Value v;
  v.negative = negative;
  v.significand = exponent_field == 0 ? fraction : fraction | (std::uint64_t{1} << 52);
  v.exponent = v.significand.is_zero() ? 0 : std::max<std::int64_t>(exponent_field, 1) - 1075;
  return v;
}

bool fits_double(const Value& a) {
  if (!a.is_finite() || a.is_zero()) return true;
  if (!a.is_dyadic()) return false;
  const auto lowest =
      a.exponent + static_cast<std::int64_t>(boost::multiprecision::lsb(a.significand));
  const std::int64_t leading = leading_exponent(a);
  return leading - lowest < 53 && lowest >= -1074 && leading <= 1023;
}

namespace {

// The pattern, without sign, of a number that a binary interchange format of `precision` bits with
// least number 2^least holds: the significand aligned to the last place, and the exponent field
// added, the hidden bit counting as one.
std::uint64_t pattern_of(const Value& a, int precision, std::int64_t least) {
  if (a.is_zero()) return 0;
  const std::int64_t last_place = std::max(leading_exponent(a) - (precision - 1), least);
  const std::int64_t shift = a.exponent - last_place;
  const Integer aligned = shift >= 0 ? Integer(a.significand << static_cast<unsigned>(shift))
                                     : Integer(a.significand >> static_cast<unsigned>(-shift));
  return static_cast<std::uint64_t>(aligned) +
         (static_cast<std::uint64_t>(last_place - least) << (precision - 1));
}

}  // namespace

namespace {

// The fraction field of a NaN in `width` bits, cut where it is longer, made quiet.
std::uint64_t nan_fraction(const Value& nan, int width) {
  const std::int64_t shift = nan.exponent + width;
  const Integer fraction = shift >= 0 ? Integer(nan.significand << static_cast<unsigned>(shift))
                                      : Integer(nan.significand >> static_cast<unsigned>(-shift));
  return static_cast<std::uint64_t>(fraction) | (std::uint64_t{1} << (width - 1));
}

}  // namespace

double to_double(const Value& a) {
  HALFULP_REQUIRE(fits_double(a), "to_double: the value is not a double");
  std::uint64_t pattern = 0;
  if (a.is_nan()) {
    pattern = (std::uint64_t{0x7ff} << 52) | nan_fraction(a, 52);
  } else if (a.is_infinite()) {
    pattern = std::uint64_t{0x7ff0} << 48;
  } else {
    pattern = pattern_of(a, 53, -1074);
  }
  return std::bit_cast<double>(pattern | (std::uint64_t{a.negative} << 63));
}

namespace {

// a rounded to nearest even at the last place of a binary format: `precision` bits, the least
// number 2^least, infinite from 2^most on.
Value nearest_binary(const Value& a, int precision, std::int64_t least, std::int64_t most) {
  if (!a.is_finite() || a.is_zero()) return a;
  Value v = truncated(a, precision + 3);
  v.negative = a.negative;
  const std::int64_t place = std::max(leading_exponent(v) - (precision - 1), least);
  const std::int64_t cut = place - v.exponent;
  if (cut > 0) {
    const Integer half = Integer(1) << static_cast<unsigned>(cut - 1);
    const Integer rest = v.significand & ((half << 1) - 1);
    v.significand >>= static_cast<unsigned>(cut);
    v.exponent = place;
    const int order = rest.compare(half);
    if (order > 0 || (order == 0 && boost::multiprecision::bit_test(v.significand, 0)))
      ++v.significand;
    if (v.significand.is_zero()) return zero_value(a.negative);
  }
  return leading_exponent(v) >= most ? infinite_value(a.negative) : v;
}

}  // namespace

double nearest_double(const Value& a) { return to_double(nearest_binary(a, 53, -1074, 1024)); }

float nearest_float(const Value& a) {
  const Value v = nearest_binary(a, 24, -149, 128);
  std::uint32_t pattern = 0;
  if (v.is_nan()) {
    pattern = 0x7f800000U | static_cast<std::uint32_t>(nan_fraction(v, 23));
  } else if (v.is_infinite()) {
    pattern = 0x7f800000U;
  } else {
    pattern = static_cast<std::uint32_t>(pattern_of(v, 24, -149));
  }
  return std::bit_cast<float>(pattern | (std::uint32_t{a.negative} << 31));
}

std::string hexadecimal_text(const Value& a) {
  if (!a.is_dyadic()) return hexadecimal_text(from_double(nearest_double(a)));
  const std::string sign = a.negative ? "-" : "";
  if (a.is_nan()) return sign + "nan";
  if (a.is_infinite()) return sign + "inf";
  if (a.is_zero()) return sign + "0x0p+0";
  // One hexadecimal digit before the point is 1; the rest of the bits follow, padded to whole
  // digits.
  const std::int64_t leading = leading_exponent(a);
  const std::int64_t fraction_bits = bit_length(a.significand) - 1;
  const std::int64_t digits = (fraction_bits + 3) / 4;
  Integer fraction = a.significand - (Integer(1) << static_cast<unsigned>(fraction_bits));
  fraction <<= static_cast<unsigned>(4 * digits - fraction_bits);
  std::string text;
  for (std::int64_t i = digits - 1; i >= 0; --i) {
    const auto digit = static_cast<unsigned>((fraction >> static_cast<unsigned>(4 * i)) & 15);
    text.push_back("0123456789abcdef"[digit]);
  }
  while (!text.empty() && text.back() == '0') text.pop_back();
  return sign + "0x1" + (text.empty() ? "" : "." + text) + "p" + (leading < 0 ? "-" : "+") +
         std::to_string(leading < 0 ? -leading : leading);
}

namespace {

// The integer that decimal digits are, in time that grows as that of products: halves of equal
// length, the lower one a power of two times `piece` digits, so that few powers are needed.
class DigitReader {
 public:
  Integer read(std::string_view digits) {
    if (digits.size() <= piece) return short_integer(digits);
    std::size_t level = 0;
    while ((piece << (level + 1)) < digits.size()) ++level;
    const std::size_t high = digits.size() - (piece << level);
    const Integer above = read(digits.substr(0, high));
    return above * power(level) + read(digits.substr(high));
  }

 private:
  static constexpr std::size_t piece = 18;  // digits that 64 bits hold

  static Integer short_integer(std::string_view digits) {
    std::uint64_t n = 0;
    for (const char c : digits) n = n * 10 + static_cast<std::uint64_t>(c - '0');
    return n;
  }

  // 10^(piece 2^level)
  const Integer& power(std::size_t level) {
    if (powers_.empty()) powers_.emplace_back(boost::multiprecision::pow(Integer(10), piece));
    while (powers_.size() <= level) powers_.emplace_back(powers_.back() * powers_.back());
    return powers_[level];
  }

  std::vector<Integer> powers_;
};

class NumberReader {
 public:
  explicit NumberReader(std::string_view text) : text_(text) {}

  Real read() {
    const bool negative = take_sign();
    if (matches_word("inf") || matches_word("infinity")) return real(infinite_value(negative));
    if (matches_word("nan")) return real(nan_value(negative));
    const bool hexadecimal =
        text_.size() > 2 && text_[0] == '0' && (text_[1] == 'x' || text_[1] == 'X');
    if (hexadecimal) text_.remove_prefix(2);
    take_digits(hexadecimal ? 16 : 10);
    const std::int64_t exponent = take_exponent(hexadecimal ? 'p' : 'e');
    if (!text_.empty()) fail();
    if (digits_.empty()) return real(zero_value(negative));
    return hexadecimal ? hexadecimal_number(negative, exponent) : decimal(negative, exponent);
  }

 private:
  static constexpr std::int64_t largest_exponent = 3000000;       // of ten
  static constexpr std::int64_t unreachable_exponent = 10000000;  // of two, beyond that one

  [[noreturn]] void fail() const {
    throw Error("\"" + std::string(whole_.substr(0, 80)) + "\" is not a number", "",
                "write a decimal or hexadecimal literal such as 0.1, 1e-3, -0x1.8p-3, inf or nan");
  }

  bool take_sign() {
    if (text_.empty()) fail();
    if (text_.size() > longest_literal)
      throw Error("a number of " + std::to_string(text_.size()) + " characters", "",
                  "at most " + std::to_string(longest_literal) + " are read");
    const bool negative = text_[0] == '-';
    if (negative || text_[0] == '+') text_.remove_prefix(1);
    return negative;
  }

  [[nodiscard]] bool matches_word(std::string_view word) const {
    return std::equal(text_.begin(), text_.end(), word.begin(), word.end(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == b;
    });
  }

  // Reads digits with at most one point: without zeros at either end into digits_, and the place
  // of the last of them behind the point into behind_.
  void take_digits(int base) {
    bool point = false;
    bool any = false;
    std::size_t zeros = 0;  // read, not yet written
    for (; !text_.empty(); text_.remove_prefix(1)) {
      if (text_[0] == '.' && !point) {
        point = true;
        continue;
      }
      const int digit = digit_value(text_[0]);
      if (digit < 0 || digit >= base) break;
      any = true;
      behind_ += point ? 1 : 0;
      if (digit == 0) {
        zeros += 1;
        continue;
      }
      if (!digits_.empty()) digits_.append(zeros, '0');
      digits_ += text_[0];
      zeros = 0;
    }
    if (!any) fail();
    behind_ -= static_cast<std::int64_t>(zeros);
  }

  static int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  std::int64_t take_exponent(char letter) {
    if (text_.empty() || std::tolower(static_cast<unsigned char>(text_[0])) != letter) return 0;
    text_.remove_prefix(1);
    const bool negative = !text_.empty() && text_[0] == '-';
    if (!text_.empty() && (text_[0] == '-' || text_[0] == '+')) text_.remove_prefix(1);
    if (text_.empty()) fail();
    constexpr std::int64_t enough = 4 * unreachable_exponent;
    std::int64_t exponent = 0;
    for (; !text_.empty() && text_[0] >= '0' && text_[0] <= '9'; text_.remove_prefix(1)) {
      exponent = std::min<std::int64_t>(exponent * 10 + (text_[0] - '0'), enough);
    }
    return negative ? -exponent : exponent;
  }

  [[nodiscard]] Real hexadecimal_number(bool negative, std::int64_t exponent) const {
    Value v;
    v.negative = negative;
    v.significand = Integer("0x" + digits_);
    v.exponent = exponent - 4 * behind_;
    return real(std::move(v));
  }

  [[nodiscard]] Real decimal(bool negative, std::int64_t exponent) const {
    Value v;
    v.negative = negative;
    const std::int64_t power = exponent - behind_;
    const std::int64_t leading = power + static_cast<std::int64_t>(digits_.size());
    if (std::abs(leading) > largest_exponent) {
      v.significand = 1;
      v.exponent = leading > 0 ? unreachable_exponent : -unreachable_exponent;
      return real(std::move(v));
    }
    v.significand = DigitReader().read(digits_);
    const Integer five_to =
        boost::multiprecision::pow(Integer(5), static_cast<unsigned>(std::abs(power)));
    Real x = real(std::move(v));
    if (power >= 0) {
      x.numerator.significand *= five_to;
    } else {
      x.denominator.significand = five_to;
    }
    x.numerator.exponent = power;
    return x;
  }

  std::string_view text_;
  std::string_view whole_ = text_;
  std::string digits_;
  std::int64_t behind_ = 0;
};

}  // namespace

Real parse_real(std::string_view text) { return NumberReader(text).read(); }

}  // namespace halfulp
