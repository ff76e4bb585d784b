// SPDX-License-Identifier: MIT
//
// Exact numbers. A Value is (-1)^negative * significand * 2^exponent with an integer significand of
// any length, or an infinity, or NaN: what every code of every format stands for. A Real is what an
// operation produces before it is rounded: a quotient of two Values or the square root of one,
// known only through comparison with Values, which is all that rounding by definition needs
// (reference/round.h).
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace halfulp {

using Integer = boost::multiprecision::cpp_int;

struct Value {
  enum class Class : std::uint8_t { finite, infinite, nan };
  Class kind = Class::finite;
  bool negative = false;    // of zero, infinity and NaN too
  bool signalling = false;  // NaN only
  Integer significand = 0;  // >= 0; finite only
  std::int64_t exponent =
      0;  // finite only; not normalised: 1 * 2^3 and 4 * 2^1 are the same number

  [[nodiscard]] bool is_nan() const { return kind == Class::nan; }
  [[nodiscard]] bool is_infinite() const { return kind == Class::infinite; }
  [[nodiscard]] bool is_finite() const { return kind == Class::finite; }
  [[nodiscard]] bool is_zero() const { return is_finite() && significand.is_zero(); }
};

Value make_value(std::int64_t significand, std::int64_t exponent = 0);
Value zero_value(bool negative = false);
Value infinite_value(bool negative = false);
Value nan_value(bool negative = false);

// Order of two numbers: -1, 0 or 1. Zeros are equal, infinities are beyond all finite values.
// Neither may be NaN.
int compare(const Value& a, const Value& b);
// True where class, sign and number agree (zeros distinct by sign, every NaN equal to every NaN).
bool identical(const Value& a, const Value& b);

Value negated(Value a);
Value absolute(Value a);
Value scaled(Value a, std::int64_t power);  // a * 2^power
// Exact sum and product of finite values; an exact zero sum is +0 unless both terms are -0.
Value sum(const Value& a, const Value& b);
Value product(const Value& a, const Value& b);

// floor(log2 |a|) of a finite nonzero value.
std::int64_t leading_exponent(const Value& a);

Value from_double(double x);
// The double equal to a. Precondition: there is one (fits_double).
double to_double(const Value& a);
bool fits_double(const Value& a);

// C hexadecimal float of exactly this number: "0x1.8p-3", "-0x0p+0", "inf", "-nan".
std::string hexadecimal_text(const Value& a);

// The exact real number numerator / denominator, or sqrt(numerator / denominator) where root is
// set. denominator is finite and positive; numerator may be infinite or NaN (then the whole is);
// under a root it is >= 0.
struct Real {
  Value numerator;
  Value denominator = make_value(1);
  bool root = false;
};

inline Real real(Value v) { return Real{.numerator = std::move(v)}; }
// Order of a real that is not NaN and a finite value: -1, 0 or 1.
int compare(const Real& x, const Value& v);

// Reads "0.1", "-1e-3", "0x1.8p-3", "inf", "-nan" as that exact number. Decimal exponents beyond
// +-400000 are taken as
// +-400000, which is beyond every format's range. Throws Error on anything else.
Real parse_real(std::string_view text);

}  // namespace halfulp
