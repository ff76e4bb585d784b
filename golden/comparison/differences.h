// SPDX-License-Identifier: MIT
//
// How two tensors of one format differ: how many codes, by how many steps and on which side, which
// NaN, infinities and zeros, and where.
//
// The distance of two finite numbers in ulp is that of their ranks (formats/codes.h): the number of
// steps from neighbour to neighbour of the format's numbers in their order that lead from one to
// the other. It is whole, the same in every kind of format, and 0 for codes of one number (the two
// zeros). Between an infinity and a finite number the distance is stated as if the infinity were
// the number after the last one; it is counted apart and is within no tolerance. NaN has none.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "golden/comparison/tolerance.h"

namespace halfulp::comparison {

// Distances of finite numbers that are not the same. Bucket 0 is of distance 1, bucket 1 of 2, and
// bucket k of those above 2^(k-1) up to 2^k.
inline constexpr std::size_t bucket_count = 65;
struct Buckets {
  std::array<std::uint64_t, bucket_count> counts{};
  std::uint64_t largest = 0;
};
// The least and the largest distance of a bucket.
struct BucketEnds {
  std::uint64_t least = 0, most = 0;
};
BucketEnds bucket_ends(std::size_t bucket);

struct Distances {
  std::uint64_t pairs = 0;        // of finite numbers
  std::uint64_t same_number = 0;  // distance 0: codes equal or not
  Buckets above, below;           // got above want, and below it
  Rank sum = 0;                   // of the distances, those below being negative
  [[nodiscard]] std::uint64_t largest() const { return std::max(above.largest, below.largest); }
  // Of got - want in ulp, over all pairs; 0 where there is none.
  [[nodiscard]] double mean() const;
};

// Differences that have no distance, and zeros.
struct Classes {
  std::uint64_t nan_got = 0, nan_want = 0;            // NaN on one side
  std::uint64_t nan_codes = 0;                        // NaN on both, of other bits
  std::uint64_t infinite_got = 0, infinite_want = 0;  // on one side, the other being finite
  std::uint64_t infinite_signs = 0;                   // on both, of other signs
  std::uint64_t zero_signs = 0;                       // two codes of one number
};

// Where differences lie in a matrix: the last dimension is its columns, all others its rows.
struct Matrix {
  std::uint64_t rows = 0, columns = 0;
};
Matrix matrix_of(const tensors::Shape& shape);

// The matrix cut into at most 16 x 32 tiles as equal as can be: the differences of each, and the
// first and last row and column that have one.
struct Tiles {
  static constexpr std::uint64_t most_rows = 16, most_columns = 32;
  Tiles() = default;
  explicit Tiles(const Matrix& matrix);
  void add(std::uint64_t row, std::uint64_t column);
  void add(const Tiles& next);
  // How many elements a tile has.
  [[nodiscard]] std::uint64_t elements(std::uint64_t tile_row, std::uint64_t tile_column) const;

  Matrix matrix;
  std::uint64_t rows = 0, columns = 0;  // of tiles
  std::vector<std::uint64_t> counts;    // row after row
  std::uint64_t first_row = UINT64_MAX, last_row = 0, first_column = UINT64_MAX, last_column = 0;
};

struct Mismatch {
  std::uint64_t index = 0;  // in C order
  std::uint64_t got = 0, want = 0;
  std::optional<Rank> distance;  // above or below; none of NaN
};

struct Differences {
  std::uint64_t elements = 0;
  std::uint64_t mismatches = 0;    // codes that differ, by the strictness asked for
  std::uint64_t under_scales = 0;  // codes that differ in blocks whose scales do: nowhere else
  Distances distances;
  Classes classes;
  Tiles tiles;
  std::vector<Mismatch> first;
  // Of want: its largest finite magnitude, in steps from zero and as a number.
  std::uint64_t largest_rank = 0;
  double largest_number = 0;

  // What the next stretch found, added; of its mismatches as many as make `shown`.
  void add(const Differences& next, std::uint64_t shown);
};

// A stretch, begin being its place in the tensor. skipped: elements in blocks whose scales differ.
struct Stretch {
  const Elements& got;
  const Elements& want;
  std::size_t begin = 0;
  const std::vector<bool>& skipped;
};
Differences differences_of(const Stretch& stretch, const Judge& judge, const Matrix& matrix,
                           std::uint64_t shown);

}  // namespace halfulp::comparison
