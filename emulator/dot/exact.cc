// SPDX-License-Identifier: MIT
#include "emulator/dot/exact.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "emulator/arrays/arrays.h"
#include "emulator/operations/operate.h"
#include "emulator/rounding/round.h"
#include "emulator/rounding/round_wide.h"
#include "emulator/scalar/long.h"

namespace halfulp::emulator {

using Class = Operand::Class;

void ExactSum::add_product(double a, double b) {
  const double largest = std::numeric_limits<double>::max();
  const bool numbers = std::fabs(a) <= largest && std::fabs(b) <= largest && a != 0 && b != 0;
  if (!numbers) return add_special(a, b);
  any_number_ = true;
  numbers_.add_product(a, b);
}

void ExactSum::add(const Operand& x) {
  switch (x.kind) {
    case Class::nan:
      nan_ = true;
      return;
    case Class::infinite:
      infinity_[x.negative ? 1 : 0] = true;
      return;
    case Class::zero:
      zero_[x.negative ? 1 : 0] = true;
      return;
    case Class::finite:
      any_number_ = true;
      if (!numbers_.add(x)) add_far(x);
      return;
  }
}

Outcome ExactSum::rounded(const Target& target, std::uint64_t random) const {
  if (nan_ || (infinity_[0] && infinity_[1])) return deliver_nan(target, NanCause{});
  if (infinity_[0] || infinity_[1]) return deliver_infinity(target, infinity_[1]);
  constexpr int bits_of_code = word_bits<Code> - 4;
  if (!rounds_in_full(target) && !any_far_ && bits_needed(target) <= bits_of_code) {
    const Exact<Code> sum = numbers_.jammed();
    if (sum.significand != 0) return round(target, Exactly<Code>{sum}, random);
  } else {
    const Exact<Integer> sum = total();
    if (sum.significand != 0) return round(target, Exactly<Integer>{sum}, random);
  }
  return round_zero(target, zero_is_negative(target), random);
}

// One factor is zero, infinite or NaN.
void ExactSum::add_special(double a, double b) {
  Operand x;
  const double product = a * b;
  x.negative = std::signbit(a) != std::signbit(b);
  x.kind = product == 0 ? Class::zero : product == product ? Class::infinite : Class::nan;
  add(x);
}

void ExactSum::add_far(const Operand& x) {
  const Exact<Integer> term = exact_integer(x);
  far_ = far_.significand == 0 ? term : long_sum(far_, term);
  any_far_ = true;
}

Exact<Integer> ExactSum::total() const {
  const Exact<Integer> near = numbers_.total();
  if (near.significand == 0) return far_;
  return far_.significand == 0 ? near : long_sum(near, far_);
}

// IEEE 754-2019 6.3.
bool ExactSum::zero_is_negative(const Target& target) const {
  const bool of_one_sign = !any_number_ && zero_[0] != zero_[1];
  return of_one_sign ? zero_[1] : target.quantizer->rounding.mode == Mode::toward_negative;
}

namespace {

// The doubles of a view, flushed by its carrier.
std::vector<double> flushed_doubles(const View& view, bool transposed, bool flush) {
  std::vector<double> numbers = doubles_of(view, transposed, flush);
  if (!flush || view.carrier != Carrier::binary64) return numbers;
  for (double& x : numbers) {
    if (std::fabs(x) < std::numeric_limits<double>::min()) x = std::copysign(0.0, x);
  }
  return numbers;
}

}  // namespace

ExactTerms::ExactTerms(const MatrixOperands& operands, const CompiledDot& unit,
                       const Random& random)
    : operands_(operands), unit_(unit), random_(random), lanes_(random, unit.draws.bits) {
  const bool flushes = unit.sums.back()->rounding().flush_inputs;
  in_lanes_ = unit.product && lanes_can(*unit.product) && !flushes;
  if (unit.product && !in_lanes_) return;
  left_ = flushed_doubles(operands.a, false, !unit.product && flushes);
  right_ = flushed_doubles(operands.b, true, !unit.product && flushes);
}

void ExactTerms::move(std::size_t row, std::size_t column, std::uint64_t first) {
  row_ = row;
  column_ = column;
  first_ = first;
}

void ExactTerms::add_to(ExactSum& sum, const TermList& terms) {
  if (!unit_.product) return add_exactly(sum, terms);
  if (in_lanes_) return add_rounded(sum, terms);
  for (std::size_t k = terms.first; k < terms.end; k += terms.step) add_by_scalar_path(sum, k);
}

void ExactTerms::add_exactly(ExactSum& sum, const TermList& terms) const {
  const double* left = left_.data() + row_ * operands_.a.columns;
  const double* right = right_.data() + column_ * operands_.a.columns;
  for (std::size_t k = terms.first; k < terms.end; k += terms.step)
    sum.add_product(left[k], right[k]);
}

// A block of products at a time; 1 is exact.
void ExactTerms::add_rounded(ExactSum& sum, const TermList& terms) {
  const double* left = left_.data() + row_ * operands_.a.columns;
  const double* right = right_.data() + column_ * operands_.a.columns;
  for (std::size_t k = terms.first; k < terms.end;) {
    const std::size_t begin = k;
    std::size_t count = 0;
    for (; k < terms.end && count < draw_segment; k += terms.step, ++count) {
      a_block_[count] = left[k];
      b_block_[count] = right[k];
    }
    lanes_.resize(count);
    const Draws draws{place_of(begin), unit_.draws.per_term * terms.step, count};
    lanes_.operate(Op::multiply, *unit_.product, draws,
                   {a_block_.data(), b_block_.data(), b_block_.data()}, products_.data());
    for (std::size_t i = 0; i < count; ++i) sum.add_product(products_[i], 1.0);
  }
}

void ExactTerms::add_by_scalar_path(ExactSum& sum, std::size_t k) const {
  const CompiledPlan& product = *unit_.product;
  std::array factors{load_operand(operands_.a, row_, k), load_operand(operands_.b, k, column_)};
  const std::uint64_t bits =
      product.stochastic() ? draw_bits(random_, unit_.draws, place_of(k), product.rounding()) : 0;
  const Outcome outcome = operate(Op::multiply, product.target(), factors, bits);
  Operand term = unpack(product.quantizer().format, outcome.code);
  if (term.subnormal && unit_.sums.back()->rounding().flush_inputs) term.kind = Class::zero;
  sum.add(term);
}

}  // namespace halfulp::emulator
