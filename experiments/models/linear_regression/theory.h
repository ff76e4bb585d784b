// SPDX-License-Identifier: MIT
//
// What the theory says about a point, beside what was measured.
//
// The exact recursion of SGD's second moments, for Gaussian features of covariance G = U diag(l)
// U^T, y = <v, z> + r with r independent of z, errors e_t = w_t - v in the eigenbasis U: the
// diagonal E e_i^2 and the mean E e_i close among themselves, since E[z z^T A z z^T] = 2 G A G + G
// tr(G A). The same holds where z is multiplied by a random scalar s (rank-one noise), through the
// moments of s. Derivation in the comments of recursion.cc.
//
// The deterministic equivalents of the sketch's two floors (Lin et al., arXiv 2406.08466, for no
// noise; ridge regression on random features for additive noise): for H' = H + eps_x I,
// p_i = lambda'_i / (lambda'_i + kappa) and kappa (1 - sum p_i / M) = eps_z, the resolvent S^T (S
// H' S^T + eps_z I)^-1 S behaves as (H' + kappa I)^-1.
#pragma once

#include <optional>
#include <vector>

#include "experiments/models/linear_regression/instance.h"

namespace halfulp::experiments::linear_regression {

// Sigma's eigenvalues, and S H w and the constant vector 1 in its eigenvectors.
struct Spectrum {
  std::vector<double> values, cross, ones;
};
Spectrum spectrum_of(const Instance& instance);

struct ExcessTheory {
  std::optional<double> clean_last, clean_average, quantized_last, quantized_average;
};

// All absent where the policy holds something that the recursion does not describe: a real format
// (block formats among them), coordinate-wise noise, noise on x before the sketch that is not a
// scalar. Averages are absent for tail averaging and where the average itself is rounded.
bool recursion_applies(const Problem& problem, const Policy& policy);
ExcessTheory excess_theory(const Instance& instance, const Spectrum& spectrum,
                           const Training& training, const Policy& policy);

// E of `approximation` and `floor` over sketches and teachers. Absent: a sketch with a policy of
// its own; for the floor, real formats (of blocks too) and coordinate-wise noise on the features.
std::optional<double> approximation_theory(const Problem& problem, const Policy& policy);
std::optional<double> floor_theory(const Problem& problem, const Policy& policy);

}  // namespace halfulp::experiments::linear_regression
