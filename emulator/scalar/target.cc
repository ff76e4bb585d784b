// SPDX-License-Identifier: MIT
#include "emulator/scalar/target.h"

#include <algorithm>
#include <bit>

#include "emulator/scalar/codebook.h"
#include "emulator/scalar/exact.h"
#include "emulator/scalar/logarithmic/logarithmic.h"
#include "emulator/scalar/tapered.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

constexpr int code_bits = 128;

Code ones(int count) { return count >= code_bits ? ~Code{0} : (Code{1} << count) - 1; }

void describe(const Float& f, Target& t) {
  t.is_float = true;
  t.sign = f.sign;
  t.zero = f.zero;
  t.subnormals = f.subnormals;
  t.bits = f.exponent_bits + f.fraction_bits + (f.sign ? 1 : 0);
  t.fraction_bits = f.fraction_bits;
  t.least_exponent = (f.subnormals ? 1 : 0) - f.bias;
  t.hidden = f.subnormals ? 0 : Code{1} << f.fraction_bits;
  const Code largest = ones(f.exponent_bits + f.fraction_bits) - f.nan_codes - (f.infinity ? 1 : 0);
  t.largest = {largest, f.sign ? largest : 0};
  if (f.subnormals) return;
  // Magnitude 1 where code 0 is zero, else magnitude 0; its exponent field is 0 unless t is.
  const Code least = f.zero ? 1 : 0;
  t.least_number = (Code{1} << f.fraction_bits) + (least & ones(f.fraction_bits));
  t.least_number_exponent =
      static_cast<std::int64_t>(least >> f.fraction_bits) - f.bias - f.fraction_bits;
}

void describe(const Fixed& f, Target& t) {
  t.sign = f.sign;
  t.bits = f.bits;
  t.fraction_bits = f.bits;
  t.least_exponent = f.bits - f.fraction_bits;
  const Code half = Code{1} << (f.bits - 1);
  t.largest = {f.sign ? half - 1 : 2 * half - 1, f.sign ? half - (f.symmetric ? 1 : 0) : 0};
}

// scale is an odd integer times a power of two. The quotient by it has one bit more than the
// integers, whose zero point may be at either end.
void describe(const Affine& f, Target& t) {
  t.scheme = Scheme::affine;
  t.bits = f.bits;
  t.fraction_bits = f.bits + 1;
  t.least_exponent = t.fraction_bits;
  t.zero_point = f.zero_point;
  const Operand scale = unpack_double(f.scale);
  t.scale = scale.significand;
  t.scale_exponent = scale.exponent;
  t.further_bits = bit_length(t.scale);
  const Rank zero = f.zero_point;
  const Rank half = Rank{1} << (f.bits - 1);
  t.largest = {static_cast<Code>((f.sign ? half : 2 * half) - 1 - zero),
               static_cast<Code>(zero + (f.sign ? half : 0))};
  t.sign = t.largest[1] != 0;
}

std::uint8_t flags_of_infinity(Landing landing, bool sign_lost) {
  switch (landing) {
    case Landing::nan:
      return flags::invalid;
    case Landing::infinity:
      if (!sign_lost) return 0;
      [[fallthrough]];
    default:
      return flags::overflow | flags::inexact;
  }
}

}  // namespace

Target target_of(const Quantizer& quantizer) {
  Target t;
  t.quantizer = &quantizer;
  if (is_logarithmic(quantizer.format)) {
    t.scheme = Scheme::logarithmic;
    describe_logarithmic(quantizer.format, t);
    return t;
  }
  std::visit(
      [&](const auto& f) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(f)>, Log>) describe(f, t);
      },
      quantizer.format.kind);
  if (t.scheme == Scheme::tapered || t.scheme == Scheme::codebook) return t;
  const Code largest = std::max(t.largest[0], t.largest[1]);
  t.most_exponent = t.least_exponent + static_cast<std::int64_t>(largest >> t.fraction_bits) + 1;
  return t;
}

Outcome deliver_zero(const Target& t, bool negative) {
  const Format& format = t.quantizer->format;
  if (t.zero) return {zero_code(format, negative), 0};
  const Landing landing = land_no_zero(*t.quantizer, true);
  const std::uint8_t raised = landing == Landing::nan ? flags::invalid : flags::inexact;
  return {code_of(format, landing, negative), raised};
}

Outcome deliver_infinity(const Target& t, bool negative) {
  const Landing landing = land_infinity(*t.quantizer, negative);
  return {code_of(t.quantizer->format, landing, negative),
          flags_of_infinity(landing, negative && drops_sign(*t.quantizer))};
}

Outcome deliver_nan(const Target& t, const NanCause& cause) {
  const Format& format = t.quantizer->format;
  const bool negative = cause.conversion && cause.operands[0].negative;
  const Landing landing = land_nan(*t.quantizer, negative);
  if (landing != Landing::nan) return {code_of(format, landing, negative), flags::invalid};
  const NanRule rule = t.quantizer->rounding.nan;
  return {code_of(format, choose_nan(rule, cause)),
          raises_invalid(rule, cause) ? flags::invalid : std::uint8_t{0}};
}

Outcome deliver_overflow(const Target& t, bool negative, std::uint8_t raised) {
  const Landing landing = land_overflow(*t.quantizer, negative);
  return {code_of(t.quantizer->format, landing, negative),
          static_cast<std::uint8_t>(raised | flags::overflow | flags::inexact)};
}

Outcome deliver_negative(const Target& t) {
  const Landing landing = land_negative(*t.quantizer, false);
  return {code_of(t.quantizer->format, landing, true), flags::overflow | flags::inexact};
}

Outcome deliver_underflow(const Target& t, bool negative, std::uint8_t raised) {
  const Format& format = t.quantizer->format;
  if (t.zero) return {zero_code(format, negative), raised};
  return {code_of(format, land_no_zero(*t.quantizer, false), negative), raised};
}

namespace {

Operand unpack(const Float& f, Code code) {
  const int width = f.exponent_bits + f.fraction_bits;
  const Code top = ones(width);
  const Code magnitude = code & top;
  Operand x;
  x.negative = f.sign && ((code >> width) & 1) != 0;
  const bool lone_nan = x.negative && magnitude == 0 && f.zero && !f.negative_zero;
  if (magnitude > top - f.nan_codes || lone_nan) {
    x.kind = Operand::Class::nan;
    const bool every_fraction =
        f.infinity && f.fraction_bits >= 1 && f.nan_codes == ones(f.fraction_bits);
    if (every_fraction) x.significand = magnitude << (code_bits - f.fraction_bits);
    x.signalling =
        every_fraction && f.sign && f.fraction_bits >= 2 && x.significand >> (code_bits - 1) == 0;
  } else if (f.infinity && magnitude == top - f.nan_codes) {
    x.kind = Operand::Class::infinite;
  } else if (magnitude != 0 || !f.zero) {
    x.kind = Operand::Class::finite;
    const Code fraction = magnitude & ones(f.fraction_bits);
    const auto field = static_cast<std::int64_t>(magnitude >> f.fraction_bits);
    x.subnormal = field == 0 && f.subnormals;
    x.significand = fraction + (x.subnormal ? 0 : Code{1} << f.fraction_bits);
    x.exponent = field + (x.subnormal ? 1 : 0) - f.bias - f.fraction_bits;
  }
  return x;
}

Operand unpack(const Fixed& f, Code code) {
  const Code mask = ones(f.bits);
  Operand x;
  x.negative = f.sign && ((code >> (f.bits - 1)) & 1) != 0;
  x.significand = (x.negative ? ~code + 1 : code) & mask;
  x.exponent = -f.fraction_bits;
  x.kind = x.significand == 0 ? Operand::Class::zero : Operand::Class::finite;
  return x;
}

Operand unpack(const Affine& f, Code code) {
  const bool below_zero = f.sign && ((code >> (f.bits - 1)) & 1) != 0;
  const Rank integer =
      static_cast<Rank>(code & ones(f.bits)) - (below_zero ? Rank{1} << f.bits : 0);
  const Rank rank = integer - f.zero_point;
  const Operand scale = unpack_double(f.scale);
  Operand x;
  x.negative = rank < 0;
  x.significand = static_cast<Code>(rank < 0 ? -rank : rank) * scale.significand;
  x.exponent = scale.exponent;
  x.kind = rank == 0 ? Operand::Class::zero : Operand::Class::finite;
  return x;
}

// The interchange formats, straight from their bits.
Operand unpack_interchange(std::uint64_t pattern, int exponent_bits, int fraction_bits) {
  const std::uint64_t fraction = pattern & ((std::uint64_t{1} << fraction_bits) - 1);
  const std::uint64_t top_field = (std::uint64_t{1} << exponent_bits) - 1;
  const std::uint64_t field = (pattern >> fraction_bits) & top_field;
  Operand x;
  x.negative = ((pattern >> (exponent_bits + fraction_bits)) & 1) != 0;
  if (field == top_field) {
    x.kind = fraction == 0 ? Operand::Class::infinite : Operand::Class::nan;
    x.signalling = fraction != 0 && (fraction >> (fraction_bits - 1)) == 0;
    x.significand = static_cast<Code>(fraction) << (code_bits - fraction_bits);
  } else if ((field | fraction) != 0) {
    x.kind = Operand::Class::finite;
    x.subnormal = field == 0;
    x.significand = fraction + (x.subnormal ? 0 : std::uint64_t{1} << fraction_bits);
    x.exponent = static_cast<std::int64_t>(std::max<std::uint64_t>(field, 1)) -
                 static_cast<std::int64_t>(top_field / 2) - fraction_bits;
  }
  return x;
}

}  // namespace

Operand unpack(const Format& format, Code code) {
  if (is_logarithmic(format)) return unpack_logarithmic(format, code);
  return std::visit(
      [&](const auto& f) {
        if constexpr (std::is_same_v<std::decay_t<decltype(f)>, Log>) {
          return Operand{};
        } else {
          return unpack(f, code);
        }
      },
      format.kind);
}

Operand unpack_double(double x) {
  return unpack_interchange(std::bit_cast<std::uint64_t>(x), 11, 52);
}

Operand unpack_float(float x) { return unpack_interchange(std::bit_cast<std::uint32_t>(x), 8, 23); }

}  // namespace halfulp::emulator
