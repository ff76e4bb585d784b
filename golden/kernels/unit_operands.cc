// SPDX-License-Identifier: MIT
#include "golden/kernels/unit_operands.h"

#include <cmath>

#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/engine.h"
#include "formats/nan.h"
#include "formats/numbers/value.h"

namespace halfulp::kernels {
namespace {

constexpr int most_table_bits = 16;

// Of all codes, in their order.
std::vector<double> values_of(const Format& format) {
  const auto count = std::size_t{1} << bits(format);
  const auto width = static_cast<std::size_t>(packed_bits(format));
  std::vector<std::uint8_t> packed((count * width + 7) / 8);
  for (std::size_t code = 0; code < count; ++code) {
    for (std::size_t bit = 0; bit < width; ++bit) {
      const std::size_t place = code * width + bit;
      packed[place / 8] |= static_cast<std::uint8_t>((code >> bit & 1) << place % 8);
    }
  }
  std::vector<double> values(count);
  const Engine& engine = emulator::engine();
  engine.decode(packed, engine.prepare({.format = format, .rounding = {}}),
                view_of(std::span<double>(values)));
  return values;
}

}  // namespace

OperandReader::OperandReader(const UnitOperand& operand, std::size_t reads)
    : operand_(operand), mask_((Code{1} << bits(operand.format)) - 1) {
  if (bits(operand.format) > most_table_bits) return;
  if (reads < (std::size_t{1} << bits(operand.format)) / 8) return;
  if (operand.as) {
    const std::size_t count = std::size_t{1} << bits(operand.format);
    for (std::size_t code = 0; code < count; ++code) table_.push_back(value_of(code));
    return;
  }
  table_ = values_of(operand.format);
  if (operand.subnormals == UnitOperand::Subnormals::keep) return;
  const double least = to_double(smallest_normal(operand.format));
  const bool signed_zero = operand.subnormals == UnitOperand::Subnormals::signed_zero;
  for (double& x : table_) {
    if (std::fabs(x) < least) x = signed_zero || x == 0 ? std::copysign(0.0, x) : 0.0;
  }
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
