// SPDX-License-Identifier: MIT
#include "emulator/scalar/target.h"

#include "formats/codes.h"

namespace halfulp::emulator {
namespace {

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

}  // namespace halfulp::emulator
