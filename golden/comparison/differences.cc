// SPDX-License-Identifier: MIT
#include "golden/comparison/differences.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace halfulp::comparison {
namespace {

std::size_t bucket_of(std::uint64_t distance) {
  return static_cast<std::size_t>(std::bit_width(distance - 1));
}

void add_buckets(const Buckets& next, Buckets& buckets) {
  for (std::size_t i = 0; i < bucket_count; ++i) buckets.counts[i] += next.counts[i];
  buckets.largest = std::max(buckets.largest, next.largest);
}

std::uint64_t magnitude(Rank rank) { return static_cast<std::uint64_t>(rank < 0 ? -rank : rank); }

void add_distance(Rank apart, Distances& distances) {
  ++distances.pairs;
  distances.sum += apart;
  if (apart == 0) {
    ++distances.same_number;
    return;
  }
  Buckets& side = apart > 0 ? distances.above : distances.below;
  const std::uint64_t steps = magnitude(apart);
  ++side.counts[bucket_of(steps)];
  side.largest = std::max(side.largest, steps);
}

// Of a pair that is not both finite, and whose codes differ.
void add_class(const Place& got, const Place& want, Classes& classes) {
  if (got.standing == Standing::nan) {
    ++(want.standing == Standing::nan ? classes.nan_codes : classes.nan_got);
  } else if (want.standing == Standing::nan) {
    ++classes.nan_want;
  } else if (got.standing == want.standing) {
    ++classes.infinite_signs;
  } else {
    ++(want.is_finite() ? classes.infinite_got : classes.infinite_want);
  }
}

std::uint64_t begin_of_tile(std::uint64_t tile, std::uint64_t tiles, std::uint64_t length) {
  // The first place of the tile: the least p with p * tiles / length == tile.
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{tile} * length + tiles - 1) / tiles);
}

std::uint64_t tile_of(std::uint64_t place, std::uint64_t tiles, std::uint64_t length) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{place} * tiles / length);
}

}  // namespace

BucketEnds bucket_ends(std::size_t bucket) {
  if (bucket < 2) return {bucket + 1, bucket + 1};
  const std::uint64_t most = bucket == 64 ? UINT64_MAX : std::uint64_t{1} << bucket;
  return {(std::uint64_t{1} << (bucket - 1)) + 1, most};
}

double Distances::mean() const {
  return pairs == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(pairs);
}

Matrix matrix_of(const tensors::Shape& shape) {
  if (shape.empty()) return {1, 1};
  Matrix matrix{1, static_cast<std::uint64_t>(shape.back())};
  for (std::size_t axis = 0; axis + 1 < shape.size(); ++axis)
    matrix.rows *= static_cast<std::uint64_t>(shape[axis]);
  return matrix;
}

Tiles::Tiles(const Matrix& whole)
    : matrix(whole),
      rows(std::min(whole.rows, most_rows)),
      columns(std::min(whole.columns, most_columns)),
      counts(rows * columns) {}

void Tiles::add(std::uint64_t row, std::uint64_t column) {
  ++counts[tile_of(row, rows, matrix.rows) * columns + tile_of(column, columns, matrix.columns)];
  first_row = std::min(first_row, row);
  last_row = std::max(last_row, row);
  first_column = std::min(first_column, column);
  last_column = std::max(last_column, column);
}

void Tiles::add(const Tiles& next) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += next.counts[i];
  first_row = std::min(first_row, next.first_row);
  last_row = std::max(last_row, next.last_row);
  first_column = std::min(first_column, next.first_column);
  last_column = std::max(last_column, next.last_column);
}

std::uint64_t Tiles::elements(std::uint64_t tile_row, std::uint64_t tile_column) const {
  const std::uint64_t high =
      begin_of_tile(tile_row + 1, rows, matrix.rows) - begin_of_tile(tile_row, rows, matrix.rows);
  const std::uint64_t wide = begin_of_tile(tile_column + 1, columns, matrix.columns) -
                             begin_of_tile(tile_column, columns, matrix.columns);
  return high * wide;
}

void Differences::add(const Differences& next, std::uint64_t shown) {
  elements += next.elements;
  mismatches += next.mismatches;
  under_scales += next.under_scales;
  distances.pairs += next.distances.pairs;
  distances.same_number += next.distances.same_number;
  distances.sum += next.distances.sum;
  add_buckets(next.distances.above, distances.above);
  add_buckets(next.distances.below, distances.below);
  classes.nan_got += next.classes.nan_got;
  classes.nan_want += next.classes.nan_want;
  classes.nan_codes += next.classes.nan_codes;
  classes.infinite_got += next.classes.infinite_got;
  classes.infinite_want += next.classes.infinite_want;
  classes.infinite_signs += next.classes.infinite_signs;
  classes.zero_signs += next.classes.zero_signs;
  tiles.add(next.tiles);
  for (const Mismatch& mismatch : next.first) {
    if (first.size() >= shown) break;
    first.push_back(mismatch);
  }
  largest_rank = std::max(largest_rank, next.largest_rank);
  largest_number = std::max(largest_number, next.largest_number);
}

Differences differences_of(const Stretch& stretch, const Judge& judge, const Matrix& matrix,
                           std::uint64_t shown) {
  const Elements& got = stretch.got;
  const Elements& want = stretch.want;
  Differences made;
  made.tiles = Tiles(matrix);
  for (std::size_t i = 0; i < got.size(); ++i) {
    ++made.elements;
    const Place& x = got.places[i];
    const Place& y = want.places[i];
    const bool other_codes = got.codes[i] != want.codes[i];
    if (!stretch.skipped.empty() && stretch.skipped[i]) {
      if (!judge.same(got, want, i)) ++made.under_scales;
      continue;
    }
    if (y.is_finite()) {
      made.largest_rank = std::max(made.largest_rank, magnitude(y.rank));
      if (!want.numbers.empty())
        made.largest_number = std::max(made.largest_number, std::abs(want.numbers[i]));
    }
    const bool finite = x.is_finite() && y.is_finite();
    if (finite) add_distance(x.rank - y.rank, made.distances);
    if (!other_codes) continue;
    if (!finite) add_class(x, y, made.classes);
    if (finite && x.rank == y.rank) ++made.classes.zero_signs;
    if (judge.same(got, want, i)) continue;
    ++made.mismatches;
    const std::uint64_t index = stretch.begin + i;
    made.tiles.add(index / matrix.columns, index % matrix.columns);
    if (made.first.size() >= shown) continue;
    Mismatch mismatch{.index = index, .got = got.codes[i], .want = want.codes[i], .distance = {}};
    const bool has_distance = x.standing != Standing::nan && y.standing != Standing::nan;
    if (has_distance) mismatch.distance = x.rank - y.rank;
    made.first.push_back(mismatch);
  }
  return made;
}

}  // namespace halfulp::comparison
