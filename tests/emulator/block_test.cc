// SPDX-License-Identifier: MIT
//
// Block formats: the emulator equals the reference in values, codes, scales, zero points and
// counts, for the catalogue and its variations, and for formats drawn from all that there can be.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "formats/block.h"
#include "formats/error.h"
#include "formats/json.h"
#include "tests/emulator/block_check.h"

namespace halfulp {
namespace {

using cases::check_carriers;
using cases::draw_shape;
using cases::Mood;
using sampling::Stream;

TEST(DrawnBlocks, EqualTheReference) {
  const std::size_t draws = sampling::draws(2500);
  Stream stream(34);
  for (std::size_t turn = 0; turn < draws && !testing::Test::HasFatalFailure(); ++turn) {
    const BlockFormat format = cases::draw_block_format(turn, stream);
    cases::check_drawn(format, stream);
  }
}

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
      cases::check_drawn(*edited, stream);
    }
  }
}

TEST_P(CatalogueBlocks, VariedEqualTheReference) {
  Stream stream(33);
  for (std::size_t turn = 0; turn < 40 && !HasFatalFailure(); ++turn) {
    const BlockFormat varied = cases::varied(format(), turn * 5, stream);
    cases::check_drawn(varied, stream);
  }
}

// Where lanes must not take a short way.
struct Corner {
  const char* name;
  const char* format;
  std::vector<double> row;
  std::vector<double> wanted;
};

class CornerBlocks : public testing::TestWithParam<Corner> {};

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

INSTANTIATE_TEST_SUITE_P(
    , CornerBlocks,
    testing::Values(
        // 1 / 2^-149 is infinite in binary32, and 0 times that is NaN.
        Corner{"zeros_times_infinity",
               R"({"format": "float8_e5m2", "zero_scale": "least",
                 "division": "binary32_reciprocal",
                 "scaling": {"rule": "largest", "scale": "binary32", "columns": 2}})",
               {0, -0.0, 1, 0},
               {nan, nan, 1, 0}},
        // 2^-149 * 2^-9 is zero in binary32, and zero by that NaN.
        Corner{"zeros_by_zero",
               R"({"kind": "block", "element": "float8_e4m3fn", "zero_scale": "least",
                 "arithmetic": "modelopt",
                 "levels": [{"rule": "ratio", "scale": "binary32", "columns": 1},
                            {"rule": "ratio", "scale": "float8_e4m3fn", "columns": 1}]})",
               {0, -0.0},
               {nan, nan}},
        // The zero point is the lowest code: as of a format without sign, -3.5 / 448 counts as
        // its magnitude.
        Corner{"zero_point_without_negative_numbers",
               R"({"kind": "block", "element": {"format": "int6", "rounding": "toward-positive",
                 "overflow": {"finite": "largest", "infinite": "largest",
                 "negative": "magnitude"}}, "scale": "float8_e4m3fn", "rule": "range",
                 "special": "saturate"})",
               {inf, -3.5, 3.5},
               {448 * 63.0, 448, 448}},
        // The scale has no normal numbers, so that nothing there is tiny and flushed: its largest,
        // 1/4, is the scale, under which 7.75 is 1.9375.
        Corner{"scale_without_normal_numbers",
               R"({"format": "q3.2", "special": "saturate",
                 "scaling": {"rule": "floor", "scale": {"format": {"kind": "float",
                   "exponent_bits": 1, "fraction_bits": 1, "bias": 2, "nan_codes": 1,
                   "infinity": true, "sign": false}, "flush_outputs": true}}})",
               {inf, 1},
               {1.9375, 1}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_P(CornerBlocks, EqualTheReferenceAndTheDefinition) {
  const BlockFormat format = block_format_from_json(parse_json(GetParam().format, "corner"), "");
  cases::Matrix<double> in = cases::empty_matrix<double>({1, GetParam().row.size(), 0});
  in.numbers = GetParam().row;
  for (const Engine* engine : {&emulator::engine(), &reference::engine()}) {
    const auto result = cases::quantized<double>(*engine, format, in, {});
    for (std::size_t i = 0; i < in.numbers.size(); ++i) {
      const double got = result.values.numbers[i];
      const double wanted = GetParam().wanted[i];
      EXPECT_TRUE(got == wanted || (std::isnan(got) && std::isnan(wanted))) << i << ": " << got;
    }
  }
}

}  // namespace
}  // namespace halfulp
