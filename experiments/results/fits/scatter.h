// SPDX-License-Identifier: MIT
//
// What the repeats say about the errors of a fit. Points share their samples (common random
// numbers), so their errors are not independent. Everything here is therefore computed repeat by
// repeat: what leaving repeat r out does to the logarithms of all means at once (the jackknife of
// Quenouille and Tukey). Its spread over r is the error of any number that is linear in those
// logarithms, with as many degrees of freedom as there are repeats, less one: Student's t, not the
// normal law. Repeats of one number (0, 1, 2, ...) belong together, also where some points have
// more of them than others; degrees of freedom are then Satterthwaite's.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

// Fits through more points than this have no goodness, and laws of terms refuse them: the work
// grows with the square.
inline constexpr std::size_t most_points = 2000;

struct Scatter {
  std::vector<double> log_mean;  // a point's ln of the mean over its repeats
  // By point, then repeat: the covariance of two points' log_mean is the sum over r of the products
  // of their deviations, as far as both have them.
  std::vector<std::vector<double>> deviation;
  // By point: how much it counts in a weighted fit, in proportion to 1 / variance of log_mean. The
  // variances of so few repeats are uncertain themselves, so their logarithms are drawn toward the
  // mean of all, as if that had been seen in 8 repeats more. All 1 where nothing scatters.
  std::vector<double> weight;
  // Whether errors are known: every point has at least two repeats, and some of them differ by more
  // than rounding.
  bool known = false;
};

// y: by point, then repeat, of positive finite mean, not empty.
Scatter scatter_of(const std::vector<const std::vector<double>*>& y);

struct Spread {
  double error = 0.0;    // one standard error
  double degrees = 1.0;  // of freedom, that it is known with
};
// Of the sum over the points of coefficient times log_mean. Errors must be known.
Spread spread_of(const Scatter& scatter, const std::vector<double>& coefficients);

// A fit near its solution, as linear: the prediction of ln y changes by `design` (a column a
// parameter, over the points) as the parameters change, and the parameters by `estimator` (a row a
// parameter, over the points) as the logarithms of the means change.
struct Linearized {
  std::vector<std::vector<double>> design, estimator;
};

// How well the points lie on a fit. X is the sum over the points of weight times residual squared;
// were the fit true, its mean would be the trace of the covariance C of the weighted residuals,
// which the repeats tell. Box (1954): X / trace behaves as F with f = trace(C)^2 / trace(C^2)
// degrees of freedom above, and f times those of the repeats below. With independent points and
// many repeats this is the ordinary chi-square of points less parameters.
struct Goodness {
  double chi_square = 0.0;   // f X / trace(C): about f for a true fit
  double degrees = 0.0;      // f
  double probability = 0.0;  // that a true fit gives as large a one
};
// residual: over the points, ln y less the fit's. Absent where the errors are not known, where
// there are no more points than parameters, or above most_points.
std::optional<Goodness> goodness_of(const Scatter& scatter, const Linearized& fit,
                                    const std::vector<double>& residual);

// The members chi_square, degrees_of_freedom and probability; null where there is no goodness.
void write_goodness(const std::optional<Goodness>& goodness, Json& record);
// [low, high]
Json interval_json(double low, double high);
// Root of the mean square, in order.
double root_mean_square(const std::vector<double>& values);

}  // namespace halfulp::experiments
