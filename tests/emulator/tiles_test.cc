// SPDX-License-Identifier: MIT
//
// Products of matrices on tiles of registers against the reference engine, on every instruction
// set: shapes with tails of rows and columns, strides, addends, formats of every width, and numbers
// whose sums overflow on the way, are subnormal, vanish, or meet infinities and NaN.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "emulator/arrays/carried.h"
#include "emulator/dot/dot.h"
#include "emulator/engine.h"
#include "emulator/environment.h"
#include "emulator/instruction_set.h"
#include "formats/matrix_unit.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using sampling::Stream;

// A matrix in either carrier with a gap behind every row.
struct Matrix {
  Carrier carrier = Carrier::binary32;
  std::size_t rows = 0, columns = 0, stride = 0;
  std::vector<double> doubles;
  std::vector<float> floats;

  Matrix(Carrier c, std::size_t r, std::size_t n, std::size_t gap)
      : carrier(c), rows(r), columns(n), stride(n + gap), doubles(r * (n + gap), -7) {
    floats.assign(doubles.begin(), doubles.end());
  }
  void set(std::size_t row, std::size_t column, double x) {
    doubles[row * stride + column] = x;
    floats[row * stride + column] = static_cast<float>(x);
  }
  [[nodiscard]] View view() const {
    const void* data = carrier == Carrier::binary32 ? static_cast<const void*>(floats.data())
                                                    : static_cast<const void*>(doubles.data());
    return {data, carrier, rows, columns, stride};
  }
  MutableView view() {
    void* data = carrier == Carrier::binary32 ? static_cast<void*>(floats.data())
                                              : static_cast<void*>(doubles.data());
    return {data, carrier, rows, columns, stride};
  }
  [[nodiscard]] std::uint64_t bits(std::size_t i) const {
    return carrier == Carrier::binary32 ? std::bit_cast<std::uint32_t>(floats[i])
                                        : std::bit_cast<std::uint64_t>(doubles[i]);
  }
};

// Which numbers of a format a matrix has.
// edge: products near the largest number of the sum's format.
enum class Draw : std::uint8_t { ordinary, small, large, sparse, any, edge };

class Numbers {
 public:
  Numbers(const Format& format, Draw draw, const Format& sum) : draw_(draw) {
    if (bits(format) <= 16) all_ = emulator::carried_numbers(format, Carrier::binary64);
    largest_ = nearest_double(largest_finite(format));
    least_ = nearest_double(smallest_positive(format));
    edge_ = std::min(std::sqrt(nearest_double(largest_finite(sum))), largest_);
  }
  [[nodiscard]] double next(Stream& stream) const {
    if (draw_ == Draw::any && !all_.empty()) return all_[stream.below(all_.size())];
    if (draw_ == Draw::sparse && stream.below(4) != 0) return stream.bits(1) != 0 ? 0.0 : -0.0;
    double target = 2;
    if (draw_ == Draw::small) target = least_ * 0x1p3;
    if (draw_ == Draw::large) target = largest_;
    if (draw_ == Draw::edge) target = edge_;
    return all_.empty() ? wide(target, stream) : near(target, stream);
  }

 private:
  [[nodiscard]] static double wide(double target, Stream& stream) {
    const double x = (static_cast<double>(stream.bits(24)) - 0x1p23) * 0x1p-23 * target;
    return static_cast<double>(
        static_cast<float>(std::ldexp(x, -static_cast<int>(stream.below(9)))));
  }
  // One of the numbers up to the target and not below a 64th of it.
  [[nodiscard]] double near(double target, Stream& stream) const {
    for (;;) {
      const double x = all_[stream.below(all_.size())];
      if (std::fabs(x) <= target && std::fabs(x) >= target / 64) return x;
    }
  }

  std::vector<double> all_;
  double largest_ = 0, least_ = 0, edge_ = 0;
  Draw draw_;
};

Quantizer nearest(const Format& format) { return {.format = format, .rounding = {}}; }

struct Problem {
  DotTree tree;
  Matrix a, b, out;
  std::optional<Matrix> addend;
  std::string what;
  Random random = {};
};

void fill(Matrix& m, const Format& format, Draw draw, Stream& stream, const Format& sum) {
  const Numbers numbers(format, draw, sum);
  for (std::size_t r = 0; r < m.rows; ++r) {
    for (std::size_t c = 0; c < m.columns; ++c) m.set(r, c, numbers.next(stream));
  }
}

Carrier draw_carrier(Stream& stream) {
  return stream.bits(1) != 0 ? Carrier::binary32 : Carrier::binary64;
}

struct Formats {
  const char* inputs;
  const char* product;  // null: exact
  const char* sum;
};

Problem draw_problem(const Formats& formats, Stream& stream) {
  const std::size_t rows = 1 + stream.below(stream.bits(1) != 0 ? 4 : 15);
  const std::size_t columns = 1 + stream.below(stream.bits(1) != 0 ? 20 : 70);
  const std::size_t inner = 1 + stream.below(stream.below(8) == 0 ? 150 : 24);
  const auto draw = static_cast<Draw>(stream.below(6));
  const Format inputs = find_format(formats.inputs);
  const Format sum = find_format(formats.sum);
  Problem p{.tree = {},
            .a = Matrix(draw_carrier(stream), rows, inner, stream.below(3)),
            .b = Matrix(draw_carrier(stream), inner, columns, stream.below(3)),
            .out = Matrix(draw_carrier(stream), rows, columns, stream.below(3)),
            .addend = {},
            .what = {},
            .random = {}};
  fill(p.a, inputs, draw, stream, sum);
  fill(p.b, inputs, draw, stream, sum);
  if (stream.bits(1) != 0) {
    p.addend.emplace(draw_carrier(stream), rows, columns, stream.below(3));
    // Now and then no numbers of the sum's format.
    fill(*p.addend, stream.below(4) == 0 ? find_format("binary32") : sum,
         static_cast<Draw>(stream.below(5)), stream, sum);
  }
  if (formats.product != nullptr) p.tree.product = nearest(find_format(formats.product));
  p.tree.sums.push_back({.quantizer = nearest(sum)});
  if (stream.below(4) == 0) {
    const auto run = static_cast<std::int64_t>(1 + stream.below(12));
    p.tree.sums.insert(
        p.tree.sums.begin(),
        Sum{.quantizer = nearest(find_format("binary32")), .of = Sum::Of::runs, .size = run});
  }
  p.what = std::string(formats.inputs) + " inputs, products " +
           (formats.product != nullptr ? formats.product : "exact") + ", sums " + formats.sum +
           ", draw " + std::to_string(static_cast<int>(draw)) + ", runs " +
           std::to_string(p.tree.sums.size() > 1 ? p.tree.sums.front().size : 0) +
           (p.addend ? ", addend, " : ", ") + std::to_string(rows) + " x " + std::to_string(inner) +
           " x " + std::to_string(columns);
  return p;
}

MatrixOperands operands_of(const Problem& p) {
  MatrixOperands operands{p.a.view(), p.b.view(), {}};
  if (p.addend) operands.addend = p.addend->view();
  return operands;
}

void expect_equal_everywhere(Problem& p) {
  Matrix theirs = p.out;
  const Engine& defined = reference::engine();
  defined.multiply_add(operands_of(p), defined.prepare_dot(p.tree), p.random, theirs.view());
  const Engine& emulated = emulator::engine();
  const DotPlan plan = emulated.prepare_dot(p.tree);
  for (const std::string& set : emulator::instruction_sets()) {
    emulator::force_instruction_set(set);
    Matrix ours = p.out;
    emulated.multiply_add(operands_of(p), plan, p.random, ours.view());
    for (std::size_t i = 0; i < ours.doubles.size(); ++i) {
      if (ours.bits(i) == theirs.bits(i)) continue;
      ADD_FAILURE() << p.what << " on " << set << ", element " << i << " of stride " << ours.stride
                    << ": emulator " << std::hex << ours.bits(i) << ", reference "
                    << theirs.bits(i);
      break;
    }
  }
  emulator::force_instruction_set("");
}

constexpr std::array<Formats, 26> all_formats{{
    {"float8_e4m3fn", nullptr, "binary32"},
    {"binary16", nullptr, "binary32"},
    {"binary32", nullptr, "binary32"},
    {"bfloat16", "binary32", "binary32"},
    {"binary32", "binary32", "binary32"},
    {"float8_e4m3fn", nullptr, "binary16"},
    {"float8_e4m3fn", nullptr, "bfloat16"},
    {"float8_e4m3fn", nullptr, "float8_e4m3fn"},
    {"float8_e5m2", nullptr, "binary16"},
    {"float8_e5m2", nullptr, "float8_e5m2"},
    {"float8_e4m3fnuz", nullptr, "float8_e4m3fnuz"},
    {"float4_e2m1fn", nullptr, "float6_e2m3fn"},
    {"float8_e4m3fn", "binary16", "binary16"},
    {"binary16", nullptr, "binary16"},
    {"binary16", nullptr, "float8_e5m2"},
    {"binary16", nullptr, "bfloat16"},
    {"binary16", "binary16", "binary16"},
    {"binary16", "binary16", "binary32"},
    {"binary16", "bfloat16", "binary16"},
    {"binary16", "float8_e4m3fn", "float8_e4m3fn"},
    {"bfloat16", nullptr, "bfloat16"},
    {"bfloat16", "bfloat16", "bfloat16"},
    {"bfloat16", "bfloat16", "binary32"},
    {"float8_e4m3fn", "float8_e4m3fn", "float8_e4m3fn"},
    {"float8_e5m2fnuz", "float8_e5m2fnuz", "float8_e5m2fnuz"},
    {"binary32", nullptr, "binary16"},
}};

TEST(Tiles, EqualTheReferenceInEveryFormat) {
  Stream stream(71);
  for (const Formats& formats : all_formats) {
    for (std::size_t i = 0; i < sampling::draws(8); ++i) {
      Problem p = draw_problem(formats, stream);
      expect_equal_everywhere(p);
      if (HasFailure()) return;
    }
  }
}

// Of a single result, of few and of many; rounded in every mode, with draws, into formats of every
// kind.
TEST(Tiles, EqualTheReferenceInExactSums) {
  Stream stream(74);
  std::size_t turn = 0;
  for (const char* inputs : {"float8_e4m3fn", "binary16", "bfloat16", "binary32"}) {
    for (const char* sum : {"binary32", "binary16", "float8_e4m3fn", "posit8", "bfloat16"}) {
      for (std::size_t i = 0; i < sampling::draws(4); ++i) {
        Problem p = draw_problem({inputs, nullptr, sum}, stream);
        p.tree.sums.erase(p.tree.sums.begin(), p.tree.sums.end() - 1);
        p.tree.sums.front().joining = Joining::at_once;
        p.tree.sums.front().quantizer.rounding = cases::rounding(turn++);
        p.random = {.seed = 3, .stream = 9, .offset = stream.below(1000)};
        p.what += " at once into " + cases::describe(p.tree.sums.front().quantizer);
        expect_equal_everywhere(p);
        if (HasFailure()) return;
      }
    }
  }
}

// One product, so many times 1, and what is to be added to a sum of a row and a column of `terms`
// numbers: the first two terms are a b and c d, the rest is `rest` times 1.
struct Edge {
  const char* what;
  std::array<double, 4> leading;  // a, b, c, d
  double rest;
};
// A single binary64 number is exact up to 53 bits between the sum's first and the terms' last;
// binary32 products up to 24 bits within its range. On both sides of each of these borders; what
// vanishes, what is infinite, and totals of zero, whose sign is that of their terms.
constexpr std::array<Edge, 12> edges{{
    {"53 bits", {0x1p26, 0x1p26, 1, 1}, 0},
    {"54 bits", {0x1p27, 0x1p26, 1, 1}, 0},
    {"54 bits and their ties", {0x1p27, 0x1p26, 1, 1}, 1},
    {"24 bits of a product", {4097, 4095, 1, 1}, 0.5},
    {"25 bits of a product", {4097, 4097, 1, 1}, 0.5},
    {"the least product", {0x1p-74, 0x1p-75, 0x1p-74, 0x1p-75}, 0},
    {"less than that", {0x1p-75, 0x1p-75, 0x1p-20, 0x1p-20}, 0},
    {"a large product", {0x1p63, 0x1p64, -0x1p63, 0x1p64}, 1},
    {"larger than binary32", {0x1p64, 0x1p64, -0x1p64, 0x1p64}, 1},
    {"infinite", {INFINITY, 1, 1, 1}, 1},
    {"not a number", {NAN, 1, 1, 1}, 1},
    {"zero", {3, 5, -5, 3}, 0},
}};

TEST(Tiles, EqualTheReferenceWhereSingleSumsCeaseToBeExact) {
  for (const Edge& edge : edges) {
    for (const std::size_t terms : {2, 17, 64, 129, 2049, 4100}) {
      for (const char* format : {"binary32", "binary64", "float8_e4m3fn"}) {
        const Quantizer sum = nearest(find_format(format));
        Problem p{
            .tree = {.product = {}, .sums = {{.joining = Joining::at_once, .quantizer = sum}}},
            .a = Matrix(Carrier::binary32, 1, terms, 0),
            .b = Matrix(Carrier::binary32, terms, 1, 0),
            .out = Matrix(Carrier::binary64, 1, 1, 0),
            .addend = {},
            .what = std::string(edge.what) + " into " + format};
        const auto& [a, b, c, d] = edge.leading;
        for (std::size_t k = 0; k < terms; ++k) {
          p.a.set(0, k, k == 0 ? a : k + 1 == terms ? c : edge.rest);
          p.b.set(k, 0, k == 0 ? b : k + 1 == terms ? d : 1);
        }
        expect_equal_everywhere(p);
        if (HasFailure()) return;
      }
    }
  }
}

// Units of one aligned sum, whose tiles of results have tails.
TEST(Tiles, EqualTheReferenceInUnitsThatAlign) {
  Stream stream(75);
  for (const char* name :
       {"nv.hopper.wgmma.e4m3.f32", "nv.hopper.wgmma.e4m3.f16", "nv.ampere.mma.f16.f32",
        "nv.ampere.mma.tf32.f32", "nv.ada.mma.e5m2.f32"}) {
    const MatrixUnit& unit = find_matrix_unit(name);
    const DotPlan plan = emulator::engine().prepare_dot(unit.tree);
    EXPECT_TRUE(static_cast<const emulator::CompiledDot*>(plan.compiled.get())->fits_aligned_tiles)
        << name;
    for (std::size_t i = 0; i < sampling::draws(12); ++i) {
      Problem p =
          draw_problem({unit.a.format.name.c_str(), nullptr, unit.c.format.name.c_str()}, stream);
      p.tree = unit.tree;
      fill(p.b, unit.b.format, static_cast<Draw>(stream.below(6)), stream, unit.c.format);
      if (p.addend) fill(*p.addend, unit.c.format, Draw::ordinary, stream, unit.c.format);
      p.what = std::string(name) + ", " + p.what;
      expect_equal_everywhere(p);
      if (HasFailure()) return;
    }
  }
}

Random draw_random(Stream& stream) {
  // Some indices pass a place where the high word of Philox's counters grows.
  std::uint64_t offset = stream.below(1000);
  if (stream.below(3) == 0) offset = (std::uint64_t{1} << (33 + stream.below(5))) - 7 * offset;
  if (stream.below(8) == 0) offset = std::uint64_t{0} - 3 * offset;
  return {.seed = stream.bits(64),
          .stream = stream.below(3),
          .offset = offset,
          .generator = stream.bits(1) != 0 ? Generator::splitmix64 : Generator::philox4x32_10};
}

// Every mode, with draws of both generators.
TEST(Tiles, EqualTheReferenceInEveryMode) {
  Stream stream(75);
  std::size_t turn = 0;
  for (const Formats& formats : all_formats) {
    for (std::size_t i = 0; i < sampling::draws(6); ++i) {
      Problem p = draw_problem(formats, stream);
      for (Sum& sum : p.tree.sums) sum.quantizer.rounding = cases::rounding(turn);
      if (p.tree.product) p.tree.product->rounding = cases::rounding(turn + stream.below(2) * 7);
      turn += 1;
      p.random = draw_random(stream);
      p.what += " by " + cases::describe(p.tree.sums.back().quantizer);
      expect_equal_everywhere(p);
      if (HasFailure()) return;
    }
  }
}

// Sums of exact products whose discarded bits lie in one place, and some that overflow.
TEST(Tiles, EqualTheReferenceInStochasticSums) {
  Stream stream(76);
  for (const char* sum : {"binary16", "bfloat16", "float8_e5m2"}) {
    for (const int random_bits : {32, 3, 24, 42, 8, 16, 9, 64}) {
      for (std::size_t i = 0; i < sampling::draws(4); ++i) {
        Problem p =
            draw_problem({i % 2 == 0 ? "float4_e2m1fn" : "float8_e4m3fn", nullptr, sum}, stream);
        p.tree.sums.erase(p.tree.sums.begin(), p.tree.sums.end() - 1);
        p.tree.sums.front().quantizer.rounding.mode = Mode::stochastic;
        p.tree.sums.front().quantizer.rounding.random_bits = random_bits;
        p.random = draw_random(stream);
        p.what += " by " + cases::describe(p.tree.sums.back().quantizer);
        expect_equal_everywhere(p);
        if (HasFailure()) return;
      }
    }
  }
}

// More terms than a block of them has.
TEST(Tiles, EqualTheReferenceOverBlocksOfTerms) {
  Stream stream(72);
  for (const char* format : {"binary32", "binary16"}) {
    Problem p =
        draw_problem({format, stream.bits(1) != 0 ? nullptr : "binary32", "binary32"}, stream);
    p.tree.sums.erase(p.tree.sums.begin(), p.tree.sums.end() - 1);
    p.a = Matrix(Carrier::binary32, 9, 900, 1);
    p.b = Matrix(Carrier::binary32, 900, 35, 2);
    p.out = Matrix(Carrier::binary32, 9, 35, 0);
    p.addend.reset();
    fill(p.a, find_format(format), Draw::ordinary, stream, find_format(format));
    fill(p.b, find_format(format), Draw::ordinary, stream, find_format(format));
    expect_equal_everywhere(p);
  }
}

// The ways that the tests above mean are those that are taken.
TEST(Tiles, TakeWhatTheyAreFor) {
  const emulator::StandardEnvironment environment;
  Stream stream(73);
  for (const Formats& formats : all_formats) {
    if (std::string(formats.sum) == "binary32" && formats.product == nullptr) continue;
    if (std::string(formats.inputs) == "binary32" ||
        std::string(formats.product == nullptr ? "" : formats.product) == "binary32")
      continue;
    Problem p = draw_problem(formats, stream);
    p.addend.reset();
    fill(p.a, find_format(formats.inputs), Draw::ordinary, stream, find_format(formats.sum));
    fill(p.b, find_format(formats.inputs), Draw::ordinary, stream, find_format(formats.sum));
    const DotPlan plan = emulator::engine().prepare_dot(p.tree);
    const auto& unit = *static_cast<const emulator::CompiledDot*>(plan.compiled.get());
    EXPECT_TRUE(emulator::multiply_by_tiles(operands_of(p), unit, p.out.view())) << p.what;
    if (p.tree.sums.size() > 1 || formats.product != nullptr) continue;
    p.tree.sums.front().joining = Joining::at_once;
    const DotPlan exact_plan = emulator::engine().prepare_dot(p.tree);
    const auto& exact = *static_cast<const emulator::CompiledDot*>(exact_plan.compiled.get());
    EXPECT_TRUE(exact.fits_exact_tiles) << p.what;
    EXPECT_TRUE(emulator::multiply_exactly(operands_of(p), exact, {}, p.out.view())) << p.what;
  }
}

}  // namespace
}  // namespace halfulp
