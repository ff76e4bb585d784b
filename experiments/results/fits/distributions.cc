// SPDX-License-Identifier: MIT
#include "experiments/results/fits/distributions.h"

#include <algorithm>
#include <cmath>

#include "reference/functions/constants.h"

namespace halfulp::experiments {
namespace {

constexpr double most_degrees = 1e6;

// ln Gamma(x) for x > 0: Stirling's series (DLMF 5.11.1) where its five terms are exact to the last
// bits, the recurrence below.
double log_gamma(double x) {
  constexpr double far_enough = 16.0;
  constexpr double half_log_two_pi = 0.91893853320467274178;
  double product = 1.0;
  while (x < far_enough) {
    product *= x;
    x += 1.0;
  }
  const double y = 1.0 / (x * x);
  const double series =
      (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y / 1188)))) / x;
  return (x - 0.5) * reference::logarithm(x) - x + half_log_two_pi + series -
         reference::logarithm(product);
}

double log_beta(double a, double b) { return log_gamma(a) + log_gamma(b) - log_gamma(a + b); }

// The continued fraction of I_x(a, b), without the factor before it.
double beta_fraction(double x, double a, double b) {
  constexpr double tiny = 1e-300;
  constexpr double small_enough = 1e-15;
  constexpr int most_terms = 20000;
  const auto away_from_zero = [](double z) { return std::fabs(z) < tiny ? tiny : z; };
  double c = 1.0;
  double d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
  double fraction = d;
  for (int m = 1; m < most_terms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m));
    d = 1.0 / away_from_zero(1.0 + even * d);
    c = away_from_zero(1.0 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0));
    d = 1.0 / away_from_zero(1.0 + odd * d);
    c = away_from_zero(1.0 + odd / c);
    fraction *= d * c;
    if (std::fabs(d * c - 1.0) < small_enough) break;
  }
  return fraction;
}

}  // namespace

double incomplete_beta(double x, double a, double b) {
  if (!(x > 0.0)) return std::isnan(x) ? x : 0.0;
  if (x >= 1.0) return 1.0;
  const double factor = reference::exponential(a * reference::logarithm(x) +
                                               b * reference::logarithm(1.0 - x) - log_beta(a, b));
  if (x > (a + 1.0) / (a + b + 2.0)) return 1.0 - factor * beta_fraction(1.0 - x, b, a) / b;
  return factor * beta_fraction(x, a, b) / a;
}

double student_tails(double t, double degrees) {
  if (std::isnan(t)) return t;
  if (std::isinf(t)) return 0.0;
  const double n = std::clamp(degrees, 1.0, most_degrees);
  return incomplete_beta(n / (n + t * t), 0.5 * n, 0.5);
}

double student_95(double degrees) {
  const double n = std::clamp(degrees, 1.0, most_degrees);
  const double log_factor = 0.5 * reference::logarithm(n) + log_beta(0.5, 0.5 * n);
  // The tails are convex beyond t = 1, so Newton's steps from below stay below.
  double t = 1.9;
  for (int i = 0; i < 60; ++i) {
    const double density = reference::exponential(
        -0.5 * (n + 1.0) * reference::logarithm(1.0 + t * t / n) - log_factor);
    const double step = (student_tails(t, n) - 0.05) / (2.0 * density);
    t += step;
    if (std::fabs(step) < 1e-12 * t) break;
  }
  return t;
}

double fisher_tail(double f, double above, double below) {
  if (std::isnan(f)) return f;
  const double a = std::clamp(above, 1.0, most_degrees);
  const double b = std::clamp(below, 1.0, most_degrees);
  if (!(f > 0.0)) return 1.0;
  if (std::isinf(f)) return 0.0;
  return incomplete_beta(b / (b + a * f), 0.5 * b, 0.5 * a);
}

}  // namespace halfulp::experiments
