// SPDX-License-Identifier: MIT
//
// Arrays and products on several threads have the bytes and counts of one call, whatever their
// shapes and strides.
#include "emulator/threaded.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using emulator::Threaded;
using emulator::Workers;

const Engine& engine() { return emulator::engine(); }

struct Shape {
  std::size_t rows, columns, stride;
};
// Several parts of one row, of a matrix without gaps, of one with gaps; and less than one part.
const std::vector<Shape> shapes{{1, 100'003, 100'003}, {300, 401, 401}, {300, 401, 408},
                                {3, 70'001, 70'008},   {5, 7, 9},       {0, 10, 10}};

std::vector<double> draw(std::size_t count, std::uint64_t seed) {
  sampling::Stream stream(seed);
  std::vector<double> numbers(count);
  for (double& x : numbers) {
    const auto significand = static_cast<double>(stream.below(8191)) - 4095.0;
    x = std::ldexp(significand, static_cast<int>(stream.below(24)) - 20);
  }
  return numbers;
}

View view(const std::vector<double>& all, const Shape& s) {
  return {all.data(), Carrier::binary64, s.rows, s.columns, s.stride};
}
MutableView view(std::vector<double>& all, const Shape& s) {
  return {all.data(), Carrier::binary64, s.rows, s.columns, s.stride};
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

Plan plan_of(const char* format, Mode mode) {
  return engine().prepare({.format = find_format(format), .rounding = {.mode = mode}});
}

constexpr Random random_words{.seed = 3, .stream = 5, .offset = 1001};

TEST(Threaded, ArraysAreThoseOfOneCall) {
  Workers workers(4);
  const Threaded threaded(engine(), workers);
  for (const Shape& s : shapes) {
    SCOPED_TRACE(std::to_string(s.rows) + " x " + std::to_string(s.columns));
    const std::vector<double> a = draw(s.rows * s.stride + 1, 1);
    const std::vector<double> b = draw(s.rows * s.stride + 1, 2);
    for (const Mode mode : {Mode::nearest_even, Mode::stochastic}) {
      const Plan plan = plan_of("float8_e4m3fn", mode);
      std::vector<double> whole(a.size(), -3.5);
      std::vector<double> parts(a.size(), -3.5);
      Counts wanted;
      Counts got;
      engine().round(view(a, s), plan, random_words, view(whole, s), &wanted);
      threaded.round(view(a, s), plan, random_words, view(parts, s), &got);
      EXPECT_TRUE(same(whole, parts));
      EXPECT_EQ(wanted, got);
      const std::vector<View> operands{view(a, s), view(b, s)};
      engine().map(Op::multiply, operands, plan, random_words, view(whole, s), &wanted);
      threaded.map(Op::multiply, operands, plan, random_words, view(parts, s), &got);
      EXPECT_TRUE(same(whole, parts));
      EXPECT_EQ(wanted, got);
    }
  }
}

TEST(Threaded, CodesAreThoseOfOneCall) {
  Workers workers(3);
  const Threaded threaded(engine(), workers);
  for (const Shape& s : shapes) {
    SCOPED_TRACE(std::to_string(s.rows) + " x " + std::to_string(s.columns));
    const std::vector<double> a = draw(s.rows * s.stride + 1, 1);
    for (const char* format : {"float4_e2m1fn", "float6_e2m3fn", "float8_e5m2", "binary16"}) {
      const Plan plan = plan_of(format, Mode::stochastic);
      std::vector<std::uint8_t> whole(packed_bytes(plan.quantizer.format, s.rows * s.columns));
      std::vector<std::uint8_t> parts(whole.size());
      engine().encode(view(a, s), plan, random_words, whole, nullptr);
      threaded.encode(view(a, s), plan, random_words, parts, nullptr);
      EXPECT_EQ(whole, parts);
      std::vector<double> wanted(a.size(), -3.5);
      std::vector<double> got(a.size(), -3.5);
      engine().decode(whole, plan, view(wanted, s));
      threaded.decode(whole, plan, view(got, s));
      EXPECT_TRUE(same(wanted, got));
    }
  }
}

TEST(Threaded, ProductsAreThoseOfOneCall) {
  Workers workers(2);
  const Threaded threaded(engine(), workers);
  const Quantizer half{.format = find_format("binary16"), .rounding = {}};
  Quantizer stochastic = half;
  stochastic.rounding.mode = Mode::stochastic;
  for (const Quantizer& sum : {half, stochastic}) {
    for (const auto& [rows, inner, columns] :
         {std::array<std::size_t, 3>{300, 5, 700}, {130, 3, 20}, {1, 40, 1}}) {
      const std::vector<double> a = draw(rows * inner, 1);
      const std::vector<double> b = draw(inner * columns, 2);
      const std::vector<double> c = draw(rows * columns, 3);
      const DotPlan plan = engine().prepare_dot(
          DotTree{.product = {}, .sums = {{.joining = Joining::in_sequence, .quantizer = sum}}});
      MatrixOperands operands{.a = view_of(a.data(), rows, inner),
                              .b = view_of(b.data(), inner, columns)};
      operands.addend = view_of(c.data(), rows, columns);
      std::vector<double> whole(rows * columns);
      std::vector<double> parts(rows * columns);
      engine().multiply_add(operands, plan, random_words, view_of(whole.data(), rows, columns));
      threaded.multiply_add(operands, plan, random_words, view_of(parts.data(), rows, columns));
      EXPECT_TRUE(same(whole, parts)) << rows << " " << columns;
    }
  }
}

TEST(Threaded, AnExceptionReachesTheCallerAndWorkersGoOn) {
  Workers workers(2);
  const auto fails = [](std::size_t i) {
    if (i == 3) throw std::runtime_error("3");
  };
  EXPECT_THROW(workers.for_each_task(100, fails), std::runtime_error);
  std::vector<int> done(1000);
  workers.for_each_chunk(done.size(), 7, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) ++done[i];
  });
  EXPECT_EQ(std::accumulate(done.begin(), done.end(), 0), 1000);
  EXPECT_EQ(*std::min_element(done.begin(), done.end()), 1);
}

}  // namespace
}  // namespace halfulp
