// SPDX-License-Identifier: MIT
#include "tests/reference/second_derivation.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "formats/codes.h"

namespace halfulp::second {
namespace {

namespace mp = boost::multiprecision;

Integer power_of_two(std::int64_t n) { return Integer(1) << static_cast<unsigned>(n); }

Rational scaled(const Rational& x, std::int64_t power) {
  return power >= 0 ? Rational(x * power_of_two(power)) : Rational(x / power_of_two(-power));
}

Integer floor_of(const Rational& x) {
  const Integer n = mp::numerator(x);
  const Integer d = mp::denominator(x);
  const Integer quotient = n / d;  // toward zero
  return n < 0 && quotient * d != n ? Integer(quotient - 1) : quotient;
}

Code to_code(const Integer& n) { return static_cast<Code>(n); }
Integer to_integer(Code n) { return Integer(n); }

int length_of(Code n) {
  int length = 0;
  for (; n != 0; n >>= 1) ++length;
  return length;
}

std::string repeated(char bit, std::int64_t count) {
  return std::string(static_cast<std::size_t>(count), bit);
}

// The lowest `count` bits of n, most significant first.
std::string bits_of(Code n, int count) {
  std::string text(static_cast<std::size_t>(count), '0');
  for (auto bit = text.rbegin(); bit != text.rend(); ++bit, n >>= 1)
    *bit = (n & 1) != 0 ? '1' : '0';
  return text;
}

Code number_of(const std::string& bits) {
  Code n = 0;
  for (const char bit : bits) n = 2 * n + (bit == '1' ? 1 : 0);
  return n;
}

// Bits [from, from + count) of a string that zeros follow without end.
std::string part(const std::string& bits, std::size_t from, std::size_t count) {
  std::string text = from < bits.size() ? bits.substr(from, count) : "";
  text.resize(count, '0');
  return text;
}

Dyadic signed_dyadic(Power n, std::int64_t exponent) {
  return {n < 0, static_cast<Code>(n < 0 ? -n : n), exponent};
}

// Posit Standard 2022, section 3: with s the sign bit, k the length of the run of bits equal to R0
// behind it, r = -k for R0 = 0 and k - 1 for R0 = 1, e the bits behind the one that ends the run, f
// = F / 2^p the fraction of the rest, missing bits 0:
//     ((1 - 3s) + f) * 2^((1 - 2s) (2^es r + e + s))
// The standard has es = 2.
Dyadic posit_value(const std::string& bits, int exponent_bits) {
  const int s = bits[0] - '0';
  const char first = bits[1];
  std::size_t run = 1;
  while (1 + run < bits.size() && bits[1 + run] == first) ++run;
  const auto k = static_cast<std::int64_t>(run);
  const std::int64_t r = first == '0' ? -k : k - 1;
  const std::size_t behind = 1 + run + 1;
  const auto es = static_cast<std::size_t>(exponent_bits);
  const auto e = static_cast<std::int64_t>(number_of(part(bits, behind, es)));
  const auto p = static_cast<int>(bits.size());
  const auto fraction = static_cast<Power>(number_of(part(bits, behind + es, bits.size())));
  const Power significand = (Power{1 - 3 * s} << p) + fraction;
  return signed_dyadic(significand, (1 - 2 * s) * ((r << exponent_bits) + e + s) - p);
}

// arXiv 2404.18603, section 3: sign S, direction D, regime R of 3 bits, characteristic C of r bits,
// mantissa M of p bits, a code of fewer than 12 bits being extended by zeros:
//     r = 7 - R for D = 0, R for D = 1; c = -2^(r+1) + 1 + C for D = 0, 2^r - 1 + C for D = 1
//     m = M / 2^p
struct TakumFields {
  int s = 0;
  std::int64_t c = 0;
  Power mantissa = 0;
  int p = 0;
};

TakumFields takum_fields(const std::string& code) {
  const std::string bits = part(code, 0, std::max<std::size_t>(code.size(), 12));
  const auto regime = static_cast<int>(number_of(part(bits, 2, 3)));
  const bool direction = bits[1] == '1';
  const int r = direction ? regime : 7 - regime;
  const std::string characteristic = part(bits, 5, static_cast<std::size_t>(r));
  const std::string mantissa = bits.substr(5 + static_cast<std::size_t>(r));
  const std::int64_t start = direction ? (1 << r) - 1 : 1 - (2 << r);
  return {bits[0] - '0', start + static_cast<std::int64_t>(number_of(characteristic)),
          static_cast<Power>(number_of(mantissa)), static_cast<int>(mantissa.size())};
}

// Linear: ((1 - 3S) + m) * 2^e, e = (-1)^S (c + S).
Dyadic takum_value(const std::string& bits) {
  const TakumFields t = takum_fields(bits);
  const std::int64_t e = (1 - 2 * t.s) * (t.c + t.s);
  return signed_dyadic((Power{1 - 3 * t.s} << t.p) + t.mantissa, e - t.p);
}

// Logarithmic: (-1)^S sqrt(e)^l, l = (-1)^S (c + m).
Dyadic takum_exponent(const std::string& bits) {
  const TakumFields t = takum_fields(bits);
  return signed_dyadic((1 - 2 * t.s) * ((Power{t.c} << t.p) + t.mantissa), -t.p);
}

// (-1)^s 2^(L / 2^r), L in two's complement behind the sign.
Dyadic logarithm(const std::string& bits, int fraction_bits) {
  const std::string body = bits.substr(1);
  auto n = static_cast<Power>(number_of(body));
  if (body[0] == '1') n -= Power{1} << body.size();
  return signed_dyadic(n, -fraction_bits);
}

bool all_zero(const std::string& bits) { return bits.find('1') == std::string::npos; }

// The encodings of 2^whole (1 + fraction / 2^places) and sqrt(e)^(whole + fraction / 2^places) at
// full length.
std::string posit_bits(const Expansion& x, int exponent_bits) {
  const std::int64_t size = std::int64_t{1} << exponent_bits;
  std::int64_t r = x.whole / size;
  std::int64_t e = x.whole % size;
  if (e < 0) {
    --r;
    e += size;
  }
  const std::string regime = r >= 0 ? repeated('1', r + 1) + "0" : repeated('0', -r) + "1";
  return "0" + regime + bits_of(static_cast<Code>(e), exponent_bits) + bits_of(x.fraction, places);
}

std::string takum_bits(const Expansion& x) {
  const std::int64_t c = x.whole;
  if (c > 254) return "0" + repeated('1', 3 * places);
  if (c < -255) return "0" + repeated('0', 3 * places);
  int r = 0;
  if (c >= 0) {
    while (c > (2 << r) - 2) ++r;
    return "01" + bits_of(static_cast<Code>(r), 3) +
           bits_of(static_cast<Code>(c - ((1 << r) - 1)), r) + bits_of(x.fraction, places);
  }
  while (c < -(2 << r) + 1) ++r;
  return "00" + bits_of(static_cast<Code>(7 - r), 3) +
         bits_of(static_cast<Code>(c + (2 << r) - 1), r) + bits_of(x.fraction, places);
}

int logarithm_bits(const Scheme& s) { return s.bits - (s.sign ? 1 : 0); }

Format make_format(std::string name, halfulp::Kind kind) {
  Format format{.name = std::move(name), .kind = std::move(kind)};
  validate(format);
  return format;
}

// Zero's code and the last one's; of a magnitude's code with its sign.
Code zero_code(const Scheme& s) { return is_tapered(s) ? 0 : Code{1} << (logarithm_bits(s) - 1); }

Code with_sign(const Scheme& s, Code magnitude, bool negative) {
  if (!negative) return magnitude;
  const Code all = Code{1} << s.bits;
  return is_tapered(s) ? (all - magnitude) % all : magnitude | (all / 2);
}

Code largest_code(const Scheme& s, bool negative) {
  const int bits = is_tapered(s) ? s.bits - 1 : logarithm_bits(s) - 1;
  return with_sign(s, (Code{1} << bits) - 1, negative);
}

// order: of the magnitude against the place where nearest turns; odd: the code of the inner
// neighbour.
bool leaves(Mode mode, int order, bool odd, bool negative) {
  switch (mode) {
    case Mode::nearest_even:
    case Mode::nearest_log:  // of logarithmic numbers
      return order > 0 || (order == 0 && odd);
    case Mode::nearest_odd:
      return order > 0 || (order == 0 && !odd);
    case Mode::nearest_away:
      return order >= 0;
    case Mode::nearest_zero:
      return order > 0;
    case Mode::nearest_up:
      return order > 0 || (order == 0 && !negative);
    case Mode::nearest_down:
      return order > 0 || (order == 0 && negative);
    case Mode::toward_zero:
      return false;
    case Mode::away_from_zero:
      return true;
    case Mode::toward_positive:
      return !negative;
    case Mode::toward_negative:
      return negative;
    case Mode::to_odd:
      return !odd;
    default:
      throw std::logic_error("a stochastic mode");
  }
}

}  // namespace

Rational rational(const Dyadic& x) {
  const Rational magnitude = scaled(to_integer(x.significand), x.exponent);
  return x.negative ? Rational(-magnitude) : magnitude;
}

Dyadic neighbour(const Dyadic& x, int precision, bool outward) {
  const int shift = precision - length_of(x.significand);
  if (shift < 0) throw std::logic_error("neighbour: more bits than the precision");
  Dyadic next{x.negative, x.significand << shift, x.exponent - shift};
  const bool least = next.significand == Code{1} << (precision - 1);
  if (!outward && least) next = {x.negative, next.significand << 1, next.exponent - 1};
  next.significand += outward ? Code{1} : ~Code{0};
  return next;
}

Code binary_code(const Dyadic& x, int exponent_bits, int fraction_bits) {
  const int shift = fraction_bits + 1 - length_of(x.significand);
  const std::int64_t bias = (std::int64_t{1} << (exponent_bits - 1)) - 1;
  const std::int64_t exponent = x.exponent - shift + fraction_bits + bias;
  const Code significand = shift >= 0 ? x.significand << shift : x.significand >> -shift;
  if ((shift < 0 && significand << -shift != x.significand) || exponent < 1 || exponent > 2 * bias)
    throw std::logic_error("binary_code: not a normal number");
  const Code fraction = significand - (Code{1} << fraction_bits);
  return (Code{x.negative ? 1U : 0U} << (exponent_bits + fraction_bits)) |
         (static_cast<Code>(exponent) << fraction_bits) | fraction;
}

Expansion expansion(const Rational& x) {
  const Integer whole = floor_of(x);
  const Rational rest = scaled(x - whole, places);
  const Integer fraction = floor_of(rest);
  return {static_cast<std::int64_t>(whole), to_code(fraction), rest != fraction};
}

// Precondition: no more than `places` bits behind the point.
Expansion expansion(const Dyadic& x) {
  if (x.exponent >= 0) {
    const auto magnitude = static_cast<std::int64_t>(x.significand << x.exponent);
    return {x.negative ? -magnitude : magnitude, 0, false};
  }
  const auto behind = static_cast<int>(-x.exponent);
  auto whole = static_cast<std::int64_t>(x.significand >> behind);
  Code fraction = x.significand - (static_cast<Code>(whole) << behind);
  if (x.negative) {
    whole = -whole - (fraction != 0 ? 1 : 0);
    fraction = fraction != 0 ? (Code{1} << behind) - fraction : 0;
  }
  return {whole, fraction << (places - behind), false};
}

Expansion binary_expansion(const Rational& x) {
  auto exponent = static_cast<std::int64_t>(mp::msb(mp::numerator(x))) -
                  static_cast<std::int64_t>(mp::msb(mp::denominator(x)));
  if (scaled(x, -exponent) < 1) --exponent;
  Expansion result = expansion(scaled(x, -exponent) - 1);
  result.whole = exponent;
  return result;
}

Expansion binary_expansion(const Dyadic& x) {
  const int length = length_of(x.significand);
  const Code fraction = x.significand - (Code{1} << (length - 1));
  return {x.exponent + length - 1, fraction << (places - (length - 1)), false};
}

// floor(sqrt(x 4^n)) holds more bits than are asked for; what it leaves is seen by squaring it.
Expansion root_expansion(const Rational& x) {
  constexpr std::int64_t n = 4 * places;
  const Integer root = mp::sqrt(floor_of(scaled(x, 2 * n)));
  Expansion result = binary_expansion(scaled(root, -n));
  result.further = result.further || scaled(x, 2 * n) != root * root;
  return result;
}

Format format_of(const Scheme& s) {
  const std::string bits = std::to_string(s.bits);
  const std::string parameter = std::to_string(s.parameter);
  switch (s.family) {
    case Family::posit:
      return make_format("posit" + bits + "_es" + parameter,
                         Posit{.bits = s.bits, .exponent_bits = s.parameter});
    case Family::takum:
      return make_format("takum" + bits, Takum{.bits = s.bits});
    case Family::logarithmic_takum:
      return make_format("takum_log" + bits, Takum{.bits = s.bits, .logarithmic = true});
    case Family::logarithmic:
      break;
  }
  return make_format((s.sign ? "lns" : "ulns") + bits + "_" + parameter,
                     Log{.integer_bits = logarithm_bits(s) - s.parameter,
                         .fraction_bits = s.parameter,
                         .sign = s.sign});
}

bool is_linear(const Scheme& s) { return s.family == Family::posit || s.family == Family::takum; }
bool is_tapered(const Scheme& s) { return s.family != Family::logarithmic; }

std::optional<Meaning> meaning(const Scheme& s, Code code) {
  const std::string bits = (s.sign ? "" : "0") + bits_of(code, s.bits);
  const bool negative = bits[0] == '1';
  if (s.family == Family::logarithmic) {
    const std::string lowest = "1" + repeated('0', logarithm_bits(s) - 1);
    if (bits.substr(1) == lowest) return std::nullopt;
    return Meaning{negative, logarithm(bits, s.parameter)};
  }
  if (all_zero(bits.substr(1))) return std::nullopt;
  if (s.family == Family::posit) return Meaning{negative, posit_value(bits, s.parameter)};
  return Meaning{negative, s.family == Family::takum ? takum_value(bits) : takum_exponent(bits)};
}

Expansion key(const Scheme& s, const Meaning& m) {
  return is_linear(s) ? binary_expansion(m.exact) : expansion(m.exact);
}

Expansion key(const Scheme& s, const Dyadic& x) {
  if (is_linear(s)) return binary_expansion(x);
  return s.family == Family::logarithmic ? binary_logarithm(x) : takum_logarithm(x);
}

namespace {

// 1. The first bits of the encoding are the code kept, the next one says which half of the gap it
//    is, what follows whether it is the middle.
// 2. 0...0 stands for zero, which no other number is, nor becomes by nearest.
// 3. 01...1 is the last number, and what lies past it becomes it.
Place tapered_place(const Scheme& s, const Expansion& x, bool negative) {
  const std::string bits = s.family == Family::posit ? posit_bits(x, s.parameter) : takum_bits(x);
  const auto cut = static_cast<std::size_t>(s.bits);
  const bool rest = x.further || !all_zero(bits.substr(cut + 1));
  const bool guard = bits[cut] == '1';
  const Code kept = number_of(bits.substr(0, cut));
  Place at{.negative = negative, .inner = with_sign(s, kept, negative)};
  at.exact = !guard && !rest && kept != 0;
  const bool last = kept == largest_code(s, false);
  at.beyond = last && !at.exact;
  if (!last) at.outer = with_sign(s, kept + 1, negative);
  at.order = guard ? (rest ? 1 : 0) : -1;
  if (kept == 0) at.order = 1;
  return at;
}

// 1. The logarithm in units of its last place, cut: the code kept.
// 2. Below the lowest stands zero, which is one step away for rounding to nearest and any number of
//    steps for the other modes.
// 3. Above the highest is a number one step away that is none of the format's.
Place logarithmic_place(const Scheme& s, const Expansion& x, bool negative) {
  const int bits = logarithm_bits(s);
  const int dropped = places - s.parameter;
  const std::int64_t units =
      (x.whole << s.parameter) + static_cast<std::int64_t>(x.fraction >> dropped);
  const Code rest = x.fraction << (128 - dropped);
  const bool tail = x.further || rest << 1 != 0;
  const bool guard = rest >> 127 != 0;
  const std::int64_t highest = (std::int64_t{1} << (bits - 1)) - 1;
  const auto code = [&](std::int64_t n) {
    return with_sign(s, static_cast<Code>(n) & ((Code{1} << bits) - 1), negative);
  };
  Place at{.negative = negative, .inner = zero_code(s), .outer = code(-highest)};
  at.order = units < -highest - 1 || !guard ? -1 : (tail ? 1 : 0);
  if (units < -highest) return at;
  at.exact = units <= highest && !guard && !tail;
  at.beyond = units > highest;
  at.inner = code(std::min(units, highest));
  at.outer.reset();
  if (units < highest) at.outer = code(units + 1);
  return at;
}

}  // namespace

Place place_by_encoding(const Scheme& s, const Expansion& x, bool negative) {
  return is_tapered(s) ? tapered_place(s, x, negative) : logarithmic_place(s, x, negative);
}

bool goes_out(const Rounding& rounding, const Position& at, std::uint64_t random) {
  const Integer all = power_of_two(rounding.random_bits);
  const Integer whole = at.floor / 2;
  switch (rounding.mode) {
    case Mode::stochastic:
      return whole + random >= all;
    case Mode::stochastic_b:
      return at.floor + 2 * Integer(random) + 1 >= 2 * all;
    case Mode::stochastic_c: {
      const bool half = mp::bit_test(at.floor, 0);
      const bool up = half && (at.further || mp::bit_test(whole, 0));
      return whole + (up ? 1 : 0) + random >= all;
    }
    default:
      return (random & 1) != 0;
  }
}

Grid::Grid(const Scheme& scheme) : scheme_(scheme) {
  for (Code code = 0; code < Code{1} << scheme.bits; ++code) {
    const std::optional<Meaning> m = meaning(scheme, code);
    if (!m) continue;
    (m->negative ? negative_ : positive_).push_back({key(scheme, *m), code, m->exact});
  }
  const auto by_magnitude = [](const Entry& a, const Entry& b) { return a.key < b.key; };
  std::sort(positive_.begin(), positive_.end(), by_magnitude);
  std::sort(negative_.begin(), negative_.end(), by_magnitude);
}

Place Grid::place(const Expansion& x, bool negative) const {
  const std::vector<Entry>& list = side(negative);
  const auto above = std::upper_bound(list.begin(), list.end(), x,
                                      [](const Expansion& a, const Entry& b) { return a < b.key; });
  Place at{.negative = negative, .inner = zero_code(scheme_)};
  if (above != list.begin()) {
    at.inner = (above - 1)->code;
    at.exact = (above - 1)->key == x;
  }
  if (above != list.end()) at.outer = above->code;
  if (is_tapered(scheme_)) {
    at.beyond = !at.outer && !at.exact;
    at.order = place_by_encoding(scheme_, x, negative).order;
    return at;
  }
  // The logarithms below the lowest and above the highest are one step away like the others.
  const Rational step = scaled(1, -scheme_.parameter);
  const Rational inner =
      above == list.begin() ? Rational(above->number() - step) : (above - 1)->number();
  const Expansion middle = expansion(inner + step / 2);
  at.beyond = !at.outer && x >= expansion(inner + step);
  at.order = x < middle ? -1 : (x == middle ? 0 : 1);
  return at;
}

Outcome delivered(const Scheme& s, Mode mode, const Place& at, bool out) {
  if (at.exact) return {at.inner, 0};
  if (!at.beyond && (!out || at.outer)) return {out ? *at.outer : at.inner, flags::inexact};
  constexpr std::uint8_t raised = flags::overflow | flags::inexact;
  const bool stops = mode == Mode::toward_zero ||
                     mode == (at.negative ? Mode::toward_positive : Mode::toward_negative);
  if (is_tapered(s) || !s.sign || stops) return {largest_code(s, at.negative), raised};
  return {zero_code(s) | (Code{1} << (s.bits - 1)), raised};
}

int logarithmic_order(const Scheme& s, const Place& at, const Dyadic& x) {
  if (at.exact || !at.outer) return 0;
  const std::optional<Meaning> inner = meaning(s, at.inner);
  if (!inner) return 1;  // the mean with zero is zero
  const Rational square = rational(x) * rational(x);
  const Rational product = inner->number() * meaning(s, *at.outer)->number();
  return square < product ? -1 : (square == product ? 0 : 1);
}

Outcome expected(const Scheme& s, Mode mode, const Place& at) {
  if (mode == Mode::nearest_log) {
    const int order = is_linear(s) ? at.logarithmic_order : at.order;
    return delivered(s, mode, at, order > 0 || (order == 0 && (at.inner & 1) != 0));
  }
  return delivered(s, mode, at, leaves(mode, at.order, (at.inner & 1) != 0, at.negative));
}

}  // namespace halfulp::second
