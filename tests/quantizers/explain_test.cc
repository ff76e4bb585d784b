// SPDX-License-Identifier: MIT
//
// Faults planted in quantizers, one at a time: the explanation names each, and what it names
// besides makes the same codes and scales. What no single change makes is explained by none.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/quantizers/suspects.h"
#include "golden/tensors/scale_tiles.h"
#include "tests/support/sampling.h"

namespace halfulp::quantizers {
namespace {

using sampling::Stream;
using tensors::Tensor;
using Handling = Recipe::Handling;

constexpr std::int64_t rows = 128;
constexpr std::int64_t columns = 128;

// A scale a run of 16 and multiples of it up to 6: eighths, among which are the ties of E2M1, and
// numbers of many bits. The largest magnitude of all makes the factor the scale of the tensor.
// Scales are numbers of E4M3, or others; some runs are zeros, some hold one number much below the
// others.
Tensor draw_blocks(Stream& stream, double factor) {
  std::vector<double> numbers(static_cast<std::size_t>(rows * columns));
  for (std::size_t run = 0; run < numbers.size(); run += 16) {
    double scale = std::ldexp(8.0 + static_cast<double>(stream.below(8)),
                              static_cast<int>(stream.below(14)) - 9);
    if (stream.below(4) == 0) scale *= 1 + static_cast<double>(stream.below(1 << 16)) / (1 << 17);
    if (stream.below(12) == 0) scale = 0;
    if (run == 0) scale = 448;
    for (std::size_t i = run; i < run + 16; ++i) {
      double x = static_cast<double>(stream.below(49)) / 8;
      if (stream.below(3) == 0) x = static_cast<double>(stream.below(6 << 20)) / (1 << 20);
      if (i == run + stream.below(2)) x = 6;
      if (i == run + 1 && run == 0) x = 6;
      if (stream.below(50) == 0) x = 0x1p-130 * static_cast<double>(stream.below(9));
      numbers[i] = stream.bits(1) != 0 ? -x * scale : x * scale;
    }
  }
  for (double& x : numbers) x = static_cast<double>(static_cast<float>(x * factor));
  return tensors::from_numbers({"", tensors::element_type("float32"), {rows, columns}},
                               std::span<const double>(numbers));
}

// Numbers about those of a format of 8 bits: ties, their neighbours in bfloat16 and binary32,
// subnormals, numbers beyond the largest, infinities and NaN.
Tensor draw_numbers(const Format& format, Stream& stream) {
  const Range range = finite_range(format);
  std::vector<double> numbers(4096);
  for (double& x : numbers) {
    const auto rank = static_cast<Rank>(stream.below(static_cast<std::uint64_t>(range.highest)));
    const double low = to_double(value_at(format, rank));
    const double high = to_double(value_at(format, rank + 1));
    x = low + (high - low) * static_cast<double>(stream.below(9)) / 8;
    if (stream.below(3) == 0)
      x = (low + high) / 2 * (1 + std::ldexp(1, -22) * (stream.below(2) != 0 ? 1 : -1));
    if (stream.below(40) == 0) x *= 1024;
    if (stream.below(200) == 0) x = INFINITY;
    if (stream.below(200) == 0) x = NAN;
    if (stream.bits(1) != 0) x = -x;
    x = static_cast<double>(static_cast<float>(x));
  }
  return tensors::from_numbers({"", tensors::element_type("float32"), {64, 64}},
                               std::span<const double>(numbers));
}

struct Planted {
  std::string to, property, what;
  std::function<void(Recipe& recipe)> plant;
  bool values = false;  // got is numbers, not codes and scales
};

BlockFormat& block_of(Recipe& recipe) { return std::get<BlockFormat>(recipe.quantizer); }
Quantizer& element_of(Recipe& recipe) {
  auto* block = std::get_if<BlockFormat>(&recipe.quantizer);
  return block != nullptr ? block->element : std::get<Quantizer>(recipe.quantizer);
}
Quantizer nearest(const std::string& format) {
  return {.format = find_format(format), .rounding = {}};
}

std::vector<Planted> all_planted() {
  const auto mode = [](Mode wanted) {
    return [wanted](Recipe& recipe) { element_of(recipe).rounding.mode = wanted; };
  };
  const auto scale_mode = [](Mode wanted) {
    return [wanted](Recipe& r) { block_of(r).levels.back().scale.rounding.mode = wanted; };
  };
  const auto rule = [](ScaleRule wanted) {
    return [wanted](Recipe& recipe) { block_of(recipe).levels.back().rule = wanted; };
  };
  const auto columns_of = [](int wanted) {
    return [wanted](Recipe& recipe) { block_of(recipe).levels.back().columns = wanted; };
  };
  const auto arithmetic = [](Arithmetic wanted) {
    return [wanted](Recipe& recipe) { block_of(recipe).arithmetic = wanted; };
  };
  const auto first = [](const std::string& format) {
    return [format](Recipe& recipe) { recipe.input = nearest(format); };
  };
  const auto handling = [](Handling wanted) {
    return [wanted](Recipe& recipe) { recipe.handling = wanted; };
  };
  const auto format = [](const std::string& name) {
    return [name](Recipe& recipe) { element_of(recipe).format = find_format(name); };
  };
  const auto overflow = [](const std::string& name) {
    return [name](Recipe& r) { element_of(r).rounding.overflow = parse_overflow(name); };
  };
  return {
      {"nvfp4", "rounding of elements", "nearest-away", mode(Mode::nearest_away)},
      {"nvfp4", "rounding of elements", "nearest-zero", mode(Mode::nearest_zero)},
      {"nvfp4", "rounding of elements", "nearest-odd", mode(Mode::nearest_odd)},
      {"nvfp4", "rounding of elements", "nearest-up", mode(Mode::nearest_up)},
      {"nvfp4", "rounding of elements", "toward-zero", mode(Mode::toward_zero)},
      {"nvfp4", "rounding of elements", "toward-negative", mode(Mode::toward_negative), true},
      {"mxfp4", "rounding of elements", "nearest-away", mode(Mode::nearest_away), true},
      {"nvfp4", "rounding of scales", "toward-positive", scale_mode(Mode::toward_positive)},
      {"nvfp4", "rounding of scales", "toward-zero", scale_mode(Mode::toward_zero), true},
      {"mxfp4", "rule of scales", "ceil", rule(ScaleRule::ceil)},
      {"mxfp4", "rule of scales", "even", rule(ScaleRule::even)},
      {"mxfp8_e4m3", "rule of scales", "rceil", rule(ScaleRule::rceil), true},
      {"nvfp4", "rule of scales", "mean", rule(ScaleRule::mean)},
      {"nvfp4", "blocks of scales", "1x32", columns_of(32), true},
      {"mxfp4", "blocks of scales", "1xall", columns_of(0), true},
      {"mxfp8_e5m2", "blocks of scales", "1x16", columns_of(16), true},
      {"nvfp4", "arithmetic", "transformer_engine", arithmetic(Arithmetic::transformer_engine)},
      {"nvfp4", "arithmetic", "torchao", arithmetic(Arithmetic::torchao)},
      {"nvfp4", "division of elements", "before it is rounded",
       handling(Handling::unrounded_scales)},
      {"nvfp4", "division of elements", "before it is rounded",
       handling(Handling::unrounded_scales), true},
      {"int8_row", "division of elements", "binary32_reciprocal",
       [](Recipe& r) { block_of(r).division = Division::binary32_reciprocal; }},
      {"int8_row", "division for scales", "binary32_reciprocal",
       [](Recipe& r) { block_of(r).levels[0].division = Division::binary32_reciprocal; }, true},
      {"nvfp4", "outer scales", "all 1",
       [](Recipe& recipe) {
         block_of(recipe).levels[0].rule = ScaleRule::given;
         block_of(recipe).levels[0].given = 1;
       }},
      {"nvfp4", "largest of scales", "256",
       [](Recipe& recipe) { block_of(recipe).levels[1].largest_scale = 256; }},
      {"nvfp4", "arithmetic", "four_over_six", arithmetic(Arithmetic::four_over_six)},
      {"nvfp4", "format of elements", "up to 4",
       [](Recipe& r) { std::get<Float>(element_of(r).format.kind).nan_codes = 1; }},
      {"mxfp4", "format of scales", "bias of 128",
       [](Recipe& r) { std::get<Float>(block_of(r).levels[0].scale.format.kind).bias = 128; }},
      {"nvfp4", "format of scales", "float8_e4m3fnuz",
       [](Recipe& r) { block_of(r).levels[1].scale.format = find_format("float8_e4m3fnuz"); }},
      {"mxfp8_e4m3", "format of elements", "float8_e4m3fnuz", format("float8_e4m3fnuz"), true},
      {"nvfp4", "scales that are zero", "one",
       [](Recipe& recipe) { block_of(recipe).zero_scale = ZeroScale::one; }},
      {"nvfp4", "double rounding", "bfloat16", first("bfloat16")},
      {"nvfp4", "axis of blocks", "0", [](Recipe& recipe) { recipe.axis = 0; }, true},
      {"nvfp4", "layout", "order of nibbles", handling(Handling::pairs_exchanged)},
      {"nvfp4", "layout", "tiles of 128x4", [](Recipe& recipe) { recipe.tiled = true; }},
      {"nvfp4", "Hadamard matrix", "of 16", [](Recipe& recipe) { recipe.hadamard = 16; }},
      {"mxfp4", "format", "nvfp4",
       [](Recipe& recipe) { recipe.quantizer = find_block_format("nvfp4"); }, true},
      {"float8_e4m3fn", "rounding of elements", "nearest-away", mode(Mode::nearest_away)},
      {"float8_e4m3fn", "overflow of elements", "saturate", overflow("saturate")},
      {"float8_e5m2", "overflow of elements", "saturate-finite", overflow("saturate-finite")},
      {"float8_e4m3fn", "double rounding", "binary16", first("binary16")},
      {"float8_e4m3fn", "double rounding", "bfloat16", first("bfloat16"), true},
      {"float8_e4m3fn", "subnormal elements", "flushed",
       [](Recipe& r) { element_of(r).rounding.flush_outputs = Tininess::after_rounding; }},
      {"float8_e4m3fn", "format of elements", "float8_e4m3fnuz", format("float8_e4m3fnuz")},
      {"float8_e4m3fn", "format of elements", "float8_e5m2", format("float8_e5m2"), true},
      {"float8_e4m3fnuz", "format of elements", "up to 224",
       [](Recipe& recipe) {
         element_of(recipe).rounding.overflow = parse_overflow("saturate");
         std::get<Float>(element_of(recipe).format.kind).nan_codes = 1;
       },
       true},
  };
}

// What was asked for, and the numbers.
struct Case {
  Recipe asked;
  Tensor tensor;

  // factor: of the numbers, so that the scale of the tensor is it.
  explicit Case(const std::string& to, double factor = 1)
      : asked{.quantizer = any_quantizer_from_text(to)} {
    Stream stream(7);
    const auto* scalar = std::get_if<Quantizer>(&asked.quantizer);
    tensor = scalar != nullptr ? draw_numbers(scalar->format, stream) : draw_blocks(stream, factor);
    // The planted ones saturate: what is asked for does too.
    if (to == "float8_e4m3fnuz") element_of(asked).rounding.overflow = parse_overflow("saturate");
  }
};

std::vector<Tensor> made_by(const Recipe& recipe, const Tensor& tensor, bool values) {
  if (!values) return parts_of(recipe, tensor, emulator::engine(), {});
  Tensor made = values_of(recipe, tensor, emulator::engine(), {});
  made.name = "values";
  return {made};
}

Explained explained(const Case& asked, const std::vector<Tensor>& got,
                    const std::vector<Suspect>& suspects) {
  return explain(got, {asked.tensor, asked.asked, suspects}, emulator::engine(), {}, {});
}

// The bytes of parts of one size; NaN of values may be any NaN.
bool equal(const std::vector<Tensor>& got, const std::vector<Tensor>& made) {
  for (const Tensor& part : got) {
    const auto same =
        std::ranges::find_if(made, [&](const Tensor& one) { return one.name == part.name; });
    if (same == made.end()) return false;
    if (part.name == "values") {
      const std::vector<double> x = tensors::doubles_of(part);
      const std::vector<double> y = tensors::doubles_of(*same);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool both_nan = std::isnan(x[i]) && std::isnan(y[i]);
        if (!both_nan && (x[i] != y[i] || std::signbit(x[i]) != std::signbit(y[i]))) return false;
      }
    } else if (same->data != part.data) {
      return false;
    }
  }
  return true;
}

TEST(QuantizerSuspects, NamesEveryPlantedFault) {
  const std::vector<Planted> all = all_planted();
  EXPECT_GE(all.size(), 40);
  for (const Planted& planted : all) {
    const Case asked(planted.to, planted.property == "outer scales" ? 1.5 : 1);
    Recipe fault = asked.asked;
    planted.plant(fault);
    const std::vector<Tensor> got = made_by(fault, asked.tensor, planted.values);
    const std::vector<Suspect> suspects = suspects_of(asked.asked, 2);
    const std::string name = planted.to + ", " + planted.property + ": " + planted.what;
    const Explained found = explained(asked, got, suspects);
    EXPECT_GT(mismatches_of(found.asked), 0) << name;
    std::string named;
    bool is_named = false;
    for (const Explanation& one : found.exact) {
      named += one.suspect->property + ": " + one.suspect->what + "\n";
      is_named = is_named || (one.suspect->property == planted.property &&
                              one.suspect->what.find(planted.what) != std::string::npos);
      EXPECT_TRUE(one.suspect->recipe.quantizer.index() == asked.asked.quantizer.index());
    }
    EXPECT_TRUE(is_named) << name << "\n" << named;
    EXPECT_LE(found.exact.size(), 6) << name << "\n" << named;
  }
}

// Not by way of explain's own comparison.
TEST(QuantizerSuspects, AllThatIsNamedMakesTheSameBits) {
  for (const Planted& planted : all_planted()) {
    const Case asked(planted.to, planted.property == "outer scales" ? 1.5 : 1);
    Recipe fault = asked.asked;
    planted.plant(fault);
    const std::vector<Tensor> got = made_by(fault, asked.tensor, planted.values);
    const std::vector<Suspect> suspects = suspects_of(asked.asked, 2);
    for (const Explanation& one : explained(asked, got, suspects).exact) {
      EXPECT_TRUE(equal(got, made_by(one.suspect->recipe, asked.tensor, planted.values)))
          << planted.what << ": " << one.suspect->what;
    }
  }
}

TEST(QuantizerSuspects, NoneIsWhatWasAskedForOrStandsTwice) {
  for (const char* to : {"nvfp4", "mxfp8_e4m3", "int8_row", "float8_e4m3fn", "bfloat16"}) {
    const Recipe asked{.quantizer = any_quantizer_from_text(to)};
    const std::vector<Suspect> suspects = suspects_of(asked, 2);
    EXPECT_GE(suspects.size(), 50) << to;  // as docs/compare.md says
    EXPECT_LE(suspects.size(), 260) << to;
    for (std::size_t i = 0; i < suspects.size(); ++i) {
      EXPECT_NE(suspects[i].recipe, asked) << suspects[i].what;
      for (std::size_t k = 0; k < i; ++k)
        EXPECT_NE(suspects[i].recipe, suspects[k].recipe) << suspects[i].what;
    }
  }
}

TEST(QuantizerSuspects, SaysNothingWhereNothingDiffers) {
  const Case asked("nvfp4");
  const Explained found =
      explained(asked, made_by(asked.asked, asked.tensor, false), suspects_of(asked.asked, 2));
  EXPECT_EQ(mismatches_of(found.asked), 0);
  EXPECT_TRUE(found.exact.empty());
  EXPECT_FALSE(found.nearest);
}

// Two changes at once, one bit of one code, one scale, and another tensor.
TEST(QuantizerSuspects, SaysNoneOfTheseWhereItIsSomethingElse) {
  const Case asked("nvfp4");
  const std::vector<Suspect> suspects = suspects_of(asked.asked, 2);
  const std::vector<std::function<void(Recipe&)>> pairs{
      [](Recipe& r) {
        element_of(r).rounding.mode = Mode::nearest_away;
        block_of(r).levels[1].scale.rounding.mode = Mode::toward_positive;
      },
      [](Recipe& r) {
        element_of(r).rounding.mode = Mode::nearest_zero;
        r.handling = Handling::pairs_exchanged;
      },
      [](Recipe& r) {
        r.input = nearest("bfloat16");
        block_of(r).levels[1].scale.rounding.mode = Mode::toward_zero;
      },
      [](Recipe& r) {
        r.tiled = true;
        element_of(r).rounding.mode = Mode::toward_zero;
      },
      [](Recipe& r) {
        block_of(r).levels[1].columns = 32;
        element_of(r).rounding.mode = Mode::nearest_odd;
      }};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    Recipe two = asked.asked;
    pairs[i](two);
    // With values: tiles are of codes, and larger blocks have other shapes.
    const bool values = i != 3;
    const Explained found = explained(asked, made_by(two, asked.tensor, values), suspects);
    EXPECT_GT(mismatches_of(found.asked), 0) << i;
    EXPECT_TRUE(found.exact.empty()) << i << found.exact.front().suspect->what;
    ASSERT_TRUE(found.nearest) << i;
    EXPECT_GT(mismatches_of(found.nearest->parts), 0) << i;
  }
  for (const std::size_t part : {0, 1}) {
    std::vector<Tensor> got = made_by(asked.asked, asked.tensor, false);
    got[part].data[77] ^= 1;
    const Explained found = explained(asked, got, suspects);
    EXPECT_EQ(mismatches_of(found.asked), 1);
    EXPECT_EQ(found.asked[part].mismatches, 1);
    EXPECT_TRUE(found.exact.empty());
    EXPECT_FALSE(found.nearest);
  }
}

// A kernel written out: NVFP4 by plain loops, ties away from zero. Numbers are such that a double
// holds every quotient that decides.
struct Kernel {
  static double element(double u) {
    static constexpr double numbers[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    const double magnitude = std::min(std::abs(u), 6.0);
    double nearest = 0;
    for (const double x : numbers) {
      if (std::abs(x - magnitude) <= std::abs(nearest - magnitude)) nearest = x;  // the later one
    }
    return std::copysign(nearest, u);
  }
};

TEST(QuantizerSuspects, NamesTheWrongTieOfAKernelThatIsWrittenOut) {
  const Case asked("nvfp4");
  std::vector<Tensor> got = made_by(asked.asked, asked.tensor, false);
  ASSERT_EQ(got[0].name, "codes");
  ASSERT_EQ(got[1].name, "scales");
  ASSERT_EQ(got[2].name, "outer_scales");
  const std::vector<double> x = tensors::doubles_of(asked.tensor);
  const std::vector<double> scales = tensors::doubles_of(got[1]);
  ASSERT_EQ(tensors::doubles_of(got[2]), std::vector<double>{1});
  std::vector<double> elements(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double scale = scales[i / 16];
    elements[i] = scale == 0 ? std::copysign(0, x[i]) : Kernel::element(x[i] / scale);
  }
  got[0] = tensors::from_numbers({"codes", got[0].type, got[0].shape},
                                 std::span<const double>(elements));
  const std::vector<Suspect> suspects = suspects_of(asked.asked, 2);
  const Explained found = explained(asked, got, suspects);
  EXPECT_GT(found.asked[0].mismatches, 0);
  EXPECT_EQ(found.asked[1].mismatches, 0);
  ASSERT_EQ(found.exact.size(), 1);
  EXPECT_EQ(found.exact[0].suspect->property, "rounding of elements");
  EXPECT_EQ(found.exact[0].suspect->what, "nearest-away, instead of nearest-even");
}

// Of the wrong order of nibbles and of tiles that nobody asked for, made by hand.
TEST(QuantizerSuspects, NamesLayoutsMadeByHand) {
  const Case asked("nvfp4");
  const std::vector<Suspect> suspects = suspects_of(asked.asked, 2);
  std::vector<Tensor> got = made_by(asked.asked, asked.tensor, false);
  std::vector<std::uint64_t> codes = tensors::codes_of(got[0]);
  for (std::size_t i = 0; i < codes.size(); i += 2) std::swap(codes[i], codes[i + 1]);
  got[0] = tensors::from_codes({"codes", got[0].type, got[0].shape}, codes);
  Explained found = explained(asked, got, suspects);
  ASSERT_EQ(found.exact.size(), 1);
  EXPECT_EQ(found.exact[0].suspect->property, "layout");

  got = made_by(asked.asked, asked.tensor, false);
  Tensor& scales = got[1];
  scales.data = tensors::to_scale_tiles(scales.data, rows, columns / 16);
  found = explained(asked, got, suspects);
  ASSERT_EQ(found.exact.size(), 1);
  EXPECT_EQ(found.exact[0].suspect->what, "scales in tiles of 128x4");
}

// The scale of 32 numbers, written for each 16.
TEST(QuantizerSuspects, TakesScalesOfLargerBlocksForEachThatWasAskedFor) {
  const Case asked("nvfp4");
  Recipe wide = asked.asked;
  block_of(wide).levels[1].columns = 32;
  std::vector<Tensor> got = made_by(wide, asked.tensor, false);
  std::vector<std::uint64_t> each;
  for (const std::uint64_t code : tensors::codes_of(got[1])) each.insert(each.end(), 2, code);
  got[1] = tensors::from_codes({"scales", got[1].type, {rows, columns / 16}}, each);
  const std::vector<Suspect> suspects = suspects_of(asked.asked, 2);
  const Explained found = explained(asked, got, suspects);
  ASSERT_EQ(found.exact.size(), 1);
  EXPECT_EQ(found.exact[0].suspect->what, "1x32, instead of 1x16");
}

TEST(QuantizerSuspects, RefusesPartsThatDoNotGoWithWhatWasAskedFor) {
  const Case asked("nvfp4");
  const std::vector<Suspect> suspects = suspects_of(asked.asked, 2);
  std::vector<Tensor> got = made_by(asked.asked, asked.tensor, false);
  got[1] = tensors::from_codes({"scales", got[1].type, {1}}, std::vector<std::uint64_t>{1});
  EXPECT_THROW(explained(asked, got, suspects), Error);
  got = made_by(asked.asked, asked.tensor, false);
  got[1].name = "zero_points";
  EXPECT_THROW(explained(asked, got, suspects), Error);
}

}  // namespace
}  // namespace halfulp::quantizers
