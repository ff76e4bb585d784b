// SPDX-License-Identifier: MIT
//
// Dot units: native arithmetic in its stated orders, accumulators that round every step, products
// rounded first, random bits by index.
#include "reference/dot.h"

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
  std::vector<double> out(rows * columns);
  engine().multiply(view_of(a.data(), rows, inner), view_of(b.data(), inner, columns),
                    engine().prepare_dot(unit), random, view_of(out.data(), rows, columns));
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      Value total = zero_value();
      for (std::size_t k = 0; k < inner; ++k) {
        const std::uint64_t index = ((row * columns + column) * inner + k) * 2;
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

TEST(Multiply, RefusesShapesThatDoNotMatch) {
  const std::vector<double> a(6);
  std::vector<double> out(4);
  EXPECT_THROW(engine().multiply(view_of(a.data(), 2, 3), view_of(a.data(), 2, 3),
                                 engine().prepare_dot({}), {}, view_of(out.data(), 2, 2)),
               std::logic_error);
}

}  // namespace
}  // namespace halfulp::reference
