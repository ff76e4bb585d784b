// SPDX-License-Identifier: MIT
#include "emulator/blocks/element.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "emulator/operations/operate.h"
#include "emulator/operations/scalar.h"
#include "emulator/scalar/exact.h"
#include "formats/catalogue/families.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

const Target& carrier_target(Carrier carrier) {
  static const std::array<Quantizer, 2> quantizers{
      Quantizer{.format = {"binary32", ieee(8, 23)}, .rounding = {}},
      Quantizer{.format = {"binary64", ieee(11, 52)}, .rounding = {}}};
  static const std::array<Target, 2> targets{target_of(quantizers[0]), target_of(quantizers[1])};
  return targets.at(carrier == Carrier::binary32 ? 0 : 1);
}

}  // namespace

std::int64_t zero_point_of(const Fixed& element, const Extent& extent, const Operand& total) {
  if (total.kind != Class::finite) return 0;
  const std::int64_t range = (std::int64_t{1} << element.bits) - 1;
  const std::int64_t lowest = element.sign ? -(range / 2) - 1 : 0;
  static const Quantizer integers{.format = {"uint40", Fixed{.bits = 40, .sign = false}},
                                  .rounding = {.overflow = {.finite = Overflow::Finite::largest}}};
  const Real steps{.numerator = from_double(std::bit_cast<double>(extent.below)),
                   .denominator = value_of(total)};
  const auto count = static_cast<std::int64_t>(round_real(steps, integers, 0).code);
  return lowest + std::min(count, range);
}

BlockElements::BlockElements(const CompiledPlan& plan, bool zero_points, const Random& random,
                             Counts* counts)
    : plan_(plan), random_(random), counts_(counts), zero_points_(zero_points) {
  if (!zero_points) elements_.emplace(plan.target(), random, counts);
}

void BlockElements::start(const Scaled& block) {
  block_ = block;
  if (!zero_points_) return;
  const auto& integer = std::get<Fixed>(plan_.quantizer().format.kind);
  affine_ = {.format = {"", Affine{.bits = integer.bits,
                                   .sign = integer.sign,
                                   .scale = 1,
                                   .zero_point = block.zero_point}},
             .rounding = plan_.rounding()};
  target_ = target_of(affine_);
  elements_.emplace(target_, random_, counts_);
}

// The exact quotient or a step in binary32.
Code BlockElements::of_quotient(const Operand& x, std::uint64_t index) {
  const Former& former = block_.former;
  switch (former.how) {
    case Former::How::divide: {
      std::array<Operand, 2> operands{x, former.by};
      return elements_->operate(Op::divide, operands, index).code;
    }
    case Former::How::divide32:
      return elements_->round(binary32(Op::divide, x, former.by), index).code;
    case Former::How::multiply32:
      return elements_->round(binary32(Op::multiply, x, former.by), index).code;
    case Former::How::shifted:
      break;
  }
  return of_shifted(x, index);
}

// (6 + x / s) - 6, the sum in binary32. x and s have at most 53 bits, so that a sum that is not
// zero is not so small that the difference needed more than 128.
Code BlockElements::of_shifted(const Operand& x, std::uint64_t index) {
  if (x.kind == Class::infinite) return elements_->round(x, index).code;
  const Value s = value_of(block_.former.by);
  const Value six = make_value(6);
  const Operand shifted =
      rounded_to_binary32({.numerator = sum(product(six, s), value_of(x)), .denominator = s});
  if (shifted.kind == Class::infinite) return elements_->round(shifted, index).code;
  const Value u = sum(value_of(shifted), negated(six));
  return elements_->round(operand_of(u), index).code;
}

Code BlockElements::round(Operand x, std::uint64_t index) {
  if (plan_.rounding().flush_inputs && x.subnormal) x.kind = Class::zero;
  x.subnormal = false;
  Operand u;
  u.negative = x.negative;
  if (x.kind == Class::nan && block_.total.kind != Class::nan) {
    return elements_->round(x, index).code;
  }
  if (!block_.former.by_total) return of_quotient(x, index);
  switch (block_.total.kind) {
    case Class::finite:
      return of_quotient(x, index);
    case Class::nan:
      u.kind = Class::nan;
      u.negative = false;
      break;
    case Class::infinite:
      if (x.kind == Class::zero) break;
      u = one_operand();
      u.negative = x.negative;
      break;
    case Class::zero:
      if (x.kind != Class::zero) return of_lost(u, index);
      break;
  }
  return elements_->round(u, index).code;
}

// A nonzero number in a block whose scale is zero.
Code BlockElements::of_lost(const Operand& zero, std::uint64_t index) {
  const Code code = Elements(target(), random_, nullptr).round(zero, index).code;
  if (counts_ == nullptr) return code;
  ++counts_->elements;
  ++counts_->flushed;
  ++counts_->inexact;
  return code;
}

// Rounded once; NaN results of arithmetic are positive.
Operand BlockElements::worth(Code code, Carrier carrier) const {
  const Target& target = carrier_target(carrier);
  std::array<Operand, 2> operands{block_.total, carried(this->target().quantizer->format, code)};
  return unpack(target.quantizer->format, operate(Op::multiply, target, operands, 0).code);
}

}  // namespace halfulp::emulator
