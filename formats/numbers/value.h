// SPDX-License-Identifier: MIT
//
// Exact numbers. A Value is (-1)^negative * significand * 2^exponent with an integer significand of
// any length, or an infinity, or NaN: what every code of every format stands for. Numbers of
// logarithmic formats have a further factor, a power of two or of e that is not an integer power;
// they are irrational, and still compared exactly. A Real is what an operation produces before it
// is rounded: a quotient of two Values, the square root of one or what bounds enclose, known only
// through comparison with Values, which is all that rounding by definition needs
// (reference/round.h).
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace halfulp {

using Integer = boost::multiprecision::cpp_int;
__extension__ using Power = __int128;

struct Value {
  enum class Class : std::uint8_t { finite, infinite, nan };
  Class kind = Class::finite;
  bool negative = false;    // of zero, infinity and NaN too
  bool signalling = false;  // NaN only
  // >= 0; not normalised: 1 * 2^3 and 4 * 2^1 are the same number. Of NaN they are its fraction
  // field as a number below one, the quiet bit 1/2; 0 where the format's NaNs have none.
  Integer significand = 0;
  std::int64_t exponent = 0;
  // The further factor 2^(binary_power / 2^power_bits) * e^(natural_power / 2^power_bits), with
  // 0 <= binary_power < 2^power_bits, and power_bits 0 where there is none.
  Power binary_power = 0;
  Power natural_power = 0;
  int power_bits = 0;

  [[nodiscard]] bool is_nan() const { return kind == Class::nan; }
  [[nodiscard]] bool is_infinite() const { return kind == Class::infinite; }
  [[nodiscard]] bool is_finite() const { return kind == Class::finite; }
  [[nodiscard]] bool is_zero() const { return is_finite() && significand.is_zero(); }
  // An integer times a power of two (or not finite).
  [[nodiscard]] bool is_dyadic() const { return binary_power == 0 && natural_power == 0; }
};

Value make_value(std::int64_t significand, std::int64_t exponent = 0);
Value integer_value(const Integer& n);
Value zero_value(bool negative = false);
Value infinite_value(bool negative = false);
Value nan_value(bool negative = false);
// 2^(power / 2^power_bits) and e^(power / 2^power_bits); 0 <= power_bits <= 80.
Value power_of_two(Power power, int power_bits);
Value power_of_e(Power power, int power_bits);

// Order of two numbers: -1, 0 or 1. Zeros are equal, infinities are beyond all finite values.
// Neither may be NaN.
int compare(const Value& a, const Value& b);
// True where class, sign and number agree (zeros distinct by sign, every NaN equal to every NaN).
bool identical(const Value& a, const Value& b);

Value negated(Value a);
Value absolute(Value a);
Value scaled(Value a, std::int64_t power);  // a * 2^power
// Exact sum and product of finite values; an exact zero sum is +0 unless both terms are -0. The
// terms of a sum have the same irrational factor, if any.
Value sum(const Value& a, const Value& b);
Value product(const Value& a, const Value& b);

// floor(log2 |a|) of a finite nonzero value.
std::int64_t leading_exponent(const Value& a);

// True where a is a rational multiple of b.
bool same_irrational_factor(const Value& a, const Value& b);
// The sign of the exact sum of finite values: -1, 0 or 1. Always decided: see enclosure.cc.
int sign_of_sum(std::span<const Value> terms);

// |a| of a finite nonzero value, cut to `bits` leading bits where it has more; then the lowest bit
// is set ("jammed"), so that the result is on the same side as |a| of every dyadic number of fewer
// than `bits` bits.
Value truncated(const Value& a, int bits);

Value from_double(double x);
// The double equal to a. Precondition: there is one (fits_double). A NaN is quiet and has as much
// of its fraction as there is room for.
double to_double(const Value& a);
bool fits_double(const Value& a);
// The double, or float, next to a; ties to even, infinity beyond the largest. NaN as in to_double.
double nearest_double(const Value& a);
float nearest_float(const Value& a);

// C hexadecimal float of exactly this number: "0x1.8p-3", "-0x0p+0", "inf", "-nan". Of an
// irrational number: of the double next to it.
std::string hexadecimal_text(const Value& a);

// lower < x < upper, dyadic, of one sign, and no further apart than 2^-bits of x.
struct Bounds {
  Value lower, upper;
};
using BoundsOf = std::function<Bounds(int bits)>;

// The exact real number (numerator + addend) / denominator, or its square root where root is set.
// denominator is finite and positive; numerator may be infinite or NaN (then the whole is); under a
// root it is >= 0. addend is 0 except in sums of numbers with different irrational factors, where
// it is smaller in magnitude than the numerator; then there is no root.
//
// Or, where there is an enclosure, a number that is known by bounds only, as those of most
// functions are. The numerator then is a number of its sign near it. It equals no number that it is
// compared with: who makes such a real has singled out the cases where it would.
struct Real {
  Value numerator;
  Value denominator = make_value(1);
  bool root = false;
  Value addend = {};
  std::shared_ptr<const BoundsOf> enclosure = nullptr;
};

inline Real real(Value v) { return Real{.numerator = std::move(v)}; }
Real negated(Real x);  // no root
Real absolute(Real x);
// Order of a real that is not NaN and a finite value: -1, 0 or 1.
int compare(const Real& x, const Value& v);
// For a real with an enclosure: what `order`, never decreasing, answers for both bounds once they
// are close enough to agree on -1 or 1. Throws Error where they never are.
int decide_by_bounds(const Real& x, const std::function<int(const Value&)>& order);

// Reads "0.1", "-1e-3", "0x1.8p-3", "inf", "-nan" as that exact number, of at most longest_literal
// characters: the exact decimals of all numbers of binary128 have up to 16,496, those of a float of
// 20 exponent bits and the usual bias up to 524,397, and the middles between them one more.
// Decimals beyond 10^+-3000000 become some number that is beyond every format's range. Throws Error
// on anything else.
inline constexpr std::size_t longest_literal = 1000000;
Real parse_real(std::string_view text);

}  // namespace halfulp
