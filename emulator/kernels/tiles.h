// SPDX-License-Identifier: MIT
//
// Products of matrices whose terms are added in sequence, on tiles of results that stay in
// registers: the interface of
// tiles.cc, rounded_tiles.cc, grid_tiles.cc, aligned_tiles.cc and exact_tiles.cc in plain types.
// Floating-point arithmetic, which needs a StandardEnvironment.
#pragma once

#include <cstddef>
#include <vector>

#include "emulator/kernels/kernels.h"

namespace halfulp::emulator::kernels {

// What the numbers of a matrix have in common: at most `precision` significant bits, all are
// multiples of 2^least_exponent, and smaller than 2^(most_exponent + 1), which is 128 where some
// are infinite or NaN. Zeros meet every bound.
struct Survey {
  int precision = 1;
  int least_exponent = 1000;
  int most_exponent = -1000;
};
Survey survey(const float* numbers, std::size_t rows, std::size_t columns, std::size_t stride);

// Sums in the processor's own arithmetic. fused: of exact products, each rounded once where it is
// added; else the product is rounded first. Answers whether it did so: without a fused
// multiply-add, sums of exact products need products that Real holds.
bool multiply_in_sequence(const Shape& shape, const Matrices<float>& m, bool fused);
bool multiply_in_sequence(const Shape& shape, const Matrices<double>& m, bool fused);

// A float of fewer bits than Real, its numbers times the power of two of TileRounding::scale. From
// an exponent e on that is at least that of `least` its numbers are 2^e / shift apart.
template <typename Real>
struct NarrowFloat {
  Real magic = 0;    // 1.5 * 2^(F - t), F and t being the fraction bits of Real and of the format
  Real least = 0;    // the least normal number
  Real largest = 0;  // finite
  bool negative_zero = true;
  // The numbers that are rounded are multiples of least / 2^t, so that what is below the normal
  // numbers is exact.
  bool exact_below = false;
};

enum class TileSteps : std::uint8_t { sum, product, both };

// Which steps are rounded, and how. A sum that is not is Real's own.
template <typename Real>
struct TileRounding {
  TileSteps steps = TileSteps::sum;
  NarrowFloat<Real> product, sum;
  // Factors of b times `scale` make sums so large that a step of an exponent beyond the largest
  // number's leaves Real's range and stays out of it.
  Real scale = 1;
  bool to_odd = false;         // exact products, summed in Real to odd; where can_add_to_odd()
  bool signs_of_zero = false;  // a zero may be negative
  std::size_t run = 0;  // terms of an inner sum, which a binary32 sum adds up; 0: all are one sum
};

// True where binary32 tiles can: then Real's rounding and the format's are always one.
bool can_add_to_odd();

// A tile's corner and extent.
struct TilePlace {
  std::size_t row = 0, column = 0, rows = 0, columns = 0;
};

// out = a * b + c, each step rounded. Answers the tiles that are not certain, and left as they
// were: of results that are not finite, or overflowed on the way. But where sums are to odd every
// exact product is a number of Real, and so is every one times `scale`, and rounding a step to Real
// and then to its format is one rounding.
template <typename Real>
struct NarrowMatrices {
  const Real* a = nullptr;
  const float* b = nullptr;
  const float* c = nullptr;
  float* out = nullptr;
  std::size_t a_stride = 0, b_stride = 0, c_stride = 0, out_stride = 0;
};
std::vector<TilePlace> multiply_rounded(const Shape& shape, const NarrowMatrices<float>& m,
                                        const TileRounding<float>& rounding);
std::vector<TilePlace> multiply_rounded(const Shape& shape, const NarrowMatrices<double>& m,
                                        const TileRounding<double>& rounding);

// The same by any grids, product and sum of one kind: every product, rounded or not, and every sum
// is exact in doubles, and NaN, where it arises, is NaN in the grids. product: null where it is
// exact.
struct GridDraws {
  UnitSource source;
  std::uint64_t first = 0;       // the index at which the first result's draws begin
  std::uint64_t per_result = 0;  // indices, a multiple of 16; the last of all is below 2^64
  std::uint64_t per_term = 1, product = 0;
  int bits = 1;  // of the field at an index, of which roundings take the first
};
struct GridRounding {
  const Grid<std::uint64_t>* product = nullptr;
  const Grid<std::uint64_t>* sum = nullptr;
  bool exact_below = false;   // as in NarrowFloat, of sums of exact products
  bool stays_finite = false;  // no sum is beyond the largest number
  GridDraws draws;
};
void multiply_by_grid(const Shape& shape, const NarrowMatrices<double>& m,
                      const GridRounding& rounding);

// Sums of `together` terms at once, aligned to their largest exponent, s among them
// (formats/dot_tree.h, Alignment), and rounded by a grid without draws.
struct AlignedRounding {
  const Grid<std::uint64_t>* grid = nullptr;
  std::size_t together = 1;
  int bits = 0;              // kept below the largest exponent
  double least = 0;          // 2^least_exponent; 0 where there is none
  double least_running = 0;  // 2^e, e being the least exponent of the sum's normal numbers
  bool downward = false;
};
// All row after row without gaps; powers: stored_powers of the numbers; c: null where there is
// none.
struct AlignedMatrices {
  const double* a = nullptr;
  const double* a_powers = nullptr;
  const double* b = nullptr;
  const double* b_powers = nullptr;
  const double* c = nullptr;
  double* out = nullptr;
};
// 2^e of numbers, e being the exponent that their format stores: at least that of `least`. 0 of
// zeros and of what is not finite.
void stored_powers(const double* numbers, std::size_t count, double least, double* powers);
// Answers the tiles that are left as they were: those where a result is not finite.
std::vector<TilePlace> multiply_aligned(const Shape& shape, const AlignedMatrices& m,
                                        const AlignedRounding& rounding);

// Exact sums of products of floats, each as two doubles: multiples of 2^split, and of 2^unit. One
// sum of doubles starts at a number so large that its last place is 2^split; what a step cannot add
// there goes to the other, which has room for 2^53 of 2^unit. Numbers of a are doubles.
struct ExactSplit {
  int split = 0, unit = 0;
  double magic = 0;  // 1.5 * 2^(52 + split)
};
// At most so many terms where products are multiples of 2^unit below 2^most; 0 where that is none.
std::size_t exact_terms(int unit, int most);
ExactSplit exact_split(int unit, std::size_t terms);
// The panel's first column is `column`; terms first to end. high and low: a row each for every row
// of a, of exact_panel_columns().
struct ExactPanel {
  std::size_t column = 0, first = 0, end = 0;
};
std::size_t exact_panel_columns();
void add_exactly(const Shape& shape, const NarrowMatrices<double>& m, const ExactPanel& panel,
                 const ExactSplit& split, double* high, double* low);
// The same of one dot product.
void add_exactly(const float* a, const float* b, std::size_t terms, const ExactSplit& split,
                 double* high, double* low);
// start and the products, these in binary32 and sums in binary64, in no stated order: the exact sum
// where no step was inexact (StandardEnvironment::was_exact).
double add_products(const float* a, const float* b, std::size_t terms, double start);

}  // namespace halfulp::emulator::kernels
