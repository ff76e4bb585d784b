// SPDX-License-Identifier: MIT
#include "reference/dot.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "reference/carrier.h"
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

// A number of a format, as an operand that is flushed by it.
struct Number {
  Value value;
  const Format& format;
};

Value flushed_by(const Quantizer& q, const Number& x) {
  return q.rounding.flush_inputs ? flushed(x.format, x.value) : x.value;
}

// The roundings of one dot product; A is the accumulator, and `move` says which of the draws of
// term k is taken (formats/unit.h).
class Dot {
 public:
  // first: the index of the draws of term 0.
  Dot(const Terms& terms, const DotUnit& unit, const Random& random, std::uint64_t first)
      : terms_(terms), unit_(unit), random_(random), first_(first) {}

  [[nodiscard]] std::size_t size() const { return terms_.size(); }
  [[nodiscard]] const DotUnit& unit() const { return unit_; }

  [[nodiscard]] std::uint64_t draw(const Quantizer& q, std::size_t k, std::uint64_t move) const {
    const std::uint64_t index = first_ + draws_per_term(unit_) * k + move;
    return is_stochastic(q.rounding.mode) ? random_.bits(index, q.rounding.random_bits) : 0;
  }

  // The product rounded by `product`.
  [[nodiscard]] Value rounded_product(std::size_t k) const {
    const Quantizer& q = *unit_.product;
    return rounded(Op::multiply, factors(k, q), q, draw(q, k, 1));
  }
  // What A takes in the place of a rounded product.
  [[nodiscard]] Value flushed_product(std::size_t k) const {
    return flushed_by(*unit_.accumulator, {rounded_product(k), unit_.product->format});
  }
  [[nodiscard]] std::array<Value, 2> factors(std::size_t k, const Quantizer& q) const {
    return {flushed_by(q, {terms_.left(k), format_of(terms_.a.carrier)}),
            flushed_by(q, {terms_.right(k), format_of(terms_.b.carrier)})};
  }

  // A(p[k])
  [[nodiscard]] Value term(std::size_t k) const {
    const Quantizer& a = *unit_.accumulator;
    const std::uint64_t random = draw(a, k, 0);
    if (unit_.product) return rounded(Op::convert, std::array{flushed_product(k)}, a, random);
    return rounded(Op::multiply, factors(k, a), a, random);
  }
  // A(p[k] + addend)
  [[nodiscard]] Value plus_term(const Value& addend, std::size_t k) const {
    const Quantizer& a = *unit_.accumulator;
    const std::uint64_t random = draw(a, k, 0);
    const Value other = flushed_by(a, {addend, a.format});
    if (unit_.product) return rounded(Op::add, std::array{other, flushed_product(k)}, a, random);
    const auto [left, right] = factors(k, a);
    return rounded(Op::fused_multiply_add, std::array{left, right, other}, a, random);
  }
  // A(a op b)
  [[nodiscard]] Value apply(Op op, const Value& a, const Value& b, std::uint64_t random) const {
    const Quantizer& q = *unit_.accumulator;
    return rounded(op, std::array{flushed_by(q, {a, q.format}), flushed_by(q, {b, q.format})}, q,
                   random);
  }

 private:
  const Terms& terms_;
  const DotUnit& unit_;
  const Random& random_;
  std::uint64_t first_;
};

Value sequential(const Dot& dot, std::size_t begin, std::size_t end) {
  Value total = zero_value();
  for (std::size_t k = begin; k < end; ++k) total = dot.plus_term(total, k);
  return total;
}

// Level by level, as it is written. A node knows its first term.
Value pairwise(const Dot& dot) {
  struct Node {
    Value value;
    std::size_t first = 0;
  };
  std::vector<Node> level;
  for (std::size_t k = 0; k < dot.size(); ++k) level.push_back({dot.term(k), k});
  while (level.size() > 1) {
    std::vector<Node> above;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      const std::uint64_t random = dot.draw(*dot.unit().accumulator, level[i + 1].first, 2);
      above.push_back(
          {dot.apply(Op::add, level[i].value, level[i + 1].value, random), level[i].first});
    }
    if (level.size() % 2 == 1) above.push_back(level.back());
    level = std::move(above);
  }
  return level.empty() ? zero_value() : level[0].value;
}

Value chunked(const Dot& dot) {
  const Quantizer& accumulator = *dot.unit().accumulator;
  const Quantizer& outer = result_quantizer(dot.unit());
  const auto chunk = static_cast<std::size_t>(dot.unit().chunk);
  Value total = zero_value();
  for (std::size_t begin = 0, end = 0; begin < dot.size(); begin = end) {
    end = begin + std::min(chunk, dot.size() - begin);
    const Value sum = sequential(dot, begin, end);
    const std::array operands{flushed_by(outer, {total, outer.format}),
                              flushed_by(outer, {sum, accumulator.format})};
    total = rounded(Op::add, operands, outer, dot.draw(outer, begin, 2));
  }
  return total;
}

Value compensated(const Dot& dot) {
  const Quantizer& accumulator = *dot.unit().accumulator;
  const auto draw = [&](std::size_t k, std::uint64_t move) {
    return dot.draw(accumulator, k, move);
  };
  Value s = zero_value();
  Value c = zero_value();
  for (std::size_t k = 0; k < dot.size(); ++k) {
    const Value y = dot.plus_term(negated(c), k);
    const Value t = dot.apply(Op::add, s, y, draw(k, 2));
    const Value change = dot.apply(Op::subtract, t, s, draw(k, 3));
    c = dot.apply(Op::subtract, change, y, draw(k, 4));
    if (!c.is_finite()) c = zero_value();
    s = t;
  }
  return s;
}

// p[k] as it enters an exact sum.
Value exact_term(const Dot& dot, std::size_t k) {
  if (dot.unit().product) return dot.flushed_product(k);
  return exact(Op::multiply, dot.factors(k, *dot.unit().accumulator)).value.numerator;
}

// The exact sum before it is rounded: infinities and NaN first, then numbers, then the sign of
// zero.
Exact exact_sum(std::span<const Value> terms) {
  const Value& first = terms.front();
  Exact result{.value = real(first.is_nan() ? nan_value() : first), .arithmetic = true};
  Value& total = result.value.numerator;
  bool zeros_of_one_sign = total.is_zero();
  for (const Value& term : terms.subspan(1)) {
    zeros_of_one_sign = zeros_of_one_sign && term.is_zero() && term.negative == total.negative;
    if (total.is_nan() || term.is_nan() ||
        (total.is_infinite() && term.is_infinite() && total.negative != term.negative)) {
      total = nan_value();
    } else if (total.is_finite()) {
      total = term.is_finite() ? sum(total, term) : term;
    }
  }
  result.sign_by_mode = total.is_zero() && !zeros_of_one_sign;
  return result;
}

Value exactly(const Dot& dot) {
  const Quantizer& accumulator = *dot.unit().accumulator;
  std::vector<Value> terms;
  for (std::size_t k = 0; k < dot.size(); ++k) terms.push_back(exact_term(dot, k));
  if (terms.empty()) return zero_value();
  const Outcome outcome =
      deliver(Op::add, exact_sum(terms), accumulator, dot.draw(accumulator, 0, 0));
  return decode(accumulator.format, outcome.code);
}

Value emulated_dot(const Dot& dot) {
  switch (dot.unit().order) {
    case Order::pairwise:
      return pairwise(dot);
    case Order::chunked:
      return chunked(dot);
    case Order::compensated:
      return compensated(dot);
    case Order::exact:
      return exactly(dot);
    default:
      return sequential(dot, 0, dot.size());
  }
}

void require_carriers(const View& a, const View& b, const DotUnit& unit, const MutableView& out) {
  if (unit.accumulator) return require_fits(result_quantizer(unit).format, out.carrier);
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
  const std::uint64_t draws = draws_per_term(plan.unit) * a.columns;
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      const Terms terms{a, b, row, column};
      const std::uint64_t first = (row * out.columns + column) * draws;
      const Value dot = plan.unit.accumulator ? emulated_dot(Dot(terms, plan.unit, random, first))
                                              : native_dot(terms, plan.unit);
      store(out, row, column, dot.is_nan() ? nan_value() : dot);
    }
  }
}

}  // namespace halfulp::reference
