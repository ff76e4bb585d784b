// SPDX-License-Identifier: MIT
//
// Which scale an element has, against the blocks of formats/block.h; names of parts.
#include "golden/comparison/scales.h"

#include "folder.h"
#include "formats/error.h"

namespace halfulp::comparison {
namespace {

using tensors::Shape;

TEST(BlockMap, FollowsTheShapes) {
  // Blocks of 32 along the last axis, the last one short.
  const BlockMap mx = block_map({3, 40}, {3, 2}, {});
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 40; ++column)
      ASSERT_EQ(mx.scale_of(row * 40 + column), row * 2 + column / 32);
  }
  // Tiles of 128 x 128, as DeepGEMM has them.
  const BlockMap tiles = block_map({256, 300}, {2, 3}, {});
  EXPECT_EQ(tiles.scale_of(127 * 300 + 127), 0U);
  EXPECT_EQ(tiles.scale_of(128 * 300 + 299), 5U);
  // Along another axis; a length that is known goes before the power of two.
  EXPECT_EQ(block_map({64, 3}, {2, 3}, {}).scale_of(33 * 3 + 1), 4U);
  EXPECT_EQ(block_map({100}, {2}, {}).scale_of(63), 0U);
  EXPECT_EQ(block_map({100}, {2}, {0, 1, 50}).scale_of(63), 1U);
  EXPECT_EQ(block_map({9}, {3}, {}).scale_of(3), 0U) << "4, 4 and 1";
  EXPECT_EQ(block_map({15}, {5}, {}).scale_of(3), 1U) << "no power of two makes 5 of 15";
}

TEST(BlockMap, KnowsScalesOfRowsAndOfTheWhole) {
  const BlockMap rows = block_map({5, 7}, {5}, {});
  const BlockMap columns = block_map({5, 7}, {7}, {});
  const BlockMap whole = block_map({5, 7}, {}, {});
  const BlockMap one = block_map({5, 7}, {1, 1}, {});
  for (std::size_t i = 0; i < 35; ++i) {
    ASSERT_EQ(rows.scale_of(i), i / 7);
    ASSERT_EQ(columns.scale_of(i), i % 7);
    ASSERT_EQ(whole.scale_of(i), 0U);
    ASSERT_EQ(one.scale_of(i), 0U);
  }
  EXPECT_EQ(block_map({4, 4}, {4}, {}).scale_of(6), 1U) << "the last axis that fits is left out";
}

TEST(BlockMap, RefusesWhatDoesNotFit) {
  for (const auto& [codes, scales] : {std::pair<Shape, Shape>{{10}, {11}},
                                      {{10, 3}, {2, 2, 2}},
                                      {{10}, {0}},
                                      {{13}, {6}},
                                      {{5, 7}, {3}}})
    EXPECT_THROW(block_map(codes, scales, {}), Error) << tensors::shape_text(scales);
  EXPECT_THROW(block_map({100}, {30}, {}), Error);
}

// Every scale is that of some element, and none is beyond the scales.
TEST(BlockMap, ReachesEveryScaleAndNoOther) {
  for (const auto& [codes, scales] : {std::pair<Shape, Shape>{{3, 40}, {3, 2}},
                                      {{7, 6, 5}, {4, 3, 5}},
                                      {{33, 2}, {2}},
                                      {{16, 48}, {16, 3}}}) {
    const BlockMap map = block_map(codes, scales, {});
    std::vector<bool> reached(tensors::element_count(scales));
    for (std::size_t i = 0; i < tensors::element_count(codes); ++i)
      reached.at(map.scale_of(i)) = true;
    for (const bool each : reached) EXPECT_TRUE(each) << tensors::shape_text(codes);
  }
}

TEST(PartNames, AreThoseOfQuantize) {
  EXPECT_EQ(part_name("codes").part, "codes");
  EXPECT_EQ(part_name("w.codes").prefix, "w.");
  EXPECT_EQ(part_name("a.b.outer_scales1").part, "outer_scales1");
  EXPECT_TRUE(part_name("a.b.outer_scales1").is_scale());
  EXPECT_TRUE(part_name("zero_points").is_scale());
  EXPECT_FALSE(part_name("w.codes").is_scale());
  for (const char* other : {"", "w", "w.code", "xscales", "w.outer_scalesx", "codes.w"})
    EXPECT_EQ(part_name(other).part, "") << other;
}

class Scales : public Files {};

TEST_F(Scales, ThatDifferAreFound) {
  const Format format = format_from_text("float8_e8m0fnu");
  std::vector<std::uint64_t> codes(70000, 127);
  const tensors::OpenedFile w = open("want", format, {70000}, codes);
  codes[69999] = 128;
  codes[3] = 126;
  const tensors::OpenedFile g = open("got", format, {70000}, codes);
  const tensors::TensorCodes gc = g.codes(0);
  const tensors::TensorCodes wc = w.codes(0);
  const DifferingScales scales(gc, wc, block_map({70000 * 32}, {70000}, {}));
  EXPECT_TRUE(scales.any());
  EXPECT_TRUE(scales.differs_at(3 * 32 + 31));
  EXPECT_FALSE(scales.differs_at(4 * 32));
  EXPECT_TRUE(scales.differs_at(70000 * 32 - 1));
  EXPECT_FALSE(DifferingScales(gc, gc, block_map({70000}, {70000}, {})).any());
}

}  // namespace
}  // namespace halfulp::comparison
