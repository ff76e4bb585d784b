// SPDX-License-Identifier: MIT
//
// Rounding to a list of numbers. They are binary64, so a number is placed among them by the
// binary64 below its magnitude, as an integer that is ordered as the numbers are, and whether there
// is more. The middle of two neighbours, and the points that random bits choose, come from their
// exact distances (gap.h). Between the innermost numbers of a list of both signs without zero, the
// lower one counts as the one nearer to zero.
#include <algorithm>
#include <bit>
#include <utility>
#include <variant>

#include "emulator/scalar/gap.h"
#include "emulator/scalar/ratio.h"
#include "emulator/scalar/scheme.h"

namespace halfulp::emulator {
namespace {

// Ordered as the numbers are; zeros are equal.
std::int64_t key_of(double x) {
  const auto pattern = std::bit_cast<std::uint64_t>(x);
  const auto magnitude = static_cast<std::int64_t>(pattern & ~(std::uint64_t{1} << 63));
  return (pattern >> 63) != 0 ? -magnitude : magnitude;
}

struct Key {
  std::int64_t toward_zero = 0;  // of the binary64 that x is cut to
  int more = 0;                  // the sign of what is cut off
};

// 1. The last place of the binary64 of this exponent, at least that of its subnormals.
// 2. The significand cut there.
// 3. The pattern: the exponent field counts from the subnormals' last place, the leading one adds
//    one to it. Beyond the range an infinity stands for the binary64.
template <typename Word>
Key key_of(const Exact<Word>& x) {
  if (x.significand == 0) return {};
  const int sign = x.negative ? -1 : 1;
  const std::int64_t exponent = leading_exponent(x);
  if (exponent > 1023) return {sign * (std::int64_t{0x7ff} << 52), sign};
  if (exponent < -1074) return {0, sign};
  const std::int64_t last_place = std::max<std::int64_t>(exponent - 52, -1074);
  const std::int64_t cut = last_place - x.exponent;
  const Word kept = cut > 0 ? Word(x.significand >> static_cast<int>(cut))
                            : Word(x.significand << static_cast<int>(-cut));
  const bool more = cut > 0 && Word(kept << static_cast<int>(cut)) != x.significand;
  const std::int64_t pattern =
      static_cast<std::int64_t>(to_code(kept)) + ((last_place + 1074) << 52);
  return {sign * pattern, more ? sign : 0};
}

int compare(const Key& x, double number) {
  const std::int64_t key = key_of(number);
  return x.toward_zero != key ? (x.toward_zero < key ? -1 : 1) : x.more;
}

const Codebook& codebook_of(const Target& target) {
  return std::get<Codebook>(target.quantizer->format.kind);
}

double number(const Codebook& f, std::size_t place) { return f.values[f.order[place]]; }

Exact<Integer> exact_number(const Codebook& f, std::size_t place) {
  return exact_integer(unpack_double(number(f, place)));
}

// Two neighbours, as places in the sorted list.
struct Neighbours {
  std::size_t inner = 0, outer = 0;
  bool between_signs = false;
};

// What nearest-even makes of a number where "nearest" turns.
bool tie_goes_out(const Codebook& f, const Neighbours& gap) {
  switch (f.ties) {
    case Codebook::Ties::lower:
      return gap.outer < gap.inner;
    case Codebook::Ties::upper:
      return gap.outer > gap.inner;
    case Codebook::Ties::toward_zero:
      return false;
    case Codebook::Ties::away_from_zero:
      return true;
    case Codebook::Ties::even:
      break;
  }
  return (f.order[gap.inner] & 1) != 0;
}

// turn: order of the number and where the list says that "nearest" turns.
template <typename Word>
struct ListGap {
  const Codebook& list;
  const Exactly<Word>& number;
  const Neighbours& neighbours;
  int turn;
  bool odd;
  bool negative;

  [[nodiscard]] Exact<Integer> inner() const { return exact_number(list, neighbours.inner); }
  [[nodiscard]] Exact<Integer> outer() const { return exact_number(list, neighbours.outer); }

  [[nodiscard]] int order() const { return list.boundaries.empty() ? position(0).half : turn; }
  // Between the signs the turn is zero.
  [[nodiscard]] int order_in_logarithm() const {
    if (neighbours.between_signs) {
      const int sign = number.negative() ? -1 : 1;
      return number.cut.significand == 0 ? 0 : sign;
    }
    return compare_to_geometric_mean(number, inner(), outer());
  }
  [[nodiscard]] Position position(int bits) const {
    return position_between(exact_integer(number.cut), inner(), outer(), bits);
  }
};

template <typename Word>
bool goes_out_of(const Rounding& rounding, const ListGap<Word>& gap, std::uint64_t random) {
  if (rounding.mode != Mode::nearest_even) return goes_out(rounding, gap, random);
  const int order = gap.order();
  return order > 0 || (order == 0 && tie_goes_out(gap.list, gap.neighbours));
}

// Between zero and one step below, where there is no negative number. "Nearest" does not turn, and
// in the logarithm it turns at zero.
template <typename Word>
struct GapBelowZero {
  const Exact<Word>& magnitude;
  double step;
  bool odd;
  bool negative = true;

  [[nodiscard]] int order() const { return -1; }
  [[nodiscard]] int order_in_logarithm() const { return 1; }
  [[nodiscard]] Position position(int bits) const {
    return position_between(exact_integer(magnitude), {}, exact_integer(unpack_double(step)), bits);
  }
};

template <typename Word>
Outcome round_to_unsigned(const Target& target, const Exact<Word>& x, std::uint64_t random) {
  const Codebook& f = codebook_of(target);
  if (!target.zero) return deliver_negative(target);
  const double step = f.order.size() > 1 ? number(f, 1) : 1;
  const Exact<Word> magnitude{false, x.significand, x.exponent};
  if (compare(key_of(magnitude), step) >= 0) return deliver_negative(target);
  const GapBelowZero<Word> gap{magnitude, step, (f.order[0] & 1) != 0};
  const bool out = goes_out(target.quantizer->rounding, gap, random);
  return out ? deliver_negative(target) : deliver_underflow(target, true, flags::inexact);
}

// The longest numbers to be told apart are sums of the largest and the least unit of any number or
// turn; middles have one bit more.
void describe(const Format& format, Target& t) {
  const Codebook& f = std::get<Codebook>(format.kind);
  t.bits = f.bits;
  t.sign = f.negatives > 0;
  t.zero = key_of(number(f, f.negatives)) == 0;
  t.rounds_zero = t.sign && !t.zero;
  std::int64_t most = 0;
  std::int64_t least = 0;
  const auto reach = [&](double x) {
    const Operand operand = unpack_double(x);
    if (operand.kind == Operand::Class::zero) return;
    most = std::max(most, operand.exponent + bit_length(operand.significand));
    least = std::min(least, operand.exponent + trailing_zeros(operand.significand));
  };
  std::for_each(f.values.begin(), f.values.end(), reach);
  std::for_each(f.boundaries.begin(), f.boundaries.end(), reach);
  t.further_bits = static_cast<int>(most - least) + 1;
}

template <typename Word>
Outcome round(const Target& target, const Exactly<Word>& x, std::uint64_t random) {
  const Codebook& f = codebook_of(target);
  const Key key = key_of(x.cut);
  if (x.negative() && !target.sign) return round_to_unsigned(target, x.cut, random);
  if (compare(key, number(f, f.order.size() - 1)) > 0) return deliver_overflow(target, false, 0);
  if (compare(key, number(f, 0)) < 0) {
    return target.sign ? deliver_overflow(target, true, 0)
                       : deliver_underflow(target, false, flags::inexact);
  }
  const auto above = std::upper_bound(
      f.order.begin(), f.order.end(), key,
      [&](const Key& a, std::uint32_t code) { return compare(a, f.values[code]) < 0; });
  const auto lower = static_cast<std::size_t>(above - f.order.begin()) - 1;
  if (compare(key, number(f, lower)) == 0) return {f.order[lower], 0};
  const bool between_signs = !target.zero && lower + 1 == f.negatives;
  const bool negative = x.negative() && !between_signs;
  Neighbours neighbours{lower, lower + 1, between_signs};
  if (negative) std::swap(neighbours.inner, neighbours.outer);
  int turn = f.boundaries.empty() ? 0 : compare(key, f.boundaries[lower]);
  if (negative) turn = -turn;
  const bool odd = (f.order[neighbours.inner] & 1) != 0;
  const ListGap<Word> gap{f, x, neighbours, turn, odd, negative};
  const bool out = goes_out_of(target.quantizer->rounding, gap, random);
  const std::size_t place = out ? neighbours.outer : neighbours.inner;
  if (target.zero && place == f.negatives)
    return deliver_underflow(target, x.negative(), flags::inexact);
  return {f.order[place], flags::inexact};
}

// Codes beyond the list are NaN.
Operand unpack(const Format& format, Code code) {
  const Codebook& f = std::get<Codebook>(format.kind);
  if (code < f.values.size()) return unpack_double(f.values[static_cast<std::size_t>(code)]);
  Operand x;
  x.kind = Operand::Class::nan;
  return x;
}

}  // namespace

const Scheme codebook_scheme{describe, unpack, round<Code>, round<WideWord>, round<Integer>};

}  // namespace halfulp::emulator
