// SPDX-License-Identifier: MIT
//
// Additions at once: every shipped unit, and units that are drawn, on both engines and every
// instruction set.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/matrix_unit.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using sampling::Stream;

// Numbers of a format: often ordinary, often any code, often extreme.
double draw_number(const Format& format, Stream& stream) {
  const std::uint64_t way = stream.below(4);
  if (way == 0) {
    const Code code = stream.bits(std::min(bits(format), 63));
    return to_double(decode(format, code));
  }
  const Range range = finite_range(format);
  const Rank one = [&] {
    Rank low = 0;
    Rank high = range.highest;
    while (low < high) {
      const Rank middle = low + (high - low + 1) / 2;
      compare(value_at(format, middle), make_value(1)) <= 0 ? low = middle : high = middle - 1;
    }
    return low;
  }();
  const int width = std::max(1, bits(format) - static_cast<int>(2 * way));
  Rank rank = one + static_cast<Rank>(stream.bits(std::min(width, 60))) -
              (Rank{1} << (std::min(width, 60) - 1));
  rank = std::clamp(rank, std::max<Rank>(range.lowest, 0), range.highest);
  const double x = to_double(value_at(format, rank));
  return is_signed(format) && stream.bits(1) != 0 ? -x : x;
}

std::vector<double> draw_numbers(const Format& format, std::size_t count, Stream& stream) {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(draw_number(format, stream));
  return numbers;
}

struct Drawn {
  std::size_t rows = 0, inner = 0, columns = 0;
  std::vector<double> a, b, c;
  std::vector<std::vector<double>> scales;

  [[nodiscard]] MatrixOperands operands() const {
    MatrixOperands all{view_of(a.data(), rows, inner), view_of(b.data(), inner, columns), {}};
    if (!c.empty()) all.addend = view_of(c.data(), rows, columns);
    for (std::size_t i = 0; i < scales.size(); i += 2) {
      all.scales.push_back(
          {view_of(scales[i].data(), rows, scales[i].size() / rows),
           view_of(scales[i + 1].data(), scales[i + 1].size() / columns, columns)});
    }
    return all;
  }
};

struct Formats {
  Format a, b, c;
};

Drawn draw(const DotTree& tree, const Formats& formats, std::size_t inner, Stream& stream) {
  Drawn drawn;
  drawn.rows = 1 + stream.below(3);
  drawn.inner = inner;
  drawn.columns = 1 + stream.below(12);
  drawn.a = draw_numbers(formats.a, drawn.rows * inner, stream);
  drawn.b = draw_numbers(formats.b, inner * drawn.columns, stream);
  if (stream.bits(2) != 0) drawn.c = draw_numbers(formats.c, drawn.rows * drawn.columns, stream);
  for (const Sum& sum : tree.sums) {
    if (!sum.scaling) continue;
    const auto block = static_cast<std::size_t>(sum.scaling->block);
    const std::size_t blocks = (inner + block - 1) / block;
    drawn.scales.push_back(draw_numbers(sum.scaling->left, drawn.rows * blocks, stream));
    drawn.scales.push_back(draw_numbers(sum.scaling->right, blocks * drawn.columns, stream));
  }
  return drawn;
}

// The operands of one result.
std::string text_of(const Drawn& drawn, std::size_t result) {
  const std::size_t row = result / drawn.columns;
  const std::size_t column = result % drawn.columns;
  std::string text = "a, b:";
  for (std::size_t k = 0; k < drawn.inner; ++k) {
    text += " " + hexadecimal_text(from_double(drawn.a[row * drawn.inner + k])) + ", " +
            hexadecimal_text(from_double(drawn.b[k * drawn.columns + column])) + ";";
  }
  if (!drawn.c.empty()) text += " c: " + hexadecimal_text(from_double(drawn.c[result]));
  return text;
}

bool agree(const Drawn& drawn, const DotTree& tree, const Random& random, const std::string& what) {
  const std::size_t count = drawn.rows * drawn.columns;
  std::vector<double> ours(count, -7);
  std::vector<double> theirs(count, -8);
  const Engine& emulated = emulator::engine();
  const Engine& defined = reference::engine();
  emulated.multiply_add(drawn.operands(), emulated.prepare_dot(tree), random,
                        view_of(ours.data(), drawn.rows, drawn.columns));
  defined.multiply_add(drawn.operands(), defined.prepare_dot(tree), random,
                       view_of(theirs.data(), drawn.rows, drawn.columns));
  for (std::size_t i = 0; i < count; ++i) {
    if (identical(from_double(ours[i]), from_double(theirs[i]))) continue;
    ADD_FAILURE() << what << ": " << drawn.rows << " x " << drawn.inner << " x " << drawn.columns
                  << " on " << emulator::instruction_set() << ", element " << i << ": emulator "
                  << hexadecimal_text(from_double(ours[i])) << ", reference "
                  << hexadecimal_text(from_double(theirs[i])) << "\n"
                  << text_of(drawn, i) << "\n"
                  << to_json(tree).dump();
    return false;
  }
  return true;
}

class UnitsOnEveryInstructionSet : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { emulator::force_instruction_set(GetParam()); }
  void TearDown() override { emulator::force_instruction_set(""); }
};
INSTANTIATE_TEST_SUITE_P(, UnitsOnEveryInstructionSet,
                         testing::ValuesIn(emulator::instruction_sets()),
                         [](const auto& info) { return info.param; });

TEST_P(UnitsOnEveryInstructionSet, ShippedUnitsEqualTheReference) {
  Stream stream(1);
  for (const MatrixUnit& unit : shipped_units()) {
    const Formats formats{unit.a.as.value_or(unit.a.format), unit.b.as.value_or(unit.b.format),
                          unit.c.format};
    const auto terms = static_cast<std::size_t>(unit.terms);
    for (std::size_t i = 0; i < sampling::draws(4); ++i) {
      const std::size_t inner = i == 0 ? 1 + stream.below(terms) : terms * (1 + stream.below(2));
      const Drawn drawn = draw(unit.tree, formats, inner, stream);
      if (!agree(drawn, unit.tree, {}, unit.name)) break;
    }
  }
}

// --- Drawn units.

const std::array<const char*, 12> formats_drawn{
    "float8_e4m3fn", "float8_e5m2",    "float8_e4m3fnuz", "float4_e2m1fn",
    "float6_e2m3fn", "binary16",       "bfloat16",        "tf32",
    "binary32",      "float8_e8m0fnu", "e4m3fn",          "posit16"};
const std::array<const char*, 7> results_drawn{"binary32", "binary16", "bfloat16",   "e8m13",
                                               "binary64", "e6m9",     "float8_e5m2"};

Format draw_format(Stream& stream) {
  return find_format(formats_drawn[stream.below(formats_drawn.size())]);
}

Quantizer draw_quantizer(bool may_draw, Stream& stream) {
  Quantizer q{.format = find_format(results_drawn[stream.below(results_drawn.size())]),
              .rounding = {}};
  constexpr std::array modes{Mode::nearest_even,    Mode::toward_zero, Mode::toward_negative,
                             Mode::toward_positive, Mode::to_odd,      Mode::stochastic};
  q.rounding.mode = modes[stream.below(may_draw ? modes.size() : modes.size() - 1)];
  if (q.rounding.mode == Mode::stochastic) q.rounding.random_bits = 8;
  q.rounding.overflow.directed = stream.bits(1) != 0;
  if (stream.below(6) == 0) q.rounding.flush_inputs = true;
  if (stream.below(6) == 0) q.rounding.flush_outputs = Tininess::after_rounding;
  return q;
}

Alignment draw_alignment(Stream& stream) {
  Alignment alignment{.bits = static_cast<int>(stream.below(stream.below(8) == 0 ? 70 : 36))};
  if (stream.below(3) == 0) alignment.running_bits = static_cast<int>(stream.below(36));
  if (stream.below(3) == 0) alignment.sum_bits = static_cast<int>(stream.below(40));
  if (stream.bits(1) != 0)
    alignment.least_exponent = static_cast<std::int64_t>(stream.below(160)) - 150;
  alignment.downward = stream.below(3) == 0;
  alignment.drops_running = stream.below(4) == 0;
  return alignment;
}

Scaling draw_scaling(std::int64_t block, Stream& stream) {
  Scaling scaling{.block = block, .left = draw_format(stream), .right = draw_format(stream)};
  if (stream.below(4) == 0) scaling.product = draw_quantizer(false, stream);
  if (stream.below(4) == 0) scaling.item = draw_quantizer(false, stream);
  scaling.exponent_of_scales = stream.bits(1) != 0;
  return scaling;
}

// From the outermost sum to that of the terms: runs that shrink, then perhaps strands.
DotTree draw_unit(const Formats& formats, Stream& stream) {
  DotTree tree;
  tree.left = formats.a;
  tree.right = formats.b;
  if (stream.below(5) == 0) tree.product = draw_quantizer(true, stream);
  if (!tree.product && stream.below(5) == 0)
    tree.product_limit = static_cast<std::int64_t>(stream.below(140)) - 4;
  if (stream.below(5) == 0) tree.order = {2, 0, 3, 1};
  const std::uint64_t levels = 1 + stream.below(3);
  std::int64_t size = 24;
  for (std::uint64_t level = 0; level < levels; ++level) {
    const bool innermost = level + 1 == levels;
    Sum sum;
    size = 1 + static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(size)));
    sum.of = innermost ? Sum::Of::terms : stream.below(4) == 0 ? Sum::Of::strands : Sum::Of::runs;
    if (!innermost) sum.size = sum.of == Sum::Of::strands ? 2 : size;
    const bool may_draw = sum.of != Sum::Of::strands;
    sum.quantizer = draw_quantizer(may_draw, stream);
    const bool last = stream.bits(1) != 0;
    sum.joining = last || sum.of == Sum::Of::strands ? Joining::at_once : Joining::in_sequence;
    if (sum.joining == Joining::in_sequence)
      sum.together = 1 + static_cast<std::int64_t>(stream.below(17));
    if (stream.below(4) != 0) sum.alignment = draw_alignment(stream);
    if (stream.below(4) == 0) sum.scaling = draw_scaling(1 + stream.below(16), stream);
    if (level > 0 && sum.joining == Joining::at_once && stream.below(3) != 0) {
      sum.rounded = false;
      sum.quantizer = {};
    }
    tree.sums.push_back(sum);
  }
  return tree;
}

TEST_P(UnitsOnEveryInstructionSet, DrawnUnitsEqualTheReference) {
  Stream stream(2);
  int valid = 0;
  for (std::size_t i = 0; i < sampling::draws(1500); ++i) {
    const Formats formats{draw_format(stream), draw_format(stream),
                          find_format(results_drawn[stream.below(results_drawn.size())])};
    const DotTree tree = draw_unit(formats, stream);
    try {
      validate(tree);
    } catch (const Error&) {
      continue;
    }
    ++valid;
    const Drawn drawn = draw(tree, formats, stream.below(50), stream);
    if (!agree(drawn, tree, Random{.seed = stream.bits(20)}, "drawn")) break;
  }
  EXPECT_GT(valid, 1000);
}

TEST(MatrixUnits, AreReadBackAsTheyAreWritten) {
  for (const MatrixUnit& unit : shipped_units())
    EXPECT_EQ(matrix_unit_from_json(to_json(unit), ""), unit) << unit.name;
}

}  // namespace
}  // namespace halfulp
