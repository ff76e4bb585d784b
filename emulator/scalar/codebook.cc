// SPDX-License-Identifier: MIT
//
// Rounding to a list of numbers. They are binary64, so a number is placed among them by the
// binary64 below its magnitude, as an integer that is ordered as the numbers are, and whether there
// is more. The middle of two neighbours, and the points that random bits choose, come from their
// exact distances (gap.h). Between the innermost numbers of a list of both signs without zero, the
// lower one counts as the one nearer to zero.
#include "emulator/scalar/codebook.h"

#include <algorithm>
#include <bit>

#include "emulator/scalar/round_exact.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"

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
  const std::int64_t exponent = x.exponent + bit_length(x.significand) - 1;
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

Exact<Integer> exact_integer(double x) { return exact_integer(unpack_double(x)); }

// Two neighbours, as places in the sorted list.
struct Neighbours {
  std::size_t inner = 0, outer = 0;
  bool negative = false;
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

// Between the signs the turn is zero.
int order_in_logarithm(const Target& target, const Neighbours& gap, const Exact<Integer>& x) {
  const Codebook& f = codebook_of(target);
  const bool between_signs = !target.zero && gap.outer == f.negatives && !gap.negative;
  if (between_signs) return x.significand.is_zero() ? 0 : (x.negative ? -1 : 1);
  return compare_to_geometric_mean(*target.number, exact_integer(number(f, gap.inner)),
                                   exact_integer(number(f, gap.outer)));
}

bool goes_out_of(const Target& target, const Neighbours& gap, const Exact<Integer>& x, int turn,
                 std::uint64_t random) {
  const Codebook& f = codebook_of(target);
  const Rounding& rounding = target.quantizer->rounding;
  if (rounding.mode == Mode::stochastic_equal) return carries(rounding, {}, random);
  const auto position = [&](int bits) {
    return position_between(x, exact_integer(number(f, gap.inner)),
                            exact_integer(number(f, gap.outer)), bits);
  };
  if (is_stochastic(rounding.mode))
    return carries(rounding, position(rounding.random_bits), random);
  int order = turn;
  if (rounding.mode == Mode::nearest_log) {
    order = order_in_logarithm(target, gap, x);
  } else if (f.boundaries.empty()) {
    order = position(0).half;
  }
  if (rounding.mode == Mode::nearest_even && order == 0) return tie_goes_out(f, gap);
  return goes_out(rounding.mode, order, (f.order[gap.inner] & 1) != 0, gap.negative);
}

// A negative number, where there is none: beyond one step below zero, or between it and zero, where
// "nearest" does not turn (and in the logarithm at zero).
Outcome round_to_unsigned(const Target& target, const Exact<Integer>& x, std::uint64_t random) {
  const Codebook& f = codebook_of(target);
  const Rounding& rounding = target.quantizer->rounding;
  if (!target.zero) return deliver_negative(target);
  const double step = f.order.size() > 1 ? number(f, 1) : 1;
  const Exact<Integer> magnitude{false, x.significand, x.exponent};
  if (compare(key_of(magnitude), step) >= 0) return deliver_negative(target);
  bool out = false;
  if (is_stochastic(rounding.mode)) {
    out =
        carries(rounding,
                position_between(magnitude, {}, exact_integer(step), rounding.random_bits), random);
  } else {
    const int order = rounding.mode == Mode::nearest_log ? 1 : -1;
    out = goes_out(rounding.mode, order, (f.order[0] & 1) != 0, true);
  }
  return out ? deliver_negative(target) : deliver_underflow(target, true, flags::inexact);
}

}  // namespace

// The longest numbers to be told apart are sums of the largest and the least unit of any number or
// turn; middles have one bit more.
void describe(const Codebook& f, Target& t) {
  t.scheme = Scheme::codebook;
  t.bits = f.bits;
  t.sign = f.negatives > 0;
  t.zero = key_of(number(f, f.negatives)) == 0;
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
Outcome round_codebook(const Target& target, const Exact<Word>& x, std::uint64_t random) {
  const Codebook& f = codebook_of(target);
  const Key key = key_of(x);
  if (x.negative && !target.sign) return round_to_unsigned(target, exact_integer(x), random);
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
  Neighbours gap{lower, lower + 1, x.negative && !between_signs};
  if (gap.negative) std::swap(gap.inner, gap.outer);
  int turn = f.boundaries.empty() ? 0 : compare(key, f.boundaries[lower]);
  if (gap.negative) turn = -turn;
  const bool out = goes_out_of(target, gap, exact_integer(x), turn, random);
  const std::size_t place = out ? gap.outer : gap.inner;
  if (target.zero && place == f.negatives)
    return deliver_underflow(target, x.negative, flags::inexact);
  return {f.order[place], flags::inexact};
}

template Outcome round_codebook(const Target&, const Exact<Code>&, std::uint64_t);
template Outcome round_codebook(const Target&, const Exact<WideWord>&, std::uint64_t);
template Outcome round_codebook(const Target&, const Exact<Integer>&, std::uint64_t);

// Codes beyond the list are NaN.
Operand unpack(const Codebook& f, Code code) {
  if (code < f.values.size()) return unpack_double(f.values[static_cast<std::size_t>(code)]);
  Operand x;
  x.kind = Operand::Class::nan;
  return x;
}

}  // namespace halfulp::emulator
