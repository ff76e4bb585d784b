// SPDX-License-Identifier: MIT
//
// The shortest decimal that reads back to the same code under nearest-even (Steele and White, "How
// to print floating-point numbers accurately", PLDI 1990). With exponent k the candidates are the
// two multiples of 10^k around the value; the largest k for which one of them lies between the two
// boundaries (inclusive where a tie goes to this code) wins, the closer one if both do. A candidate
// of one k lies at least as near as that of the next larger one, so the search goes upward from a k
// that is fine enough. There, value and boundaries are written as integers and fractions of 10^k
// once: by a power of ten of 256 bits, rounded down and up, as Ryu's tables hold them (Adams, PLDI
// 2018), and by one of twice the bits where the two disagree about an integer. An exact power comes
// last, so the answer is exact always.
#include "formats/numbers/decimal.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/short_decimal.h"

namespace halfulp {

Integer power_of_ten(std::int64_t n) {
  return boost::multiprecision::pow(Integer(10), static_cast<unsigned>(n));
}

namespace {

namespace mp = boost::multiprecision;

// Integers of the usual precision without memory from the heap, longer ones with it.
using Long = mp::number<mp::cpp_int_backend<1152, 0, mp::signed_magnitude, mp::unchecked>>;

// low * 2^exponent <= x <= high * 2^exponent, with equality of all three or of none.
struct Enclosure {
  Long low, high;
  std::int64_t exponent = 0;

  [[nodiscard]] bool exact() const { return low == high; }
};

std::int64_t length(const Long& n) { return static_cast<std::int64_t>(mp::msb(n)) + 1; }

// Cut to `bits` leading bits, rounded outward, or filled up to them.
Enclosure normalised(Enclosure x, std::int64_t bits) {
  const std::int64_t surplus = length(x.high) - bits;
  x.exponent += surplus;
  if (surplus <= 0) {
    x.low <<= static_cast<unsigned>(-surplus);
    x.high <<= static_cast<unsigned>(-surplus);
    return x;
  }
  const bool exact = x.exact() && static_cast<std::int64_t>(mp::lsb(x.low)) >= surplus;
  x.low >>= static_cast<unsigned>(surplus);
  x.high >>= static_cast<unsigned>(surplus);
  if (!exact) ++x.high;
  return x;
}

Enclosure product(const Enclosure& a, const Enclosure& b, std::int64_t bits) {
  return normalised(
      {.low = a.low * b.low, .high = a.high * b.high, .exponent = a.exponent + b.exponent}, bits);
}

// 10^n, n >= 0, to `bits` bits: 5^n by squaring.
Enclosure enclosed_power_of_ten(std::int64_t n, std::int64_t bits) {
  Enclosure power = normalised({.low = 1, .high = 1}, bits);
  const Enclosure five = normalised({.low = 5, .high = 5}, bits);
  for (std::int64_t bit = std::int64_t{1} << 40; bit > 0; bit >>= 1) {
    if (n >= bit) power = product(power, power, bits);
    if ((n & bit) != 0) power = product(power, five, bits);
  }
  power.exponent += n;
  return power;
}

// A positive value to `bits` bits.
Enclosure enclosed(const Value& v, std::int64_t bits) {
  if (v.is_dyadic())
    return normalised(
        {.low = Long(v.significand), .high = Long(v.significand), .exponent = v.exponent}, bits);
  const Value jammed = truncated(v, static_cast<int>(bits));
  return normalised({.low = Long(jammed.significand - 1),
                     .high = Long(jammed.significand + 1),
                     .exponent = jammed.exponent},
                    bits + 2);
}

// floor(x / 10^k), and whether that is x / 10^k itself.
struct Scaled {
  Long floor;
  bool exact = false;
};

// Absent where `bits` bits do not decide. 10^k is given for |k|, of the same bits.
std::optional<Scaled> scaled(const Enclosure& x, const Enclosure& power, std::int64_t k,
                             std::int64_t bits) {
  Enclosure q;
  bool whole = x.exact() && power.exact();  // q is x / 10^k but for its exponent
  if (k <= 0) {
    q = {.low = x.low * power.low,
         .high = x.high * power.high,
         .exponent = x.exponent + power.exponent};
  } else {
    const auto shift = static_cast<unsigned>(bits);
    const Long dividend = x.low << shift;
    q.low = dividend / power.high;
    q.high = (x.high << shift) / power.low;
    q.exponent = x.exponent - power.exponent - bits;
    whole = whole && q.low * power.low == dividend;
    if (!whole) ++q.high;
  }
  if (q.exponent >= 0) {
    if (!whole) return std::nullopt;
    return Scaled{.floor = q.low << static_cast<unsigned>(q.exponent), .exact = true};
  }
  const auto cut = static_cast<unsigned>(-q.exponent);
  Scaled result{.floor = q.low >> cut};
  const bool fraction = Long(result.floor << cut) != q.low;
  if (whole) {
    result.exact = !fraction;
    return result;
  }
  // The number is above q.low, if by less than its last place, and may be q.high.
  return result.floor == Long(q.high >> cut) ? std::optional<Scaled>(result) : std::nullopt;
}

// floor(n log10 2); 1292913986 / 2^32 is just below log10 2, close enough for every exponent.
std::int64_t decimal_exponent(std::int64_t n) { return (n * 1292913986) >> 32; }

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
  Shortest(const Format& format, Rank rank)
      : value_(absolute(value_at(format, rank))), bits_(bits(format) <= 32 ? 128 : 256) {
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
    for (std::int64_t exponent = fine_exponent();; exponent -= 2) {
      const Scale scale = scale_of(exponent - 1);
      std::optional<Decimal> best;
      // No further than the exponent of the value's first digit.
      for (Long step = 10; step <= scale.value.floor; step *= 10, ++exponent) {
        const std::optional<Decimal> found = candidate(scale, step, exponent);
        if (!found) break;
        best = found;
      }
      if (best) return *best;
    }
  }

  // The candidate with this exponent, which is not beyond that of the value's first digit.
  [[nodiscard]] std::optional<Decimal> at(std::int64_t exponent) const {
    return candidate(scale_of(exponent - 1), 10, exponent);
  }

 private:
  // Value and boundaries as multiples of a power of ten. No upper one where there is no boundary.
  struct Scale {
    Scaled value, lower;
    std::optional<Scaled> upper;
  };

  // An exponent with which some candidate reads back, as its power is less than the way to the
  // further boundary, and which is below that of the value's first digit.
  [[nodiscard]] std::int64_t fine_exponent() const {
    const std::int64_t bits = bits_;
    const Enclosure value = enclosed(value_, bits);
    const auto distance = [&](const Value& boundary) {  // an exponent of two not above it
      if (boundary.is_infinite()) return value.exponent;
      if (boundary.is_zero()) return value.exponent + bits - 1;
      Enclosure other = enclosed(boundary, bits);
      const std::int64_t shift = other.exponent - value.exponent;
      if (shift > bits) return value.exponent + bits;
      if (shift >= 0) other.low <<= static_cast<unsigned>(shift);
      if (shift < 0) other.low >>= static_cast<unsigned>(std::min(-shift, 2 * bits));
      const Long apart = mp::abs(Long(other.low - value.low));
      return value.exponent + (apart.is_zero() ? 0 : length(apart) - 1);
    };
    const std::int64_t way = decimal_exponent(std::max(distance(lower_), distance(upper_))) - 1;
    return std::min(way, decimal_exponent(value.exponent + bits - 1) - 1);
  }

  [[nodiscard]] Scale scale_of(std::int64_t exponent) const {
    for (std::int64_t bits = bits_;; bits *= 2) {
      const Enclosure power = enclosed_power_of_ten(std::abs(exponent), bits);
      const auto scaled_value = [&](const Value& v) -> std::optional<Scaled> {
        if (v.is_zero()) return Scaled{.floor = 0, .exact = true};
        return scaled(enclosed(v, bits), power, exponent, bits);
      };
      const std::optional<Scaled> value = scaled_value(value_);
      const std::optional<Scaled> lower = scaled_value(lower_);
      if (!value || !lower) continue;
      if (upper_.is_infinite()) return {.value = *value, .lower = *lower, .upper = std::nullopt};
      const std::optional<Scaled> upper = scaled_value(upper_);
      if (upper) return {.value = *value, .lower = *lower, .upper = upper};
    }
  }

  // The multiple of 10^exponent around the value that reads back, the closer one if there are two;
  // halfway, the one with the even last digit. 10^exponent is `step` units of the scale, a multiple
  // of ten.
  [[nodiscard]] std::optional<Decimal> candidate(const Scale& scale, const Long& step,
                                                 std::int64_t exponent) const {
    const Long digits = scale.value.floor / step;
    const Long low = digits * step;
    const Long high = low + step;
    const Scaled& lower = scale.lower;
    const bool low_reads =
        digits > 0 && (low > lower.floor || (low == lower.floor && lower.exact && has_lower_));
    const bool high_reads = !scale.upper || high < scale.upper->floor ||
                            (high == scale.upper->floor && (!scale.upper->exact || has_upper_));
    if (!low_reads && !high_reads) return std::nullopt;
    const Long halfway = low + step / 2;
    const int order = halfway.compare(scale.value.floor);
    const bool closer_to_low =
        order > 0 || (order == 0 && scale.value.exact && !mp::bit_test(digits, 0));
    const bool take_low = low_reads && (!high_reads || closer_to_low);
    return Decimal{.digits = Integer(take_low ? digits : Long(digits + 1)), .exponent = exponent};
  }

  Value value_, lower_, upper_;
  bool has_lower_ = false;
  bool has_upper_ = false;
  std::int64_t bits_ = 0;  // of powers of ten, at first: far more than the digits need
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

// |value| of a finite nonzero dyadic one, all digits.
Decimal exact_decimal(const Value& value) {
  Decimal d{.digits = value.significand, .exponent = 0};
  const auto zeros = static_cast<std::int64_t>(mp::lsb(d.digits));
  d.digits >>= static_cast<unsigned>(zeros);
  const std::int64_t exponent = value.exponent + zeros;
  if (exponent >= 0) {
    d.digits <<= static_cast<unsigned>(exponent);
  } else {
    d.digits *= mp::pow(Integer(5), static_cast<unsigned>(-exponent));
    d.exponent = exponent;
  }
  return d;
}

std::string special_text(const Value& value) {
  const std::string sign = value.negative ? "-" : "";
  if (value.is_nan()) return sign + "nan";
  if (value.is_infinite()) return sign + "inf";
  return value.is_zero() ? sign + "0" : "";
}

}  // namespace

std::string decimal_text(const Decimal& d) {
  std::string in_scientific = scientific(d);
  const auto digits = static_cast<std::int64_t>(d.digits.str().size());
  if (d.exponent > longest_fixed || d.exponent + digits < -longest_fixed) return in_scientific;
  std::string in_fixed = fixed(d);
  return in_fixed.size() <= in_scientific.size() ? in_fixed : in_scientific;
}

std::string long_shortest_text(const Format& format, Code code) {
  const Value value = decode(format, code);
  if (std::string text = special_text(value); !text.empty()) return text;
  const std::string sign = value.negative ? "-" : "";
  const Shortest shortest(format, rank_of(format, code));
  const Decimal digits = shortest.find();
  const std::string in_scientific = scientific(digits);
  if (std::abs(digits.exponent) > longest_fixed) return sign + in_scientific;
  // In fixed notation all digits before the point are written anyway, so they may as well be right.
  const std::string in_fixed =
      fixed(digits.exponent > 0 ? shortest.at(0).value_or(digits) : digits);
  return sign + (in_fixed.size() <= in_scientific.size() ? in_fixed : in_scientific);
}

std::string exact_text(const Format& format, Code code) {
  const Value value = decode(format, code);
  if (std::string text = special_text(value); !text.empty()) return text;
  if (!value.is_dyadic()) return long_shortest_text(format, code);
  return (value.negative ? "-" : "") + decimal_text(exact_decimal(value));
}

std::string long_value_text(const Format& format, Code code) {
  constexpr std::size_t few_characters = 8;
  constexpr std::int64_t far =
      100;  // further from 1, few characters are exact if they are shortest
  const Value value = decode(format, code);
  if (std::string text = special_text(value); !text.empty()) return text;
  if (value.is_dyadic() && std::abs(leading_exponent(value)) < far) {
    const std::string exact = decimal_text(exact_decimal(value));
    if (exact.size() <= few_characters) return (value.negative ? "-" : "") + exact;
  }
  return long_shortest_text(format, code);
}

std::string shortest_text(const Format& format, Code code) {
  std::optional<std::string> text = short_shortest_text(format, code);
  return text ? std::move(*text) : long_shortest_text(format, code);
}

std::string value_text(const Format& format, Code code) {
  std::optional<std::string> text = short_value_text(format, code);
  return text ? std::move(*text) : long_value_text(format, code);
}

}  // namespace halfulp
