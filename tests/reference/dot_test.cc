// SPDX-License-Identifier: MIT
//
// Dot units: native arithmetic in its stated orders, accumulators that round every step, products
// rounded first, random bits by index.
#include "reference/dot.h"

#include <optional>

#include "formats/numbers/value.h"
#include "formats/random.h"
#include "reference/engine.h"
#include "reference/operations.h"
#include "tests/reference/support.h"

namespace halfulp::reference {
namespace {

template <typename T>
T dot(const std::vector<T>& a, const std::vector<T>& b, const DotUnit& unit,
      const Random& random = {}) {
  T out = 0;
  engine().multiply(view_of(a.data(), 1, a.size()), view_of(b.data(), b.size(), 1),
                    engine().prepare_dot(unit), random, view_of(&out, 1, 1));
  return out;
}

std::vector<double> draw(std::size_t count, std::uint64_t stream) {
  const Random random{.seed = 3, .stream = stream, .offset = 0};
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(static_cast<double>(random.bits(i, 53)) * 0x1p-53 - 0.5);
  return values;
}

TEST(NativeDot, FollowsTheStatedOrders) {
  for (const std::size_t count : {0U, 1U, 7U, 8U, 29U}) {
    const std::vector<double> a = draw(count, 1);
    const std::vector<double> b = draw(count, 2);
    double sequential = 0;
    std::array<double, 8> sums{};
    for (std::size_t k = 0; k < count; ++k) {
      sequential += a[k] * b[k];
      sums[k % 8] += a[k] * b[k];
    }
    EXPECT_EQ(dot(a, b, {.order = Order::sequential, .product = {}, .accumulator = {}}),
              sequential);
    EXPECT_EQ(
        dot(a, b, {.order = Order::eight_sums, .product = {}, .accumulator = {}}),
        ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7])));
  }
}

TEST(NativeDot, InBinary32) {
  std::vector<float> a;
  std::vector<float> b;
  for (const double x : draw(20, 1)) a.push_back(static_cast<float>(x));
  for (const double x : draw(20, 2)) b.push_back(static_cast<float>(x));
  float sequential = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sequential += a[k] * b[k];
  EXPECT_EQ(dot(a, b, {.native = Carrier::binary32, .product = {}, .accumulator = {}}), sequential);
}

TEST(Accumulator, RoundsEverySum) {
  const DotUnit unit{.product = {}, .accumulator = quantizer("bfloat16")};
  // 256 + 1 stays 256 at eight bits, step for step; in one go the sum would be 264.
  std::vector<double> a(9, 1);
  a[0] = 256;
  EXPECT_EQ(dot(a, std::vector<double>(9, 1), unit), 256);
}

TEST(Accumulator, TakesProductsExactlyUnlessTheyAreRounded) {
  // 1 + 2^-7 squared is 1 + 2^-6 + 2^-14: bfloat16 holds 1 + 2^-6. Less that, the rest remains.
  const double x = 1 + 0x1p-7;
  const std::vector<double> a{-(1 + 0x1p-6), x};
  const std::vector<double> b{1, x};
  DotUnit unit{.product = {}, .accumulator = quantizer("bfloat16")};
  EXPECT_EQ(dot(a, b, unit), 0x1p-14);
  unit.product = quantizer("bfloat16");
  EXPECT_EQ(dot(a, b, unit), 0);
}

TEST(Accumulator, StartsFromPlusZero) {
  const DotUnit unit{.product = {}, .accumulator = quantizer("binary16")};
  EXPECT_FALSE(std::signbit(dot<double>({-0.0}, {1.0}, unit)));
  EXPECT_FALSE(std::signbit(dot<double>({}, {}, unit)));
}

TEST(Accumulator, DrawsBySumAndProduct) {
  DotUnit unit{.product = quantizer("binary8p3se", Mode::stochastic),
               .accumulator = quantizer("binary8p4se", Mode::stochastic)};
  const Random random{.seed = 9, .stream = 1, .offset = 0};
  const std::size_t rows = 2;
  const std::size_t inner = 5;
  const std::size_t columns = 3;
  const std::vector<double> a = draw(rows * inner, 4);
  const std::vector<double> b = draw(inner * columns, 5);
  // Two indices a term, and those of a result begin at a multiple of 16.
  const std::size_t of_result = 16;
  std::vector<double> out(rows * columns);
  engine().multiply(view_of(a.data(), rows, inner), view_of(b.data(), inner, columns),
                    engine().prepare_dot(unit), random, view_of(out.data(), rows, columns));
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      Value total = zero_value();
      for (std::size_t k = 0; k < inner; ++k) {
        const std::uint64_t index = (row * columns + column) * of_result + 2 * k;
        const Quantizer& p = *unit.product;
        const Quantizer& s = *unit.accumulator;
        const std::array factors{from_double(a[row * inner + k]),
                                 from_double(b[k * columns + column])};
        const Value term =
            decode(p.format, operate(Op::multiply, factors, p, random.bits(index + 1, 32)).code);
        total = decode(s.format,
                       operate(Op::add, std::array{total, term}, s, random.bits(index, 32)).code);
      }
      EXPECT_EQ(out[row * columns + column], to_double(total));
    }
  }
}

// --- The observer.

double nearest_double(const Real& x) {
  const Quantizer q = quantizer("binary64");
  return to_double(decode(q.format, round(x, q, 0).code));
}

struct Seen {
  std::optional<std::size_t> sum;
  TermList terms;
  Op op;
  std::vector<double> operands;
  double exact, rounded;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> observe(const std::vector<double>& a, const std::vector<double>& b,
                          std::optional<double> addend, const DotTree& tree) {
  std::vector<Seen> steps;
  double out = addend.value_or(0);
  MatrixOperands operands{view_of(a.data(), 1, a.size()), view_of(b.data(), b.size(), 1), {}};
  if (addend) operands.addend = view_of(&out, 1, 1);
  const DotPlan plan = engine().prepare_dot(tree);
  double unobserved = 0;
  multiply_add(operands, plan, {}, view_of(&unobserved, 1, 1));
  observe_multiply_add(operands, plan, {}, view_of(&out, 1, 1), [&](const DotStep& step) {
    std::vector<double> values;
    for (const Value& x : step.operands) values.push_back(to_double(x));
    steps.push_back({step.sum, step.terms, step.op, values, nearest_double(*step.exact),
                     to_double(step.rounded)});
    EXPECT_EQ(compare(step.rounded, decode(step.quantizer->format, step.outcome.code)), 0);
    EXPECT_EQ(step.row, 0U);
    EXPECT_EQ(step.column, 0U);
  });
  EXPECT_EQ(out, unobserved);
  EXPECT_EQ(out, steps.empty() ? 0 : steps.back().rounded);
  return steps;
}

TEST(Observer, SeesEveryProductAndSum) {
  DotUnit unit{.product = quantizer("bfloat16"), .accumulator = quantizer("binary16")};
  const double x = 1 + 0x1p-7;
  const std::vector<Seen> expected{
      {std::nullopt, {0, 1, 1}, Op::multiply, {x, x}, 1 + 0x1p-6 + 0x1p-14, 1 + 0x1p-6},
      {0, {0, 1, 1}, Op::add, {2048, 1 + 0x1p-6}, 2049 + 0x1p-6, 2050},
      {std::nullopt, {1, 2, 1}, Op::multiply, {3, 1}, 3, 3},
      {0, {1, 2, 1}, Op::add, {2050, 3}, 2053, 2052}};
  EXPECT_EQ(observe({x, 3}, {x, 1}, 2048, unit), expected);
}

TEST(Observer, SeesTermsOfPartsAndWhatComesAtOnce) {
  const Quantizer half = quantizer("binary16");
  const DotTree tree{.product = {},
                     .sums = {{.joining = Joining::pairwise,
                               .quantizer = quantizer("binary32"),
                               .of = Sum::Of::runs,
                               .size = 2},
                              {.joining = Joining::at_once, .quantizer = half}}};
  const std::vector<Seen> expected{{1, {0, 2, 1}, Op::add, {2048, 1}, 2049, 2048},
                                   {0, {0, 2, 1}, Op::convert, {2048}, 2048, 2048},
                                   {1, {2, 4, 1}, Op::add, {4, 6}, 10, 10},
                                   {0, {2, 4, 1}, Op::convert, {10}, 10, 10},
                                   {0, {2, 4, 1}, Op::add, {2048, 10}, 2058, 2058},
                                   {0, {0, 0, 1}, Op::add, {2058, 0.5}, 2058.5, 2058.5}};
  EXPECT_EQ(observe({2048, 1, 2, 3}, {1, 1, 2, 2}, 0.5, tree), expected);
}

TEST(Multiply, RefusesShapesThatDoNotMatch) {
  const std::vector<double> a(6);
  std::vector<double> out(4);
  EXPECT_THROW(engine().multiply(view_of(a.data(), 2, 3), view_of(a.data(), 2, 3),
                                 engine().prepare_dot(DotUnit{}), {}, view_of(out.data(), 2, 2)),
               std::logic_error);
}

}  // namespace
}  // namespace halfulp::reference
