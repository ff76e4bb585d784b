// SPDX-License-Identifier: MIT
#include "golden/tensors/scale_tiles.h"

#include <algorithm>
#include <utility>

#include "formats/counted.h"
#include "formats/error.h"
#include "golden/tensors/axis.h"

namespace halfulp::tensors {
namespace {

// The matrices of a shape, rows as the tiles have them.
struct Matrices {
  std::size_t count = 1, rows = 1, columns = 1;
};

Matrices matrices_of(const Shape& shape, bool turned) {
  Matrices of;
  if (!shape.empty()) of.columns = static_cast<std::size_t>(shape.back());
  if (shape.size() > 1) of.rows = static_cast<std::size_t>(shape[shape.size() - 2]);
  for (std::size_t i = 0; i + 2 < shape.size(); ++i) of.count *= static_cast<std::size_t>(shape[i]);
  if (turned) std::swap(of.rows, of.columns);
  return of;
}

}  // namespace

std::size_t ScaleTiles::place(std::size_t row, std::size_t column) const {
  constexpr std::size_t stripe = 32;  // rows whose scales stand 16 bytes apart
  const std::size_t tile = row / tile_rows * across + column / tile_columns;
  const std::size_t inside = row % tile_rows;
  return tile * tile_rows * tile_columns + inside % stripe * (tile_rows / stripe * tile_columns) +
         inside / stripe * tile_columns + column % tile_columns;
}

ScaleTiles scale_tiles(std::size_t rows, std::size_t columns) {
  return {.down = (rows + tile_rows - 1) / tile_rows,
          .across = (columns + tile_columns - 1) / tile_columns};
}

Bytes to_scale_tiles(ByteView scales, std::size_t rows, std::size_t columns) {
  HALFULP_REQUIRE(scales.size() == rows * columns, "to_scale_tiles: another size");
  const ScaleTiles tiles = scale_tiles(rows, columns);
  Bytes result(tiles.bytes());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column)
      result[tiles.place(row, column)] = scales[row * columns + column];
  }
  return result;
}

Bytes from_scale_tiles(ByteView tiles, std::size_t rows, std::size_t columns) {
  const ScaleTiles layout = scale_tiles(rows, columns);
  HALFULP_REQUIRE(tiles.size() == layout.bytes(), "from_scale_tiles: another size");
  Bytes result(rows * columns);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column)
      result[row * columns + column] = tiles[layout.place(row, column)];
  }
  return result;
}

Tensor tiled_scales(const Tensor& scales, bool turned) {
  HALFULP_REQUIRE(element_bytes(scales.type) == 1, "tiled_scales: scales of several bytes");
  const Matrices of = matrices_of(scales.shape, turned);
  const ScaleTiles tiles = scale_tiles(of.rows, of.columns);
  const Bytes rows =
      turned ? transposed(scales.data, 1, of.count, of.columns, of.rows) : scales.data;
  Tensor result{scales.name, scales.type, scales.shape, {}};
  result.shape.resize(std::max<std::size_t>(scales.shape.size(), 2), 1);
  result.shape[result.shape.size() - 2] = static_cast<std::int64_t>(tiles.down * tile_rows);
  result.shape.back() = static_cast<std::int64_t>(tiles.across * tile_columns);
  for (std::size_t i = 0; i < of.count; ++i) {
    const std::size_t size = of.rows * of.columns;
    const Bytes one = to_scale_tiles(ByteView(rows).subspan(i * size, size), of.rows, of.columns);
    result.data.insert(result.data.end(), one.begin(), one.end());
  }
  return result;
}

Tensor untiled_scales(const Tensor& tiles, const Shape& shape, bool turned) {
  const Matrices of = matrices_of(shape, turned);
  const std::size_t size = scale_tiles(of.rows, of.columns).bytes();
  if (element_bytes(tiles.type) != 1 || tiles.data.size() != of.count * size)
    throw Error(counted(tiles.data.size(), "byte") + " of tiles, the scales need " +
                    std::to_string(of.count * size),
                "/" + printable(tiles.name), "are they in tiles of 128x4?");
  Tensor result{tiles.name, tiles.type, shape, {}};
  for (std::size_t i = 0; i < of.count; ++i) {
    const Bytes one =
        from_scale_tiles(ByteView(tiles.data).subspan(i * size, size), of.rows, of.columns);
    result.data.insert(result.data.end(), one.begin(), one.end());
  }
  if (turned) result.data = transposed(std::move(result.data), 1, of.count, of.rows, of.columns);
  return result;
}

}  // namespace halfulp::tensors
