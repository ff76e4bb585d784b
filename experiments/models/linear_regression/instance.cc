// SPDX-License-Identifier: MIT
//
// Matrix products run on the engine in native binary64, every sum sequential.
#include "experiments/models/linear_regression/instance.h"

#include <algorithm>
#include <cmath>

#include "experiments/data/variates.h"
#include "experiments/models/dense.h"
#include "formats/error.h"

namespace halfulp::experiments::linear_regression {
namespace {

constexpr std::size_t panel = 32;  // columns of a triangular factor that are multiplied at a time

void product(const Machine& machine, const View& a, const View& b, const MutableView& out) {
  static const DotUnit sequential;
  const DotPlan plan = machine.engine->prepare_dot(sequential);
  machine.engine->multiply(a, b, plan, Random{}, out);
}

View part(const std::vector<double>& values, std::size_t first, std::size_t rows,
          std::size_t columns, std::size_t stride) {
  return {.data = values.data() + first,
          .carrier = Carrier::binary64,
          .rows = rows,
          .columns = columns,
          .stride = stride};
}

// a (rows x n) times an upper triangular n x n matrix, into rows as far apart as that matrix's:
// what lies below the diagonal is skipped, panel by panel, which changes no bit since it only adds
// zeros.
struct Upper {
  const std::vector<double>& values;
  std::size_t stride;
};
void upper_product(const Machine& machine, const std::vector<double>& a, std::size_t rows,
                   const Upper& upper, std::size_t n, double* out) {
  const std::size_t stride = upper.stride;
  for (std::size_t j = 0; j < n; j += panel) {
    const std::size_t width = std::min(panel, n - j);
    const std::size_t inner = j + width;
    product(machine, part(a, 0, rows, inner, n), part(upper.values, j, inner, width, stride),
            {.data = out + j,
             .carrier = Carrier::binary64,
             .rows = rows,
             .columns = width,
             .stride = stride});
  }
}

std::vector<double> transposed(const std::vector<double>& a, std::size_t rows,
                               std::size_t columns) {
  std::vector<double> out(a.size());
  constexpr std::size_t tile = 32;
  for (std::size_t i0 = 0; i0 < rows; i0 += tile) {
    for (std::size_t j0 = 0; j0 < columns; j0 += tile) {
      for (std::size_t i = i0; i < std::min(rows, i0 + tile); ++i) {
        for (std::size_t j = j0; j < std::min(columns, j0 + tile); ++j)
          out[j * rows + i] = a[i * columns + j];
      }
    }
  }
  return out;
}

// S (M x d), its entry (i, j) from variate i d + j: a larger sketch begins with the rows of a
// smaller one.
std::vector<double> draw_sketch(const Problem& problem, const Policy& policy,
                                const Machine& machine) {
  const std::size_t m = problem.sketch_size;
  const std::size_t d = problem.dimension;
  std::vector<double> s(m * d);
  fill_variates(Law::gaussian, random_of(machine, Site::sketch), 0, s);
  const double scale = 1.0 / std::sqrt(static_cast<double>(m));
  for (double& entry : s) entry *= scale;
  PlaceRounder rounder =
      rounder_at(machine, policy, place::sketch, Site::training_place, m, s.size());
  const MutableView whole = view_of(s.data(), m, d);
  rounder.apply(as_const(whole), 0, whole);
  return s;
}

// a a^T of an m x d matrix.
Symmetric self_product(const Machine& machine, const std::vector<double>& a, std::size_t m,
                       std::size_t d) {
  const std::vector<double> columns = transposed(a, m, d);
  Symmetric out{.n = m, .diagonal = false, .values = std::vector<double>(m * m)};
  product(machine, view_of(a.data(), m, d), view_of(columns.data(), d, m),
          view_of(out.values.data(), m, m));
  return out;
}

void require_definite(bool definite) {
  if (!definite)
    throw Error("the covariance of the features is not positive definite in binary64", "",
                "choose a smaller sketch_size or a slower spectrum");
}

// Columns of the factor: L^T for the features, then (L^T v*, sqrt(residual)) for the label.
void fill_factor(Instance& instance, const std::vector<double>& lower) {
  const std::size_t m = instance.features();
  const std::size_t stride = instance.stride;
  instance.factor.assign((m + 1) * stride, 0.0);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j <= i; ++j) instance.factor[j * stride + i] = lower[i * m + j];
  }
  for (std::size_t j = 0; j < m; ++j) {
    double sum = 0.0;
    for (std::size_t i = j; i < m; ++i) sum += lower[i * m + j] * instance.target[i];
    instance.factor[j * stride + m] = sum;
  }
  instance.factor[m * stride + m] =
      std::sqrt(instance.problem->noise_variance + instance.approximation);
}

void sketch_instance(Instance& instance, const Policy& policy, const Machine& machine) {
  const Problem& problem = *instance.problem;
  const std::size_t m = problem.sketch_size;
  const std::size_t d = problem.dimension;
  std::vector<double> sketch = draw_sketch(problem, policy, machine);
  std::vector<double> weighted(d);
  for (std::size_t j = 0; j < d; ++j) weighted[j] = problem.spectrum[j] * instance.teacher[j];
  for (std::size_t i = 0; i < m; ++i) instance.cross[i] = dot({&sketch[i * d], d}, weighted);
  if (instance.needs.gram) {
    instance.gram = self_product(machine, sketch, m, d);
    const std::vector<double> lower = cholesky(instance.gram.values, m);
    require_definite(!lower.empty());
    instance.gram_factor = transposed(lower, m, m);
  }
  if (instance.needs.inputs) instance.sketch_columns = transposed(sketch, m, d);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < d; ++j) sketch[i * d + j] *= instance.deviations[j];
  }
  instance.covariance = self_product(machine, sketch, m, d);
  const std::vector<double> lower = cholesky(instance.covariance.values, m);
  require_definite(!lower.empty());
  std::vector<double> whitened = instance.cross;
  solve_lower(lower, whitened);
  instance.approximation = std::max(0.0, instance.signal - dot(whitened, whitened));
  solve_lower_transposed(lower, whitened);
  instance.target = whitened;
  if (!instance.needs.inputs) fill_factor(instance, lower);
}

// x = sqrt(lambda) g, the label's noise from the variate after them.
void draw_inputs(const Instance& instance, Samples& samples, double* inputs, std::size_t stride) {
  const Problem& problem = *instance.problem;
  const std::size_t d = problem.dimension;
  const double noise = std::sqrt(problem.noise_variance);
  for (std::size_t r = 0; r < samples.rows; ++r) {
    const double* g = &samples.variates[r * (d + 1)];
    double* x = inputs + r * stride;
    for (std::size_t j = 0; j < d; ++j) x[j] = instance.deviations[j] * g[j];
    samples.labels[r] = dot({x, d}, instance.teacher) + noise * g[d];
  }
}

}  // namespace

double quadratic_form(const Symmetric& a, std::span<const double> x) {
  if (!a.diagonal) return dot(multiply(a.values, x), x);
  std::vector<double> scaled(x.begin(), x.end());
  for (std::size_t i = 0; i < a.n; ++i) scaled[i] *= a.values[i];
  return dot(scaled, x);
}

std::vector<double> solve(const Symmetric& a, std::span<const double> b) {
  std::vector<double> x(b.begin(), b.end());
  if (a.diagonal) {
    for (std::size_t i = 0; i < a.n; ++i) x[i] /= a.values[i];
    return x;
  }
  const std::vector<double> lower = cholesky(a.values, a.n);
  if (lower.empty()) return {};
  solve_lower(lower, x);
  solve_lower_transposed(lower, x);
  return x;
}

Needs needs_of(const Problem& problem, const Policy& policy) {
  if (problem.sketch_size == 0) return {};
  const Rule& data = policy.at(place::data);
  if (is_native(data)) return {};
  const Noise* noise = noise_of(data);
  if (noise == nullptr || noise->kind == Noise::Kind::multiplicative_coord) return {.inputs = true};
  if (noise->kind == Noise::Kind::multiplicative_rank1) return {};
  // The sum of uniform or two-point variates under S is not Gaussian.
  return {.inputs = noise->law != Law::gaussian, .gram = true};
}

Instance make_instance(const Problem& problem, const Policy& policy, const Needs& needs,
                       const Machine& machine) {
  Instance instance;
  instance.problem = &problem;
  instance.needs = needs;
  instance.teacher = draw_teacher(problem, machine);
  const std::size_t d = problem.dimension;
  std::vector<double> weighted(d);
  instance.deviations.resize(d);
  for (std::size_t j = 0; j < d; ++j) {
    weighted[j] = problem.spectrum[j] * instance.teacher[j];
    instance.deviations[j] = std::sqrt(problem.spectrum[j]);
  }
  instance.signal = dot(weighted, instance.teacher);
  const std::size_t m = problem.features();
  instance.cross.resize(m);
  instance.stride = (m + 8) / 8 * 8;
  if (problem.sketch_size != 0) {
    sketch_instance(instance, policy, machine);
    return instance;
  }
  instance.covariance = {.n = d, .diagonal = true, .values = problem.spectrum};
  instance.cross = weighted;
  instance.target = instance.teacher;
  return instance;
}

std::size_t block_rows(const Instance& instance) {
  constexpr std::size_t most = 256;
  constexpr std::size_t wide = 32;                      // where every row has d numbers
  constexpr std::size_t cached = std::size_t{1} << 15;  // numbers
  if (instance.needs.inputs) return wide;
  if (!instance.factor.empty()) return most;
  return std::clamp<std::size_t>(cached / instance.stride, 1, most);
}

void draw_samples(const Instance& instance, const Machine& machine, Site site,
                  std::uint64_t first_row, std::size_t rows, Samples& samples) {
  const std::size_t m = instance.features();
  const bool wide = instance.needs.inputs;
  const std::size_t width = (wide ? instance.problem->dimension : m) + 1;
  samples.rows = rows;
  samples.first_row = first_row;
  samples.variates.resize(rows * width);
  samples.labels.resize(rows);
  samples.features.resize(rows * instance.stride);
  fill_variates(Law::gaussian, random_of(machine, site), first_row * width, samples.variates);
  if (wide) {
    samples.inputs.resize(rows * instance.problem->dimension);
    draw_inputs(instance, samples, samples.inputs.data(), instance.problem->dimension);
    apply_sketch(instance, machine, samples.inputs.data(), rows, samples.features.data());
    return;
  }
  if (instance.factor.empty())
    return draw_inputs(instance, samples, samples.features.data(), instance.stride);
  upper_product(machine, samples.variates, rows, {instance.factor, instance.stride}, m + 1,
                samples.features.data());
  for (std::size_t r = 0; r < rows; ++r)
    samples.labels[r] = samples.features[r * instance.stride + m];
}

void apply_sketch(const Instance& instance, const Machine& machine, const double* inputs,
                  std::size_t rows, double* features) {
  const std::size_t d = instance.problem->dimension;
  const std::size_t m = instance.features();
  product(machine, view_of(inputs, rows, d), view_of(instance.sketch_columns.data(), d, m),
          {.data = features,
           .carrier = Carrier::binary64,
           .rows = rows,
           .columns = m,
           .stride = instance.stride});
}

void draw_input_noise(const Instance& instance, const Machine& machine, const Random& random,
                      std::uint64_t first_row, std::size_t rows, std::vector<double>& out) {
  const std::size_t m = instance.features();
  std::vector<double> variates(rows * m);
  fill_variates(Law::gaussian, random, first_row * m, variates);
  out.resize(rows * m);
  upper_product(machine, variates, rows, {instance.gram_factor, m}, m, out.data());
}

}  // namespace halfulp::experiments::linear_regression
