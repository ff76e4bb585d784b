// SPDX-License-Identifier: MIT
//
// The functions of the C library that candidates (candidate.h) are made of, and how far from the
// true results they are. No standard bounds that, so it is measured against MPFR: a few arguments
// when a function is first asked for, many in the tests. Where a library is farther off than is
// trusted, candidates are not used, and results come from MPFR alone, as they do without bounds.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "emulator/functions/multiple.h"
#include "formats/operation.h"

namespace halfulp::emulator {

inline constexpr double untrusted = std::numeric_limits<double>::quiet_NaN();

// Libraries may lose more near zeros of a function: the result, or NaN where it is not asked for.
inline double away_from_zeros(double x, double y) {
  constexpr double largest_angle = 1024;
  constexpr double least = 0x1p-8;
  if (std::fabs(x) > largest_angle) return untrusted;
  const double magnitude = std::fabs(y);
  return std::fabs(x) <= 1 || (magnitude >= least && magnitude <= 1 / least) ? y : untrusted;
}
inline double logarithm(double y) { return std::fabs(y) >= 0x1p-8 ? y : untrusted; }

struct HostFunction {
  std::string_view name;
  double (*evaluate)(double x, double y);  // NaN where candidates do not ask for it
  int (*exact)(mpfr_ptr r, mpfr_srcptr x, mpfr_srcptr y);
  // Arguments: magnitudes from 2^least to 2^most, of either sign, or plus alone.
  int least = -900, most = 900;
  bool negative = true;
  // A fifth of the arguments lie next to integer multiples of this.
  double multiples_of = 1;
  bool is_power = false;  // y is drawn so that the result is in range
};
std::span<const HostFunction> host_functions();

// Relative, as candidates have sixteen times that on either side.
inline constexpr double trusted_error = 0x1p-49;

// The largest relative error at `count` arguments, drawn from the seed.
double largest_error(const HostFunction& f, std::uint64_t seed, std::size_t count);
// Is it at most trusted_error at a few?
bool holds(const HostFunction& f);

// Do all functions hold that the candidates of `op` are made of? Measures at each call. Needs a
// StandardEnvironment.
bool host_library_holds(Op op);

}  // namespace halfulp::emulator
