// SPDX-License-Identifier: MIT
#include "emulator/operations/scalar.h"

#include <array>

#include "emulator/operations/operate.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

Outcome apply(const Operation& operation, std::span<const Code> operands, std::uint64_t random) {
  const auto count = static_cast<std::size_t>(arity(operation.op));
  HALFULP_REQUIRE(operation.inputs.size() == count && operands.size() == count,
                  "apply: the operation takes another number of operands");
  const auto operand = [&](std::size_t i) {
    return i < count ? unpack_operand(operation.op, operation.inputs[i], operands[i]) : Operand{};
  };
  std::array<Operand, 3> unpacked{operand(0), operand(1), operand(2)};
  const Target target = target_of(*operation.output);
  return operate(operation.op, target, std::span(unpacked).first(count), random);
}

Outcome convert(const Format& from, Code code, const Quantizer& quantizer, std::uint64_t random) {
  return round_operand(target_of(quantizer), unpack(from, code), random);
}

Outcome round_real(const Real& x, const Quantizer& quantizer, std::uint64_t random) {
  return round_real(target_of(quantizer), x, random);
}

}  // namespace halfulp::emulator
