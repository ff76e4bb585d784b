// SPDX-License-Identifier: MIT
//
// Student's t and Fisher's F, for intervals and tests from few repeats. Both come from the
// regularized incomplete beta function by its continued fraction (DLMF 8.17.22, evaluated as Lentz
// does), with correctly rounded logarithms and exponentials only: the same bytes on every machine.
// Degrees of freedom need be no whole numbers; more than 10^6 count as 10^6.
// Relative errors stay below 2e-9.
#pragma once

namespace halfulp::experiments {

// I_x(a, b) for 0 <= x <= 1 and positive a, b of at most 10^6.
double incomplete_beta(double x, double a, double b);

// The probability that |T| exceeds |t|. NaN for a NaN t. degrees >= 1.
double student_tails(double t, double degrees);
// The t that |T| exceeds with a probability of 5 %: 12.706 at one degree of freedom, 1.96 at many.
double student_95(double degrees);

// The probability that F exceeds f. degrees >= 1.
double fisher_tail(double f, double above, double below);

}  // namespace halfulp::experiments
