// SPDX-License-Identifier: MIT
//
// The shortest decimal that reads back to the same code under nearest-even. With n significant
// digits the candidates are the two n-digit decimals around the value; the first n for which one of
// them lies between the two boundaries (inclusive where a tie goes to this code) wins, the closer
// one if both do. Cf. Steele and White, "How to print floating-point numbers accurately", PLDI
// 1990; here with exact integers and no table, as speed is not the point.
#include "formats/decimal.h"

#include <algorithm>
#include <optional>

#include "formats/codes.h"

namespace halfulp {

Integer power_of_ten(std::int64_t n) {
  return boost::multiprecision::pow(Integer(10), static_cast<unsigned>(n));
}

namespace {

Real to_real(const Decimal& d) {
  Real x;
  x.numerator.significand = d.digits;
  if (d.exponent >= 0) {
    x.numerator.significand *= power_of_ten(d.exponent);
  } else {
    x.denominator.significand = power_of_ten(-d.exponent);
  }
  return x;
}

// floor(value / 10^exponent) of a positive value.
Integer scaled_floor(const Value& value, std::int64_t exponent) {
  constexpr int enough_bits = 256;  // more than any candidate decimal is told apart by
  if (!value.is_dyadic()) return scaled_floor(truncated(value, enough_bits), exponent);
  Integer numerator = value.significand;
  Integer denominator = 1;
  if (value.exponent >= 0) {
    numerator <<= static_cast<unsigned>(value.exponent);
  } else {
    denominator <<= static_cast<unsigned>(-value.exponent);
  }
  if (exponent >= 0) {
    denominator *= power_of_ten(exponent);
  } else {
    numerator *= power_of_ten(-exponent);
  }
  return numerator / denominator;
}

// The exponent of the first decimal digit of a positive value.
std::int64_t leading_digit(const Value& value) {
  // floor(log10 v) is within one of this estimate; 1233 / 4096 is just above log10 2.
  std::int64_t estimate = leading_exponent(value) * 1233 / 4096;
  while (scaled_floor(value, estimate + 1) > 0) ++estimate;
  while (scaled_floor(value, estimate) == 0) --estimate;
  return estimate;
}

// Does nearest-even deliver `rank` for a number where "nearest" turns between it and `next`?
bool has_tie(const Format& format, Rank rank, Rank next) {
  if (!std::holds_alternative<Codebook>(format.kind)) return !is_odd(format, rank);
  const Range range = finite_range(format);
  if (next < range.lowest || next > range.highest) return true;
  const Rank upper = std::max(rank, next);
  const bool upper_is_inner = upper < 0 || (upper == 0 && has_zero(format));
  const Rank inner = upper_is_inner ? upper : upper - 1;
  const Rank outer = upper_is_inner ? upper - 1 : upper;
  return (tie_goes_out(format, inner, outer) ? outer : inner) == rank;
}

class Shortest {
 public:
  Shortest(const Format& format, Rank rank) : value_(absolute(value_at(format, rank))) {
    const bool negative = value_at(format, rank).negative;
    const Rank outward = negative ? rank - 1 : rank + 1;
    const Rank inward = negative ? rank + 1 : rank - 1;
    lower_ = boundary_above(format, std::min(rank, inward));
    // Between numbers of both signs without a zero it may lie beyond zero.
    lower_ = lower_.negative == negative ? absolute(lower_) : zero_value();
    upper_ = absolute(boundary_above(format, std::min(rank, outward)));
    has_lower_ = has_tie(format, rank, inward);
    has_upper_ = has_tie(format, rank, outward);
  }

  [[nodiscard]] Decimal find() const {
    for (std::int64_t exponent = leading_digit(value_);; --exponent) {
      if (const std::optional<Decimal> found = at(exponent)) return *found;
    }
  }

  // The candidate with this exponent that reads back, the closer one if there are two.
  [[nodiscard]] std::optional<Decimal> at(std::int64_t exponent) const {
    const Integer below = scaled_floor(value_, exponent);
    const Decimal low{.digits = below, .exponent = exponent};
    const Decimal high{.digits = below + 1, .exponent = exponent};
    const bool low_reads = below > 0 && reads_back(low);
    const bool high_reads = reads_back(high);
    if (low_reads && high_reads) return closer_to_low(low) ? low : high;
    if (low_reads) return low;
    if (high_reads) return high;
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool reads_back(const Decimal& d) const {
    const Real x = to_real(d);
    const int from_lower = compare(x, lower_);
    const int from_upper = compare(x, upper_);
    return (from_lower > 0 || (from_lower == 0 && has_lower_)) &&
           (from_upper < 0 || (from_upper == 0 && has_upper_));
  }

  // Is low nearer to the value than the next decimal is? Halfway, the one with the even last digit
  // counts as nearer.
  [[nodiscard]] bool closer_to_low(const Decimal& low) const {
    const Decimal halfway{.digits = low.digits * 10 + 5, .exponent = low.exponent - 1};
    const int order = compare(to_real(halfway), value_);
    return order > 0 || (order == 0 && low.digits % 2 == 0);
  }

  Value value_, lower_, upper_;
  bool has_lower_ = false;
  bool has_upper_ = false;
};

std::string scientific(const Decimal& d) {
  std::string digits = d.digits.str();
  const std::int64_t exponent = d.exponent + static_cast<std::int64_t>(digits.size()) - 1;
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  const std::string magnitude = std::to_string(exponent < 0 ? -exponent : exponent);
  return digits.substr(0, 1) + (digits.size() > 1 ? "." + digits.substr(1) : "") +
         (exponent < 0 ? "e-" : "e+") + (magnitude.size() < 2 ? "0" : "") + magnitude;
}

std::string fixed(const Decimal& d) {
  std::string digits = d.digits.str();
  if (d.exponent >= 0) return digits + std::string(static_cast<std::size_t>(d.exponent), '0');
  const auto behind = static_cast<std::size_t>(-d.exponent);
  if (digits.size() <= behind) digits.insert(0, behind - digits.size() + 1, '0');
  digits.insert(digits.size() - behind, ".");
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

constexpr std::int64_t longest_fixed = 40;  // zeros before or behind the digits

}  // namespace

std::string decimal_text(const Decimal& d) {
  std::string in_scientific = scientific(d);
  if (std::abs(d.exponent) > longest_fixed) return in_scientific;
  std::string in_fixed = fixed(d);
  return in_fixed.size() <= in_scientific.size() ? in_fixed : in_scientific;
}

std::string shortest_text(const Format& format, Code code) {
  const Value value = decode(format, code);
  const std::string sign = value.negative ? "-" : "";
  if (value.is_nan()) return sign + "nan";
  if (value.is_infinite()) return sign + "inf";
  if (value.is_zero()) return sign + "0";
  const Shortest shortest(format, rank_of(format, code));
  const Decimal digits = shortest.find();
  const std::string in_scientific = scientific(digits);
  if (std::abs(digits.exponent) > longest_fixed) return sign + in_scientific;
  // In fixed notation all digits before the point are written anyway, so they may as well be right.
  const std::string in_fixed =
      fixed(digits.exponent > 0 ? shortest.at(0).value_or(digits) : digits);
  return sign + (in_fixed.size() <= in_scientific.size() ? in_fixed : in_scientific);
}

}  // namespace halfulp
