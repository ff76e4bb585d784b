// SPDX-License-Identifier: MIT
//
// Element after element on operands of any size, as numbers may be those of binary64: binary32 has
// the steps, and floats, which are added under the standard environment, the sums.
#include "emulator/blocks/four_over_six.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "emulator/arrays/carried.h"
#include "emulator/blocks/peer_steps.h"
#include "emulator/environment.h"
#include "emulator/operations/operate.h"
#include "emulator/operations/scalar.h"
#include "emulator/scalar/exact.h"
#include "formats/catalogue/families.h"

namespace halfulp::emulator {
namespace {

Operand rounded_to_binary16(const Operand& a, const Operand& b) {
  static const Quantizer quantizer{.format = {"binary16", ieee(5, 10)}, .rounding = {}};
  static const Target target = target_of(quantizer);
  std::array<Operand, 2> operands{a, b};
  Operand x = unpack(quantizer.format, operate(Op::multiply, target, operands, 0).code);
  x.subnormal = false;
  return x;
}

float joined(FourOverSix::Error measure, float sum, float error) {
  if (measure == FourOverSix::Error::largest && sum == sum && error == error)
    return std::max(sum, error);
  return sum + error;
}

}  // namespace

BlockErrors::BlockErrors(const View& in, const CompiledBlock& plan, const Random& random,
                         const Area& area, const Operand& a0)
    : in_(in),
      plan_(plan),
      random_(random),
      area_(area),
      a0_(a0),
      encoding_(encoding_factor(a0, plan.level(0).multiplied())) {}

float BlockErrors::of_element(const Operand& x, const Operand& q, const Operand& s) const {
  Operand difference;
  if (plan_.format().four_over_six.of == FourOverSix::Of::scaled) {
    difference =
        binary32(Op::subtract, rounded_to_binary16(q, s), binary32(Op::multiply, x, encoding_));
  } else {
    const Operand product = binary32(Op::multiply, binary32(Op::multiply, q, s), a0_);
    difference =
        binary32(Op::subtract, binary32(Op::divide, product, plan_.level(0).multiplied()), x);
  }
  const auto d = static_cast<float>(double_of(difference));
  return plan_.format().four_over_six.error == FourOverSix::Error::squared ? d * d : std::abs(d);
}

float BlockErrors::of(const Scaled& block, const Operand& s) const {
  const StandardEnvironment environment;
  const Quantizer& element = plan_.element().quantizer();
  const FourOverSix::Error measure = plan_.format().four_over_six.error;
  BlockElements elements(plan_.element(), false, random_, nullptr);
  elements.start(block);
  std::vector<float> rows(std::bit_ceil(area_.bottom - area_.top));
  for (std::size_t row = area_.top; row < area_.bottom; ++row) {
    float& sum = rows[row - area_.top];
    for (std::size_t column = area_.left; column < area_.right; ++column) {
      Operand x = load_operand(in_, row, column);
      if (element.rounding.flush_inputs && x.subnormal) x.kind = Operand::Class::zero;
      x.subnormal = false;
      const Operand q = carried(element.format, elements.round(x, row * in_.columns + column));
      sum = joined(measure, sum, of_element(x, q, s));
    }
  }
  for (std::size_t half = rows.size() / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) rows[i] = joined(measure, rows[i], rows[i + half]);
  }
  return rows[0];
}

}  // namespace halfulp::emulator
