// SPDX-License-Identifier: MIT
#include "formats/codes.h"

#include <algorithm>
#include <cctype>

#include "formats/error.h"
#include "formats/kinds/kinds.h"

namespace halfulp {
namespace {

template <typename Visitor>
auto visit(const Format& format, Visitor&& visitor) {
  return std::visit(std::forward<Visitor>(visitor), format.kind);
}

const Float* as_float(const Format& format) { return std::get_if<Float>(&format.kind); }

Code float_code(const Float& f, Code magnitude, bool negative) {
  return magnitude | (negative && f.sign ? Code{1} << (kinds::bits(f) - 1) : 0);
}

}  // namespace

void validate(const Format& format) {
  visit(format, [](const auto& f) { kinds::validate(f); });
}

int bits(const Format& format) {
  return visit(format, [](const auto& f) { return kinds::bits(f); });
}

Range finite_range(const Format& format) {
  return visit(format, [](const auto& f) { return kinds::finite_range(f); });
}

Value value_at(const Format& format, Rank rank) {
  return visit(format, [&](const auto& f) { return kinds::value_at(f, rank); });
}

// Floats and fixed point turn at the arithmetic middle. Below half the least number of a format
// without subnormals the neighbours are zero and that number, and the rule is the same.
Value boundary_above(const Format& format, Rank rank) {
  return scaled(sum(value_at(format, rank), value_at(format, rank + 1)), -1);
}

Code code_at(const Format& format, Rank rank) {
  return visit(format, [&](const auto& f) { return kinds::code_at(f, rank); });
}

Rank rank_of(const Format& format, Code code) {
  return visit(format, [&](const auto& f) { return kinds::rank_of(f, code); });
}

Value decode(const Format& format, Code code) {
  return visit(format, [&](const auto& f) { return kinds::decode(f, code); });
}

bool has_infinity(const Format& format) {
  return as_float(format) != nullptr && as_float(format)->infinity;
}

bool has_nan(const Format& format) {
  const Float* f = as_float(format);
  return f != nullptr && (f->nan_codes > 0 || (f->sign && f->zero && !f->negative_zero));
}

bool has_zero(const Format& format) {
  return as_float(format) == nullptr || as_float(format)->zero;
}

bool has_negative_zero(const Format& format) {
  const Float* f = as_float(format);
  return f != nullptr && f->sign && f->zero && f->negative_zero;
}

bool is_signed(const Format& format) {
  return visit(format, [](const auto& f) { return f.sign; });
}

Code infinity_code(const Format& format, bool negative) {
  HALFULP_REQUIRE(has_infinity(format), "infinity_code: " + format.name + " has no infinity");
  const Float& f = *as_float(format);
  return float_code(f, kinds::infinity_magnitude(f), negative);
}

Code nan_code(const Format& format, bool negative) {
  HALFULP_REQUIRE(has_nan(format), "nan_code: " + format.name + " has no NaN");
  const Float& f = *as_float(format);
  if (f.nan_codes == 0) return float_code(f, 0, true);
  return float_code(f, kinds::quiet_nan_magnitude(f), negative);
}

Code zero_code(const Format& format, bool negative) {
  HALFULP_REQUIRE(has_zero(format), "zero_code: " + format.name + " has no zero");
  if (!negative || !has_negative_zero(format)) return 0;
  return float_code(*as_float(format), 0, true);
}

Code encode(const Format& format, const Value& value) {
  const Error none(hexadecimal_text(value) + " is no value of " + format.name);
  if (value.is_nan()) return has_nan(format) ? nan_code(format, value.negative) : throw none;
  if (value.negative && !is_signed(format)) throw none;
  if (value.is_infinite())
    return has_infinity(format) ? infinity_code(format, value.negative) : throw none;
  if (value.is_zero()) return has_zero(format) ? zero_code(format, value.negative) : throw none;
  const Range range = finite_range(format);
  // One sign only: the ranks of a 128-bit format of both signs differ by more than a Rank holds.
  Rank low = value.negative ? range.lowest : 0;
  Rank high = value.negative ? 0 : range.highest;
  while (low < high) {  // invariant: value < value_at(high + 1), and value >= value_at(low) where
                        // it is in range at all
    const Rank middle = low + (high - low) / 2 + (high - low) % 2;
    if (compare(value_at(format, middle), value) <= 0) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  if (compare(value_at(format, low), value) != 0) throw none;
  return code_at(format, low);
}

Value smallest_positive(const Format& format) { return value_at(format, has_zero(format) ? 1 : 0); }

Value smallest_normal(const Format& format) {
  const Float* f = as_float(format);
  if (f == nullptr || !f->subnormals) return smallest_positive(format);
  return make_value(1, 1 - f->bias);
}

Value largest_finite(const Format& format) {
  return value_at(format, finite_range(format).highest);
}

CodeClass classify(const Format& format, Code code) {
  const Value v = decode(format, code);
  if (v.is_nan()) return CodeClass::nan;
  if (v.is_infinite()) return CodeClass::infinite;
  if (v.is_zero()) return CodeClass::zero;
  return compare(absolute(v), smallest_normal(format)) < 0 ? CodeClass::subnormal
                                                           : CodeClass::normal;
}

const char* name_of(CodeClass code_class) {
  switch (code_class) {
    case CodeClass::zero:
      return "zero";
    case CodeClass::subnormal:
      return "subnormal";
    case CodeClass::normal:
      return "normal";
    case CodeClass::infinite:
      return "inf";
    case CodeClass::nan:
      return "nan";
  }
  return "";
}

namespace {

// Every finite value fits where the smallest and the largest do and the significand is short
// enough.
bool fits(const Format& format, int significand_bits, std::int64_t lowest, std::int64_t leading) {
  const Range range = finite_range(format);
  const Value least = smallest_positive(format);
  if (least.exponent < lowest || leading_exponent(largest_finite(format)) > leading) return false;
  if (const Float* f = as_float(format)) return f->fraction_bits + 1 <= significand_bits;
  const Rank widest = std::max(range.highest, -range.lowest);
  return widest <= (Rank{1} << significand_bits);
}

}  // namespace

bool fits_binary64(const Format& format) { return fits(format, 53, -1074, 1023); }
bool fits_binary32(const Format& format) { return fits(format, 24, -149, 127); }

std::string bare_code_text(const Format& format, Code code) {
  std::string text;
  for (int digit = (bits(format) + 3) / 4 - 1; digit >= 0; --digit) {
    text.push_back("0123456789ABCDEF"[static_cast<unsigned>(code >> (4 * digit)) & 15]);
  }
  return text;
}

std::string code_text(const Format& format, Code code) {
  std::string text = bare_code_text(format, code);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return "0x" + text;
}

Code parse_code(const Format& format, std::string_view text) {
  std::string_view digits = text;
  if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
    digits.remove_prefix(2);
  const Error bad("\"" + std::string(text.substr(0, 80)) + "\" is not a code of " + format.name, "",
                  "write " + std::to_string(bits(format)) + " bits in hexadecimal, such as " +
                      code_text(format, 1));
  if (digits.empty()) throw bad;
  Code code = 0;
  for (const char c : digits) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0 || (code >> 124) != 0) throw bad;
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    code = (code << 4) | static_cast<Code>(lower <= '9' ? lower - '0' : lower - 'a' + 10);
  }
  if (bits(format) < 128 && (code >> bits(format)) != 0) throw bad;
  return code;
}

}  // namespace halfulp
