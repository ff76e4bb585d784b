// SPDX-License-Identifier: MIT
#include "golden/tensors/error_lanes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/codes.h"
#include "formats/numbers/value.h"

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "golden/tensors/error_lanes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::tensors {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

std::size_t widen_floats(const float* from, std::size_t count, double* to) {
  const D d;
  const hn::Rebind<float, D> d_float;
  const std::size_t whole = count / hn::Lanes(d) * hn::Lanes(d);
  for (std::size_t i = 0; i < whole; i += hn::Lanes(d))
    hn::Store(hn::PromoteTo(d, hn::LoadU(d_float, from + i)), d, to + i);
  return whole;
}

// x - x is 0 of a number, else NaN.
bool finite_lanes(const ErrorRun& run) {
  const D d;
  V any = hn::Zero(d);
  for (std::size_t i = 0; i < run.count; i += hn::Lanes(d)) {
    const V before = hn::Load(d, run.before.data() + i);
    const V after = hn::Load(d, run.after.data() + i);
    any = any + (before - before) + (after - after);
  }
  return hn::AllTrue(d, any == hn::Zero(d));
}

// Below 2^52 distances a sum with so much has the distance for its last place, and comes back as it
// was where the number is a multiple of it; x is below 2^(fraction bits + 1) distances.
HWY_INLINE V distance_of(V x, const FloatGrid& grid) {
  const D d;
  const hn::RebindToUnsigned<D> d_bits;
  const V a = hn::Abs(x);
  const V power =
      hn::BitCast(d, hn::And(hn::BitCast(d_bits, a), hn::Set(d_bits, std::uint64_t{0x7ff} << 52U)));
  const V distance = hn::Max(power, hn::Set(d, grid.least_power)) * hn::Set(d, grid.last_place);
  const V whole = distance * hn::Set(d, 0x1p52);
  const V off = hn::IfThenZeroElse(a + whole - whole == a, distance);
  const V largest = hn::Set(d, grid.largest);
  const V outside = hn::IfThenElse(a > largest, hn::Set(d, grid.last_distance), a - a);
  return hn::IfThenElse(a < largest, off, outside);
}

template <bool scaled>
HWY_INLINE bool ulps_of_run(const ErrorRun& run, const FloatGrid& grid, double bound,
                            double* ulps) {
  const D d;
  const V greatest = hn::Set(d, std::numeric_limits<double>::max());
  const V before_this = hn::Set(d, bound);
  V largest = before_this;
  for (std::size_t i = 0; i < run.count; i += hn::Lanes(d)) {
    const V before = hn::Load(d, run.before.data() + i);
    const V error = hn::Abs(hn::Load(d, run.after.data() + i) - before);
    V distance = before;
    if constexpr (scaled) {
      const V scale = hn::Load(d, run.scales.data() + i);
      distance = distance_of(before / scale, grid) * scale;
    } else {
      distance = distance_of(before, grid);
    }
    const V ulp = error / distance;
    hn::Store(ulp, d, ulps + i);
    // Of what is not finite nothing.
    largest = hn::Max(largest, hn::IfThenElseZero(ulp <= greatest, ulp));
  }
  return !hn::AllTrue(d, largest == before_this);
}

bool ulp_lanes(const ErrorRun& run, const FloatGrid& grid, double bound, double* ulps) {
  return run.scaled ? ulps_of_run<true>(run, grid, bound, ulps)
                    : ulps_of_run<false>(run, grid, bound, ulps);
}

void square_lanes(const ErrorRun& run, double limit, Squares& squares) {
  const D d;
  const V most = hn::Set(d, limit);
  auto usual = hn::Zero(d) == hn::Zero(d);
  V errors = hn::Zero(d);
  for (std::size_t i = 0; i < run.count; i += hn::Lanes(d)) {
    const V before = hn::Load(d, run.before.data() + i);
    const V error = hn::Load(d, run.after.data() + i) - before;
    hn::Store(before * before, d, squares.signal.data() + i);
    hn::Store(error * error, d, squares.noise.data() + i);
    usual = hn::And(usual, hn::And(hn::Abs(before) < most, hn::Abs(error) < most));
    errors = hn::Or(errors, error);
  }
  squares.usual = hn::AllTrue(d, usual);
  squares.exact = hn::AllTrue(d, hn::Abs(errors) == hn::Zero(d));
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::tensors
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::tensors {
namespace {

HWY_EXPORT(widen_floats);
HWY_EXPORT(finite_lanes);
HWY_EXPORT(ulp_lanes);
HWY_EXPORT(square_lanes);

// Numbers of a vector of any target.
constexpr std::size_t widest = 64;

void add_zeros(std::size_t count, ErrorRun::Numbers& to) {
  std::fill(to.begin() + static_cast<std::ptrdiff_t>(count),
            to.begin() + static_cast<std::ptrdiff_t>((count + widest - 1) / widest * widest), 0.0);
}

}  // namespace

void copy_numbers(const float* from, std::size_t count, ErrorRun::Numbers& to) {
  const std::size_t done = HWY_DYNAMIC_DISPATCH(widen_floats)(from, count, to.data());
  std::copy(from + done, from + count, to.begin() + static_cast<std::ptrdiff_t>(done));
  add_zeros(count, to);
}

void copy_numbers(const double* from, std::size_t count, ErrorRun::Numbers& to) {
  std::copy(from, from + count, to.begin());
  add_zeros(count, to);
}

bool all_finite(const ErrorRun& run) { return HWY_DYNAMIC_DISPATCH(finite_lanes)(run); }

std::optional<FloatGrid> FloatGrid::of(const Format& format) {
  const auto* f = std::get_if<Float>(&format.kind);
  if (f == nullptr || !f->sign || !f->zero || !f->subnormals || !fits_binary64(format))
    return std::nullopt;
  const auto least_exponent = static_cast<int>(1 - f->bias);
  const Range range = finite_range(format);
  FloatGrid grid;
  grid.least_power = std::ldexp(1.0, least_exponent);
  grid.last_place = std::ldexp(1.0, -f->fraction_bits);
  grid.largest = nearest_double(largest_finite(format));
  if (range.lowest != range.highest)
    grid.last_distance = grid.largest - nearest_double(value_at(format, range.highest - 1));
  // 2^52 distances are a double still, and all distances are normal numbers.
  constexpr double far = 0x1p960;
  constexpr int least_normal = -1022;
  const bool fits = f->fraction_bits <= 51 && least_exponent - f->fraction_bits >= least_normal &&
                    grid.largest < far;
  return fits ? std::optional(grid) : std::nullopt;
}

bool ulps_of(const ErrorRun& run, const FloatGrid& grid, double bound, ErrorRun::Numbers& ulps) {
  return HWY_DYNAMIC_DISPATCH(ulp_lanes)(run, grid, bound, ulps.data());
}

void find_squares(const ErrorRun& run, double limit, Squares& squares) {
  HWY_DYNAMIC_DISPATCH(square_lanes)(run, limit, squares);
}

}  // namespace halfulp::tensors
#endif  // HWY_ONCE
