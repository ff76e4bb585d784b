// SPDX-License-Identifier: MIT
//
// Dot products prepared, and the ways to them that multiply.cc chooses from. Each is an arithmetic
// that the orders of summation go through (kernels/orders.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "emulator/arrays/plan.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// A Scaling of dot_tree.h. place: among the scales of the operands; none: the sum has no scaling.
struct CompiledScaling {
  static constexpr auto none = static_cast<std::size_t>(-1);
  std::size_t place = none;
  std::shared_ptr<const CompiledPlan> product, item;
  double least_left = 0, least_right = 0, least_item = 0;
};

// A float that tiles round to (kernels/tiles.h): its significant bits, the exponents of its least
// and largest normal numbers, and the largest.
struct TileFormat {
  int precision = 0;
  int least_exponent = 0, most_exponent = 0;
  double largest = 0;
  bool negative_zero = true;
  // The exponent of the least positive number.
  [[nodiscard]] int spacing() const { return least_exponent - precision + 1; }
};
// Terms in sequence, or, where `run` is not 0, in runs of so many that an outer sum of binary32
// adds up. sum: nothing where it is of binary32.
struct TilePlan {
  std::optional<TileFormat> product, sum;
  std::size_t run = 0;
};

// A least exponent is that of the format's normal numbers, which alignments count by; of formats
// without one below all others.
struct CompiledDot {
  DotTree tree;  // taken in the order of its terms
  TreeDraws draws;
  std::shared_ptr<const CompiledPlan> product;
  std::vector<std::shared_ptr<const CompiledPlan>> sums;  // as in the tree; null: not rounded
  std::vector<CompiledScaling> scalings;                  // a sum each
  std::shared_ptr<const CompiledPlan> left, right;        // of the factors' formats, if any
  bool aligned = false;
  double least_left = 0, least_right = 0, least_product_exponent = 0;
  std::vector<double> least_exponents;  // a sum each
  double product_limit = 0;             // infinite where there is none
  // Where every rounding is plain arithmetic of a carrier, which one's.
  std::optional<Carrier> native;
  std::optional<TilePlan> tiles;  // of trees whose steps tiles of registers may do
  bool fits_exact_tiles = false, fits_grid_tiles = false, fits_aligned_tiles = false;
  bool fits_lanes = false;  // lanes can do every rounding and every addition

  // The innermost sum is one of whole terms, exact but for one rounding.
  [[nodiscard]] bool is_exact() const;
};

DotPlan prepare_dot(const DotTree& tree, const Preparation& preparation);
void multiply_add(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                  const MutableView& out);

// One result after the other, any formats.
void multiply_by_element(const MatrixOperands& operands, const CompiledDot& unit,
                         const Random& random, const MutableView& out);
// Lanes are results; of units that fits_lanes. False, and nothing done, where a factor is no number
// of the format that the unit names for it: doubles hold what they do only of such.
bool multiply_by_lanes(const MatrixOperands& operands, const CompiledDot& unit,
                       const Random& random, const MutableView& out);

// Rounding by the plan, if any, changes none of the first `columns` numbers of any row.
bool are_numbers_of(const CompiledPlan* plan, const std::vector<double>& numbers,
                    std::size_t stride, std::size_t columns);

// What tiles do of a tree; binary32_outside: the outermost sum is the processor's of binary32.
std::optional<TilePlan> tile_plan(const DotTree& tree, bool binary32_outside);
// In registers. False, and nothing done, where the numbers are too wide for that.
bool multiply_by_tiles(const MatrixOperands& operands, const CompiledDot& unit,
                       const MutableView& out);

// Aligned sums in registers, of units that fits_aligned_tiles. False, and nothing done, where a
// factor is no number of its format, or there is one row alone.
bool fits_aligned_tiles(const CompiledDot& unit);
bool multiply_by_aligned_tiles(const MatrixOperands& operands, const CompiledDot& unit,
                               const MutableView& out);

// By grids in registers, of units that fits_grid_tiles: any mode but toward negative, with draws.
// False, and nothing done, where steps are not exact in doubles.
bool fits_grid_tiles(const CompiledDot& unit);
bool multiply_by_grids(const MatrixOperands& operands, const CompiledDot& unit,
                       const Random& random, const MutableView& out);

// Exact sums of exact products by tiles, of units that fits_exact_tiles. False, and nothing done,
// where the numbers span too much.
bool multiply_exactly(const MatrixOperands& operands, const CompiledDot& unit, const Random& random,
                      const MutableView& out);

// So many rows and columns from a place on.
View part_of(const View& view, std::size_t row, std::size_t column, std::size_t rows,
             std::size_t columns);

// A matrix as doubles, transposed or not, row after row without gaps. flush: subnormals of its
// carrier become zeros of their sign.
std::vector<double> doubles_of(const View& view, bool transposed, bool flush = false);

// The number into its place; any NaN as the positive quiet one.
void store_result(const MutableView& out, std::size_t row, std::size_t column, double number);

}  // namespace halfulp::emulator
