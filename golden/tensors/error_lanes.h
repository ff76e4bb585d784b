// SPDX-License-Identifier: MIT
//
// What the statistics of errors ask of a run of elements (error_statistics.h), on the machine's
// vectors: element by element the operations of the formulas, so that every lane has their bits.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "formats/format.h"

namespace halfulp::tensors {

// Elements of a tensor as they were and as they became, in doubles. Behind `count` of them there
// are zeros, and scales of one, up to a whole vector of any target.
struct ErrorRun {
  static constexpr std::size_t most = 1024;
  using Numbers = std::array<double, most>;

  std::size_t count = 0;
  bool scaled = false;  // else scales are not looked at
  alignas(64) Numbers before;
  alignas(64) Numbers after;
  alignas(64) Numbers scales;  // what elements are multiples of
};

// The first of the numbers, at most ErrorRun::most of them, and zeros behind them.
void copy_numbers(const float* from, std::size_t count, ErrorRun::Numbers& to);
void copy_numbers(const double* from, std::size_t count, ErrorRun::Numbers& to);

// Is no element an infinity or NaN, neither before nor after?
bool all_finite(const ErrorRun& run);

// The numbers of a float with subnormals, as far as doubles hold all that is asked: from 2^e to
// 2^(e + 1) their distance is 2^(e - fraction bits), below the least exponent as there.
struct FloatGrid {
  double least_power = 0;  // of the numbers of full precision
  double last_place = 0;   // 2^-fraction bits
  double largest = 0;
  double last_distance = 0;  // of the last two, and of what is beyond them

  static std::optional<FloatGrid> of(const Format& format);
};

// The errors in units of the last place, |after - before| / (scale * distance), where distance is
// that of the neighbours of before / scale: 0 of a number of the grid. Is one of those that are
// finite larger than `bound`?
bool ulps_of(const ErrorRun& run, const FloatGrid& grid, double bound, ErrorRun::Numbers& ulps);

// The squares of the elements and of their errors.
struct Squares {
  alignas(64) ErrorRun::Numbers signal;
  alignas(64) ErrorRun::Numbers noise;
  bool usual = false;  // all elements and errors are below the limit; NaN is not
  bool exact = false;  // no error is other than zero
};
void find_squares(const ErrorRun& run, double limit, Squares& squares);

}  // namespace halfulp::tensors
