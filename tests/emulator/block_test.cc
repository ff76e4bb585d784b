// SPDX-License-Identifier: MIT
//
// Block formats: the emulator equals the reference in values, codes, scales, zero points and
// counts, for the catalogue and its variations, and for formats drawn from all that there can be.
#include <gtest/gtest.h>

#include <cstring>
#include <optional>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/catalogue.h"
#include "reference/engine.h"
#include "tests/emulator/block_cases.h"

namespace halfulp {
namespace {

using cases::describe;
using cases::Matrix;
using cases::Mood;
using cases::Shape;
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
  Result<Out> result{.values = cases::empty_matrix<Out>(shape),
                     .decoded = cases::empty_matrix<Out>(shape),
                     .codes = {},
                     .counts = {}};
  engine.quantize(in.view(), plan, random, result.values.view(), &result.codes, &result.counts);
  engine.dequantize(result.codes, plan, result.decoded.view());
  return result;
}

std::string text(double x) { return hexadecimal_text(from_double(x)); }

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
    const std::optional<std::size_t> at = difference(*a, *b);
    ASSERT_FALSE(at) << "number " << *at << ": emulator "
                     << text(static_cast<double>(a->numbers[*at])) << ", reference "
                     << text(static_cast<double>(b->numbers[*at])) << ", row"
                     << row_text(in, *at / a->stride);
  }
  ASSERT_EQ(ours.codes.elements, theirs.codes.elements);
  ASSERT_EQ(ours.counts, theirs.counts) << "first row" << row_text(in, 0);
}

template <typename In, typename Out>
void check(const BlockFormat& format, const Shape& shape, Mood mood, Stream& stream) {
  const Matrix<In> in = cases::MatrixDrawer<In>(format, stream).draw(shape, mood);
  const Random random{.seed = stream.bits(64), .stream = stream.bits(8), .offset = 0};
  SCOPED_TRACE(describe(format) + " " + std::to_string(shape.rows) + " x " +
               std::to_string(shape.columns) + " gap " + std::to_string(shape.gap) + " mood " +
               std::to_string(static_cast<int>(mood)) + " seed " + std::to_string(random.seed) +
               " stream " + std::to_string(random.stream) + " bytes " + std::to_string(sizeof(In)) +
               " to " + std::to_string(sizeof(Out)));
  const auto ours = quantized<Out>(emulator::engine(), format, in, random);
  const auto theirs = quantized<Out>(reference::engine(), format, in, random);
  expect_same(in, ours, theirs);
  // Without codes and counts other code may run; in place too.
  Matrix<Out> alone = cases::empty_matrix<Out>({in.rows, in.columns, (in.stride - in.columns) / 2});
  const BlockPlan plan = emulator::engine().prepare_block(format);
  emulator::engine().quantize(in.view(), plan, random, alone.view(), nullptr, nullptr);
  ASSERT_FALSE(difference(alone, theirs.values)) << "without codes";
  if constexpr (std::is_same_v<In, Out>) {
    Matrix<In> same = in;
    emulator::engine().quantize(in.view(), plan, random, same.view(), nullptr, nullptr);
    Matrix<In> place = in;
    emulator::engine().quantize(std::as_const(place).view(), plan, random, place.view(), nullptr,
                                nullptr);
    ASSERT_FALSE(difference(place, same)) << "in place";
  }
}

void check_carriers(const BlockFormat& format, const Shape& shape, Mood mood, Stream& stream) {
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

Shape draw_shape(Stream& stream) {
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

Mood draw_mood(Stream& stream) { return static_cast<Mood>(stream.below(cases::mood_count)); }

class CatalogueBlocks : public testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] static BlockFormat format() { return find_block_format(GetParam()); }
};

std::vector<std::string> block_names() {
  std::vector<std::string> names{"bfp4_7", "bfp12_0"};
  for (const BlockEntry& entry : block_catalogue()) names.push_back(entry.format.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(, CatalogueBlocks, testing::ValuesIn(block_names()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST_P(CatalogueBlocks, EqualTheReference) {
  Stream stream(31);
  for (int turn = 0; turn < 24 && !HasFatalFailure(); ++turn) {
    const Mood mood = static_cast<Mood>(turn % cases::mood_count);
    check_carriers(format(), draw_shape(stream), mood, stream);
  }
}

TEST_P(CatalogueBlocks, UnderEveryPresetEqualTheReference) {
  Stream stream(32);
  for (const BlockPreset& preset : block_presets()) {
    std::optional<BlockFormat> edited;
    try {
      edited = preset.apply(format());
    } catch (const Error&) {  // not for this format
      continue;
    }
    for (int turn = 0; turn < 6 && !HasFatalFailure(); ++turn) {
      check_carriers(*edited, draw_shape(stream), draw_mood(stream), stream);
    }
  }
}

TEST_P(CatalogueBlocks, VariedEqualTheReference) {
  Stream stream(33);
  for (std::size_t turn = 0; turn < 40 && !HasFatalFailure(); ++turn) {
    const BlockFormat varied = cases::varied(format(), turn * 5, stream);
    check_carriers(varied, draw_shape(stream), draw_mood(stream), stream);
  }
}

}  // namespace
}  // namespace halfulp
