// SPDX-License-Identifier: MIT
//
// One repeat of a problem with everything that is known about it in closed form: a drawn sketch and
// teacher, the covariance of the features, the best weights and their risk; and how to draw
// samples. Where x enters only through z = S x, a sample is drawn from the joint Gaussian of the M
// features and the label (M + 1 variates), never from d-dimensional vectors:
//     z = L g,  y = <v*, z> + r,  r ~ N(0, residual),
// with Sigma = S H S^T = L L^T, v* = Sigma^-1 S H w, residual = noise + w^T H w - v*^T Sigma v*.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "experiments/machine.h"
#include "experiments/models/linear_regression/places.h"
#include "experiments/models/linear_regression/problem.h"
#include "experiments/policy/policy.h"

namespace halfulp::experiments::linear_regression {

// A symmetric matrix that is stored by its diagonal alone where it is diagonal (no sketch).
struct Symmetric {
  std::size_t n = 0;
  bool diagonal = false;
  std::vector<double> values;  // n, or n * n row-major
  [[nodiscard]] double at(std::size_t i) const { return values[diagonal ? i : i * n + i]; }
};
double quadratic_form(const Symmetric& a, std::span<const double> x);
// A^-1 b. Answers an empty vector where A is not positive definite.
std::vector<double> solve(const Symmetric& a, std::span<const double> b);

// What has to be there beyond the minimum.
struct Needs {
  bool inputs = false;  // d-dimensional samples: x is rounded before the sketch
  bool gram = false;    // S S^T: additive Gaussian noise on x before the sketch
};
Needs needs_of(const Problem& problem, const Policy& policy);

struct Instance {
  const Problem* problem = nullptr;
  Needs needs;
  std::vector<double> teacher;         // w
  std::vector<double> deviations;      // sqrt(lambda)
  double signal = 0.0;                 // w^T H w
  Symmetric covariance;                // Sigma
  std::vector<double> cross;           // S H w
  std::vector<double> target;          // v*
  double approximation = 0.0;          // least risk of any weights, less the noise variance
  Symmetric gram;                      // S S^T, where needed
  std::vector<double> gram_factor;     // its Cholesky factor, transposed: M x M
  std::vector<double> sketch_columns;  // S^T, d x M, where inputs are needed
  // Samples are rows of variates times this: (M + 1) x stride, upper triangular; with inputs, or
  // without a sketch, empty.
  std::vector<double> factor;
  std::size_t stride = 0;  // of sample rows: M features, the label, padding

  [[nodiscard]] std::size_t features() const { return cross.size(); }
};

// Of the policy the place `sketch` is read. Throws Error where the features' covariance is not
// positive definite.
Instance make_instance(const Problem& problem, const Policy& policy, const Needs& needs,
                       const Machine& machine);

// Rows of samples: features and label; inputs too where the instance needs them.
struct Samples {
  std::size_t rows = 0;
  std::uint64_t first_row = 0;   // of the run
  std::vector<double> features;  // rows x stride
  std::vector<double> labels;    // rows
  std::vector<double> inputs;    // rows x d, where needed
  std::vector<double> variates;  // scratch
};

// How many rows are drawn at a time: as many as the second-level cache holds where they are made
// one by one, more where a matrix product makes them. No result depends on it.
std::size_t block_rows(const Instance& instance);

// Draws rows first_row .. first_row + rows of the stream of `site`.
void draw_samples(const Instance& instance, const Machine& machine, Site site,
                  std::uint64_t first_row, std::size_t rows, Samples& samples);

// S x for rows of inputs (rows x d, no padding) into rows of `features` (stride as the instance's).
void apply_sketch(const Instance& instance, const Machine& machine, const double* inputs,
                  std::size_t rows, double* features);

// S n for rows of independent standard normal n in R^d (rows x M, no padding), drawn through the
// Cholesky factor of S S^T. Precondition: needs.gram.
void draw_input_noise(const Instance& instance, const Machine& machine, const Random& random,
                      std::uint64_t first_row, std::size_t rows, std::vector<double>& out);

}  // namespace halfulp::experiments::linear_regression
