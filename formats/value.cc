// SPDX-License-Identifier: MIT
#include "formats/value.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <utility>

#include "formats/error.h"

namespace halfulp {
namespace {

std::int64_t bit_length(const Integer& n) {
  return n.is_zero() ? 0 : static_cast<std::int64_t>(boost::multiprecision::msb(n)) + 1;
}

int sign_of(const Value& a) {
  if (a.is_zero()) return 0;
  return a.negative ? -1 : 1;
}

// Order of |a| and |b|, both finite and nonzero. The leading bits decide first, so that no shift is
// longer than the longer significand.
int compare_magnitude(const Value& a, const Value& b) {
  const std::int64_t leading_a = leading_exponent(a);
  const std::int64_t leading_b = leading_exponent(b);
  if (leading_a != leading_b) return leading_a < leading_b ? -1 : 1;
  const std::int64_t shift = a.exponent - b.exponent;
  const int order =
      shift >= 0 ? Integer(a.significand << static_cast<unsigned>(shift)).compare(b.significand)
                 : a.significand.compare(b.significand << static_cast<unsigned>(-shift));
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
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

int compare(const Value& a, const Value& b) {
  const int sign_a = sign_of(a);
  const int sign_b = sign_of(b);
  if (sign_a != sign_b || sign_a == 0) return (sign_a > sign_b) - (sign_a < sign_b);
  if (a.is_infinite() || b.is_infinite())
    return sign_a * (int{a.is_infinite()} - int{b.is_infinite()});
  return sign_a * compare_magnitude(a, b);
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
  const Value& low = a.exponent <= b.exponent ? a : b;
  const Value& high = a.exponent <= b.exponent ? b : a;
  Integer total = high.significand << static_cast<unsigned>(high.exponent - low.exponent);
  if (high.negative) total = -total;
  if (low.negative) {
    total -= low.significand;
  } else {
    total += low.significand;
  }
  Value result;
  result.negative = total.sign() < 0;
  result.significand = boost::multiprecision::abs(total);
  result.exponent = result.significand.is_zero() ? 0 : low.exponent;
  return result;
}

Value product(const Value& a, const Value& b) {
  Value result;
  result.negative = a.negative != b.negative;
  result.significand = a.significand * b.significand;
  result.exponent = result.significand.is_zero() ? 0 : a.exponent + b.exponent;
  return result;
}

std::int64_t leading_exponent(const Value& a) { return a.exponent + bit_length(a.significand) - 1; }

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
  const auto lowest =
      a.exponent + static_cast<std::int64_t>(boost::multiprecision::lsb(a.significand));
  const std::int64_t leading = leading_exponent(a);
  return leading - lowest < 53 && lowest >= -1074 && leading <= 1023;
}

double to_double(const Value& a) {
  HALFULP_REQUIRE(fits_double(a), "to_double: the value is not a double");
  std::uint64_t pattern = 0;
  if (a.is_nan()) {
    pattern = std::uint64_t{0x7ff8} << 48;
  } else if (a.is_infinite()) {
    pattern = std::uint64_t{0x7ff0} << 48;
  } else if (!a.is_zero()) {
    // Align the significand to the double's last place, then add the exponent field: the hidden bit
    // counts as one.
    const std::int64_t last_place = std::max<std::int64_t>(leading_exponent(a) - 52, -1074);
    const std::int64_t shift = a.exponent - last_place;
    const Integer aligned = shift >= 0 ? Integer(a.significand << static_cast<unsigned>(shift))
                                       : Integer(a.significand >> static_cast<unsigned>(-shift));
    pattern =
        static_cast<std::uint64_t>(aligned) + (static_cast<std::uint64_t>(last_place + 1074) << 52);
  }
  return std::bit_cast<double>(pattern | (std::uint64_t{a.negative} << 63));
}

std::string hexadecimal_text(const Value& a) {
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

int compare(const Real& x, const Value& v) {
  if (!x.numerator.is_finite() || !v.is_finite()) return compare(x.numerator, v);
  if (!x.root) return compare(x.numerator, product(v, x.denominator));
  if (v.negative && !v.is_zero()) return 1;
  return compare(x.numerator, product(product(v, v), x.denominator));
}

namespace {

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
    const std::int64_t fraction_digits = digits(hexadecimal ? 16 : 10);
    const std::int64_t exponent = take_exponent(hexadecimal ? 'p' : 'e');
    if (!text_.empty()) fail();
    Value v;
    v.negative = negative;
    v.significand = number_;
    if (hexadecimal) {
      v.exponent = number_.is_zero() ? 0 : exponent - 4 * fraction_digits;
      return real(v);
    }
    return decimal(v, exponent - fraction_digits);
  }

 private:
  static constexpr std::int64_t largest_exponent = 400000;
  static constexpr std::size_t longest_literal = 5000;

  [[noreturn]] void fail() const {
    throw Error("\"" + std::string(whole_.substr(0, 80)) + "\" is not a number", "",
                "write a decimal or hexadecimal literal such as 0.1, 1e-3, -0x1.8p-3, inf or nan");
  }

  bool take_sign() {
    if (text_.empty() || text_.size() > longest_literal) fail();
    const bool negative = text_[0] == '-';
    if (negative || text_[0] == '+') text_.remove_prefix(1);
    return negative;
  }

  [[nodiscard]] bool matches_word(std::string_view word) const {
    return std::equal(text_.begin(), text_.end(), word.begin(), word.end(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) == b;
    });
  }

  // Reads digits with at most one point into number_; answers how many stood behind the point.
  std::int64_t digits(int base) {
    std::int64_t behind = 0;
    bool point = false;
    bool any = false;
    for (; !text_.empty(); text_.remove_prefix(1)) {
      if (text_[0] == '.' && !point) {
        point = true;
        continue;
      }
      const int digit = digit_value(text_[0]);
      if (digit < 0 || digit >= base) break;
      number_ = number_ * base + digit;
      any = true;
      behind += point ? 1 : 0;
    }
    if (!any) fail();
    return behind;
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
    std::int64_t exponent = 0;
    for (; !text_.empty() && text_[0] >= '0' && text_[0] <= '9'; text_.remove_prefix(1)) {
      exponent = std::min<std::int64_t>(exponent * 10 + (text_[0] - '0'), 4 * largest_exponent);
    }
    return negative ? -exponent : exponent;
  }

  static Real decimal(Value v, std::int64_t power) {
    if (v.is_zero()) return real(std::move(v));
    const std::int64_t bounded = std::clamp(power, -largest_exponent, largest_exponent);
    const Integer ten_to =
        boost::multiprecision::pow(Integer(10), static_cast<unsigned>(std::abs(bounded)));
    Real x = real(std::move(v));
    if (bounded >= 0) {
      x.numerator.significand *= ten_to;
    } else {
      x.denominator.significand = ten_to;
    }
    return x;
  }

  std::string_view text_;
  std::string_view whole_ = text_;
  Integer number_ = 0;
};

}  // namespace

Real parse_real(std::string_view text) { return NumberReader(text).read(); }

}  // namespace halfulp
