// SPDX-License-Identifier: MIT
//
// The rules of formats/block.h on exact integers. a, what a rule asks for, is kept as a fraction:
// above the line a block's largest magnitude (or its sum, or the difference of its ends), below it
// the product of the scales of the blocks around.
#include "emulator/blocks/block_scale.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "emulator/operations/operate.h"
#include "emulator/operations/scalar.h"
#include "emulator/scalar/exact.h"
#include "formats/catalogue/families.h"
#include "formats/codes.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

struct Fraction {
  Value over, under;  // over >= 0, under > 0
};

Operand operand_of_class(Class kind, bool negative = false) {
  Operand x;
  x.kind = kind;
  x.negative = negative;
  return x;
}

Operand power_operand(std::int64_t exponent) {
  Operand x = operand_of_class(Class::finite);
  x.significand = 1;
  x.exponent = exponent;
  return x;
}

const Quantizer& binary32_quantizer() {
  static const Quantizer quantizer{.format = {"binary32", ieee(8, 23)}, .rounding = {}};
  return quantizer;
}

// What a code stands for, as an operand like any other: to nobody a subnormal.
Operand plain(const Format& format, Code code) {
  Operand x = unpack(format, code);
  x.subnormal = false;
  return x;
}

Value value_of_pattern(std::uint64_t magnitude) {
  return from_double(std::bit_cast<double>(magnitude));
}

std::int64_t floor_log2(const Fraction& x) {
  const std::int64_t k = leading_exponent(x.over) - leading_exponent(x.under);
  return compare(x.over, scaled(x.under, k)) < 0 ? k - 1 : k;
}

std::int64_t ceil_log2(const Fraction& x) {
  const std::int64_t k = floor_log2(x);
  return compare(x.over, scaled(x.under, k)) == 0 ? k : k + 1;
}

// floor(log2) of x rounded half up to `bits` fraction bits: what lies half a step below the next
// power of two, or less, goes there.
std::int64_t even_log2(const Fraction& x, int bits) {
  const std::int64_t k = floor_log2(x);
  const Value turn = sum(make_value(1, 1), make_value(-1, -bits - 1));
  return compare(x.over, scaled(product(x.under, turn), k)) < 0 ? k : k + 1;
}

}  // namespace

Operand rounded_to_binary32(const Real& x) {
  return plain(binary32_quantizer().format, round_real(x, binary32_quantizer(), 0).code);
}

Operand carried(const Format& format, Code code) {
  if (is_dyadic(format)) return plain(format, code);
  return unpack_double(nearest_double(decode(format, code)));
}

namespace {

// a / m in binary32. Zeros and infinities of the reciprocal are those of IEEE 754.
Operand quotient32(const Fraction& a, const Operand& m, Division division) {
  if (division == Division::binary32) {
    return rounded_to_binary32({.numerator = a.over, .denominator = product(a.under, value_of(m))});
  }
  const Operand reciprocal = binary32(Op::divide, one_operand(), m);
  if (reciprocal.kind != Class::finite || a.over.is_zero()) {
    const Operand any = a.over.is_zero() ? Operand{} : one_operand();
    return binary32(Op::multiply, any, reciprocal);
  }
  return rounded_to_binary32(
      {.numerator = product(a.over, value_of(reciprocal)), .denominator = a.under});
}

int even_fraction_bits(const Format& element) {
  if (const auto* f = std::get_if<Float>(&element.kind)) return f->fraction_bits;
  const auto* fixed = std::get_if<Fixed>(&element.kind);
  return fixed == nullptr ? 0 : std::max(0, fixed->bits - (fixed->sign ? 2 : 1));
}

// A zero inner scale of arithmetics that encode stays.
ZeroScale zero_scale_of(const BlockFormat& format, std::size_t level) {
  return encodes(format.arithmetic) && level == 1 ? ZeroScale::zero : format.zero_scale;
}

// m of a level: the largest element times the largest scales of the levels inside.
Operand largest_product(const BlockFormat& format, std::size_t level) {
  const auto largest = [](const Format& f) {
    return carried(f, code_at(f, finite_range(f).highest));
  };
  Operand m = largest(format.element.format);
  for (std::size_t inner = level + 1; inner < format.levels.size(); ++inner) {
    const Level& scales = format.levels[inner];
    const Format& format_of_scale = scales.scale.format;
    m = product_of(m, scales.largest_scale == 0
                          ? largest(format_of_scale)
                          : carried(format_of_scale,
                                    encode(format_of_scale, from_double(scales.largest_scale))));
  }
  return m;
}

}  // namespace

bool encodes(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::transformer_engine || arithmetic == Arithmetic::four_over_six;
}

Operand one_operand() { return power_operand(0); }

Value value_of(const Operand& x) {
  if (x.kind == Class::nan) return nan_value(x.negative);
  if (x.kind == Class::infinite) return infinite_value(x.negative);
  Value v = zero_value(x.negative);
  if (x.kind == Class::finite) {
    v.significand = from_code<Integer>(x.significand);
    v.exponent = x.exponent;
  }
  return v;
}

Operand operand_of(const Value& v) {
  Operand x = operand_of_class(v.is_zero() ? Class::zero : Class::finite, v.negative);
  x.significand = to_code(v.significand);
  x.exponent = v.exponent;
  return x;
}

Operand product_of(const Operand& a, const Operand& b) {
  Operand x = operand_of_class(Class::nan);
  const bool zero = a.kind == Class::zero || b.kind == Class::zero;
  const bool infinite = a.kind == Class::infinite || b.kind == Class::infinite;
  if (a.kind == Class::nan || b.kind == Class::nan || (zero && infinite)) return x;
  x.negative = a.negative != b.negative;
  x.kind = zero ? Class::zero : (infinite ? Class::infinite : Class::finite);
  if (x.kind != Class::finite) return x;
  x.significand = a.significand * b.significand;
  x.exponent = a.exponent + b.exponent;
  return x;
}

Operand binary32(Op op, const Operand& a, const Operand& b) {
  static const Target target = target_of(binary32_quantizer());
  std::array<Operand, 2> operands{a, b};
  return plain(binary32_quantizer().format, operate(op, target, operands, 0).code);
}

Operand least_of(const Operand& a, const Operand& b) {
  return compare(value_of(a), value_of(b)) <= 0 ? a : b;
}

Operand largest_of(const Operand& a, const Operand& b) {
  return compare(value_of(a), value_of(b)) >= 0 ? a : b;
}

CompiledLevel::CompiledLevel(const BlockFormat& format, std::size_t index)
    : format_(format),
      level_(format.levels[index]),
      zero_scale_(zero_scale_of(format, index)),
      plan_(format.levels[index].scale),
      multiplied_(largest_product(format, index)),
      least_(operand_of(smallest_positive(level_.scale.format))),
      least_normal_(operand_of(smallest_normal(level_.scale.format))),
      even_bits_(even_fraction_bits(format.element.format)) {}

CompiledLevel::Asked CompiledLevel::asked(const Extent& extent, const Operand& around) const {
  if (around.kind == Class::nan) return Asked::nan;
  switch (format_.special) {
    case SpecialBlock::nan:
      if (extent.nan || extent.infinite) return Asked::nan;
      break;
    case SpecialBlock::saturate:
      if (extent.infinite) return Asked::largest;
      break;
    case SpecialBlock::nan_else_saturate:
      if (extent.nan) return Asked::nan;
      if (extent.infinite) return Asked::largest;
      break;
    case SpecialBlock::ignore:
      if (!extent.finite) return extent.infinite ? Asked::infinity : Asked::nan;
      break;
  }
  return around.kind == Class::finite ? Asked::by_rule : Asked::zero;
}

Scale CompiledLevel::unpacked(Code code) const { return {code, plain(level_.scale.format, code)}; }

Scale CompiledLevel::rounded(const Operand& r, std::uint64_t random) const {
  return unpacked(round_operand(plan_.target(), r, random).code);
}

std::optional<Code> CompiledLevel::nonzero(const Operand& r, std::uint64_t random) const {
  if (r.kind == Class::zero) return {};
  return round_operand(plan_.target(), r, random).code;
}

Scale CompiledLevel::unless_zero(const std::optional<Code>& code, std::uint64_t random) const {
  if (code) {
    const Scale scale = unpacked(*code);
    if (scale.number.kind != Class::zero) return scale;
  }
  const Format& format = level_.scale.format;
  if (zero_scale_ == ZeroScale::one) return rounded(one_operand(), random);
  if (zero_scale_ == ZeroScale::zero && has_zero(format)) return unpacked(zero_code(format, false));
  return unpacked(code_of(format, Landing::smallest, false));
}

Value CompiledLevel::floored(const Value& total, std::uint64_t count) const {
  const Value floor = product(from_double(level_.least_amax), integer_value(count));
  return compare(total, floor) < 0 ? floor : total;
}

Operand CompiledLevel::at_least(const Operand& r) const {
  return level_.least_scale == 0 ? r : largest_of(r, unpack_double(level_.least_scale));
}

Operand CompiledLevel::asked_power(const Extent& extent, const Operand& around) const {
  const Value largest = floored(value_of_pattern(extent.largest), 1);
  if (largest.is_zero()) return {};
  const Fraction a{largest, value_of(around)};
  const Value m = value_of(multiplied_);
  switch (level_.rule) {
    case ScaleRule::floor:
      return power_operand(floor_log2(a) - leading_exponent(m));
    case ScaleRule::ceil:
      return power_operand(ceil_log2(a) - leading_exponent(m));
    case ScaleRule::even:
      return power_operand(even_log2(a, even_bits_) - leading_exponent(m));
    default:
      break;
  }
  if (level_.division == Division::exact) {
    return power_operand(ceil_log2({a.over, product(a.under, m)}));
  }
  const Operand quotient = quotient32(a, multiplied_, level_.division);
  if (quotient.kind != Class::finite) return quotient;
  return power_operand(ceil_log2({value_of(quotient), make_value(1)}));
}

std::optional<Code> CompiledLevel::by_rule(const Extent& extent, const Operand& around,
                                           std::uint64_t random) const {
  const Value under = value_of(around);
  const auto with_epsilon = [&](const Value& over, const Value& of) {
    return level_.epsilon == 0 ? over : sum(over, product(from_double(level_.epsilon), of));
  };
  Fraction r{with_epsilon(floored(value_of_pattern(extent.largest), 1), under), under};
  switch (level_.rule) {
    case ScaleRule::ratio:
      if (level_.division != Division::exact) {
        return nonzero(at_least(quotient32(r, multiplied_, level_.division)), random);
      }
      r.under = product(under, value_of(multiplied_));
      break;
    case ScaleRule::largest:
      break;
    case ScaleRule::mean: {
      const std::uint64_t count = std::max<std::uint64_t>(extent.count, 1);
      r.under = product(under, integer_value(count));
      r.over = with_epsilon(floored(scaled(integer_value(extent.sum), -1074), count), r.under);
      break;
    }
    case ScaleRule::range: {
      const int width = bits(format_.element.format);
      r.over = sum(value_of_pattern(extent.above), value_of_pattern(extent.below));
      r.under = product(under, make_value((std::int64_t{1} << width) - 1));
      break;
    }
    default:
      return nonzero(at_least(asked_power(extent, around)), random);
  }
  const Value least = from_double(level_.least_scale);
  if (compare(r.over, product(least, r.under)) < 0) r = {least, make_value(1)};
  if (r.over.is_zero()) return {};
  return round_real({.numerator = r.over, .denominator = r.under}, level_.scale, random).code;
}

Scale CompiledLevel::choose(const Extent& extent, const Operand& around, std::uint64_t random,
                            const Operand* instead) const {
  if (level_.rule == ScaleRule::given) {
    return unless_zero(nonzero(unpack_double(level_.given), random), random);
  }
  switch (asked(extent, around)) {
    case Asked::nan:
      return unless_zero(nonzero(operand_of_class(Class::nan), random), random);
    case Asked::infinity:
      return unless_zero(nonzero(operand_of_class(Class::infinite), random), random);
    case Asked::largest: {
      const Format& format = level_.scale.format;
      const Scale largest = unpacked(code_at(format, finite_range(format).highest));
      return unless_zero(nonzero(largest.number, random), random);
    }
    case Asked::zero:
      return unless_zero({}, random);
    case Asked::by_rule:
      break;
  }
  return unless_zero(
      instead != nullptr ? nonzero(*instead, random) : by_rule(extent, around, random), random);
}

}  // namespace halfulp::emulator
