// SPDX-License-Identifier: MIT
#include "golden/vectors/calculation.h"

#include <variant>

#include "formats/error.h"

namespace halfulp::vectors {

Quantizer Calculation::output_of(const Case& c) const {
  Quantizer quantizer = output;
  if (c.mode) quantizer.rounding.mode = *c.mode;
  return quantizer;
}

OperationPlan Calculation::prepared(std::uint64_t results) const {
  return engine->prepare_operation({.op = op, .inputs = inputs, .output = &output},
                                   {.caches = caches, .elements = results});
}

Outcome Calculation::compute(std::span<const Code> operands, std::uint64_t random) const {
  return compute_as(output, operands, random);
}

Outcome Calculation::compute_as(const Quantizer& other, std::span<const Code> operands,
                                std::uint64_t random) const {
  return engine->apply({.op = op, .inputs = inputs, .output = &other}, operands, random);
}

void require_delivered(Op op, const Format& format) {
  const auto* fixed = std::get_if<Fixed>(&format.kind);
  if (is_to_integer(op) && (fixed == nullptr || fixed->fraction_bits != 0))
    throw Error(format.name + " is no integer format", "", "give one such as int32 or uint8");
}

}  // namespace halfulp::vectors
