// SPDX-License-Identifier: MIT
#include <array>
#include <span>

#include "formats/codes.h"
#include "formats/error.h"
#include "reference/dot.h"
#include "reference/internal/carrier.h"
#include "reference/operations.h"

namespace halfulp::reference {
namespace {

// The terms of one element of the result.
struct Terms {
  const View& a;
  const View& b;
  std::size_t row, column;

  [[nodiscard]] std::size_t size() const { return a.columns; }
  [[nodiscard]] Value left(std::size_t k) const { return load(a, row, k); }
  [[nodiscard]] Value right(std::size_t k) const { return load(b, k, column); }
};

Value rounded(Op op, std::span<const Value> operands, const Quantizer& q, std::uint64_t random) {
  return decode(q.format, operate(op, operands, q, random).code);
}

Value native(Op op, const Value& a, const Value& b, Carrier carrier) {
  const Quantizer nearest{.format = format_of(carrier), .rounding = {}};
  return rounded(op, std::array{a, b}, nearest, 0);
}

Value native_sum_of_every(const Terms& terms, std::size_t first, std::size_t step,
                          Carrier carrier) {
  Value total = zero_value();
  for (std::size_t k = first; k < terms.size(); k += step) {
    const Value term = native(Op::multiply, terms.left(k), terms.right(k), carrier);
    total = native(Op::add, total, term, carrier);
  }
  return total;
}

Value native_dot(const Terms& terms, const DotUnit& unit) {
  if (unit.order == Order::sequential) return native_sum_of_every(terms, 0, 1, unit.native);
  std::array<Value, 8> sums;
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] = native_sum_of_every(terms, i, sums.size(), unit.native);
  const auto plus = [&](const Value& a, const Value& b) {
    return native(Op::add, a, b, unit.native);
  };
  const Value even = plus(plus(sums[0], sums[4]), plus(sums[2], sums[6]));
  const Value odd = plus(plus(sums[1], sums[5]), plus(sums[3], sums[7]));
  return plus(even, odd);
}

std::uint64_t draw(const Quantizer& q, const Random& random, std::uint64_t index) {
  return is_stochastic(q.rounding.mode) ? random.bits(index, q.rounding.random_bits) : 0;
}

Value flushed_by(const Quantizer& q, const Format& format, const Value& v) {
  return q.rounding.flush_inputs ? flushed(format, v) : v;
}

// first: the index of the draws of term 0.
Value emulated_dot(const Terms& terms, const DotUnit& unit, const Random& random,
                   std::uint64_t first) {
  const Quantizer& accumulator = *unit.accumulator;
  const Format& left_format = format_of(terms.a.carrier);
  const Format& right_format = format_of(terms.b.carrier);
  Value total = zero_value();
  for (std::size_t k = 0; k < terms.size(); ++k) {
    const std::uint64_t index = first + 2 * k;
    const Quantizer& entry = unit.product ? *unit.product : accumulator;
    const Value left = flushed_by(entry, left_format, terms.left(k));
    const Value right = flushed_by(entry, right_format, terms.right(k));
    const Value sum = flushed_by(accumulator, accumulator.format, total);
    const std::uint64_t bits = draw(accumulator, random, index);
    if (unit.product) {
      const Value term = rounded(Op::multiply, std::array{left, right}, *unit.product,
                                 draw(*unit.product, random, index + 1));
      const Value added = flushed_by(accumulator, unit.product->format, term);
      total = rounded(Op::add, std::array{sum, added}, accumulator, bits);
    } else {
      total = rounded(Op::fused_multiply_add, std::array{left, right, sum}, accumulator, bits);
    }
  }
  return total;
}

void require_carriers(const View& a, const View& b, const DotUnit& unit, const MutableView& out) {
  if (unit.accumulator) return require_fits(unit.accumulator->format, out.carrier);
  const bool exact = unit.native == Carrier::binary64
                         ? out.carrier == Carrier::binary64
                         : a.carrier == Carrier::binary32 && b.carrier == Carrier::binary32;
  HALFULP_REQUIRE(exact,
                  "multiply: native arithmetic is no wider than its operands' carrier "
                  "and no wider than the result's");
}

}  // namespace

void multiply(const View& a, const View& b, const DotPlan& plan, const Random& random,
              const MutableView& out) {
  HALFULP_REQUIRE(a.columns == b.rows && a.rows == out.rows && b.columns == out.columns,
                  "multiply: shapes do not match");
  require_carriers(a, b, plan.unit, out);
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      const Terms terms{a, b, row, column};
      const std::uint64_t first = (row * out.columns + column) * a.columns * 2;
      const Value dot = plan.unit.accumulator ? emulated_dot(terms, plan.unit, random, first)
                                              : native_dot(terms, plan.unit);
      store(out, row, column, dot.is_nan() ? nan_value() : dot);
    }
  }
}

}  // namespace halfulp::reference
