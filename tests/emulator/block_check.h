// SPDX-License-Identifier: MIT
//
// One matrix in one block format by both engines: values, codes, scales, zero points and counts,
// with and without codes, in place.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "emulator/engine.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/emulator/block_cases.h"

namespace halfulp::cases {

using sampling::Stream;

// What one engine makes of a matrix.
template <typename Out>
struct Result {
  Matrix<Out> values, decoded;
  BlockCodes codes;
  Counts counts;
};

template <typename Out, typename In>
Result<Out> quantized(const Engine& engine, const BlockFormat& format, const Matrix<In>& in,
                      const Random& random) {
  const BlockPlan plan = engine.prepare_block(format);
  const Shape shape{in.rows, in.columns, (in.stride - in.columns) / 2};
  Result<Out> result{.values = empty_matrix<Out>(shape),
                     .decoded = empty_matrix<Out>(shape),
                     .codes = {},
                     .counts = {}};
  engine.quantize(in.view(), plan, random, result.values.view(), &result.codes, &result.counts);
  engine.dequantize(result.codes, plan, result.decoded.view());
  return result;
}

inline std::string text(double x) { return hexadecimal_text(from_double(x)); }

// Where two matrices differ in their bits, gaps included.
template <typename Real>
std::optional<std::size_t> difference(const Matrix<Real>& a, const Matrix<Real>& b) {
  for (std::size_t i = 0; i < a.numbers.size(); ++i) {
    if (std::memcmp(&a.numbers[i], &b.numbers[i], sizeof(Real)) != 0) return i;
  }
  return {};
}

template <typename Real>
std::string row_text(const Matrix<Real>& matrix, std::size_t row) {
  std::string line;
  for (std::size_t column = 0; column < matrix.columns; ++column) {
    line += " " + text(static_cast<double>(matrix.numbers[row * matrix.stride + column]));
  }
  return line;
}

template <typename In, typename Out>
void expect_same_numbers(const Matrix<In>& in, const Matrix<Out>& ours, const Matrix<Out>& theirs) {
  const std::optional<std::size_t> at = difference(ours, theirs);
  ASSERT_FALSE(at) << "number " << *at << ": emulator "
                   << text(static_cast<double>(ours.numbers[*at])) << ", reference "
                   << text(static_cast<double>(theirs.numbers[*at])) << ", row"
                   << row_text(in, *at / ours.stride);
}

template <typename In, typename Out>
void expect_same(const Matrix<In>& in, const Result<Out>& ours, const Result<Out>& theirs) {
  for (std::size_t l = 0; l < theirs.codes.scales.size(); ++l) {
    ASSERT_EQ(ours.codes.scales[l].size(), theirs.codes.scales[l].size());
    for (std::size_t k = 0; k < theirs.codes.scales[l].size(); ++k) {
      ASSERT_EQ(static_cast<std::uint64_t>(ours.codes.scales[l][k]),
                static_cast<std::uint64_t>(theirs.codes.scales[l][k]))
          << "scale " << k << " of level " << l << "; first row" << row_text(in, 0);
    }
  }
  ASSERT_EQ(ours.codes.zero_points, theirs.codes.zero_points);
  for (const auto& [a, b] :
       {std::pair{&ours.values, &theirs.values}, std::pair{&ours.decoded, &theirs.decoded}}) {
    expect_same_numbers(in, *a, *b);
    if (testing::Test::HasFatalFailure()) return;
  }
  ASSERT_EQ(ours.codes.elements, theirs.codes.elements);
  ASSERT_EQ(ours.counts, theirs.counts) << "first row" << row_text(in, 0);
}

template <typename In, typename Out>
void check(const BlockFormat& format, const Shape& shape, Mood mood, Stream& stream) {
  const Matrix<In> in = MatrixDrawer<In>(format, stream).draw(shape, mood);
  Random random{.seed = stream.bits(64), .stream = stream.bits(8)};
  if (random.seed % 2 != 0) random.generator = Generator::splitmix64;
  SCOPED_TRACE(describe(format) + " " + std::to_string(shape.rows) + " x " +
               std::to_string(shape.columns) + " gap " + std::to_string(shape.gap) + " mood " +
               std::to_string(static_cast<int>(mood)) + " seed " + std::to_string(random.seed) +
               " stream " + std::to_string(random.stream) + " of " +
               std::string(name_of(random.generator)) + " bytes " + std::to_string(sizeof(In)) +
               " to " + std::to_string(sizeof(Out)));
  const auto ours = quantized<Out>(emulator::engine(), format, in, random);
  const auto theirs = quantized<Out>(reference::engine(), format, in, random);
  expect_same(in, ours, theirs);
  // Where codes or counts are not wanted other code may run; in place too.
  const BlockPlan plan = emulator::engine().prepare_block(format);
  for (const int wanted : {0, 1, 2}) {
    Matrix<Out> alone = empty_matrix<Out>({in.rows, in.columns, (in.stride - in.columns) / 2});
    BlockCodes codes;
    Counts counts;
    emulator::engine().quantize(in.view(), plan, random, alone.view(),
                                wanted == 1 ? &codes : nullptr, wanted == 2 ? &counts : nullptr);
    expect_same_numbers(in, alone, theirs.values);
    ASSERT_FALSE(testing::Test::HasFatalFailure()) << "wanted " << wanted;
    if (wanted == 1) {
      ASSERT_EQ(codes.elements, theirs.codes.elements);
      ASSERT_TRUE(codes.scales == theirs.codes.scales);
      ASSERT_EQ(codes.zero_points, theirs.codes.zero_points);
    }
    if (wanted == 2) {
      ASSERT_EQ(counts, theirs.counts);
    }
  }
  if constexpr (std::is_same_v<In, Out>) {
    Matrix<In> same = in;
    emulator::engine().quantize(in.view(), plan, random, same.view(), nullptr, nullptr);
    Matrix<In> place = in;
    emulator::engine().quantize(std::as_const(place).view(), plan, random, place.view(), nullptr,
                                nullptr);
    ASSERT_FALSE(difference(place, same)) << "in place";
  }
}

inline void check_carriers(const BlockFormat& format, const Shape& shape, Mood mood,
                           Stream& stream) {
  switch (stream.below(6)) {
    case 0:
      return check<float, double>(format, shape, mood, stream);
    case 1:
      return check<double, float>(format, shape, mood, stream);
    case 2:
    case 3:
      return check<double, double>(format, shape, mood, stream);
    default:
      return check<float, float>(format, shape, mood, stream);
  }
}

inline Shape draw_shape(Stream& stream) {
  constexpr std::array<Shape, 14> shapes{{{1, 64, 0},
                                          {3, 40, 0},
                                          {2, 33, 7},
                                          {1, 1, 0},
                                          {5, 1, 3},
                                          {1, 100, 0},
                                          {18, 17, 0},
                                          {25, 3, 1},
                                          {4, 0, 2},
                                          {0, 5, 0},
                                          {2, 16, 0},
                                          {7, 31, 0},
                                          {26, 26, 0},
                                          {1, 150, 1}}};
  return shapes[stream.below(shapes.size())];
}

inline Mood draw_mood(Stream& stream) { return static_cast<Mood>(stream.below(mood_count)); }

// Matrices of a drawn shape and mood; drawn one after another, so that every compiler draws the
// same.
inline void check_drawn(const BlockFormat& format, Stream& stream) {
  const Shape shape = draw_shape(stream);
  const Mood mood = draw_mood(stream);
  check_carriers(format, shape, mood, stream);
}

}  // namespace halfulp::cases
