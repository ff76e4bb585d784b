// SPDX-License-Identifier: MIT
//
// Products of matrices on lanes that are results.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "emulator/arrays/results.h"
#include "emulator/arrays/segments.h"
#include "emulator/dot/dot.h"
#include "emulator/dot/lanes.h"
#include "emulator/kernels/kernels.h"
#include "emulator/kernels/orders.h"

namespace halfulp::emulator {
namespace {

using kernels::HWY_NAMESPACE::At;
using kernels::HWY_NAMESPACE::Walker;

// An arithmetic of at most draw_segment results (kernels/orders.h): columns of a row, or rows of a
// column. Every rounding is of numbers that binary64 holds, computed to odd and rounded
// (kernels/operate.cc, kernels/round.cc).
class LaneArithmetic {
 public:
  // Up to padded() of them count. exponents: of a sum that is not rounded, those by which it is
  // aligned.
  struct Number {
    Lanes::Numbers lanes;
    Lanes::Numbers exponents;
    [[nodiscard]] const double* data() const { return lanes.data(); }
    double* data() { return lanes.data(); }
  };
  // Of one scaled sum: a scale a block of terms that the results have in common, and those that
  // they do not, of block k from lanes + k * stride on.
  struct Scales {
    const double* common = nullptr;
    const double* lanes = nullptr;
    double least_common = 0, least_lanes = 0;  // exponents
  };
  // What the results have in common and what they do not: term k is factors[k] times the numbers
  // from columns + k * stride on; exponents likewise, null where no addition is aligned. addends:
  // as many as there are lanes, or null. scales: of every scaled sum. draws: of term 0.
  struct Operands {
    const double* factors = nullptr;
    const double* factor_exponents = nullptr;
    const double* columns = nullptr;
    const double* column_exponents = nullptr;
    std::size_t stride = 0;
    const double* addends = nullptr;
    std::vector<Scales> scales;
    Draws draws;
  };

  LaneArithmetic(const CompiledDot& unit, const Random& random)
      : unit_(unit), lanes_(random, unit.draws.bits) {}

  void move(const Operands& operands) {
    operands_ = operands;
    lanes_.resize(operands.draws.count);
    zero(column_);
  }

  void zero(Number& out) const {
    std::fill_n(out.data(), lanes_.padded(), 0.0);
    if (unit_.aligned) std::fill_n(out.exponents.data(), lanes_.padded(), kernels::no_exponent);
  }
  void copy(const Number& x, Number& out) const {
    std::copy_n(x.data(), lanes_.padded(), out.data());
  }
  void negate(const Number& x, Number& out) const {
    for (std::size_t i = 0; i < lanes_.padded(); ++i) {
      const bool finite = x.data()[i] - x.data()[i] == 0;
      out.data()[i] = finite ? -x.data()[i] : -0.0;
    }
  }
  void addend(Number& out) const {
    zero(out);
    std::copy_n(operands_.addends, operands_.draws.count, out.data());
  }

  void term(std::size_t node, std::size_t k, Number& out) {
    load_term(k);
    if (!unit_.product) return operate(Op::multiply, At{node, 0, k}, factor_, column_, out);
    round_product(k);
    convert(At{node, 0, k}, product_, out);
  }
  void plus_term(std::size_t node, std::size_t k, const Number& x, Number& out) {
    load_term(k);
    const At at{node, 0, k};
    if (unit_.product) {
      round_product(k);
      return operate(Op::add, at, x, product_, out);
    }
    lanes_.operate(Op::fused_multiply_add, *unit_.sums[node], draws(k, 0),
                   {factor_.data(), column_.data(), x.data()}, out.data());
  }
  void convert(const At& at, const Number& x, Number& out) {
    lanes_.convert(*unit_.sums[at.node], draws(at.k, at.draw), x.data(), out.data());
  }
  void add(const At& at, const Number& x, const Number& y, Number& out) {
    operate(Op::add, at, x, y, out);
  }
  void subtract(const At& at, const Number& x, const Number& y, Number& out) {
    operate(Op::subtract, at, x, y, out);
  }

  // Additions at once. 1. The largest exponent of every lane, where the sum is aligned or what is
  // around it asks. 2. The items, cut, in units of the last place that is kept. 3. s likewise.
  // 4. The sum as a number, cut and rounded as its sum says.
  void add_terms(const At& at, const TermList& terms, const Number* running, Number& out) {
    add_items(at, terms, running, out, [&](const auto& take) { take_terms(at.node, terms, take); });
  }
  void add_parts(const At& at, const TermList& terms,
                 const std::vector<std::unique_ptr<Number>>& parts, const Number* running,
                 Number& out) {
    add_items(at, terms, running, out,
              [&](const auto& take) { take_parts(at.node, terms, parts, take); });
  }

 private:
  [[nodiscard]] Draws draws(std::size_t k, std::uint64_t number) const {
    const Draws& first = operands_.draws;
    return {first.first + k * unit_.draws.per_term + number, first.stride, first.count};
  }
  void operate(Op op, const At& at, const Number& x, const Number& y, Number& out) {
    lanes_.operate(op, *unit_.sums[at.node], draws(at.k, at.draw), {x.data(), y.data(), y.data()},
                   out.data());
  }

  template <typename ForEach>
  void add_items(const At& at, const TermList& terms, const Number* running, Number& out,
                 const ForEach& for_each) {
    const Sum& own = unit_.tree.sums[at.node];
    const std::size_t lanes = lanes_.padded();
    const Alignment alignment = own.alignment.value_or(Alignment{});
    const int bits = std::max(alignment.bits, alignment.running_bits.value_or(alignment.bits));
    const kernels::Cut cut{.bits = static_cast<double>(alignment.bits),
                           .limit = own.of == Sum::Of::terms && !takes_each_product(own)
                                        ? unit_.product_limit
                                        : std::numeric_limits<double>::infinity(),
                           .downward = alignment.downward,
                           .exact = !own.alignment};
    std::fill_n(largest_.data(), lanes, least_of(alignment));
    if (running != nullptr) {
      kernels::stored_exponents(running->data(), lanes, unit_.least_exponents[at.node],
                                running_exponents_.data());
      for (std::size_t i = 0; i < lanes; ++i)
        largest_[i] = std::max(largest_[i], running_exponents_[i]);
    }
    if (unit_.aligned) {
      for_each([&](const kernels::LaneTerms& items) {
        kernels::largest_exponents(items, lanes, largest_.data());
      });
    }
    std::fill_n(sums_.data(), lanes, -0.0);
    for_each([&](const kernels::LaneTerms& items) {
      kernels::add_cut(items, cut, largest_.data(), lanes, sums_.data());
    });
    if (running != nullptr && !own.alignment) {
      for (std::size_t i = 0; i < lanes; ++i) sums_[i] += running->lanes[i];
    } else if (own.alignment) {
      finish(alignment, running, bits);
    }
    std::copy_n(largest_.data(), lanes, out.exponents.data());
    if (!own.rounded) {
      std::copy_n(sums_.data(), lanes, out.data());
      return;
    }
    lanes_.convert(*unit_.sums[at.node], draws(terms.first, at.draw), sums_.data(), out.data());
  }
  void finish(const Alignment& alignment, const Number* running, int bits) {
    const std::size_t lanes = lanes_.padded();
    const int running_bits = alignment.running_bits.value_or(alignment.bits);
    if (bits > alignment.bits) {
      const double further = std::ldexp(1.0, bits - alignment.bits);
      for (std::size_t i = 0; i < lanes; ++i) sums_[i] *= further;
    }
    if (running != nullptr) {
      kernels::add_running({.numbers = running->data(),
                            .exponents = running_exponents_.data(),
                            .bits = static_cast<double>(running_bits),
                            .unit_bits = static_cast<double>(bits),
                            .downward = alignment.downward,
                            .drops = alignment.drops_running},
                           largest_.data(), lanes, sums_.data());
    }
    kernels::scale_back(largest_.data(), lanes, bits, sums_.data());
    if (!alignment.sum_bits) return;
    kernels::cut_sums({.bits = static_cast<double>(*alignment.sum_bits),
                       .least = least_of(alignment),
                       .downward = alignment.downward},
                      lanes, sums_.data());
  }
  // Its scaling is more than a factor.
  static bool takes_each_product(const Sum& sum) {
    return sum.scaling && (sum.scaling->item || sum.scaling->exponent_of_scales);
  }
  static double least_of(const Alignment& alignment) {
    return alignment.least_exponent ? static_cast<double>(*alignment.least_exponent)
                                    : kernels::no_exponent;
  }

  // Calls take(items) until all terms were taken: neighbours under one scale together.
  template <typename Take>
  void take_terms(std::size_t node, const TermList& terms, const Take& take) {
    if (unit_.product) {
      for (std::size_t k = terms.first; k < terms.end; k += terms.step) {
        load_term(k);
        round_product(k);
        kernels::stored_exponents(product_.data(), lanes_.padded(), unit_.least_product_exponent,
                                  product_.exponents.data());
        take_number(node, k, product_, take);
      }
      return;
    }
    const auto& scaling = unit_.tree.sums[node].scaling;
    if (takes_each_product(unit_.tree.sums[node])) {
      for (std::size_t k = terms.first; k < terms.end; k += terms.step) {
        find_product(k);
        take_number(node, k, product_, take);
      }
      return;
    }
    const std::size_t block = scaling ? static_cast<std::size_t>(scaling->block) : terms.end;
    for (std::size_t k = terms.first; k < terms.end;) {
      const std::size_t end = std::min(terms.end, (k / block + 1) * block);
      kernels::LaneTerms items{.factors = operands_.factors,
                               .factor_exponents = operands_.factor_exponents,
                               .columns = operands_.columns,
                               .column_exponents = operands_.column_exponents,
                               .stride = operands_.stride,
                               .first = k,
                               .end = end,
                               .step = terms.step};
      if (scaling) find_scales(node, k, items);
      take(items);
      k += (end - k + terms.step - 1) / terms.step * terms.step;
    }
  }
  // The exact product of all lanes, with its exponents.
  void find_product(std::size_t k) {
    const double* column = operands_.columns + k * operands_.stride;
    for (std::size_t i = 0; i < lanes_.padded(); ++i) {
      double p = operands_.factors[k] * column[i];
      if (std::fabs(p) >= unit_.product_limit)
        p = std::copysign(std::numeric_limits<double>::infinity(), p);
      product_.lanes[i] = p;
      product_.exponents[i] =
          unit_.aligned
              ? operands_.factor_exponents[k] + operands_.column_exponents[k * operands_.stride + i]
              : 0;
    }
  }
  template <typename Take>
  void take_parts(std::size_t node, const TermList& terms,
                  const std::vector<std::unique_ptr<Number>>& parts, const Take& take) {
    const Sum& own = unit_.tree.sums[node];
    const std::size_t count = count_parts(own, terms);
    for (std::size_t i = 0; i < count; ++i) {
      Number& part = *parts[i];
      if (unit_.tree.sums[node + 1].rounded) {
        kernels::stored_exponents(part.data(), lanes_.padded(), unit_.least_exponents[node + 1],
                                  part.exponents.data());
      }
      const TermList taken = part_of(own, terms, i);
      taken.first < taken.end ? take_number(node, taken.first, part, take) : take(as_item(part));
    }
  }
  // A number of all lanes as a term: 1 times it.
  static kernels::LaneTerms as_item(const Number& number) {
    static constexpr double one = 1;
    static constexpr double exponent_of_one = 0;
    return {.factors = &one,
            .factor_exponents = &exponent_of_one,
            .columns = number.data(),
            .column_exponents = number.exponents.data(),
            .end = 1};
  }
  // The sum that begins with term `first`, or that term, under its scales.
  template <typename Take>
  void take_number(std::size_t node, std::size_t first, const Number& number, const Take& take) {
    kernels::LaneTerms item = as_item(number);
    const auto& scaling = unit_.tree.sums[node].scaling;
    if (!scaling) return take(item);
    find_scales(node, first, item);
    if (scaling->exponent_of_scales) {
      for (std::size_t i = 0; i < lanes_.padded(); ++i) {
        const bool known = number.exponents[i] > kernels::least_known_exponent;
        own_exponents_[i] = known ? 0 : kernels::no_exponent;
      }
      item.column_exponents = own_exponents_.data();
    }
    if (scaling->item) round_scaled(node, number, item);
    take(item);
  }
  // The scales of all lanes at a term.
  void find_scales(std::size_t node, std::size_t k, kernels::LaneTerms& items) {
    const Scaling& scaling = *unit_.tree.sums[node].scaling;
    const CompiledScaling& ready = unit_.scalings[node];
    const Scales& scales = operands_.scales[ready.place];
    const std::size_t block = k / static_cast<std::size_t>(scaling.block);
    const double* of_lanes = scales.lanes + block * operands_.stride;
    const std::size_t lanes = lanes_.padded();
    std::fill_n(factor_.data(), lanes, scales.common[block]);
    kernels::stored_exponents(factor_.data(), lanes, scales.least_common, scale_.exponents.data());
    kernels::stored_exponents(of_lanes, lanes, scales.least_lanes, factor_.exponents.data());
    for (std::size_t i = 0; i < lanes; ++i) {
      scale_.exponents[i] += factor_.exponents[i];
      scale_.lanes[i] = factor_.lanes[i] * of_lanes[i];
    }
    if (ready.product) {
      lanes_.operate(Op::multiply, *ready.product, draws(0, 0),
                     {factor_.data(), of_lanes, of_lanes}, scale_.data());
    }
    items.scales = scale_.data();
    items.scale_exponents = scale_.exponents.data();
  }
  void round_scaled(std::size_t node, const Number& number, kernels::LaneTerms& item) {
    const CompiledScaling& ready = unit_.scalings[node];
    lanes_.operate(Op::multiply, *ready.item, draws(0, 0),
                   {number.data(), scale_.data(), scale_.data()}, scaled_.data());
    kernels::stored_exponents(scaled_.data(), lanes_.padded(), ready.least_item,
                              scaled_.exponents.data());
    item.columns = scaled_.data();
    item.column_exponents = scaled_.exponents.data();
    item.scales = nullptr;
    item.scale_exponents = nullptr;
  }

  void load_term(std::size_t k) {
    std::fill_n(factor_.data(), lanes_.padded(), operands_.factors[k]);
    std::copy_n(operands_.columns + k * operands_.stride, operands_.draws.count, column_.data());
  }
  void round_product(std::size_t k) {
    lanes_.operate(Op::multiply, *unit_.product, draws(k, unit_.draws.product),
                   {factor_.data(), column_.data(), column_.data()}, product_.data());
  }

  const CompiledDot& unit_;
  Lanes lanes_;
  Operands operands_;
  Number factor_, column_, product_;
  // Of the addition that is being made, and its item.
  Lanes::Numbers largest_, sums_, running_exponents_, own_exponents_;
  Number scale_, scaled_;
};

// A matrix with rows of `stride` numbers, those behind its own zeros; and its exponents.
struct Padded {
  std::vector<double> numbers, exponents;
};
Padded padded(const View& view, bool transposed, std::size_t stride) {
  const std::size_t rows = transposed ? view.columns : view.rows;
  Padded result{.numbers = std::vector<double>(rows * stride), .exponents = {}};
  std::vector<double> row(transposed ? view.columns : 0);
  for (std::size_t r = 0; r < view.rows; ++r) {
    const Segment whole{.row = r, .column = 0, .index = 0, .count = view.columns};
    double* numbers = result.numbers.data();
    widen(view, whole, false, transposed ? row.data() : numbers + r * stride);
    for (std::size_t c = 0; c < row.size(); ++c) numbers[c * stride + r] = row[c];
  }
  return result;
}
void find_exponents(Padded& matrix, double least) {
  matrix.exponents.resize(matrix.numbers.size());
  kernels::stored_exponents(matrix.numbers.data(), matrix.numbers.size(), least,
                            matrix.exponents.data());
}

// A problem as lanes see it: lanes are columns of the result, or rows where there are more of those
// (the transposed problem, in which every product is the same).
struct LaneProblem {
  bool rows_are_lanes = false;
  std::size_t inner = 0, lanes = 0, outer = 0;
  std::size_t outer_stride = 0, stride = 0;  // from row to row of factors, and of columns
  Padded factors, columns;
  std::vector<double> addends;
  std::vector<Padded> outer_scales, lane_scales;
  std::vector<std::pair<double, double>> least_scales;  // exponents of both
};

std::size_t rounded_up(std::size_t n) {
  return (n + Lanes::padding - 1) / Lanes::padding * Lanes::padding;
}

LaneProblem problem_of(const MatrixOperands& operands, const CompiledDot& unit,
                       const MutableView& out) {
  LaneProblem p;
  p.rows_are_lanes = out.rows > out.columns;
  p.inner = operands.a.columns;
  const bool swapped = p.rows_are_lanes;
  p.lanes = swapped ? out.rows : out.columns;
  p.outer = swapped ? out.columns : out.rows;
  p.stride = rounded_up(p.lanes);
  p.outer_stride = rounded_up(p.inner);
  p.factors = padded(swapped ? operands.b : operands.a, swapped, p.outer_stride);
  p.columns = padded(swapped ? operands.a : operands.b, swapped, p.stride);
  if (operands.addend) p.addends = doubles_of(*operands.addend, swapped);
  if (unit.aligned && !unit.product) {
    find_exponents(p.factors, swapped ? unit.least_right : unit.least_left);
    find_exponents(p.columns, swapped ? unit.least_left : unit.least_right);
  }
  for (const CompiledScaling& ready : unit.scalings) {
    if (ready.place == CompiledScaling::none) continue;
    const ScaleOperands& scales = operands.scales[ready.place];
    p.least_scales.emplace_back(swapped ? ready.least_right : ready.least_left,
                                swapped ? ready.least_left : ready.least_right);
    const View& of_outer = swapped ? scales.b : scales.a;
    const View& of_lanes = swapped ? scales.a : scales.b;
    const std::size_t blocks = swapped ? of_outer.rows : of_outer.columns;
    p.outer_scales.push_back(padded(of_outer, swapped, rounded_up(blocks)));
    p.lane_scales.push_back(padded(of_lanes, swapped, p.stride));
  }
  return p;
}

LaneArithmetic::Operands operands_at(const LaneProblem& p, std::size_t outer, std::size_t lane,
                                     const Draws& draws) {
  const auto at = [](const std::vector<double>& numbers, std::size_t place) {
    return numbers.empty() ? nullptr : numbers.data() + place;
  };
  LaneArithmetic::Operands operands{
      .factors = p.factors.numbers.data() + outer * p.outer_stride,
      .factor_exponents = at(p.factors.exponents, outer * p.outer_stride),
      .columns = p.columns.numbers.data() + lane,
      .column_exponents = at(p.columns.exponents, lane),
      .stride = p.stride,
      .addends = at(p.addends, outer * p.lanes + lane),
      .scales = {},
      .draws = draws};
  for (std::size_t i = 0; i < p.outer_scales.size(); ++i) {
    const std::size_t stride = p.outer_scales[i].numbers.size() / std::max<std::size_t>(p.outer, 1);
    operands.scales.push_back({.common = p.outer_scales[i].numbers.data() + outer * stride,
                               .lanes = p.lane_scales[i].numbers.data() + lane,
                               .least_common = p.least_scales[i].first,
                               .least_lanes = p.least_scales[i].second});
  }
  return operands;
}

}  // namespace

bool are_numbers_of(const CompiledPlan* plan, const std::vector<double>& numbers,
                    std::size_t stride, std::size_t columns) {
  if (plan == nullptr) return true;
  std::vector<double> rounded(columns);
  for (std::size_t first = 0; first < numbers.size(); first += stride) {
    const double* row = numbers.data() + first;
    round_results(*plan, row, columns, nullptr, rounded.data(), nullptr);
    for (std::size_t i = 0; i < columns; ++i) {
      const bool finite = row[i] - row[i] == 0;
      if (finite && rounded[i] != row[i]) return false;
    }
  }
  return true;
}

bool multiply_by_lanes(const MatrixOperands& operands, const CompiledDot& unit,
                       const Random& random, const MutableView& out) {
  const LaneProblem p = problem_of(operands, unit, out);
  const CompiledPlan* of_factors = (p.rows_are_lanes ? unit.right : unit.left).get();
  const CompiledPlan* of_columns = (p.rows_are_lanes ? unit.left : unit.right).get();
  if (!are_numbers_of(of_factors, p.factors.numbers, p.outer_stride, p.inner) ||
      !are_numbers_of(of_columns, p.columns.numbers, p.stride, p.lanes))
    return false;
  const std::uint64_t of_result = draws_per_result(unit.draws, p.inner);
  const std::uint64_t lane_draws = of_result * (p.rows_are_lanes ? out.columns : 1);
  const std::uint64_t outer_draws = of_result * (p.rows_are_lanes ? 1 : out.columns);
  const auto arithmetic = std::make_unique<LaneArithmetic>(unit, random);
  Walker<LaneArithmetic> walker(*arithmetic, unit.tree);
  const auto results = std::make_unique<LaneArithmetic::Number>();
  for (std::size_t i = 0; i < p.outer; ++i) {
    for (std::size_t lane = 0; lane < p.lanes; lane += draw_segment) {
      const std::size_t count = std::min(draw_segment, p.lanes - lane);
      const Draws draws{i * outer_draws + lane * lane_draws, lane_draws, count};
      arithmetic->move(operands_at(p, i, lane, draws));
      walker.run(p.inner, operands.addend.has_value(), *results);
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t at = lane + k;
        store_result(out, p.rows_are_lanes ? at : i, p.rows_are_lanes ? i : at, results->data()[k]);
      }
    }
  }
  return true;
}

}  // namespace halfulp::emulator
