// SPDX-License-Identifier: MIT
//
// The shipped kernels as loops over one row, written out by hand, of any kind of number
// (number.h). Their steps are those of data/kernels, one by one and in the same order.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "tests/sequences/number.h"

namespace halfulp::sequences::loops {

inline constexpr double nothing = -std::numeric_limits<double>::infinity();

template <typename T>
using Row = std::vector<T>;

template <typename T>
T largest(const Row<T>& x) {
  T m = x[0];
  for (const T& each : x) m = larger(m, each);
  return m;
}

template <typename T>
T sum(const Row<T>& x) {
  T s = 0.0;
  for (const T& each : x) s = s + each;
  return s;
}

template <typename T>
T fused_dot(const Row<T>& x, const Row<T>& y) {
  T s = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) s = fused(x[i], y[i], s);
  return s;
}

// e^(x - m) of a row.
template <typename T>
Row<T> exponentials(const Row<T>& x, T m) {
  Row<T> e;
  for (const T& each : x) e.push_back(apply(Op::exp, each - m));
  return e;
}

template <typename T>
Row<T> softmax(const std::string& name, const Row<T>& x) {
  T m = x[0];
  T total = 0.0;
  if (name == "softmax.online") {
    m = nothing;
    for (const T& each : x) {
      const T next = larger(m, each);
      const T before = total * apply(Op::exp, m - next);
      total = before + (T(0.0) + apply(Op::exp, each - next));
      m = next;
    }
  } else {
    m = largest(x);
    total = sum(exponentials(x, m));
  }
  Row<T> y;
  for (const T& each : x) {
    const T e = apply(Op::exp, each - m);
    if (name == "log_softmax") {
      y.push_back(each - m - apply(Op::log, total));
    } else if (name == "softmax.reciprocal") {
      y.push_back(e * apply(Op::reciprocal, total));
    } else {
      y.push_back(e / total);
    }
  }
  return y;
}

template <typename T>
Row<T> norm(const std::string& name, const Row<T>& x, const Row<T>& weight, const Row<T>& bias) {
  const T n = static_cast<double>(x.size());
  T mean = 0.0;
  T variance = 0.0;
  if (name == "layernorm.welford") {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const T old = x[i] - mean;
      mean = mean + old / T(static_cast<double>(i + 1));
      variance = fused(old, x[i] - mean, variance);
    }
    variance = variance / n;
  } else if (name == "layernorm.moments") {
    mean = sum(x) / n;
    variance = larger(fused_dot(x, x) / n - mean * mean, T(0.0));
  } else if (name == "layernorm") {
    mean = sum(x) / n;
    Row<T> centred;
    for (const T& each : x) centred.push_back(each - mean);
    variance = fused_dot(centred, centred) / n;
  } else {  // rmsnorm
    variance = fused_dot(x, x) / n;
  }
  const T factor = apply(Op::reciprocal_square_root, variance + T(1e-5));
  Row<T> y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    y.push_back(name == "rmsnorm" ? x[i] * factor * weight[i]
                                  : fused((x[i] - mean) * factor, weight[i], bias[i]));
  }
  return y;
}

template <typename T>
T activation(const std::string& name, T x) {
  if (name == "silu") return x / (T(1.0) + apply(Op::exp, -x));
  if (name == "gelu.erf")
    return (x * T(0.5)) * (T(1.0) + apply(Op::erf, x * T(0.7071067811865476)));
  const T inner = x + T(0.044715) * (x * x * x);
  return (x * T(0.5)) * (T(1.0) + apply(Op::tanh, T(0.7978845608028654) * inner));
}

// Of one query: keys and values are rows.
template <typename T>
struct Attended {
  Row<T> o;
  T m, l, lse;
};

template <typename T>
Row<T> scores(const Row<T>& q, const std::vector<Row<T>>& keys) {
  Row<T> s;
  for (const Row<T>& key : keys) s.push_back(fused_dot(q, key));
  return s;
}

template <typename T>
T scale_of(const Row<T>& q) {
  return apply(Op::reciprocal_square_root, T(static_cast<double>(q.size())));
}

template <typename T>
Attended<T> attention(const Row<T>& q, const std::vector<Row<T>>& keys,
                      const std::vector<Row<T>>& values) {
  Row<T> s = scores(q, keys);
  for (T& each : s) each = each * scale_of(q);
  Attended<T> result{.o = Row<T>(values[0].size(), T(0.0)), .m = largest(s), .l = {}, .lse = {}};
  const Row<T> e = exponentials(s, result.m);
  result.l = sum(e);
  for (std::size_t j = 0; j < keys.size(); ++j) {
    const T p = e[j] / result.l;
    for (std::size_t i = 0; i < result.o.size(); ++i)
      result.o[i] = fused(p, values[j][i], result.o[i]);
  }
  return result;
}

// attention.online, by blocks from the first on.
template <typename T>
Attended<T> online(const Row<T>& q, const std::vector<Row<T>>& keys,
                   const std::vector<Row<T>>& values, std::size_t block) {
  Attended<T> a{.o = Row<T>(values[0].size(), T(0.0)), .m = nothing, .l = 0.0, .lse = {}};
  for (std::size_t begin = 0; begin < keys.size(); begin += block) {
    const std::size_t end = std::min(begin + block, keys.size());
    Row<T> s = scores(q, {keys.begin() + static_cast<std::ptrdiff_t>(begin),
                          keys.begin() + static_cast<std::ptrdiff_t>(end)});
    for (T& each : s) each = each * scale_of(q);
    const T m = larger(a.m, largest(s));
    const T factor = apply(Op::exp, a.m - m);
    const Row<T> e = exponentials(s, m);
    a.l = a.l * factor + sum(e);
    for (std::size_t i = 0; i < a.o.size(); ++i) {
      a.o[i] = a.o[i] * factor;
      for (std::size_t j = begin; j < end; ++j) a.o[i] = fused(e[j - begin], values[j][i], a.o[i]);
    }
    a.m = m;
  }
  for (T& each : a.o) each = each / a.l;
  a.lse = a.m + apply(Op::log, a.l);
  return a;
}

// attention.exp2 and attention.causal, whose query sees `seen` keys, by blocks from the last on.
template <typename T>
Attended<T> to_base_two(const Row<T>& q, const std::vector<Row<T>>& keys,
                        const std::vector<Row<T>>& values, std::size_t block, std::size_t seen) {
  const T scale = scale_of(q);
  const T scale_log2 = scale * T(1.4426950408889634);
  Attended<T> a{.o = Row<T>(values[0].size(), T(0.0)), .m = nothing, .l = 0.0, .lse = {}};
  const std::size_t blocks = (keys.size() + block - 1) / block;
  for (std::size_t number = blocks; number-- > 0;) {
    const std::size_t begin = number * block;
    const std::size_t end = std::min(begin + block, keys.size());
    Row<T> s = scores(q, {keys.begin() + static_cast<std::ptrdiff_t>(begin),
                          keys.begin() + static_cast<std::ptrdiff_t>(end)});
    for (std::size_t j = begin; j < end; ++j) {
      if (j >= seen) s[j - begin] = nothing;
    }
    const T m = larger(a.m, largest(s));
    const T finite = is_nothing(m) ? T(0.0) : m;
    const T factor = apply(Op::exp2, (a.m - finite) * scale_log2);
    Row<T> e;
    for (const T& each : s)
      e.push_back(apply(Op::exp2, fused(each, scale_log2, -(finite * scale_log2))));
    a.l = a.l * factor + sum(e);
    for (std::size_t i = 0; i < a.o.size(); ++i) {
      a.o[i] = a.o[i] * factor;
      for (std::size_t j = begin; j < end; ++j) a.o[i] = fused(e[j - begin], values[j][i], a.o[i]);
    }
    a.m = m;
  }
  for (T& each : a.o) each = each * apply(Op::reciprocal, a.l);
  a.lse = fused(a.m, scale, apply(Op::log, a.l));
  return a;
}

}  // namespace halfulp::sequences::loops
