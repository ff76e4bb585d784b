// SPDX-License-Identifier: MIT
//
// The recursion of theory.h. Features s z: z Gaussian with covariance G, s a scalar with moments
// E s = 1 and E s^k = mu_k. Write v* = G^-1 E[z y], the limit v = v* / mu_2, e = w - v, p for the
// parameter noise of a step (covariance diagonal b_i = b0 + bm E w_i^2), and for one sample of a
// batch o = y - s <z, w + p> = <z, v* - s (w + p)> + r. Then
//     e <- e + (g/B) sum s z o,      E[s z o | w] = -mu_2 G e,
// and with K = E (v* - s(w + p))_i^2 s^2, in powers of s,
//     K_i = mu_2 v*_i^2 - 2 mu_3 v*_i E w_i + mu_4 (E w_i^2 + b_i),
// the diagonal E e_i^2 changes by
//     -2 g mu_2 l_i E e_i^2                                        (drift)
//     + g^2 (1 - 1/B) mu_2^2 l_i^2 (E e_i^2 + b_i)                 (pairs of samples)
//     + (g^2 / B) [2 l_i^2 K_i + l_i (sum_j l_j K_j + mu_2 s2)]    (one sample with itself).
// Noise on label, activation and residual adds to the last line: of variance eps, eps mu_2 l_i; in
// proportion to the value, eps times the same form of that value (y; s <z, w + p>; o with all noise
// before it). The mean obeys E e_i <- (1 - g mu_2 l_i) E e_i. All of it is linear in E e_i^2, v_i E
// e_i and constants, with coefficients that change only when the step size does.
//
// Averages: c_t = sum_{s <= t} E e_s e_t obeys c <- (1 - g mu_2 l) c + a, and E (sum e_t)^2 =
// 2 sum c_t - sum a_t.
#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/models/dense.h"
#include "experiments/models/linear_regression/theory.h"
#include "formats/error.h"

namespace halfulp::experiments::linear_regression {
namespace {

// Noise of a scalar or parameter place: of constant variance, or in proportion to the value.
struct Strength {
  double additive = 0.0, relative = 0.0;
};

Strength strength_of(const Rule& rule) {
  const Noise* noise = noise_of(rule);
  if (noise == nullptr) return {};
  if (noise->kind == Noise::Kind::additive) return {.additive = noise->eps};
  return {.relative = noise->eps};
}

bool is_coordinatewise(const Rule& rule) {
  const Noise* noise = noise_of(rule);
  return noise != nullptr && noise->kind == Noise::Kind::multiplicative_coord;
}

bool is_additive(const Rule& rule) {
  const Noise* noise = noise_of(rule);
  return noise != nullptr && noise->kind == Noise::Kind::additive;
}

// Everything that stays the same from step to step.
struct Model {
  std::vector<double> l, v;  // eigenvalues of G, limit
  double mu2 = 1.0, mu3 = 1.0, mu4 = 1.0;
  double residual = 0.0;  // s2
  double batch = 1.0;
  Strength param, label, act, out_grad, weight;
};

void multiply_moments(const Rule& rule, Model& model) {
  const Noise* noise = noise_of(rule);
  if (noise == nullptr || noise->kind != Noise::Kind::multiplicative_rank1) return;
  const double eps = noise->eps;
  model.mu2 *= 1.0 + eps;
  model.mu3 *= 1.0 + 3.0 * eps;
  model.mu4 *= 1.0 + 6.0 * eps + fourth_moment(noise->law) * eps * eps;
}

Model make_model(const Instance& instance, const Spectrum& spectrum, const Training& training,
                 const Policy& policy) {
  Model model;
  model.l = spectrum.values;
  for (const Place& place : {place::data, place::feature}) {
    const Rule& rule = policy.at(place);
    if (is_additive(rule)) {
      for (double& l : model.l) l += noise_of(rule)->eps;
    }
    multiply_moments(rule, model);
  }
  model.v.resize(model.l.size());
  double explained = 0.0;
  for (std::size_t i = 0; i < model.l.size(); ++i) {
    const double best = spectrum.cross[i] / model.l[i];
    explained += spectrum.cross[i] * best;
    model.v[i] = best / model.mu2;
  }
  const bool plain =
      !is_additive(policy.at(place::data)) && !is_additive(policy.at(place::feature));
  model.residual = instance.problem->noise_variance +
                   (plain ? instance.approximation : instance.signal - explained);
  model.batch = static_cast<double>(training.batch);
  model.param = strength_of(policy.at(place::param));
  model.label = strength_of(policy.at(place::label));
  model.act = strength_of(policy.at(place::act));
  model.out_grad = strength_of(policy.at(place::out_grad));
  model.weight = strength_of(policy.at(place::weight));
  return model;
}

// One step: a <- grow a + turn m + add + l share sum_j (weigh_j a_j + lean_j m_j), m <- keep m.
struct Stage {
  std::vector<double> grow, turn, add, spread, weigh, lean, keep;
};

Stage make_stage(const Model& model, double g) {
  const std::size_t n = model.l.size();
  const double mu2 = model.mu2;
  const double b0 = model.param.additive;
  const double bm = model.param.relative;
  const double from_act = model.act.relative * (1.0 + bm);
  // The sample's form is in E e^2, v E e and v^2 (and constants): second, first, zeroth.
  const double second = model.mu4 * (1.0 + bm + from_act);
  const double first = 2.0 * (model.mu4 - model.mu3 * mu2) + 2.0 * model.mu4 * (bm + from_act);
  const double zeroth = mu2 * mu2 * mu2 - 2.0 * model.mu3 * mu2 + model.mu4 +
                        model.mu4 * (bm + from_act) + mu2 * mu2 * mu2 * model.label.relative;
  const double constant = model.mu4 * b0 * (1.0 + model.act.relative);
  const double after = 1.0 + model.out_grad.relative;
  const double carried = 1.0 + model.weight.relative;
  double variance = after * mu2 *
                        (model.residual * (1.0 + model.label.relative) + model.label.additive +
                         model.act.additive) +
                    mu2 * model.out_grad.additive;
  std::vector<double> fixed(n);
  for (std::size_t i = 0; i < n; ++i) fixed[i] = zeroth * model.v[i] * model.v[i] + constant;
  variance += after * dot(model.l, fixed);
  Stage stage;
  for (std::vector<double>* x : {&stage.grow, &stage.turn, &stage.add, &stage.spread, &stage.weigh,
                                 &stage.lean, &stage.keep})
    x->resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double l = model.l[i];
    const double v = model.v[i];
    const double pairs = g * g * (1.0 - 1.0 / model.batch) * mu2 * mu2 * l * l;
    const double own = 2.0 * after * g * g / model.batch * l * l;
    const double share = g * g / model.batch * l;
    stage.keep[i] = 1.0 - g * mu2 * l;
    stage.grow[i] = carried * (1.0 - 2.0 * g * mu2 * l + pairs * (1.0 + bm) + own * second);
    stage.turn[i] = carried * (pairs * 2.0 * bm * v + own * first * v) +
                    2.0 * model.weight.relative * v * stage.keep[i];
    stage.add[i] = carried * (pairs * (bm * v * v + b0) + own * fixed[i] + share * variance) +
                   model.weight.relative * v * v + model.weight.additive;
    stage.spread[i] = carried * share * after;
    stage.weigh[i] = l * second;
    stage.lean[i] = l * first * v;
  }
  return stage;
}

struct Moments {
  std::vector<double> a, m;  // E e_i^2, E e_i
  std::vector<double> c;     // sum over earlier steps of E e_s e_t, and this one
  std::vector<double> a_sum, c_sum, m_sum;
};

double weighted_sum(const Stage& stage, const Moments& x) {
  std::array<double, 8> s{};
  const std::size_t n = x.a.size();
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t k = 0; k < 8; ++k)
      s[k] += stage.weigh[i + k] * x.a[i + k] + stage.lean[i + k] * x.m[i + k];
  }
  for (std::size_t k = 0; i < n; ++i, ++k) s[k] += stage.weigh[i] * x.a[i] + stage.lean[i] * x.m[i];
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

void advance(const Stage& stage, Moments& x) {
  const double total = weighted_sum(stage, x);
  const std::size_t n = x.a.size();
  for (std::size_t i = 0; i < n; ++i) {
    const double a =
        stage.grow[i] * x.a[i] + stage.turn[i] * x.m[i] + (stage.add[i] + stage.spread[i] * total);
    const double m = stage.keep[i] * x.m[i];
    const double c = stage.keep[i] * x.c[i] + a;
    x.a[i] = a;
    x.m[i] = m;
    x.c[i] = c;
    x.a_sum[i] += a;
    x.m_sum[i] += m;
    x.c_sum[i] += c;
  }
}

Moments run_recursion(const Model& model, const Spectrum& spectrum, const Training& training) {
  const std::size_t n = model.l.size();
  Moments x;
  x.m.resize(n);
  x.a.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    x.m[i] = training.initial * spectrum.ones[i] - model.v[i];
    x.a[i] = x.m[i] * x.m[i];
  }
  x.c = x.a_sum = x.c_sum = x.m_sum = std::vector<double>(n, 0.0);
  double g = training.step_size;
  const std::size_t length = training.stage_length();
  for (std::size_t t = 0; t < training.steps(); t += length, g *= 0.5) {
    const Stage stage = make_stage(model, g);
    const std::size_t end = std::min(training.steps(), t + length);
    for (std::size_t k = t; k < end; ++k) advance(stage, x);
  }
  return x;
}

// Excess of random weights v + e with E e = m and E e e^T diagonal a.
struct Pair {
  double clean = 0.0, quantized = 0.0;
};
Pair excess(const Instance& instance, const Spectrum& spectrum, const Model& model,
            const std::vector<double>& a, const std::vector<double>& m) {
  Pair pair{instance.approximation, 0.0};
  double extra = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double lambda = spectrum.values[i];
    const double v = model.v[i];
    const double away = v - spectrum.cross[i] / lambda;
    pair.clean += lambda * (a[i] + 2.0 * away * m[i] + away * away);
    extra += (model.mu2 * model.l[i] - lambda) * (a[i] + 2.0 * v * m[i] + v * v);
  }
  pair.quantized = pair.clean + extra;
  return pair;
}

}  // namespace

Spectrum spectrum_of(const Instance& instance) {
  const std::vector<double> ones(instance.features(), 1.0);
  if (instance.covariance.diagonal) return {instance.covariance.values, instance.cross, ones};
  Eigenbasis basis;
  if (!decompose(instance.covariance.values, {instance.cross, ones}, basis))
    throw Error("the eigenvalues of the features' covariance cannot be found");
  return {basis.values, basis.coordinates[0], basis.coordinates[1]};
}

bool recursion_applies(const Problem& problem, const Policy& policy) {
  for (const NamedPlace& known : *policy.places) {
    const Place place = known.place();
    if (place != place::avg && place != place::sketch && is_format(policy.at(place))) return false;
  }
  const Rule& data = policy.at(place::data);
  const Rule& feature = policy.at(place::feature);
  for (const Place& place : {place::data, place::feature, place::param, place::weight}) {
    if (is_coordinatewise(policy.at(place))) return false;
  }
  // Additive noise must be Gaussian (fourth moments), come before any scalar, and leave the
  // eigenvectors alone, which noise on x under a sketch does not.
  if (is_additive(data) && (problem.sketch_size != 0 || noise_of(data)->law != Law::gaussian))
    return false;
  if (is_additive(feature) && (noise_of(feature)->law != Law::gaussian || !is_native(data)))
    return false;
  return true;
}

ExcessTheory excess_theory(const Instance& instance, const Spectrum& spectrum,
                           const Training& training, const Policy& policy) {
  ExcessTheory theory;
  if (training.steps() == 0 || !recursion_applies(*instance.problem, policy)) return theory;
  const Model model = make_model(instance, spectrum, training, policy);
  Moments x = run_recursion(model, spectrum, training);
  const Pair last = excess(instance, spectrum, model, x.a, x.m);
  theory.clean_last = last.clean;
  theory.quantized_last = last.quantized;
  const bool uniform = training.first_averaged() == 0;
  if (!uniform || !is_native(policy.at(place::avg))) return theory;
  const auto steps = static_cast<double>(training.steps());
  for (std::size_t i = 0; i < x.a.size(); ++i) {
    x.a[i] = (2.0 * x.c_sum[i] - x.a_sum[i]) / (steps * steps);
    x.m[i] = x.m_sum[i] / steps;
  }
  const Pair average = excess(instance, spectrum, model, x.a, x.m);
  theory.clean_average = average.clean;
  theory.quantized_average = average.quantized;
  return theory;
}

}  // namespace halfulp::experiments::linear_regression
