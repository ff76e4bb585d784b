// SPDX-License-Identifier: MIT
//
// Scales in tiles of 128x4: every place is taken once, the places of the documentation are right,
// and what goes in comes out.
#include <set>

#include "golden/tensors/scale_tiles.h"
#include "support.h"

namespace halfulp::tensors {
namespace {

TEST(ScaleTiles, StandWhereTheDocumentationSays) {
  const ScaleTiles tiles = scale_tiles(300, 9);
  EXPECT_EQ(tiles.down, 3U);
  EXPECT_EQ(tiles.across, 3U);
  EXPECT_EQ(tiles.bytes(), 9U * 512);
  EXPECT_EQ(tiles.place(0, 0), 0U);
  EXPECT_EQ(tiles.place(0, 3), 3U);
  EXPECT_EQ(tiles.place(1, 0), 16U);
  EXPECT_EQ(tiles.place(32, 0), 4U);
  EXPECT_EQ(tiles.place(33, 2), 16U + 4 + 2);
  EXPECT_EQ(tiles.place(127, 3), 511U);
  EXPECT_EQ(tiles.place(0, 4), 512U);
  EXPECT_EQ(tiles.place(128, 0), 3U * 512);
  EXPECT_EQ(tiles.place(299, 8), (2 * 3 + 2) * 512U + 16 * (299 % 32) + 4 * (299 % 128 / 32));
}

TEST(ScaleTiles, EveryPlaceIsTakenOnce) {
  const ScaleTiles tiles = scale_tiles(256, 8);
  std::set<std::size_t> places;
  for (std::size_t row = 0; row < 256; ++row) {
    for (std::size_t column = 0; column < 8; ++column) places.insert(tiles.place(row, column));
  }
  EXPECT_EQ(places.size(), tiles.bytes());
  EXPECT_EQ(*places.rbegin(), tiles.bytes() - 1);
}

TEST(ScaleTiles, GoThereAndBack) {
  for (const auto& [rows, columns] : std::vector<std::pair<std::size_t, std::size_t>>{
           {1, 1}, {128, 4}, {129, 5}, {300, 7}, {0, 3}, {3, 0}}) {
    Bytes scales(rows * columns);
    for (std::size_t i = 0; i < scales.size(); ++i)
      scales[i] = static_cast<std::uint8_t>(i * 7 + 1);
    const Bytes tiles = to_scale_tiles(scales, rows, columns);
    EXPECT_EQ(tiles.size(), scale_tiles(rows, columns).bytes());
    EXPECT_EQ(from_scale_tiles(tiles, rows, columns), scales);
  }
}

TEST(ScaleTiles, OfTensorsAreMatrixByMatrixAndTurned) {
  Bytes data(2 * 130 * 5);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i % 251);
  const Tensor scales = make_tensor("s", element_type("uint8"), {2, 130, 5}, data);
  const Tensor tiles = tiled_scales(scales, false);
  EXPECT_EQ(tiles.shape, (Shape{2, 256, 8}));
  EXPECT_EQ(tiles.data[scale_tiles(130, 5).bytes() + scale_tiles(130, 5).place(129, 4)],
            data[130 * 5 + 129 * 5 + 4]);
  EXPECT_EQ(untiled_scales(tiles, scales.shape, false), scales);
  const Tensor turned = tiled_scales(scales, true);  // 5 rows of 130 scales each
  EXPECT_EQ(turned.shape, (Shape{2, 128, 132}));
  EXPECT_EQ(turned.data[scale_tiles(5, 130).place(4, 129)], data[129 * 5 + 4]);
  EXPECT_EQ(untiled_scales(turned, scales.shape, true), scales);
  EXPECT_THROW(untiled_scales(turned, scales.shape, false), Error);
}

}  // namespace
}  // namespace halfulp::tensors
