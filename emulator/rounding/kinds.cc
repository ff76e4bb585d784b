// SPDX-License-Identifier: MIT
#include "emulator/rounding/kinds.h"

#include <array>
#include <variant>

#include "emulator/scalar/logarithmic/logarithmic.h"
#include "emulator/scalar/neighbour.h"
#include "emulator/scalar/scheme.h"

namespace halfulp::emulator {
namespace {

// In the order of halfulp::Kind.
constexpr std::array<const Scheme*, std::variant_size_v<Kind>> schemes{
    &float_scheme, &fixed_scheme, &affine_scheme,  &posit_scheme,
    &takum_scheme, &log_scheme,   &codebook_scheme};

}  // namespace

const Scheme& scheme_of(const Format& format) {
  const auto* takum = std::get_if<Takum>(&format.kind);
  if (takum != nullptr && takum->logarithmic) return logarithmic_takum_scheme;
  return *schemes[format.kind.index()];
}

Target target_of(const Quantizer& quantizer) {
  Target target;
  target.quantizer = &quantizer;
  target.scheme = &scheme_of(quantizer.format);
  target.turns_in_logarithm = turns_in_logarithm(quantizer.rounding);
  target.scheme->describe(quantizer.format, target);
  return target;
}

Operand unpack(const Format& format, Code code) { return scheme_of(format).unpack(format, code); }

}  // namespace halfulp::emulator
