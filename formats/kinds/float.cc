// SPDX-License-Identifier: MIT
//
// Binary floating point (IEEE 754-2019 clause 3.3 and its relatives). The sign apart, a code is a
// magnitude m, and magnitudes are ordered as their values are, so a rank is just a signed
// magnitude. With t fraction bits, E = m >> t and S = m mod 2^t:
//     E = 0 and subnormals:  S * 2^(1 - bias - t)
//     otherwise:             (2^t + S) * 2^(E - bias - t)
// The formula goes on beyond the last exponent, which is what rounding with an unbounded exponent
// needs.
#include <limits>

#include "formats/error.h"
#include "formats/kinds/kinds.h"
#include "formats/numbers/value.h"

namespace halfulp::kinds {
namespace {

Code top_magnitude(const Float& f) { return (Code{1} << (f.exponent_bits + f.fraction_bits)) - 1; }

Code sign_bit(const Float& f) { return f.sign ? top_magnitude(f) + 1 : 0; }

Value value_of_magnitude(const Float& f, Code magnitude) {
  if (magnitude == 0 && f.zero) return zero_value();
  const int t = f.fraction_bits;
  const Code exponent_field = magnitude >> t;
  const Code fraction = magnitude & ((Code{1} << t) - 1);
  Value v;
  if (exponent_field == 0 && f.subnormals) {
    v.significand = fraction;
    v.exponent = 1 - f.bias - t;
  } else {
    v.significand = (Code{1} << t) + fraction;
    v.exponent = static_cast<std::int64_t>(exponent_field) - f.bias - t;
  }
  return v;
}

// Ranks of negative numbers: -m where there is a zero between the signs, else -m - 1, so that
// neighbours still differ by one.
Rank rank_of_magnitude(const Float& f, bool negative, Code magnitude) {
  const auto rank = static_cast<Rank>(magnitude);
  if (!negative) return rank;
  return f.zero ? -rank : -rank - 1;
}

Code magnitude_of_rank(const Float& f, Rank rank) {
  if (rank >= 0) return static_cast<Code>(rank);
  return static_cast<Code>(f.zero ? -rank : -rank - 1);
}

bool is_nan_magnitude(const Float& f, bool negative, Code magnitude) {
  return magnitude > top_magnitude(f) - f.nan_codes ||
         (negative && magnitude == 0 && f.zero && !f.negative_zero);
}

}  // namespace

int bits(const Float& f) { return f.exponent_bits + f.fraction_bits + (f.sign ? 1 : 0); }

Code infinity_magnitude(const Float& f) { return top_magnitude(f) - f.nan_codes; }

Code largest_magnitude(const Float& f) { return infinity_magnitude(f) - (f.infinity ? 1 : 0); }

std::int64_t smallest_exponent(const Float& f) { return (f.subnormals ? 1 : 0) - f.bias; }

bool has_nan_fraction(const Float& f) {
  return f.infinity && f.fraction_bits >= 1 && f.nan_codes == (Code{1} << f.fraction_bits) - 1;
}

// Of an IEEE set of NaN codes, the quiet ones have the top fraction bit set (IEEE 754-2019 6.2.1).
bool has_signalling_nan(const Float& f) {
  return f.sign && f.fraction_bits >= 2 && has_nan_fraction(f);
}

Code quiet_nan_magnitude(const Float& f) {
  if (f.nan_codes == 0) return 0;  // the code 10...0
  const Code ieee = (Code{1} << f.fraction_bits) - 1;
  if (f.nan_codes == ieee && f.fraction_bits >= 1) return top_magnitude(f) - ieee / 2;
  return top_magnitude(f);
}

Range finite_range(const Float& f) {
  const Code largest = largest_magnitude(f);
  const Range range{.lowest = f.sign ? rank_of_magnitude(f, true, largest) : 0,
                    .highest = static_cast<Rank>(largest)};
  return range;
}

Value value_at(const Float& f, Rank rank) {
  if (rank < 0 &&
      !f.sign) {  // one step below an unsigned format: minus its least positive value, or its half
    return f.zero ? negated(value_of_magnitude(f, 1)) : scaled(value_of_magnitude(f, 0), -1);
  }
  const Value v = value_of_magnitude(f, magnitude_of_rank(f, rank));
  return rank < 0 ? negated(v) : v;
}

Code code_at(const Float& f, Rank rank) {
  return magnitude_of_rank(f, rank) | (rank < 0 ? sign_bit(f) : 0);
}

Rank rank_of(const Float& f, Code code) {
  return rank_of_magnitude(f, (code & sign_bit(f)) != 0, code & top_magnitude(f));
}

Value decode(const Float& f, Code code) {
  const bool negative = (code & sign_bit(f)) != 0;
  const Code magnitude = code & top_magnitude(f);
  if (is_nan_magnitude(f, negative, magnitude)) {
    Value v = nan_value(negative);
    v.signalling = has_signalling_nan(f) && magnitude < quiet_nan_magnitude(f);
    if (has_nan_fraction(f)) {
      v.significand = magnitude - infinity_magnitude(f);
      v.exponent = -f.fraction_bits;
    }
    return v;
  }
  if (f.infinity && magnitude == infinity_magnitude(f)) return infinite_value(negative);
  Value v = value_of_magnitude(f, magnitude);
  v.negative = negative;
  return v;
}

void validate(const Float& f) {
  constexpr int widest_exponent = 20;
  constexpr std::int64_t largest_bias = std::int64_t{1} << 21;
  if (f.exponent_bits < 1 || f.exponent_bits > widest_exponent) {
    throw Error(std::to_string(f.exponent_bits) + " exponent bits", "exponent_bits",
                "1 to 20 are supported");
  }
  if (f.fraction_bits < 0 || bits(f) > (f.sign ? 128 : 127)) {
    throw Error(std::to_string(f.fraction_bits) + " fraction bits", "fraction_bits",
                "at least 0, and at most 128 bits in all (127 unsigned)");
  }
  if (f.bias < -largest_bias || f.bias > largest_bias) {
    throw Error("bias " + std::to_string(f.bias), "bias", "between -2097152 and 2097152");
  }
  const Code specials = f.nan_codes + (f.infinity ? 1 : 0);
  if (f.nan_codes > top_magnitude(f) || specials >= top_magnitude(f)) {
    throw Error("so many NaN and infinity codes leave no finite number", "nan_codes",
                "fewer than 2^(exponent_bits + fraction_bits) - 1 codes in all");
  }
  if (f.exponent_bits + f.fraction_bits == 127 && specials == 0) {
    throw Error("127 bits of magnitude without a code that is not finite", "nan_codes",
                "at least one NaN or infinity, or one bit less");
  }
  if (!f.zero && f.subnormals) {
    throw Error("subnormals without a zero", "subnormals",
                "set \"zero\" to true or \"subnormals\" to false");
  }
  if (!f.zero && f.sign && !f.negative_zero) {
    throw Error("negative_zero is false in a format without zero", "negative_zero",
                "leave it true");
  }
}

}  // namespace halfulp::kinds
