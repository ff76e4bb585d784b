// SPDX-License-Identifier: MIT
//
// Laws that are sums of terms: y = sum over k of amplitude_k term_k(x; shapes), all amplitudes and
// shapes positive. Fitted by least squares to the logarithms of the means, weighted by the errors
// of the repeats, over the logarithms of the parameters: Levenberg and Marquardt's method (Eigen)
// from the best of a grid of shapes, at each of which the amplitudes are linear. Intervals are
// Student's t of the repeats left out in turn, to first order about the solution. All functions on
// the way are correctly rounded, all sums ordered: the same bytes on every machine.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "experiments/results/fits/scatter.h"
#include "formats/json.h"

namespace halfulp::experiments {

// Terms at given shapes.
struct Terms {
  std::vector<std::vector<double>> value;  // by term, over the points
  // By term, then shape, over the points: the derivative of the term by ln of the shape; empty for
  // a shape that the term does not have.
  std::vector<std::vector<std::vector<double>>> slope;
};

// x^-b of which ln x is taken from its mean, so that amplitudes belong to the middle of the points.
class CentredPower {
 public:
  explicit CentredPower(const std::vector<double>& log_x);
  // Over the points: exp(-exponent (log_x - centre)), and its derivative by ln of the exponent.
  [[nodiscard]] std::vector<double> value(double exponent) const;
  [[nodiscard]] std::vector<double> slope(double exponent, const std::vector<double>& value) const;
  double centre = 0.0;

 private:
  std::vector<double> distinct_;  // log_x - centre
  std::vector<std::size_t> which_;
};

struct Shape {
  std::string name;
  double low = 0.0, high = 0.0;  // where the grid of starts begins and ends; equal: the one start
  // Whether the law has no record without it; else it is null where the points do not determine it.
  bool needed = true;
};

struct FittedLaw {
  // A name ends up in a record. The amplitude of a term may belong to another place than the middle
  // of the points: amplitude = amplitude there times exp(shape `exponent` times `centre`).
  struct Amplitude {
    std::string name;
    int exponent = -1;  // the shape; -1: none
    double centre = 0.0;
  };
  std::vector<Amplitude> amplitudes;  // one a term
  std::vector<Shape> shapes;
  std::function<Terms(std::span<const double> shapes)> terms;
};

// Fits the law to the means and writes a member and "..._interval" for each parameter, amplitudes
// first, then residual, chi_square, degrees_of_freedom, probability and misfit. "error" in their
// place where there are too few points or too many. Where the points do not determine a parameter
// (its 95 % error is as large as itself), "error" in their place; where that is the amplitude
// called "floor", with "floor_below", the upper end of its interval.
void write_law(const FittedLaw& law, const std::vector<const std::vector<double>*>& y,
               Json& record);

}  // namespace halfulp::experiments
