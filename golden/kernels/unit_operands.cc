// SPDX-License-Identifier: MIT
#include "golden/kernels/unit_operands.h"

#include <cmath>

#include "formats/codes.h"
#include "formats/nan.h"
#include "formats/numbers/value.h"

namespace halfulp::kernels {
namespace {

constexpr int most_table_bits = 16;

}  // namespace

OperandReader::OperandReader(const UnitOperand& operand)
    : operand_(operand), mask_((Code{1} << bits(operand.format)) - 1) {
  if (bits(operand.format) > most_table_bits) return;
  const std::size_t count = std::size_t{1} << bits(operand.format);
  table_.reserve(count);
  for (std::size_t code = 0; code < count; ++code) table_.push_back(value_of(code));
}

double OperandReader::value_of(Code code) const {
  const Format& whole = operand_.format;
  const bool subnormal = classify(whole, code & mask_) == CodeClass::subnormal;
  if (subnormal && operand_.subnormals != UnitOperand::Subnormals::keep) {
    const bool signed_zero = operand_.subnormals == UnitOperand::Subnormals::signed_zero;
    return signed_zero && decode(whole, code & mask_).negative ? -0.0 : 0.0;
  }
  if (!operand_.as) return to_double(decode(whole, code & mask_));
  // Sign, exponent and the upper bits of the fraction, which are the code of the narrower format.
  const int cut = bits(whole) - bits(*operand_.as);
  return to_double(decode(*operand_.as, (code & mask_) >> cut));
}

ResultWriter::ResultWriter(const MatrixUnit& unit) : format_(unit.d) {
  nan_ = code_of(unit.d, choose_nan(unit.tree.sums.front().quantizer.rounding.nan, NanCause{}));
}

Code ResultWriter::operator()(double result) const {
  if (std::isnan(result)) return nan_;
  return encode(format_, from_double(result));
}

}  // namespace halfulp::kernels
