// SPDX-License-Identifier: MIT
//
// Dot products by the scalar path, one rounding after the other, as formats/unit.h has them.
#include "emulator/dot/dot.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/blocks.h"
#include "emulator/operations/operate.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

Operand negated(Operand x) {
  x.negative = !x.negative;
  return x;
}

bool is_finite(const Operand& x) { return x.kind == Class::zero || x.kind == Class::finite; }

// One result. Operands know whether they are subnormal in the format or carrier that they come
// from, and operate() flushes them where the plan says so.
class ElementDot {
 public:
  ElementDot(const View& a, const View& b, const CompiledDot& unit, const Random& random)
      : a_(a), b_(b), unit_(unit), accumulator_(*unit.accumulator), random_(random) {}

  Operand operator()(std::size_t row, std::size_t column) {
    row_ = row;
    column_ = column;
    first_ = (row * b_.columns + column) * a_.columns * unit_.draws;
    switch (unit_.order) {
      case Order::pairwise:
        return pairwise();
      case Order::chunked:
        return chunked();
      case Order::compensated:
        return compensated();
      default:
        return sequential(0, a_.columns);
    }
  }

 private:
  [[nodiscard]] std::uint64_t draw(const CompiledPlan& plan, std::size_t k,
                                   std::uint64_t move) const {
    const std::uint64_t index = first_ + unit_.draws * k + move;
    return plan.stochastic() ? random_.bits(index, plan.rounding().random_bits) : 0;
  }
  [[nodiscard]] Operand left(std::size_t k) const { return load_operand(a_, row_, k); }
  [[nodiscard]] Operand right(std::size_t k) const { return load_operand(b_, k, column_); }

  static Operand apply(Op op, const CompiledPlan& plan, std::span<Operand> operands,
                       std::uint64_t random) {
    const Outcome outcome = operate(op, plan.target(), operands, random);
    return unpack(plan.quantizer().format, outcome.code);
  }
  static Operand apply(Op op, const CompiledPlan& plan, const Operand& a, const Operand& b,
                       std::uint64_t random) {
    std::array operands{a, b};
    return apply(op, plan, operands, random);
  }

  [[nodiscard]] Operand rounded_product(std::size_t k) const {
    return apply(Op::multiply, *unit_.product, left(k), right(k), draw(*unit_.product, k, 1));
  }
  // A(p[k])
  [[nodiscard]] Operand term(std::size_t k) const {
    const std::uint64_t random = draw(accumulator_, k, 0);
    if (!unit_.product) return apply(Op::multiply, accumulator_, left(k), right(k), random);
    std::array operands{rounded_product(k)};
    return apply(Op::convert, accumulator_, operands, random);
  }
  // A(p[k] + addend)
  [[nodiscard]] Operand plus_term(const Operand& addend, std::size_t k) const {
    const std::uint64_t random = draw(accumulator_, k, 0);
    if (unit_.product) return apply(Op::add, accumulator_, addend, rounded_product(k), random);
    std::array operands{left(k), right(k), addend};
    return apply(Op::fused_multiply_add, accumulator_, operands, random);
  }

  [[nodiscard]] Operand sequential(std::size_t begin, std::size_t end) const {
    Operand total;
    for (std::size_t k = begin; k < end; ++k) total = plus_term(total, k);
    return total;
  }

  // Sums of 2^i terms wait, the longest first, until there is another of their length; at the end
  // they are added from the shortest on. These are the sums of going level by level.
  [[nodiscard]] Operand pairwise() {
    waiting_.clear();
    for (std::size_t k = 0; k < a_.columns; ++k) {
      waiting_.push_back({term(k), k});
      for (std::size_t n = k + 1; n % 2 == 0; n /= 2) add_last_two();
    }
    if (waiting_.empty()) return {};
    while (waiting_.size() > 1) add_last_two();
    return waiting_.back().first;
  }
  void add_last_two() {
    const auto [right, begin] = waiting_.back();
    waiting_.pop_back();
    Operand& left = waiting_.back().first;
    left = apply(Op::add, accumulator_, left, right, draw(accumulator_, begin, 2));
  }

  [[nodiscard]] Operand chunked() const {
    const CompiledPlan& outer = unit_.result();
    Operand total;
    for (std::size_t begin = 0, end = 0; begin < a_.columns; begin = end) {
      end = begin + std::min(unit_.chunk, a_.columns - begin);
      total = apply(Op::add, outer, total, sequential(begin, end), draw(outer, begin, 2));
    }
    return total;
  }

  [[nodiscard]] Operand compensated() const {
    Operand s;
    Operand c;
    for (std::size_t k = 0; k < a_.columns; ++k) {
      const Operand y = plus_term(negated(c), k);
      const Operand t = apply(Op::add, accumulator_, s, y, draw(accumulator_, k, 2));
      const Operand change = apply(Op::subtract, accumulator_, t, s, draw(accumulator_, k, 3));
      c = apply(Op::subtract, accumulator_, change, y, draw(accumulator_, k, 4));
      if (!is_finite(c)) c = {};
      s = t;
    }
    return s;
  }

  const View& a_;
  const View& b_;
  const CompiledDot& unit_;
  const CompiledPlan& accumulator_;
  const Random& random_;
  std::size_t row_ = 0, column_ = 0;
  std::uint64_t first_ = 0;
  std::vector<std::pair<Operand, std::size_t>> waiting_;  // with their first term
};

}  // namespace

void multiply_by_element(const View& a, const View& b, const CompiledDot& unit,
                         const Random& random, const MutableView& out) {
  ElementDot dot(a, b, unit, random);
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      store_operand(out, row, column, dot(row, column));
    }
  }
}

void store_operand(const MutableView& out, std::size_t row, std::size_t column, Operand x) {
  if (x.kind == Class::nan) {
    x.negative = false;
    x.significand = 0;
  }
  store(out, row * out.columns + column, x);
}

void store_result(const MutableView& out, std::size_t row, std::size_t column, double number) {
  const std::size_t place = row * out.stride + column;
  if (number != number) number = std::bit_cast<double>(std::uint64_t{0x7ff8} << 48);
  if (out.carrier == Carrier::binary32) {
    static_cast<float*>(out.data)[place] = static_cast<float>(number);
  } else {
    static_cast<double*>(out.data)[place] = number;
  }
}

std::vector<double> doubles_of(const View& view, bool transposed, bool flush) {
  std::vector<double> numbers(view.rows * view.columns);
  std::vector<double> row(view.columns);
  for (std::size_t r = 0; r < view.rows; ++r) {
    double* into = transposed ? row.data() : numbers.data() + r * view.columns;
    widen(view, {.row = r, .column = 0, .index = 0, .count = view.columns}, flush, into);
    if (!transposed) continue;
    for (std::size_t c = 0; c < view.columns; ++c) numbers[c * view.rows + r] = row[c];
  }
  return numbers;
}

}  // namespace halfulp::emulator
