// SPDX-License-Identifier: MIT
//
// Block formats: the emulator equals the reference in values, codes, scales, zero points and
// counts, for the catalogue and its variations, and for formats drawn from all that there can be.
#include <gtest/gtest.h>

#include <optional>

#include "formats/block.h"
#include "formats/error.h"
#include "tests/emulator/block_check.h"

namespace halfulp {
namespace {

using cases::check_carriers;
using cases::draw_mood;
using cases::draw_shape;
using cases::Mood;
using sampling::Stream;

TEST(DrawnBlocks, EqualTheReference) {
  Stream stream(34);
  for (std::size_t turn = 0; turn < 2500 && !testing::Test::HasFatalFailure(); ++turn) {
    const BlockFormat format = cases::draw_block_format(turn, stream);
    check_carriers(format, draw_shape(stream), draw_mood(stream), stream);
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
