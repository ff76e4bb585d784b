// SPDX-License-Identifier: MIT
//
// Intervals between two MPFR numbers, rounded outwards: what functions are enclosed by. MPFR rounds
// each of its functions correctly (MPFR manual, "Rounding"), so that both ends are as near as the
// precision allows.
#pragma once

#include <mpfr.h>

#include <functional>

#include "formats/numbers/value.h"

namespace halfulp::reference {

// low <= high, or NaN where nothing is known. A number may be moved, but not copied.
class Interval {
 public:
  explicit Interval(mpfr_prec_t precision);
  ~Interval();
  Interval(Interval&& other) noexcept;
  Interval(const Interval&) = delete;
  Interval& operator=(const Interval&) = delete;
  Interval& operator=(Interval&&) = delete;

  [[nodiscard]] mpfr_ptr low() { return low_; }
  [[nodiscard]] mpfr_ptr high() { return high_; }
  [[nodiscard]] mpfr_srcptr low() const { return low_; }
  [[nodiscard]] mpfr_srcptr high() const { return high_; }
  [[nodiscard]] bool is_point() const { return mpfr_equal_p(low_, high_) != 0; }

 private:
  mpfr_t low_, high_;
};

// A finite value: exact where it is dyadic, whatever the precision.
Interval enclose(const Value& v, mpfr_prec_t precision);
Interval interval_of(long n);

using MpfrFunction = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
Interval increasing(MpfrFunction f, const Interval& x, mpfr_prec_t precision);
Interval decreasing(MpfrFunction f, const Interval& x, mpfr_prec_t precision);
// Sine, cosine: neither they nor their derivatives leave [-1, 1].
Interval oscillating(MpfrFunction f, const Interval& x, mpfr_prec_t precision);

Interval sum(const Interval& a, const Interval& b, mpfr_prec_t precision);
Interval product(const Interval& a, const Interval& b, mpfr_prec_t precision);
// Unknown where b may be zero.
Interval quotient(const Interval& a, const Interval& b, mpfr_prec_t precision);
Interval negated(const Interval& a);
Interval absolute(const Interval& a);
Interval halved(const Interval& a);

// The bounds that a formula gives at the first precision, doubling, that makes them narrow: of one
// sign and no further apart than 2^-bits of the lesser. The formula's number must not be zero.
// `extra` bits more are taken from the start on.
Bounds narrowed(const std::function<Interval(mpfr_prec_t)>& formula, int bits,
                std::int64_t extra = 0);

}  // namespace halfulp::reference
