// SPDX-License-Identifier: MIT
//
// The deterministic equivalents of theory.h. With R = S^T (S H' S^T + eps_z I)^-1 S, the limit
// weights of least squares on quantized features predict with S^T v = R H w / c, where c is the
// second moment of the scalar factors, H' = H + eps_x I and eps_z is taken relative to c. With
// P = H'^1/2 R H'^1/2, first and second moments are
//     E P = diag(p),   E P C P = p C p + p (1 - p) tr(C p (1 - p)) / (M - sum p^2)
// for diagonal C, so that, with p_i = lambda'_i / (lambda'_i + kappa),
//     floor = sum lambda_i w_i^2 (1 - q_i)^2
//             + c^-2 [sum lambda_i^2 w_i^2 / lambda'_i p_i (1 - p_i)]
//                    [sum lambda_i / lambda'_i p_i (1 - p_i)] / (M - sum p^2),
//     q_i = lambda_i / (lambda'_i + kappa) / c.
// Without noise the two sums of p (1 - p) are M - sum p^2 and the floor is sum lambda_i w_i^2
// (1 - p_i), the approximation. Without a sketch kappa = eps_z, the variance is absent.
#include <algorithm>
#include <cmath>

#include "experiments/models/linear_regression/theory.h"

namespace halfulp::experiments::linear_regression {
namespace {

// The root of kappa (1 - sum lambda / (lambda + kappa) / M) = ridge, an increasing function of
// kappa, by bisection down to neighbouring numbers.
double solve_kappa(const std::vector<double>& lambda, double size, double ridge) {
  if (ridge == 0.0 && static_cast<double>(lambda.size()) <= size) return 0.0;
  double trace = 0.0;
  for (double l : lambda) trace += l;
  double low = 0.0;
  double high = 2.0 * (ridge + trace / size);
  for (int i = 0; i < 2000; ++i) {
    const double middle = low + 0.5 * (high - low);
    if (middle == low || middle == high) break;
    double degrees = 0.0;
    for (double l : lambda) degrees += l / (l + middle);
    (middle * (1.0 - degrees / size) < ridge ? low : high) = middle;
  }
  return high;
}

struct Quantization {
  double before = 0.0;  // eps of additive noise on x before the sketch
  double after = 0.0;   // eps of additive noise on z
  double factor = 1.0;  // second moment of the scalars
};

// Noise that acts first is scaled by scalars that act later.
bool add_rule(const Rule& rule, double Quantization::*additive, bool coordinates_are_scalar,
              Quantization& total) {
  if (is_format(rule)) return false;
  const Noise* noise = noise_of(rule);
  if (noise == nullptr) return true;
  if (noise->kind == Noise::Kind::additive) {
    total.*additive += noise->eps;
    return true;
  }
  if (noise->kind == Noise::Kind::multiplicative_coord && !coordinates_are_scalar) return false;
  total.factor *= 1.0 + noise->eps;
  total.before *= 1.0 + noise->eps;
  return true;
}

double floor_of(const Problem& problem, const Quantization& quantization) {
  const double c = quantization.factor;
  const double before = quantization.before / c;
  const bool sketched = problem.sketch_size != 0;
  const auto size = static_cast<double>(problem.sketch_size);
  const std::vector<double> squares = teacher_second_moments(problem);
  std::vector<double> widened = problem.spectrum;
  for (double& l : widened) l += before;
  const double ridge = quantization.after / c;
  const double kappa = sketched ? solve_kappa(widened, size, ridge) : ridge;
  double bias = 0.0;
  double signal = 0.0;
  double spread = 0.0;
  double degrees = 0.0;
  for (std::size_t i = 0; i < widened.size(); ++i) {
    const double lambda = problem.spectrum[i];
    const double p = widened[i] / (widened[i] + kappa);
    const double missed = 1.0 - lambda / (widened[i] + kappa) / c;
    const double both = kappa / (widened[i] + kappa) * p * (lambda / widened[i]);
    bias += lambda * squares[i] * missed * missed;
    signal += lambda * squares[i] * both;
    spread += both;
    degrees += p * p;
  }
  if (!sketched || kappa == 0.0) return bias;
  return bias + signal * spread / (size - degrees) / (c * c);
}

}  // namespace

std::optional<double> approximation_theory(const Problem& problem, const Policy& policy) {
  if (problem.sketch_size == 0) return 0.0;
  if (!is_native(policy.at(place::sketch))) return std::nullopt;
  return floor_of(problem, {});
}

std::optional<double> floor_theory(const Problem& problem, const Policy& policy) {
  const bool sketched = problem.sketch_size != 0;
  if (sketched && !is_native(policy.at(place::sketch))) return std::nullopt;
  Quantization quantization;
  double Quantization::*const first = sketched ? &Quantization::before : &Quantization::after;
  if (!add_rule(policy.at(place::data), first, true, quantization)) return std::nullopt;
  if (!add_rule(policy.at(place::feature), &Quantization::after, false, quantization))
    return std::nullopt;
  return floor_of(problem, quantization);
}

}  // namespace halfulp::experiments::linear_regression
