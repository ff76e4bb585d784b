// SPDX-License-Identifier: MIT
//
// The search of decimal.cc in words. Value and boundaries of a float are integers V, L, U times one
// 2^q: half the sums of neighbours, q being one less than the least exponent of the three numbers.
// With D = max(V - L, U - V) and 10^k <= D 2^q, a multiple of 10^k lies within reach of the further
// boundary, so the search begins at the k that is largest of these. V < 2^(t + 2) D, t being the
// fraction's bits, so that V 2^q / 10^(k - 1) < 2^(t + 9), a word.
//
// floor(X 2^q / 10^k) is the product of X, of at most 57 bits, and a power of ten of 128 bits, both
// ends of its enclosure; where they disagree, the long way is taken. Where the power is exact, so
// is the answer whether anything was cut off; where it is not, the number is strictly between the
// ends, and is no integer if both have one floor.
#include "formats/numbers/short_decimal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdlib>

#include "formats/numbers/powers_of_ten.h"

namespace halfulp {
namespace {

constexpr int most_fraction_bits = 52;

// significand * 2^exponent
struct Binary {
  std::uint64_t significand = 0;
  int exponent = 0;
};

int length_of(std::uint64_t n) { return 64 - std::countl_zero(n); }

// floor(log2 |x|), x nonzero.
int leading_exponent(const Binary& x) { return x.exponent + length_of(x.significand) - 1; }

// floor(n log10 2), as decimal.cc has it.
int decimal_exponent(int n) {
  return static_cast<int>((static_cast<std::int64_t>(n) * 1292913986) >> 32);
}

// The product of a word and a power of ten: of 192 bits, lowest first.
struct Product {
  std::array<std::uint64_t, 3> limbs{};

  Product(std::uint64_t x, const PowerOfTen& power) {
    const Wide low = static_cast<Wide>(x) * power.low;
    const Wide high = static_cast<Wide>(x) * power.high + static_cast<std::uint64_t>(low >> 64);
    limbs = {static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high),
             static_cast<std::uint64_t>(high >> 64)};
  }

  void add(Wide more) {
    const Wide low = (static_cast<Wide>(limbs[1]) << 64) + limbs[0];
    const Wide sum = low + more;
    limbs[2] += sum < low ? 1 : 0;
    limbs[0] = static_cast<std::uint64_t>(sum);
    limbs[1] = static_cast<std::uint64_t>(sum >> 64);
  }

  // Precondition: 64 < shift < 192.
  [[nodiscard]] Wide shifted(int shift) const {
    if (shift >= 128) return limbs[2] >> (shift - 128);
    return ((static_cast<Wide>(limbs[2]) << 64) + limbs[1]) >> (shift - 64);
  }
  [[nodiscard]] bool ends_at(int shift) const {
    const int in_middle = std::clamp(shift - 64, 0, 64);
    const int in_top = std::clamp(shift - 128, 0, 64);
    const auto low = [](std::uint64_t n, int bits) { return bits == 0 ? 0 : n << (64 - bits); };
    return limbs[0] == 0 && low(limbs[1], in_middle) == 0 && low(limbs[2], in_top) == 0;
  }
};

// floor(x / 10^k), and whether that is x / 10^k itself.
struct Scaled {
  std::uint64_t floor = 0;
  bool exact = true;
};

std::optional<Scaled> scaled(const Binary& x, int k) {
  if (x.significand == 0) return Scaled{};
  if (std::abs(k) > powers_of_ten::most) return std::nullopt;
  const PowerOfTen& power = short_power_of_ten(-k);
  Product product(x.significand, power);
  const int shift = -(x.exponent + power.exponent);
  if (shift <= 64 || shift >= 192) return std::nullopt;
  const Wide floor = product.shifted(shift);
  if (floor >> 62 != 0) return std::nullopt;
  const auto word = static_cast<std::uint64_t>(floor);
  if (k <= 0 && -k <= powers_of_ten::most_exact) return Scaled{word, product.ends_at(shift)};
  product.add(static_cast<Wide>(x.significand) << 1);
  if (product.shifted(shift) != floor) return std::nullopt;
  return Scaled{word, false};
}

// digits * 10^exponent, digits nonzero.
struct ShortDecimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

class Number {
 public:
  // Precondition: finite, of few fraction bits, not zero.
  Number(const Float& f, std::uint64_t magnitude)
      : zero_(f.zero),
        subnormals_(f.subnormals),
        fraction_bits_(f.fraction_bits),
        bias_(static_cast<int>(f.bias)),
        magnitude_(magnitude),
        value_(at(magnitude)) {}

  [[nodiscard]] const Binary& value() const { return value_; }

  // Sets boundaries on one exponent with the value.
  void set_boundaries() {
    const Binary out = at(magnitude_ + 1);
    const Binary in =
        magnitude_ == 0 ? Binary{value_.significand, value_.exponent - 1} : at(magnitude_ - 1);
    const int least = in.significand == 0 ? std::min(value_.exponent, out.exponent)
                                          : std::min({value_.exponent, out.exponent, in.exponent});
    const auto lifted = [&](const Binary& x) {
      return x.significand == 0 ? 0 : x.significand << (x.exponent - (least - 1));
    };
    v_ = {lifted(value_), least - 1};
    lower_ = {(v_.significand + lifted(in)) / 2, least - 1};
    upper_ = {(v_.significand + lifted(out)) / 2, least - 1};
    has_tie_ = (magnitude_ & 1) == 0;
  }

  // The shortest digits.
  [[nodiscard]] std::optional<ShortDecimal> shortest() const {
    const std::uint64_t reach =
        std::max(v_.significand - lower_.significand, upper_.significand - v_.significand);
    int exponent = std::min(decimal_exponent(leading_exponent({reach, v_.exponent})),
                            decimal_exponent(leading_exponent(v_)));
    const auto scale = scale_of(exponent - 1);
    if (!scale) return std::nullopt;
    std::optional<ShortDecimal> best;
    for (std::uint64_t step = 10; step <= scale->value.floor; step *= 10, ++exponent) {
      const std::optional<ShortDecimal> found = candidate(*scale, step, exponent);
      if (!found) break;
      best = found;
    }
    return best;
  }

  // Those in whole numbers; `decided` false where words do not decide.
  [[nodiscard]] std::optional<ShortDecimal> whole(bool& decided) const {
    const auto scale = scale_of(-1);
    decided = scale.has_value();
    return scale ? candidate(*scale, 10, 0) : std::nullopt;
  }

 private:
  struct Scale {
    Scaled value, lower, upper;
  };

  // As value_of_magnitude of kinds/float.cc.
  [[nodiscard]] Binary at(std::uint64_t magnitude) const {
    if (magnitude == 0 && zero_) return {};
    const std::uint64_t field = magnitude >> fraction_bits_;
    const std::uint64_t fraction = magnitude & ((std::uint64_t{1} << fraction_bits_) - 1);
    if (field == 0 && subnormals_) return {fraction, 1 - bias_ - fraction_bits_};
    return {(std::uint64_t{1} << fraction_bits_) + fraction,
            static_cast<int>(field) - bias_ - fraction_bits_};
  }

  [[nodiscard]] std::optional<Scale> scale_of(int exponent) const {
    const auto value = scaled(v_, exponent);
    const auto lower = scaled(lower_, exponent);
    const auto upper = scaled(upper_, exponent);
    if (!value || !lower || !upper) return std::nullopt;
    return Scale{*value, *lower, *upper};
  }

  // As Shortest::candidate of decimal.cc.
  [[nodiscard]] std::optional<ShortDecimal> candidate(const Scale& scale, std::uint64_t step,
                                                      int exponent) const {
    const std::uint64_t digits = scale.value.floor / step;
    const std::uint64_t low = digits * step;
    const std::uint64_t high = low + step;
    const Scaled& lower = scale.lower;
    const Scaled& upper = scale.upper;
    const bool low_reads =
        digits > 0 && (low > lower.floor || (low == lower.floor && lower.exact && has_tie_));
    const bool high_reads =
        high < upper.floor || (high == upper.floor && (!upper.exact || has_tie_));
    if (!low_reads && !high_reads) return std::nullopt;
    const std::uint64_t halfway = low + step / 2;
    const bool closer_to_low =
        halfway > scale.value.floor ||
        (halfway == scale.value.floor && scale.value.exact && (digits & 1) == 0);
    const bool take_low = low_reads && (!high_reads || closer_to_low);
    return ShortDecimal{take_low ? digits : digits + 1, exponent};
  }

  bool zero_, subnormals_;
  int fraction_bits_, bias_;
  std::uint64_t magnitude_;
  Binary value_;
  Binary v_, lower_, upper_;
  bool has_tie_ = false;
};

// The text of a decimal, in the notation that takes fewer characters; fixed notation wins ties.
class Notation {
 public:
  explicit Notation(const ShortDecimal& d) {
    end_ = std::to_chars(digits_.data(), digits_.data() + digits_.size(), d.digits).ptr;
    exponent_ = d.exponent;
    while (end_ - digits_.data() > 1 && end_[-1] == '0') {
      --end_;
      ++exponent_;
    }
  }

  [[nodiscard]] int count() const { return static_cast<int>(end_ - digits_.data()); }
  // From the one at a place on.
  [[nodiscard]] std::string_view digits(int place) const {
    return {digits_.data() + place, static_cast<std::size_t>(count() - place)};
  }
  // Of the last digit.
  [[nodiscard]] int exponent() const { return exponent_; }

  [[nodiscard]] int scientific_size() const {
    const int power = std::abs(exponent_ + count() - 1);
    return count() + (count() > 1 ? 1 : 0) + 2 + (power < 100 ? 2 : power < 1000 ? 3 : 4);
  }
  [[nodiscard]] int fixed_size() const {
    if (exponent_ >= 0) return count() + exponent_;
    return std::max(count(), 1 - exponent_) + 1;
  }

  void append_scientific(std::string& text) const {
    text += digits_[0];
    if (count() > 1) {
      text += '.';
      text += digits(1);
    }
    const int power = exponent_ + count() - 1;
    text += power < 0 ? "e-" : "e+";
    if (std::abs(power) < 10) text += '0';
    std::array<char, 8> number{};
    const char* const end =
        std::to_chars(number.data(), number.data() + number.size(), std::abs(power)).ptr;
    text.append(number.data(), static_cast<std::size_t>(end - number.data()));
  }
  void append_fixed(std::string& text) const {
    if (exponent_ >= 0) {
      text += digits(0);
      text.append(static_cast<std::size_t>(exponent_), '0');
      return;
    }
    const int before = count() + exponent_;
    if (before <= 0) {
      text += "0.";
      text.append(static_cast<std::size_t>(-before), '0');
      text += digits(0);
      return;
    }
    text += digits(0).substr(0, static_cast<std::size_t>(before));
    text += '.';
    text += digits(before);
  }
  void append(std::string& text) const {
    if (fixed_size() <= scientific_size()) return append_fixed(text);
    append_scientific(text);
  }

 private:
  std::array<char, 24> digits_{};
  char* end_ = nullptr;
  int exponent_ = 0;
};

constexpr std::size_t few_characters = 8;

// All digits where there are so few, as value_text of decimal.cc has them; else false.
//   Integers of more than 10^8 are short only where they are few digits and zeros, so that factors
//   of 5 leave at most 999. Fractions have as many digits behind the point as factors of 2.
bool append_few(Binary x, std::string& text) {
  const int zeros = std::countr_zero(x.significand);
  x.significand >>= zeros;
  x.exponent += zeros;
  constexpr std::uint64_t most = 100'000'000;
  ShortDecimal d;
  if (x.exponent >= 0) {
    for (; x.exponent > 0 && x.significand % 5 == 0; --x.exponent, ++d.exponent) x.significand /= 5;
    if (x.significand >= most || x.exponent >= 27 || x.significand << x.exponent >= most)
      return false;
    d.digits = x.significand << x.exponent;
  } else {
    if (x.exponent < -6 || x.significand >= most) return false;
    d.digits = x.significand;
    for (; d.exponent > x.exponent; --d.exponent) d.digits *= 5;
  }
  const Notation notation(d);
  const int size = std::min(notation.fixed_size(), notation.scientific_size());
  if (size > static_cast<int>(few_characters)) return false;
  notation.append(text);
  return true;
}

// False where words do not decide.
bool append_shortest(Number& number, std::string& text) {
  number.set_boundaries();
  const std::optional<ShortDecimal> digits = number.shortest();
  if (!digits) return false;
  const Notation notation(*digits);
  // In fixed notation all digits before the point are written, and are right: of integers that have
  // been cut they take as many characters as zeros would, or one more.
  if (digits->exponent <= 0 || notation.fixed_size() > notation.scientific_size() + 1) {
    notation.append(text);
    return true;
  }
  bool decided = false;
  const std::optional<ShortDecimal> whole = number.whole(decided);
  if (!decided) return false;
  const Notation in_fixed(whole ? *whole : *digits);
  if (in_fixed.fixed_size() <= notation.scientific_size()) {
    in_fixed.append_fixed(text);
  } else {
    notation.append_scientific(text);
  }
  return true;
}

// The magnitude of a nonzero number; absent where it is something else, or not for this file.
std::optional<std::uint64_t> magnitude_of(const Float& f, Code code) {
  constexpr int most_exponent_bits = 11;
  if (f.fraction_bits > most_fraction_bits || f.exponent_bits > most_exponent_bits ||
      std::abs(f.bias) > 1100 || (f.sign && !f.zero))
    return std::nullopt;
  const int width = f.exponent_bits + f.fraction_bits;
  const Code top = (Code{1} << width) - 1;
  const Code magnitude = code & top;
  const Code largest = top - f.nan_codes - (f.infinity ? 1 : 0);
  if (magnitude > largest || (magnitude == 0 && f.zero)) return std::nullopt;
  return static_cast<std::uint64_t>(magnitude);
}

std::optional<std::string> text_of(const Format& format, Code code, bool few) {
  const auto* f = std::get_if<Float>(&format.kind);
  if (f == nullptr) return std::nullopt;
  const std::optional<std::uint64_t> magnitude = magnitude_of(*f, code);
  if (!magnitude) return std::nullopt;
  Number number(*f, *magnitude);
  std::string text;
  if (f->sign && (code >> (f->exponent_bits + f->fraction_bits) & 1) != 0) text += '-';
  constexpr int far = 100;
  if (few && std::abs(leading_exponent(number.value())) < far && append_few(number.value(), text))
    return text;
  if (!append_shortest(number, text)) return std::nullopt;
  return text;
}

// Digits and exponent of a literal, as they are read.
struct Literal {
  bool negative = false, hexadecimal = false;
  std::uint64_t digits = 0;
  int exponent = 0;  // of ten; of hexadecimal digits of two
};

constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values) value = 16;
  for (int i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
  for (int i = 0; i < 6; ++i) values['A' + i] = values['a' + i] = static_cast<std::uint8_t>(10 + i);
  return values;
}();

// Absent where there are many digits, or something else than NumberReader of value.cc takes.
std::optional<Literal> read_literal(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  Literal literal;
  if (at != end && (*at == '-' || *at == '+')) literal.negative = *at++ == '-';
  literal.hexadecimal = end - at > 2 && at[0] == '0' && (at[1] | 0x20) == 'x';
  if (literal.hexadecimal) at += 2;
  const unsigned base = literal.hexadecimal ? 16 : 10;
  int behind = 0;
  bool any = false;
  bool point = false;
  for (; at != end; ++at) {
    if (*at == '.' && !point) {
      point = true;
      continue;
    }
    const unsigned digit = digit_values[static_cast<unsigned char>(*at)];
    if (digit >= base) break;
    constexpr std::uint64_t most = std::uint64_t{1} << 60;  // room for one digit more
    if (literal.digits >= most) return std::nullopt;
    literal.digits = literal.digits * base + digit;
    behind += point ? 1 : 0;
    any = true;
  }
  if (!any) return std::nullopt;
  int exponent = 0;
  if (at != end) {
    if ((*at | 0x20) != (literal.hexadecimal ? 'p' : 'e')) return std::nullopt;
    ++at;
    const bool minus = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) ++at;
    if (at == end || end - at > 5) return std::nullopt;
    for (; at != end && *at >= '0' && *at <= '9'; ++at) exponent = exponent * 10 + (*at - '0');
    if (at != end) return std::nullopt;
    if (minus) exponent = -exponent;
  }
  literal.exponent = exponent - (literal.hexadecimal ? 4 : 1) * behind;
  return literal;
}

// A number of up to 128 bits, cut to a word where it has more.
void set_cut(Wide significand, bool cut_before, std::int64_t exponent, ShortNumber& number) {
  const auto high = static_cast<std::uint64_t>(significand >> 64);
  const int shift = high == 0 ? 0 : length_of(high);
  number.significand = static_cast<std::uint64_t>(significand >> shift);
  const bool inexact =
      cut_before || (static_cast<Wide>(number.significand) << shift) != significand;
  number.exact = !inexact;
  number.significand |= inexact ? 1 : 0;
  number.exponent = exponent + shift;
}

// 5^n, n from 0 to 27, in a word.
constexpr int most_fives = 27;
constexpr std::array<std::uint64_t, most_fives + 1> powers_of_five = [] {
  std::array<std::uint64_t, most_fives + 1> powers{1};
  for (std::size_t n = 1; n < powers.size(); ++n) powers[n] = 5 * powers[n - 1];
  return powers;
}();

// digits * 10^power, where 5^|power| is no word. Neither a product with it nor a quotient by it,
// of digits that are a word, ends within 64 bits: an odd factor, or divisor, of 65 bits stays.
bool set_far(std::uint64_t digits, int power, ShortNumber& number) {
  if (std::abs(power) > powers_of_ten::most) return false;
  const int up = std::countl_zero(digits);
  digits <<= up;
  const PowerOfTen& ten = short_power_of_ten(power);
  Product product(digits, ten);
  const std::uint64_t leading = product.limbs[2];
  product.add(static_cast<Wide>(digits) << 1);
  if (product.limbs[2] != leading) return false;
  number.exact = false;
  number.significand = leading | 1;
  number.exponent = std::int64_t{ten.exponent} + 128 - up;
  return true;
}

}  // namespace

std::optional<std::string> short_shortest_text(const Format& format, Code code) {
  return text_of(format, code, false);
}

std::optional<std::string> short_value_text(const Format& format, Code code) {
  return text_of(format, code, true);
}

std::optional<ShortNumber> parse_short(std::string_view text) {
  const std::optional<Literal> literal = read_literal(text);
  if (!literal) return std::nullopt;
  ShortNumber number{.negative = literal->negative};
  const std::uint64_t digits = literal->digits;
  const int power = literal->exponent;
  if (digits == 0) return number;
  if (literal->hexadecimal) {
    number.significand = digits;
    number.exponent = power;
  } else if (power >= 0 && power <= most_fives) {
    set_cut(static_cast<Wide>(digits) * powers_of_five[static_cast<std::size_t>(power)], false,
            power, number);
  } else if (power < 0 && -power <= most_fives) {
    const std::uint64_t divisor = powers_of_five[static_cast<std::size_t>(-power)];
    const int up = 64 + std::countl_zero(digits);
    const Wide dividend = static_cast<Wide>(digits) << up;
    const Wide quotient = dividend / divisor;
    set_cut(quotient, quotient * divisor != dividend, power - up, number);
  } else if (!set_far(digits, power, number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace halfulp
