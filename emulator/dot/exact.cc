// SPDX-License-Identifier: MIT
//
// Exact sums, rounded once (Order::exact in formats/unit.h).
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>
#include <vector>

#include "emulator/arrays/arrays.h"
#include "emulator/dot/dot.h"
#include "emulator/dot/superaccumulator.h"
#include "emulator/operations/operate.h"
#include "emulator/operations/scalar.h"
#include "emulator/scalar/gap.h"
#include "emulator/scalar/long.h"
#include "emulator/scalar/round_exact.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

// The terms of one sum: numbers in the accumulator, of others only whether there were any.
class ExactSum {
 public:
  void clear() { *this = ExactSum(); }

  void add_product(double a, double b) {
    const double largest = std::numeric_limits<double>::max();
    const bool numbers = std::fabs(a) <= largest && std::fabs(b) <= largest && a != 0 && b != 0;
    if (!numbers) return add_special(a, b);
    any_number_ = true;
    numbers_.add_product(a, b);
  }

  void add(const Operand& x) {
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

  // There has been a term.
  [[nodiscard]] Outcome rounded(const Target& target, std::uint64_t random) const {
    if (nan_ || (infinity_[0] && infinity_[1])) return deliver_nan(target, NanCause{});
    if (infinity_[0] || infinity_[1]) return deliver_infinity(target, infinity_[1]);
    const bool one_way = target.scheme == Scheme::logarithmic ||
                         target.quantizer->rounding.mode == Mode::nearest_log;
    constexpr int bits_of_code = word_bits<Code> - 4;
    if (!one_way && !any_far_ && bits_needed(target) <= bits_of_code) {
      const Exact<Code> sum = numbers_.jammed();
      if (sum.significand != 0) return round_exact(target, sum, random);
    } else {
      const Exact<Integer> sum = total();
      if (sum.significand != 0) {
        if (!one_way) return round_long(target, sum, random);
        Value value = integer_value(sum.significand);
        value.negative = sum.negative;
        value.exponent = sum.exponent;
        return round_real(real(value), *target.quantizer, random);
      }
    }
    return round_real(real(zero_value(zero_is_negative(target))), *target.quantizer, random);
  }

 private:
  // One factor is zero, infinite or NaN.
  void add_special(double a, double b) {
    Operand x;
    const double product = a * b;
    x.negative = std::signbit(a) != std::signbit(b);
    x.kind = product == 0 ? Class::zero : product == product ? Class::infinite : Class::nan;
    add(x);
  }

  void add_far(const Operand& x) {
    const Exact<Integer> term = exact_integer(x);
    far_ = far_.significand == 0 ? term : long_sum(far_, term);
    any_far_ = true;
  }

  [[nodiscard]] Exact<Integer> total() const {
    const Exact<Integer> near = numbers_.total();
    if (near.significand == 0) return far_;
    return far_.significand == 0 ? near : long_sum(near, far_);
  }

  // IEEE 754-2019 6.3.
  [[nodiscard]] bool zero_is_negative(const Target& target) const {
    const bool of_one_sign = !any_number_ && zero_[0] != zero_[1];
    return of_one_sign ? zero_[1] : target.quantizer->rounding.mode == Mode::toward_negative;
  }

  Superaccumulator numbers_;
  Exact<Integer> far_;  // the sum of terms that are outside of its range
  bool any_far_ = false, any_number_ = false, nan_ = false;
  std::array<bool, 2> zero_{}, infinity_{};  // positive, negative
};

// The doubles of a view, flushed by its carrier.
std::vector<double> flushed_doubles(const View& view, bool transposed, bool flush) {
  std::vector<double> numbers = doubles_of(view, transposed, flush);
  if (!flush || view.carrier != Carrier::binary64) return numbers;
  for (double& x : numbers) {
    if (std::fabs(x) < std::numeric_limits<double>::min()) x = std::copysign(0.0, x);
  }
  return numbers;
}

// Rows of a and columns of b, whose products enter as they are, or rounded by `product`.
class ExactDot {
 public:
  ExactDot(const View& a, const View& b, const CompiledDot& unit, const Random& random)
      : a_(a),
        b_(b),
        unit_(unit),
        random_(random),
        lanes_(random),
        in_lanes_(unit.product && lanes_can(*unit.product) &&
                  !unit.accumulator->rounding().flush_inputs) {
    const bool flush = !unit.product && unit.accumulator->rounding().flush_inputs;
    if (unit.product && !in_lanes_) return;
    left_ = flushed_doubles(a, false, flush);
    right_ = flushed_doubles(b, true, flush);
  }

  Operand operator()(std::size_t row, std::size_t column) {
    const std::size_t inner = a_.columns;
    if (inner == 0) return {};
    const std::uint64_t first = (row * b_.columns + column) * inner * unit_.draws;
    sum_.clear();
    if (!unit_.product || in_lanes_) {
      const std::span left = std::span(left_).subspan(row * inner, inner);
      const std::span right = std::span(right_).subspan(column * inner, inner);
      unit_.product ? add_rounded(left, right, first) : add_exactly(left, right);
    } else {
      for (std::size_t k = 0; k < inner; ++k) add_by_scalar_path(row, column, k, first);
    }
    const CompiledPlan& accumulator = *unit_.accumulator;
    const Outcome outcome = sum_.rounded(accumulator.target(), draw(accumulator, first));
    return unpack(accumulator.quantizer().format, outcome.code);
  }

 private:
  [[nodiscard]] std::uint64_t draw(const CompiledPlan& plan, std::uint64_t index) const {
    return plan.stochastic() ? random_.bits(index, plan.rounding().random_bits) : 0;
  }

  void add_exactly(std::span<const double> left, std::span<const double> right) {
    for (std::size_t k = 0; k < left.size(); ++k) sum_.add_product(left[k], right[k]);
  }

  // A block of products at a time; 1 is exact.
  void add_rounded(std::span<const double> left, std::span<const double> right,
                   std::uint64_t first) {
    for (std::size_t k = 0; k < left.size(); k += draw_block) {
      const std::size_t count = std::min(draw_block, left.size() - k);
      std::copy_n(left.data() + k, count, a_block_.data());
      std::copy_n(right.data() + k, count, b_block_.data());
      lanes_.resize(count);
      lanes_.operate(Op::multiply, *unit_.product,
                     {.first = first + k * unit_.draws + 1, .stride = unit_.draws, .count = count},
                     {a_block_.data(), b_block_.data(), b_block_.data()}, products_.data());
      for (std::size_t i = 0; i < count; ++i) sum_.add_product(products_[i], 1.0);
    }
  }

  void add_by_scalar_path(std::size_t row, std::size_t column, std::size_t k, std::uint64_t first) {
    const CompiledPlan& product = *unit_.product;
    std::array factors{load_operand(a_, row, k), load_operand(b_, k, column)};
    const Outcome outcome = operate(Op::multiply, product.target(), factors,
                                    draw(product, first + k * unit_.draws + 1));
    Operand term = unpack(product.quantizer().format, outcome.code);
    if (term.subnormal && unit_.accumulator->rounding().flush_inputs) term.kind = Class::zero;
    sum_.add(term);
  }

  const View& a_;
  const View& b_;
  const CompiledDot& unit_;
  const Random& random_;
  Lanes lanes_;
  bool in_lanes_;
  std::vector<double> left_, right_;  // rows of a, columns of b
  ExactSum sum_;
  Lanes::Numbers a_block_{}, b_block_{}, products_{};
};

}  // namespace

void multiply_exactly(const View& a, const View& b, const CompiledDot& unit, const Random& random,
                      const MutableView& out) {
  ExactDot dot(a, b, unit, random);
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column)
      store_operand(out, row, column, dot(row, column));
  }
}

}  // namespace halfulp::emulator
