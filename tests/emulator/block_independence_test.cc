// SPDX-License-Identifier: MIT
//
// What a matrix becomes in a block format depends on nothing but the format and the numbers: not on
// the instruction set, on the caller's floating-point environment, or on how rows are split.
#include <gtest/gtest.h>

#include <cfenv>
#include <cstring>
#include <vector>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/block.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/emulator/block_check.h"

namespace halfulp {
namespace {

using cases::Matrix;
using cases::Mood;
using cases::Shape;
using sampling::Stream;

class BlocksOnEachInstructionSet : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { emulator::force_instruction_set(GetParam()); }
  void TearDown() override { emulator::force_instruction_set(""); }
};

INSTANTIATE_TEST_SUITE_P(, BlocksOnEachInstructionSet,
                         testing::ValuesIn(emulator::instruction_sets()),
                         [](const auto& info) { return info.param; });

TEST_P(BlocksOnEachInstructionSet, EqualTheReference) {
  Stream stream(41);
  for (const BlockEntry& entry : block_catalogue()) {
    for (const Shape& shape : {Shape{3, 71, 2}, Shape{26, 19, 0}, Shape{2, 96, 0}}) {
      if (HasFatalFailure()) return;
      cases::check_carriers(entry.format, shape, cases::draw_mood(stream), stream);
      const BlockFormat varied = cases::varied(entry.format, stream.below(1000), stream);
      cases::check_carriers(varied, shape, cases::draw_mood(stream), stream);
    }
  }
}

// Every width of block with every length of the last one.
TEST_P(BlocksOnEachInstructionSet, BlocksOfAnyWidthEqualTheReference) {
  Stream stream(42);
  for (int width = 1; width <= 40; ++width) {
    for (const char* name : {"mxfp6_e2m3", "nvfp4"}) {
      BlockFormat format = find_block_format(name);
      format.levels.back().columns = width;
      const auto columns = static_cast<std::size_t>(width) * 2 + stream.below(40);
      if (HasFatalFailure()) return;
      cases::check<float, float>(format, {2, columns, 1}, Mood::sparse, stream);
      cases::check<double, double>(format, {2, columns, 1}, Mood::ordinary, stream);
    }
  }
}

struct Task {
  BlockFormat format;
  Matrix<float> in;
};

std::vector<Task> draw_tasks() {
  std::vector<Task> tasks;
  Stream stream(43);
  for (const BlockEntry& entry : block_catalogue()) {
    for (std::size_t turn = 0; turn < 5; ++turn) {
      Task task{.format = entry.format, .in = {}};
      if (turn > 0) task.format = cases::varied(entry.format, turn * 3, stream);
      cases::MatrixDrawer<float> drawer(task.format, stream);
      task.in = drawer.draw({9, 33, 0}, cases::draw_mood(stream));
      tasks.push_back(task);
    }
  }
  return tasks;
}

// Values and codes of all tasks, as bytes.
std::vector<std::uint8_t> everything(const std::vector<Task>& tasks) {
  std::vector<std::uint8_t> bytes;
  const auto keep = [&](const auto& matrix) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(matrix.numbers.data());
    bytes.insert(bytes.end(), first,
                 first + matrix.numbers.size() * sizeof(matrix.numbers.front()));
  };
  for (const auto& [format, in] : tasks) {
    const auto floats = cases::quantized<float>(emulator::engine(), format, in, {.seed = 1});
    const auto doubles = cases::quantized<double>(emulator::engine(), format, in, {.seed = 1});
    keep(floats.values);
    keep(floats.decoded);
    keep(doubles.values);
    keep(doubles.decoded);
    bytes.insert(bytes.end(), floats.codes.elements.begin(), floats.codes.elements.end());
  }
  return bytes;
}

TEST_P(BlocksOnEachInstructionSet, TheCallersEnvironmentDoesNotMatter) {
  const std::vector<Task> tasks = draw_tasks();
  const std::vector<std::uint8_t> expected = everything(tasks);
  for (const int direction : {FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(direction), 0);
    const std::vector<std::uint8_t> results = everything(tasks);
    EXPECT_EQ(std::fegetround(), direction);
    std::fesetround(FE_TONEAREST);
    EXPECT_TRUE(expected == results) << "direction " << direction;
  }
#if defined(__SSE2__)
  constexpr unsigned flush_and_denormals_zero = 0x8040;
  const unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | flush_and_denormals_zero);
  const std::vector<std::uint8_t> results = everything(tasks);
  EXPECT_EQ(_mm_getcsr() & flush_and_denormals_zero, flush_and_denormals_zero);
  _mm_setcsr(saved);
  EXPECT_TRUE(expected == results) << "flush-to-zero, denormals-are-zero";
#endif
}

// Parts between rows of blocks of the outermost level, each with its offset.
TEST(Blocks, SplitBetweenRowsOfBlocksGiveTheSameBits) {
  Stream stream(44);
  for (std::size_t turn = 0; turn < 60; ++turn) {
    BlockFormat format = find_block_format(turn % 2 == 0 ? "mxfp4" : "nvfp4");
    for (Level& level : format.levels) {
      level.rows = level.rows == 0 || turn % 3 == 0 ? 2 : level.rows;
      level.scale.rounding.mode = Mode::stochastic;
      level.scale.rounding.random_bits = 3 + static_cast<int>(turn % 40);
    }
    format.levels[0].rule = ScaleRule::ratio;
    format.element.rounding.mode = Mode::stochastic_c;
    const BlockPlan plan = emulator::engine().prepare_block(format);
    const Matrix<float> in =
        cases::MatrixDrawer<float>(format, stream).draw({10, 45, 0}, Mood::ordinary);
    Matrix<float> whole = cases::empty_matrix<float>({10, 45, 0});
    Random random{.seed = turn, .stream = 5, .offset = 0};
    emulator::engine().quantize(in.view(), plan, random, whole.view(), nullptr, nullptr);
    Matrix<float> parts = cases::empty_matrix<float>({10, 45, 0});
    for (const auto& [begin, rows] : {std::pair{0, 4}, std::pair{4, 2}, std::pair{6, 4}}) {
      random.offset = static_cast<std::uint64_t>(begin) * 45;
      const auto count = static_cast<std::size_t>(rows);
      emulator::engine().quantize(view_of(in.numbers.data() + random.offset, count, 45), plan,
                                  random, view_of(parts.numbers.data() + random.offset, count, 45),
                                  nullptr, nullptr);
    }
    ASSERT_FALSE(cases::difference(whole, parts)) << cases::describe(format);
  }
}

// All codes of elements and of scales, NaN and zeros among them, in matrices so large that tables
// of scales pay. Of scales with more bits one in the middle, and such that products overflow or are
// subnormal.
struct LargeBlocks {
  BlockFormat format;
  std::size_t rows = 96, columns = 0;
  std::int64_t exponent_of_scale = 0;
};

BlockCodes drawn_codes(const LargeBlocks& large, Stream& stream) {
  const BlockFormat& format = large.format;
  BlockCodes codes;
  codes.elements.resize(packed_bytes(format.element.format, large.rows * large.columns));
  for (std::uint8_t& byte : codes.elements) byte = static_cast<std::uint8_t>(stream.bits(8));
  for (const Level& level : format.levels) {
    std::vector<Code>& scales =
        codes.scales.emplace_back(partition(level, large.rows, large.columns).count());
    const Format& scale = level.scale.format;
    for (Code& code : scales)
      code = bits(scale) > 8 ? encode(scale, make_value(3, large.exponent_of_scale))
                             : Code(stream.bits(bits(scale)));
  }
  return codes;
}

template <typename Out>
void expect_same_worth(const LargeBlocks& large, std::uint64_t prepared, Stream& stream) {
  const BlockCodes codes = drawn_codes(large, stream);
  const auto worth = [&](const Engine& engine) {
    std::vector<Out> numbers(large.rows * large.columns);
    const BlockPlan plan = engine.prepare_block(large.format, {.elements = prepared});
    engine.dequantize(codes, plan, view_of(numbers.data(), large.rows, large.columns));
    return numbers;
  };
  const std::vector<Out> got = worth(emulator::engine());
  const std::vector<Out> want = worth(reference::engine());
  EXPECT_EQ(std::memcmp(got.data(), want.data(), got.size() * sizeof(Out)), 0)
      << large.format.name << ", " << large.columns << " columns";
}

TEST_P(BlocksOnEachInstructionSet, LargeMatricesAreWorthTheSame) {
  Stream stream(77);
  for (const char* const name : {"mxfp8_e4m3", "mxfp6_e3m2", "mxfp4", "nvfp4", "mxint8"}) {
    for (const std::int64_t exponent : {-7, 122, -140}) {
      const LargeBlocks large{.format = find_block_format(name),
                              .columns = exponent == -7 ? std::size_t{256} : std::size_t{40},
                              .exponent_of_scale = exponent};
      for (const std::uint64_t prepared : {std::uint64_t{0}, std::uint64_t{1} << 20}) {
        expect_same_worth<float>(large, prepared, stream);
        expect_same_worth<double>(large, prepared, stream);
      }
    }
  }
}

}  // namespace
}  // namespace halfulp
