// SPDX-License-Identifier: MIT
//
// Trees of sums of every shape, with and without an addend, on both engines and every instruction
// set; and arithmetic that is a carrier's own, however it is described.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using sampling::Stream;

std::string describe(const DotTree& tree) {
  constexpr std::array joinings{"in sequence", "pairwise", "halves", "compensated", "at once"};
  constexpr std::array parts{"terms", "runs", "strands"};
  std::string text = tree.product ? "products " + cases::describe(*tree.product) : "products exact";
  for (const Sum& sum : tree.sums) {
    text += "\n  " + std::string(joinings[static_cast<std::size_t>(sum.joining)]) + " of " +
            std::to_string(sum.size) + " " + parts[static_cast<std::size_t>(sum.of)] + " into " +
            cases::describe(sum.quantizer);
  }
  return text;
}

// Matrices in either carrier.
struct Matrix {
  Carrier carrier = Carrier::binary64;
  std::size_t rows = 0, columns = 0;
  std::vector<double> doubles;
  std::vector<float> floats;

  Matrix(Carrier c, std::size_t r, std::size_t n, const std::vector<double>& numbers)
      : carrier(c), rows(r), columns(n), doubles(numbers) {
    for (const double x : numbers) floats.push_back(static_cast<float>(x));
  }
  [[nodiscard]] View view() const {
    return carrier == Carrier::binary32 ? view_of(floats.data(), rows, columns)
                                        : view_of(doubles.data(), rows, columns);
  }
  MutableView view() {
    return carrier == Carrier::binary32 ? view_of(floats.data(), rows, columns)
                                        : view_of(doubles.data(), rows, columns);
  }
  [[nodiscard]] std::uint64_t bits(std::size_t i) const {
    return carrier == Carrier::binary32 ? std::bit_cast<std::uint32_t>(floats[i])
                                        : std::bit_cast<std::uint64_t>(doubles[i]);
  }
};

struct Problem {
  Matrix a, b;
  std::optional<Matrix> addend;
};

bool agree(const Problem& problem, const DotTree& tree, Carrier out, const Random& random) {
  const std::size_t rows = problem.a.rows;
  const std::size_t columns = problem.b.columns;
  MatrixOperands operands{problem.a.view(), problem.b.view(), {}};
  if (problem.addend) operands.addend = problem.addend->view();
  Matrix ours(out, rows, columns, std::vector<double>(rows * columns, -7));
  Matrix theirs = ours;
  const Engine& emulated = emulator::engine();
  const Engine& defined = reference::engine();
  emulated.multiply_add(operands, emulated.prepare_dot(tree), random, ours.view());
  defined.multiply_add(operands, defined.prepare_dot(tree), random, theirs.view());
  for (std::size_t i = 0; i < rows * columns; ++i) {
    if (ours.bits(i) == theirs.bits(i)) continue;
    ADD_FAILURE() << rows << " x " << problem.a.columns << " x " << columns
                  << (problem.addend ? " plus an addend" : "") << " on "
                  << emulator::instruction_set() << ", element " << i << ": emulator " << std::hex
                  << ours.bits(i) << ", reference " << theirs.bits(i) << "\n"
                  << describe(tree);
    return false;
  }
  return true;
}

class TreesOnEveryInstructionSet : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { emulator::force_instruction_set(GetParam()); }
  void TearDown() override { emulator::force_instruction_set(""); }
};
INSTANTIATE_TEST_SUITE_P(, TreesOnEveryInstructionSet,
                         testing::ValuesIn(emulator::instruction_sets()),
                         [](const auto& info) { return info.param; });

// Numbers that cancel, some special or subnormal in a carrier.
std::vector<double> draw(std::size_t count, Stream& stream) {
  constexpr std::array specials{0.0,
                                -0.0,
                                0x1p-1074,
                                -0x1p-140,
                                0x1p1000,
                                std::numeric_limits<double>::infinity(),
                                -std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::quiet_NaN()};
  const std::uint64_t rarity = stream.bits(1) != 0 ? 16 : 4096;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    const auto significand = static_cast<double>(stream.bits(12)) - 2048;
    double x = std::ldexp(significand, static_cast<int>(stream.below(9)) - 12);
    if (stream.below(rarity) == 0) x = specials[stream.below(specials.size())];
    numbers.push_back(x);
  }
  return numbers;
}

Carrier draw_carrier(Stream& stream) {
  return stream.bits(1) != 0 ? Carrier::binary32 : Carrier::binary64;
}

Matrix draw_matrix(std::size_t rows, std::size_t columns, Carrier carrier, Stream& stream) {
  return {carrier, rows, columns, draw(rows * columns, stream)};
}

Problem draw_problem(std::size_t inner, Stream& stream) {
  const std::size_t rows = 1 + stream.below(8);
  const std::size_t columns = 1 + stream.below(stream.below(4) == 0 ? 20 : 4);
  Problem problem{draw_matrix(rows, inner, draw_carrier(stream), stream),
                  draw_matrix(inner, columns, draw_carrier(stream), stream),
                  {}};
  if (stream.bits(1) != 0)
    problem.addend.emplace(draw_matrix(rows, columns, draw_carrier(stream), stream));
  return problem;
}

// A tree of one to three sums, valid, each with the next of the quantizers.
template <typename NextQuantizer>
DotTree draw_tree(bool may_be_exact, Stream& stream, const NextQuantizer& next) {
  DotTree tree;
  if (stream.bits(1) != 0) tree.product = next();
  for (std::size_t left = stream.below(3); left > 0; --left) {
    Sum sum{.quantizer = next(), .of = Sum::Of::runs};
    sum.size = 1 + static_cast<std::int64_t>(stream.below(5));
    constexpr std::array joinings{Joining::in_sequence, Joining::pairwise, Joining::compensated};
    sum.joining = joinings[stream.below(3)];
    if (stream.below(3) == 0 && !is_stochastic(sum.quantizer.rounding.mode)) {
      sum.of = Sum::Of::strands;
      if (stream.bits(1) != 0) sum.joining = Joining::halves;
      if (sum.joining == Joining::halves) sum.size = std::int64_t{1} << stream.below(4);
    }
    tree.sums.push_back(sum);
  }
  constexpr std::array joinings{Joining::in_sequence, Joining::pairwise, Joining::compensated,
                                Joining::at_once};
  tree.sums.push_back(
      {.joining = joinings[stream.below(may_be_exact ? 4 : 3)], .quantizer = next()});
  return tree;
}

TEST_P(TreesOnEveryInstructionSet, TreesOfEveryShapeLikeTheReference) {
  Stream stream(41);
  std::size_t turn = 0;
  for (const char* name : {"binary16", "bfloat16", "binary32", "binary64", "float8_e4m3fn", "int8",
                           "posit16", "log4.3", "float8_e8m0fnu"}) {
    const Format format = find_format(name);
    const auto next = [&] { return Quantizer{format, cases::rounding(turn++)}; };
    for (std::size_t i = 0; i < sampling::draws(40); ++i) {
      const DotTree tree = draw_tree(is_dyadic(format), stream, next);
      const Carrier out =
          fits_binary32(format) && stream.bits(1) != 0 ? Carrier::binary32 : Carrier::binary64;
      const Random random{.seed = 4, .stream = 5, .offset = stream.below(90)};
      if (!agree(draw_problem(stream.below(24), stream), tree, out, random)) return;
    }
  }
}

// Roundings that differ from a carrier's own only where no dot product shows it.
TEST_P(TreesOnEveryInstructionSet, NativeArithmeticLikeTheReference) {
  Stream stream(42);
  for (const char* name : {"binary32", "binary64"}) {
    const auto next = [&] {
      Quantizer q{.format = find_format(name), .rounding = {}};
      q.rounding.nan = static_cast<NanRule>(stream.below(nan_presets().size()));
      q.rounding.tininess = static_cast<Tininess>(stream.bits(1));
      q.rounding.overflow.directed = stream.bits(1) != 0;
      // A few that are not native.
      if (stream.below(40) == 0) q.rounding.overflow = parse_overflow("saturate");
      if (stream.below(40) == 0) q.rounding.flush_inputs = true;
      if (stream.below(40) == 0) q.rounding.mode = Mode::nearest_away;
      return q;
    };
    for (std::size_t i = 0; i < sampling::draws(100); ++i) {
      DotTree tree = draw_tree(false, stream, next);
      if (!tree.product) tree.product = next();
      const bool narrow = std::string(name) == "binary32" && stream.bits(1) != 0;
      const Carrier out = narrow ? Carrier::binary32 : Carrier::binary64;
      Problem problem = draw_problem(stream.below(40), stream);
      // Some operands in binary64 that binary32 does not hold.
      if (i % 3 == 0 && !problem.a.doubles.empty()) problem.a.doubles[0] = 0.1;
      if (!agree(problem, tree, out, {})) return;
    }
  }
}

TEST(NativeArithmetic, IsOneWhateverItsDescription) {
  Stream stream(43);
  for (const Carrier carrier : {Carrier::binary32, Carrier::binary64}) {
    DotUnit long_one;
    long_one.product = Quantizer{.format = find_format(name_of(carrier)), .rounding = {}};
    long_one.accumulator = long_one.product;
    const DotUnit short_one{.native = carrier, .product = {}, .accumulator = {}};
    const Matrix a = draw_matrix(13, 50, carrier, stream);
    const Matrix b = draw_matrix(50, 37, carrier, stream);
    Matrix first(carrier, 13, 37, std::vector<double>(13 * 37));
    Matrix second = first;
    const Engine& engine = emulator::engine();
    engine.multiply(a.view(), b.view(), engine.prepare_dot(long_one), {}, first.view());
    engine.multiply(a.view(), b.view(), engine.prepare_dot(short_one), {}, second.view());
    for (std::size_t i = 0; i < first.doubles.size(); ++i) EXPECT_EQ(first.bits(i), second.bits(i));
  }
}

// A product in parts that go on from one another is one product of all terms.
TEST(Addend, CarriesASequenceOn) {
  Stream stream(44);
  const Matrix a = draw_matrix(5, 24, Carrier::binary32, stream);
  const Matrix b = draw_matrix(24, 9, Carrier::binary32, stream);
  for (const char* accumulator : {"binary32", "binary16", "posit16"}) {
    DotUnit unit;
    unit.product = Quantizer{.format = find_format("binary32"), .rounding = {}};
    unit.accumulator = Quantizer{.format = find_format(accumulator), .rounding = {}};
    const Engine& engine = emulator::engine();
    const DotPlan plan = engine.prepare_dot(unit);
    Matrix whole(Carrier::binary64, 5, 9, std::vector<double>(45));
    Matrix parts = whole;
    engine.multiply(a.view(), b.view(), plan, {}, whole.view());
    for (std::size_t k = 0; k < 24; k += 8) {
      const View left{a.floats.data() + k, Carrier::binary32, 5, 8, 24};
      const View right{b.floats.data() + 9 * k, Carrier::binary32, 8, 9, 9};
      engine.multiply_add({left, right, parts.view()}, plan, {}, parts.view());
    }
    for (std::size_t i = 0; i < 45; ++i) EXPECT_EQ(whole.bits(i), parts.bits(i)) << accumulator;
  }
}

TEST(Addend, OfAnotherShapeIsRefused) {
  const std::vector<double> numbers(6);
  std::vector<double> out(4);
  for (const Engine* engine : {&emulator::engine(), &reference::engine()}) {
    EXPECT_THROW(
        engine->multiply_add({view_of(numbers.data(), 2, 3), view_of(numbers.data(), 3, 2),
                              view_of(numbers.data(), 3, 2)},
                             engine->prepare_dot(DotUnit{}), {}, view_of(out.data(), 2, 2)),
        std::logic_error);
  }
}

}  // namespace
}  // namespace halfulp
