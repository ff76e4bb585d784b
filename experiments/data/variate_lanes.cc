// SPDX-License-Identifier: MIT
//
// The formulas of inverse_normal.h in lanes of doubles: the same operations in the same order, none
// of them fused, so that every lane has the bits of the formula. Numbers of the centre (85 of 100)
// are made where they stand. Those of the tails are gathered, go through the logarithm and the
// tail's quotient eight or so at a time, and are put back; the far tail, one number in 10^11, is
// left to the formula itself.
#include "experiments/data/variate_lanes.h"

#include <bit>

#include "experiments/data/inverse_normal.h"

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "experiments/data/variate_lanes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::experiments {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

HWY_INLINE V ratio_of(const inverse_normal::Polynomial& above,
                      const inverse_normal::Polynomial& below, V x) {
  const D d;
  V numerator = hn::Set(d, above[7]);
  V denominator = hn::Set(d, below[7]);
  for (std::size_t k = 7; k-- > 0;) {
    numerator = numerator * x + hn::Set(d, above[k]);
    denominator = denominator * x + hn::Set(d, below[k]);
  }
  return numerator / denominator;
}

HWY_INLINE V minus_log_of(V p) {
  const D d;
  const hn::RebindToUnsigned<D> d_bits;
  const hn::RebindToSigned<D> d_integer;
  const auto root_half = hn::Set(d_bits, inverse_normal::root_half);
  const auto shifted = hn::BitCast(d_bits, p) - root_half;
  const auto exponent = hn::ConvertTo(d, hn::ShiftRight<52>(hn::BitCast(d_integer, shifted)));
  const V m = hn::BitCast(d, hn::And(shifted, hn::Set(d_bits, 0x000fffffffffffff)) + root_half);
  const V one = hn::Set(d, 1.0);
  const V f = (m - one) / (m + one);
  const V g = f * f;
  V series = hn::Set(d, inverse_normal::odd_inverse[10]);
  for (std::size_t k = 10; k-- > 0;)
    series = series * g + hn::Set(d, inverse_normal::odd_inverse[k]);
  return hn::Neg(exponent * hn::Set(d, inverse_normal::log_2) + hn::Set(d, 2.0) * f * series);
}

// Numbers of the tails. Answers whether some lie in the far tail, where the result is not meant.
HWY_INLINE bool near_tails(const double* q, double* out) {
  const D d;
  const V at = hn::Load(d, q);
  const V r = hn::Sqrt(minus_log_of(hn::Set(d, 0.5) - hn::Abs(at)));
  const V x = ratio_of(inverse_normal::near_above, inverse_normal::near_below,
                       r - hn::Set(d, inverse_normal::near_origin));
  hn::Store(hn::CopySign(x, at), d, out);
  return !hn::AllTrue(d, r <= hn::Set(d, inverse_normal::split_tail));
}

void put_tails(const double* q, const std::uint16_t* places, std::size_t count, double* out) {
  const std::size_t lanes = hn::Lanes(D());
  HWY_ALIGN double made[hn::MaxLanes(D())];
  for (std::size_t i = 0; i < count; i += lanes) {
    const bool far = near_tails(q + i, made);
    const std::size_t width = HWY_MIN(lanes, count - i);
    for (std::size_t k = 0; k < width; ++k)
      out[places[i + k]] = far ? inverse_normal::tail(q[i + k]) : made[k];
  }
}

// The centre's formula for `count` numbers, at most 64, a whole number of vectors. Answers a bit
// for each that lies in the tails, where the result is not meant.
HWY_INLINE std::uint64_t centres(const double* q, std::size_t count, double* out) {
  const D d;
  const V split = hn::Set(d, inverse_normal::split_centre);
  const V square = hn::Set(d, inverse_normal::centre_square);
  std::uint64_t outside = 0;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const V at = hn::LoadU(d, q + i);
    const V x =
        at * ratio_of(inverse_normal::centre_above, inverse_normal::centre_below, square - at * at);
    hn::StoreU(x, d, out + i);
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, hn::Abs(at) > split, bits);
    outside |= std::uint64_t{bits[0]} << i;
  }
  return outside;
}

// out: of a whole number of vectors of any target, as is q.
void normal_lanes(const double* q, std::size_t count, double* out) {
  const D d;
  HWY_ALIGN double tails[variate_block + hn::MaxLanes(d)];
  std::uint16_t places[variate_block];
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; i += 64) {
    std::uint64_t outside = centres(q + i, HWY_MIN(std::size_t{64}, count - i), out + i);
    for (; outside != 0; outside &= outside - 1) {
      const std::size_t place = i + static_cast<std::size_t>(std::countr_zero(outside));
      places[found] = static_cast<std::uint16_t>(place);
      tails[found++] = q[place];
    }
  }
  // The last vector is filled up with a number that stays out of the way.
  hn::StoreU(hn::Set(d, 0.45), d, tails + found);
  put_tails(tails, places, found, out);
}

// 2 cell + 1 - 2^53, with 2 cell = (bits >> 10) without its last bit.
void cell_lanes(const std::uint64_t* units, std::size_t count, double* q) {
  const D d;
  const hn::RebindToSigned<D> d_integer;
  const hn::RebindToUnsigned<D> d_bits;
  const auto one = hn::Set(d_bits, 1);
  const auto half_range = hn::Set(d_integer, std::int64_t{1} << 53);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto odd = hn::Or(hn::ShiftRight<10>(hn::LoadU(d_bits, units + i)), one);
    const V n = hn::ConvertTo(d, hn::BitCast(d_integer, odd) - half_range);
    hn::StoreU(n * hn::Set(d, 0x1p-54), d, q + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::experiments
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::experiments {

HWY_EXPORT(normal_lanes);
HWY_EXPORT(cell_lanes);

void cells(const std::uint64_t* units, std::size_t count, double* q) {
  HWY_DYNAMIC_DISPATCH(cell_lanes)(units, count, q);
}

void normals(const double* q, std::size_t count, double* out) {
  HWY_DYNAMIC_DISPATCH(normal_lanes)(q, count, out);
}

}  // namespace halfulp::experiments
#endif  // HWY_ONCE
