// SPDX-License-Identifier: MIT
#include "reference/functions/constants.h"

#include <limits>

#include "reference/functions/mpfr_range.h"

namespace halfulp::reference {
namespace {

constexpr int precision = 53;
constexpr mpfr_exp_t emin = -1073;
constexpr mpfr_exp_t emax = 1024;

// Rounds once: mpfr_subnormalize undoes and redoes the rounding of a subnormal result with the help
// of the ternary value, the direction in which the first rounding went.
double to_binary64(MpfrNumber& x, int ternary) {
  mpfr_subnormalize(x.get(), ternary, MPFR_RNDN);
  if (mpfr_nan_p(x.get()) != 0) return std::numeric_limits<double>::quiet_NaN();
  return mpfr_get_d(x.get(), MPFR_RNDN);
}

using Function = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

double rounded(Function function, double x) {
  const MpfrRange range(emin, emax);
  MpfrNumber argument(precision);
  mpfr_set_d(argument.get(), x, MPFR_RNDN);
  MpfrNumber result(precision);
  const int ternary = function(result.get(), argument.get(), MPFR_RNDN);
  return to_binary64(result, ternary);
}

}  // namespace

double power(double base, double exponent) {
  const MpfrRange range(emin, emax);
  MpfrNumber x(precision);
  MpfrNumber y(precision);
  mpfr_set_d(x.get(), base, MPFR_RNDN);
  mpfr_set_d(y.get(), exponent, MPFR_RNDN);
  MpfrNumber result(precision);
  const int ternary = mpfr_pow(result.get(), x.get(), y.get(), MPFR_RNDN);
  return to_binary64(result, ternary);
}

double logarithm(double x) { return rounded(mpfr_log, x); }
double exponential(double x) { return rounded(mpfr_exp, x); }
double sine(double x) { return rounded(mpfr_sin, x); }

}  // namespace halfulp::reference
