// SPDX-License-Identifier: MIT
#include "formats/codes.h"

#include <algorithm>

#include "formats/counted.h"
#include "formats/error.h"
#include "formats/kinds/kinds.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

template <typename Visitor>
auto visit(const Format& format, Visitor&& visitor) {
  return std::visit(std::forward<Visitor>(visitor), format.kind);
}

const Float* as_float(const Format& format) { return std::get_if<Float>(&format.kind); }

template <typename Kind>
bool is(const Format& format) {
  return std::holds_alternative<Kind>(format.kind);
}

bool is_tapered(const Format& format) { return is<Posit>(format) || is<Takum>(format); }

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

// Floats, fixed point and affine integers turn at the arithmetic middle. Below half the least
// number of a format without subnormals the neighbours are zero and that number, and the rule is
// the same.
Value boundary_above(const Format& format, Rank rank) {
  if (const auto* posit = std::get_if<Posit>(&format.kind))
    return kinds::boundary_above(*posit, rank);
  if (const auto* takum = std::get_if<Takum>(&format.kind))
    return kinds::boundary_above(*takum, rank);
  if (const auto* log = std::get_if<Log>(&format.kind)) return kinds::boundary_above(*log, rank);
  if (const auto* codebook = std::get_if<Codebook>(&format.kind))
    return kinds::boundary_above(*codebook, rank);
  return scaled(sum(value_at(format, rank), value_at(format, rank + 1)), -1);
}

bool is_odd(const Format& format, Rank rank) {
  const auto parity = is<Affine>(format) ? static_cast<Code>(rank) : code_at(format, rank);
  return (parity & 1) != 0;
}

bool tie_goes_out(const Format& format, Rank inner, Rank outer) {
  const auto* codebook = std::get_if<Codebook>(&format.kind);
  switch (codebook == nullptr ? Codebook::Ties::even : codebook->ties) {
    case Codebook::Ties::lower:
      return outer < inner;
    case Codebook::Ties::upper:
      return outer > inner;
    case Codebook::Ties::toward_zero:
      return false;
    case Codebook::Ties::away_from_zero:
      return true;
    case Codebook::Ties::even:
      break;
  }
  return is_odd(format, inner);
}

bool saturates(const Format& format) { return is_tapered(format) || is<Codebook>(format); }

bool is_dyadic(const Format& format) {
  const auto* takum = std::get_if<Takum>(&format.kind);
  const auto* log = std::get_if<Log>(&format.kind);
  return !(takum != nullptr && takum->logarithmic) && !(log != nullptr && log->fraction_bits > 0);
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
  if (is_tapered(format)) return true;
  if (const auto* log = std::get_if<Log>(&format.kind)) return log->sign;
  const Float* f = as_float(format);
  return f != nullptr && (f->nan_codes > 0 || (f->sign && f->zero && !f->negative_zero));
}

bool has_zero(const Format& format) {
  if (const auto* codebook = std::get_if<Codebook>(&format.kind)) {
    const Range range = kinds::finite_range(*codebook);
    return range.highest >= 0 && kinds::value_at(*codebook, 0).is_zero();
  }
  return as_float(format) == nullptr || as_float(format)->zero;
}

bool has_negative_zero(const Format& format) {
  if (const auto* codebook = std::get_if<Codebook>(&format.kind))
    return kinds::has_negative_zero(*codebook);
  const Float* f = as_float(format);
  return f != nullptr && f->sign && f->zero && f->negative_zero;
}

bool is_signed(const Format& format) {
  if (const Float* f = as_float(format)) return f->sign;
  if (const auto* fixed = std::get_if<Fixed>(&format.kind)) return fixed->sign;
  return finite_range(format).lowest < 0;
}

Code infinity_code(const Format& format, bool negative) {
  HALFULP_REQUIRE(has_infinity(format), "infinity_code: " + format.name + " has no infinity");
  const Float& f = *as_float(format);
  return float_code(f, kinds::infinity_magnitude(f), negative);
}

Code nan_code(const Format& format, bool negative) {
  HALFULP_REQUIRE(has_nan(format), "nan_code: " + format.name + " has no NaN");
  if (is_tapered(format)) return Code{1} << (bits(format) - 1);
  if (const auto* log = std::get_if<Log>(&format.kind))
    return kinds::zero_code(*log) | (Code{1} << (bits(format) - 1));
  const Float& f = *as_float(format);
  if (f.nan_codes == 0) return float_code(f, 0, true);
  return float_code(f, kinds::quiet_nan_magnitude(f), negative);
}

Code zero_code(const Format& format, bool negative) {
  HALFULP_REQUIRE(has_zero(format), "zero_code: " + format.name + " has no zero");
  if (!negative || !has_negative_zero(format)) return code_at(format, 0);
  if (const auto* codebook = std::get_if<Codebook>(&format.kind))
    return kinds::negative_zero_code(*codebook);
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
  if (as_float(format) == nullptr) return CodeClass::normal;
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

// Bits from the first to the last that is set.
int length_of(const Integer& n) {
  return static_cast<int>(boost::multiprecision::msb(n) - boost::multiprecision::lsb(n)) + 1;
}

std::int64_t trailing_exponent(const Value& v) {
  return v.exponent + static_cast<std::int64_t>(boost::multiprecision::lsb(v.significand));
}

// The numbers that a carrier of `significand_bits` bits has, its least and its largest exponent.
struct CarrierRange {
  int significand_bits = 0;
  std::int64_t least_exponent = 0, least_normal = 0, leading = 0;
};

bool fits(const Codebook& f, const CarrierRange& carrier) {
  return std::all_of(f.values.begin(), f.values.end(), [&](double x) {
    const Value v = from_double(x);
    if (v.is_zero()) return true;
    return trailing_exponent(v) >= carrier.least_exponent &&
           leading_exponent(v) <= carrier.leading &&
           length_of(v.significand) <= carrier.significand_bits;
  });
}

// The longest significand of the format's numbers; of irrational ones, so many bits that
// neighbours differ well above them.
int significand_bits(const Format& format) {
  if (const Float* f = as_float(format)) return f->fraction_bits + 1;
  if (const auto* posit = std::get_if<Posit>(&format.kind))
    return std::max(1, posit->bits - 2 - posit->exponent_bits);
  constexpr int takum_head = 4;
  constexpr int spare = 4;
  if (const auto* takum = std::get_if<Takum>(&format.kind))
    return std::max(1, takum->bits - takum_head) + (takum->logarithmic ? spare : 0);
  if (const auto* log = std::get_if<Log>(&format.kind))
    return log->fraction_bits == 0 ? 1 : log->fraction_bits + spare;
  const Range range = finite_range(format);
  const auto widest = static_cast<Code>(std::max(range.highest, -range.lowest));
  int length = 0;
  while (length < 128 && (widest >> length) != 0) ++length;
  if (const auto* affine = std::get_if<Affine>(&format.kind))
    return length + length_of(from_double(affine->scale).significand);
  return widest == Code{1} << (length - 1) ? std::max(1, length - 1) : length;
}

// Every finite value fits where the smallest and the largest do and the significand is short
// enough.
bool fits(const Format& format, const CarrierRange& carrier) {
  if (const auto* codebook = std::get_if<Codebook>(&format.kind)) return fits(*codebook, carrier);
  const Range range = finite_range(format);
  const Value least = smallest_positive(format);
  const Value largest =
      value_at(format, -range.lowest > range.highest ? range.lowest : range.highest);
  if (!is_dyadic(format) && leading_exponent(least) < carrier.least_normal) return false;
  if (is_dyadic(format) && trailing_exponent(least) < carrier.least_exponent) return false;
  return leading_exponent(largest) <= carrier.leading &&
         significand_bits(format) <= carrier.significand_bits;
}

}  // namespace

bool fits_binary64(const Format& format) { return fits(format, {53, -1074, -1022, 1023}); }
bool fits_binary32(const Format& format) { return fits(format, {24, -149, -126, 127}); }

namespace {

// Hexadecimal digits, padded to the format's width.
void append_digits(const Format& format, Code code, const char* digits, std::string& text) {
  const int count = (bits(format) + 3) / 4;
  const auto begin = text.size();
  text.resize(begin + static_cast<std::size_t>(count));
  for (std::size_t i = text.size(); i-- > begin; code >>= 4)
    text[i] = digits[static_cast<unsigned>(code) & 15U];
}

// 0 to 15; 16 where the character is no hexadecimal digit.
unsigned digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a' + 10) : 16;
}

[[noreturn]] void refuse_code(const Format& format, std::string_view text) {
  throw Error(
      "\"" + std::string(text.substr(0, 80)) + "\" is not a code of " + format.name, "",
      "write " + counted(bits(format), "bit") + " in hexadecimal, such as " + code_text(format, 1));
}

}  // namespace

std::string bare_code_text(const Format& format, Code code) {
  std::string text;
  append_digits(format, code, "0123456789ABCDEF", text);
  return text;
}

std::string code_text(const Format& format, Code code) {
  std::string text = "0x";
  append_digits(format, code, "0123456789abcdef", text);
  return text;
}

Code parse_code(const Format& format, std::string_view text) {
  std::string_view digits = text;
  if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
    digits.remove_prefix(2);
  if (digits.empty()) refuse_code(format, text);
  constexpr std::size_t in_word = 16;
  const std::size_t first = digits.size() <= in_word ? digits.size() : 0;
  std::uint64_t word = 0;
  unsigned bad = 0;
  for (const char c : digits.substr(0, first)) {
    const unsigned digit = digit_value(c);
    bad |= digit;
    word = word << 4 | (digit & 15U);
  }
  Code code = word;
  for (const char c : digits.substr(first)) {
    const unsigned digit = digit_value(c);
    if ((code >> 124) != 0) refuse_code(format, text);
    bad |= digit;
    code = (code << 4) | (digit & 15U);
  }
  if (bad > 15) refuse_code(format, text);
  const int width = bits(format);
  if (width < 128 && (code >> width) != 0) refuse_code(format, text);
  return code;
}

}  // namespace halfulp
