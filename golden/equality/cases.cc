// SPDX-License-Identifier: MIT
#include "golden/equality/cases.h"

#include <algorithm>

#include "emulator/operations/scalar.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"

namespace halfulp::equality {
namespace {

// The random numbers of one case: a stream of its own.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t index) : random_{.seed = seed, .stream = index} {}
  std::uint64_t below(std::uint64_t bound) { return random_.bits(next_++, 64) % bound; }
  bool coin() { return below(2) != 0; }
  Code bits(int count) {
    const Code low = random_.bits(next_++, 64);
    const Code high = random_.bits(next_++, 64);
    const Code all = (high << 64) | low;
    return count >= 128 ? all : all & ((Code{1} << count) - 1);
  }

 private:
  Random random_;
  std::uint64_t next_ = 0;
};

Code mask(const Format& format) {
  return bits(format) >= 128 ? ~Code{0} : (Code{1} << bits(format)) - 1;
}

// Fractions whose carries run far or not at all: few ones at one end, all ones, one bit, anything.
Code draw_fraction(int count, Dice& dice) {
  if (count == 0) return 0;
  const Code all = (Code{1} << count) - 1;
  const int place = static_cast<int>(dice.below(static_cast<std::uint64_t>(count)));
  switch (dice.below(8)) {
    case 0:
      return 0;
    case 1:
      return all;
    case 2:
      return Code{1} << place;
    case 3:
      return all << place & all;
    case 4:
      return all >> place;
    default:
      return dice.bits(count);
  }
}

// A magnitude, without sign bit, of a float: the exponent field at either end, near one, anywhere.
Code draw_magnitude(const Float& f, Dice& dice) {
  const std::uint64_t fields = std::uint64_t{1} << f.exponent_bits;
  const std::uint64_t few = std::min<std::uint64_t>(fields, 3);
  std::uint64_t field = dice.below(fields);
  switch (dice.below(8)) {
    case 0:
      field = dice.below(few);
      break;
    case 1:
      field = fields - 1 - dice.below(few);
      break;
    case 2:
    case 3:
      if (f.bias > 0) field = (static_cast<std::uint64_t>(f.bias) + dice.below(17) - 8) % fields;
      break;
    default:
      break;
  }
  return static_cast<Code>(field) << f.fraction_bits | draw_fraction(f.fraction_bits, dice);
}

Code draw_special(const Format& format, Dice& dice) {
  const bool negative = is_signed(format) && dice.coin();
  const Range range = finite_range(format);
  switch (dice.below(5)) {
    case 0:
      return has_infinity(format) ? infinity_code(format, negative) : Code{0};
    case 1:
      return has_nan(format) ? nan_code(format, negative) : Code{0};
    case 2:
      return has_zero(format) ? zero_code(format, negative) : Code{0};
    case 3:
      return code_at(format, negative ? range.lowest : range.highest);
    default:
      return dice.bits(bits(format));  // a signalling NaN among others
  }
}

Code draw_code(const Format& format, Dice& dice) {
  const std::uint64_t kind = dice.below(16);
  if (kind == 0) return draw_special(format, dice);
  if (kind == 1) return dice.bits(bits(format));
  if (const auto* f = std::get_if<Float>(&format.kind)) {
    const Code sign = f->sign && dice.coin() ? Code{1} << (bits(format) - 1) : Code{0};
    return sign | draw_magnitude(*f, dice);
  }
  // Others, by their codes as integers: lengths alike, then either sign.
  const auto length = static_cast<int>(dice.below(static_cast<std::uint64_t>(bits(format))));
  const Code magnitude = dice.bits(length + 1);
  return (dice.coin() ? magnitude : ~magnitude + 1) & mask(format);
}

// The other operand such that the two cancel, or that their product or quotient lies near an end of
// the range.
Code draw_partner(const Format& format, Code first, Dice& dice) {
  const auto* f = std::get_if<Float>(&format.kind);
  if (f == nullptr || dice.coin()) {
    const Code sign = is_signed(format) && dice.coin() ? Code{1} << (bits(format) - 1) : Code{0};
    return ((first + dice.below(7) - 3) ^ sign) & mask(format);
  }
  const std::int64_t top = (std::int64_t{1} << f->exponent_bits) - 1;
  const auto field = static_cast<std::int64_t>(first >> f->fraction_bits) & top;
  const std::int64_t end = dice.coin() ? top : 0;
  const std::int64_t near = end + static_cast<std::int64_t>(dice.below(9)) - 4;
  const std::int64_t wanted = dice.coin() ? near - field + f->bias : field - near + f->bias;
  const Code sign = f->sign && dice.coin() ? Code{1} << (bits(format) - 1) : Code{0};
  return sign | static_cast<Code>(std::clamp<std::int64_t>(wanted, 0, top)) << f->fraction_bits |
         draw_fraction(f->fraction_bits, dice);
}

// The code of `source` nearest to a number.
Code nearest(const Format& source, const Value& x) {
  const Quantizer quantizer{.format = source, .rounding = {}};
  return emulator::round_real(real(x), quantizer, 0).code;
}

}  // namespace

std::uint64_t combinations(const Format& format, int count) {
  constexpr int most = 63;
  return std::uint64_t{1} << std::min(most, bits(format) * count);
}

Operands every_case(const Format& format, int count, std::uint64_t index) {
  Operands operands{};
  for (int i = 0; i < count; ++i) {
    operands[static_cast<std::size_t>(i)] = index & static_cast<std::uint64_t>(mask(format));
    index >>= bits(format);
  }
  return operands;
}

Operands CaseDrawer::operands(const Format& format, int count, std::uint64_t index) const {
  Dice dice(seed_, index);
  Operands operands{};
  for (int i = 0; i < count; ++i) operands[static_cast<std::size_t>(i)] = draw_code(format, dice);
  if (count > 1 && dice.coin()) operands[1] = draw_partner(format, operands[0], dice);
  if (count > 2 && dice.coin()) {
    // The third near the product of the first two, of the other sign as often as not.
    const Value a = decode(format, operands[0]);
    const Value b = decode(format, operands[1]);
    if (a.is_finite() && b.is_finite())
      operands[2] = draw_partner(format, nearest(format, product(a, b)), dice);
  }
  return operands;
}

Code CaseDrawer::input(const Format& source, const Format& target, std::uint64_t index) const {
  Dice dice(seed_, index);
  if (dice.below(4) == 0) return draw_code(source, dice);
  const Code drawn = draw_code(target, dice);
  const Value at = decode(target, drawn);
  if (!at.is_finite()) return draw_code(source, dice);
  const Rank rank = rank_of(target, drawn);
  Value number = at;
  if (dice.coin()) number = boundary_above(target, rank);
  const Code code = nearest(source, number);
  return dice.coin() ? code : (code + dice.below(5) - 2) & mask(source);
}

}  // namespace halfulp::equality
