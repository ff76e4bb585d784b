// SPDX-License-Identifier: MIT
#include "experiments/models/dense.h"

#include <array>
#include <cmath>

namespace halfulp::experiments {

double dot(std::span<const double> a, std::span<const double> b) {
  std::array<double, 8> s{};
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8) {
    for (std::size_t k = 0; k < 8; ++k) s[k] += a[i + k] * b[i + k];
  }
  for (std::size_t k = 0; i < a.size(); ++i, ++k) s[k] += a[i] * b[i];
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

std::vector<double> cholesky(std::span<const double> a, std::size_t n) {
  std::vector<double> l(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    const std::span<double> row(&l[i * n], n);
    for (std::size_t j = 0; j <= i; ++j) {
      const double rest = a[i * n + j] - dot(row.first(j), {&l[j * n], j});
      if (j < i) {
        row[j] = rest / l[j * n + j];
      } else if (rest > 0.0 && std::isfinite(rest)) {
        row[j] = std::sqrt(rest);
      } else {
        return {};
      }
    }
  }
  return l;
}

void solve_lower(std::span<const double> lower, std::span<double> b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i)
    b[i] = (b[i] - dot(lower.subspan(i * n, i), b.first(i))) / lower[i * n + i];
}

void solve_lower_transposed(std::span<const double> lower, std::span<double> b) {
  const std::size_t n = b.size();
  for (std::size_t i = n; i-- > 0;) {
    b[i] /= lower[i * n + i];
    for (std::size_t j = 0; j < i; ++j) b[j] -= lower[i * n + j] * b[i];
  }
}

std::vector<double> multiply(std::span<const double> a, std::span<const double> x) {
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = dot(a.subspan(i * x.size(), x.size()), x);
  return y;
}

namespace {

struct Tridiagonal {
  std::vector<double> diagonal, below;  // below[i] joins i and i + 1; one unused element at the end
};

// Reflects the part of every vector after position k by I - 2 v v^T / (v^T v).
void reflect(std::span<const double> v, double half_norm, std::size_t first,
             std::vector<std::vector<double>>& vectors) {
  for (std::vector<double>& x : vectors) {
    const std::span<double> tail(&x[first], v.size());
    const double factor = dot(v, tail) / half_norm;
    for (std::size_t j = 0; j < v.size(); ++j) tail[j] -= factor * v[j];
  }
}

// Step k turns column k below the subdiagonal into zeros:
//   1. x = A[k+1.., k], alpha = -sign(x_0) |x|, v = x - alpha e_0, h = v^T v / 2;
//   2. A <- (I - v v^T / h) A (I - v v^T / h) = A - v q^T - q v^T
//      with p = A v / h and q = p - (v^T p / 2 h) v.
Tridiagonal reduce(std::vector<double>& a, std::vector<std::vector<double>>& vectors,
                   std::size_t n) {
  Tridiagonal t{std::vector<double>(n), std::vector<double>(n, 0.0)};
  std::vector<double> v;
  std::vector<double> q;
  for (std::size_t k = 0; k + 1 < n; ++k) {
    const std::size_t m = n - k - 1;
    v.resize(m);
    q.resize(m);
    for (std::size_t i = 0; i < m; ++i) v[i] = a[(k + 1 + i) * n + k];
    const double norm = std::sqrt(dot(v, v));
    const double alpha = v[0] > 0.0 ? -norm : norm;
    t.diagonal[k] = a[k * n + k];
    t.below[k] = alpha;
    v[0] -= alpha;
    const double half = 0.5 * dot(v, v);
    if (half == 0.0 || m == 1) {
      if (m == 1) t.below[k] = a[(k + 1) * n + k];
      continue;
    }
    for (std::size_t i = 0; i < m; ++i) q[i] = dot({&a[(k + 1 + i) * n + k + 1], m}, v) / half;
    const double correction = dot(v, q) / (2.0 * half);
    for (std::size_t i = 0; i < m; ++i) q[i] -= correction * v[i];
    for (std::size_t i = 0; i < m; ++i) {
      double* row = &a[(k + 1 + i) * n + k + 1];
      for (std::size_t j = 0; j < m; ++j) row[j] -= v[i] * q[j] + q[i] * v[j];
    }
    reflect(v, half, k + 1, vectors);
  }
  t.diagonal[n - 1] = a[n * n - 1];
  return t;
}

// sqrt(a^2 + b^2) without overflow, of operations that IEEE 754 fixes.
double hypotenuse(double a, double b) {
  const double large = std::fmax(std::fabs(a), std::fabs(b));
  const double small = std::fmin(std::fabs(a), std::fabs(b));
  if (large == 0.0) return 0.0;
  const double ratio = small / large;
  return large * std::sqrt(1.0 + ratio * ratio);
}

void rotate(std::vector<std::vector<double>>& vectors, std::size_t i, double c, double s) {
  for (std::vector<double>& x : vectors) {
    const double next = x[i + 1];
    x[i + 1] = s * x[i] + c * next;
    x[i] = c * x[i] - s * next;
  }
}

// One implicit QL step with Wilkinson's shift on the unreduced block first..last.
void ql_step(Tridiagonal& t, std::vector<std::vector<double>>& vectors, std::size_t first,
             std::size_t last) {
  std::vector<double>& d = t.diagonal;
  std::vector<double>& e = t.below;
  const double ratio = (d[first + 1] - d[first]) / (2.0 * e[first]);
  const double root = hypotenuse(ratio, 1.0);
  double g = d[last] - d[first] + e[first] / (ratio + std::copysign(root, ratio));
  double s = 1.0;
  double c = 1.0;
  double p = 0.0;
  for (std::size_t i = last; i-- > first;) {
    const double f = s * e[i];
    const double b = c * e[i];
    const double r = hypotenuse(f, g);
    e[i + 1] = r;
    if (r == 0.0) {
      d[i + 1] -= p;
      e[last] = 0.0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    const double u = (d[i] - g) * s + 2.0 * c * b;
    p = s * u;
    d[i + 1] = g + p;
    g = c * u - b;
    rotate(vectors, i, c, s);
  }
  d[first] -= p;
  e[first] = g;
  e[last] = 0.0;
}

}  // namespace

bool decompose(std::vector<double> a, const std::vector<std::vector<double>>& vectors,
               Eigenbasis& out) {
  constexpr int most_steps = 60;
  constexpr double ulp = 0x1p-52;
  out.coordinates = vectors;
  std::size_t n = 0;
  while (n * n < a.size()) ++n;
  Tridiagonal t = reduce(a, out.coordinates, n);
  for (std::size_t first = 0; first < n; ++first) {
    for (int step = 0;; ++step) {
      std::size_t last = first;
      for (; last + 1 < n; ++last) {
        const double scale = std::fabs(t.diagonal[last]) + std::fabs(t.diagonal[last + 1]);
        if (std::fabs(t.below[last]) <= 0.5 * ulp * scale) break;
      }
      if (last == first) break;
      if (step == most_steps) return false;
      ql_step(t, out.coordinates, first, last);
    }
  }
  out.values = t.diagonal;
  return true;
}

}  // namespace halfulp::experiments
