// SPDX-License-Identifier: MIT
//
// Libraries err by a few units of the last place in these functions, less than 2^-49, which is
// measured (host_library.h); the bounds are 2^-45 away from the result, sixteen times that. They
// are not trusted where a library may lose more: near zeros of sine, cosine, tangent, arc cosine
// and logarithms, for large arguments of the former, and near the ends of the range. Formulas of
// several steps add a few half units, gelu for negative x the two of x / sqrt 2 times its condition
// x^2 + 2: less than (x^2 + 2) 2^-52, for which its bounds are wider by x^2 2^-50.
#include "emulator/functions/candidate.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "emulator/functions/host_library.h"

namespace halfulp::emulator {
namespace {

constexpr double largest_power = 690;  // e^690 < 2^1000

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double gelu(double x) {
  constexpr double root_half = 0.70710678118654752440;
  if (x >= 0) return 0.5 * x * (1 + std::erf(x * root_half));
  return x >= -37 ? 0.5 * x * std::erfc(-x * root_half) : untrusted;
}

double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

template <Op kOp>
double evaluate(double x, double y) {
  if constexpr (kOp == Op::exp) return std::exp(x);
  if constexpr (kOp == Op::exp2) return std::exp2(x);
  if constexpr (kOp == Op::expm1) return std::expm1(x);
  if constexpr (kOp == Op::log) return logarithm(std::log(x));
  if constexpr (kOp == Op::log2) return logarithm(std::log2(x));
  if constexpr (kOp == Op::log10) return logarithm(std::log10(x));
  if constexpr (kOp == Op::log1p) return std::log1p(x);
  if constexpr (kOp == Op::sin) return away_from_zeros(x, std::sin(x));
  if constexpr (kOp == Op::cos) return away_from_zeros(x, std::cos(x));
  if constexpr (kOp == Op::tan) return away_from_zeros(x, std::tan(x));
  if constexpr (kOp == Op::asin) return std::asin(x);
  if constexpr (kOp == Op::acos) return logarithm(std::acos(x));
  if constexpr (kOp == Op::atan) return std::atan(x);
  if constexpr (kOp == Op::sinh) return std::sinh(x);
  if constexpr (kOp == Op::cosh) return std::cosh(x);
  if constexpr (kOp == Op::tanh) return std::tanh(x);
  if constexpr (kOp == Op::sigmoid) return sigmoid(x);
  if constexpr (kOp == Op::erf) return std::erf(x);
  if constexpr (kOp == Op::gelu) return gelu(x);
  if constexpr (kOp == Op::silu) return x * sigmoid(x);
  if constexpr (kOp == Op::softplus) return softplus(x);
  if constexpr (kOp == Op::reciprocal_square_root) return 1 / std::sqrt(x);
  if constexpr (kOp == Op::reciprocal) return 1 / x;
  if constexpr (kOp == Op::cube_root) return std::cbrt(x);
  if constexpr (kOp == Op::power) return x > 0 ? std::pow(x, y) : untrusted;
  if constexpr (kOp == Op::hypotenuse) return std::hypot(x, y);
  return untrusted;
}

bool is_usual(double x, double flush_below) {
  const double magnitude = std::fabs(x);
  return magnitude >= std::max(flush_below, 0x1p-900) && magnitude <= 0x1p900;
}

// Functions whose magnitude stays below 1.
constexpr bool stays_below_one(Op op) {
  return op == Op::tanh || op == Op::erf || op == Op::sigmoid;
}
constexpr bool grows_fast(Op op) {
  return op == Op::exp || op == Op::expm1 || op == Op::sinh || op == Op::cosh ||
         op == Op::sigmoid || op == Op::silu || op == Op::softplus;
}

// A constant of the machine, found when it is first asked for.
template <Op kOp>
bool library_holds() {
  static const bool holds = host_library_holds(kOp);
  return holds;
}

template <Op kOp>
void run(const Candidates& c) {
  if (!library_holds<kOp>()) {
    std::fill_n(c.low, c.count, untrusted);
    std::fill_n(c.high, c.count, untrusted);
    return;
  }
  constexpr double doubt = 0x1p-45;
  constexpr double below_one = 1 - 0x1p-53;
  for (std::size_t i = 0; i < c.count; ++i) {
    const double x = c.a[i];
    double y = untrusted;
    bool usual = is_usual(x, c.flush_below);
    if constexpr (kOp == Op::power || kOp == Op::hypotenuse)
      usual = usual && is_usual(c.b[i], c.flush_below);
    if constexpr (grows_fast(kOp)) usual = usual && std::fabs(x) <= largest_power;
    if (usual) y = evaluate<kOp>(x, c.b == nullptr ? 0 : c.b[i]);
    if (!(std::fabs(y) >= 0x1p-1000 && std::fabs(y) <= 0x1p1000)) y = untrusted;
    double error = std::fabs(y) * doubt;
    if constexpr (kOp == Op::gelu) error *= x < 0 ? 1 + x * x * 0x1p-5 : 1;
    c.low[i] = y - error;
    c.high[i] = y + error;
    if constexpr (stays_below_one(kOp)) {  // NaN stays
      if (c.high[i] > below_one) c.high[i] = below_one;
      if (c.low[i] < -below_one) c.low[i] = -below_one;
    }
  }
}

}  // namespace

void candidates(Op op, const Candidates& c) {
  using Run = void (*)(const Candidates&);
  constexpr Run runs[] = {
      run<Op::exp>,        run<Op::exp2>,
      run<Op::expm1>,      run<Op::log>,
      run<Op::log2>,       run<Op::log10>,
      run<Op::log1p>,      run<Op::sin>,
      run<Op::cos>,        run<Op::tan>,
      run<Op::asin>,       run<Op::acos>,
      run<Op::atan>,       run<Op::sinh>,
      run<Op::cosh>,       run<Op::tanh>,
      run<Op::sigmoid>,    run<Op::erf>,
      run<Op::gelu>,       run<Op::silu>,
      run<Op::softplus>,   run<Op::reciprocal_square_root>,
      run<Op::reciprocal>, run<Op::cube_root>,
      run<Op::power>,      run<Op::hypotenuse>,
  };
  static_assert(std::size(runs) == op_count - static_cast<int>(Op::exp));
  runs[static_cast<int>(op) - static_cast<int>(Op::exp)](c);
}

}  // namespace halfulp::emulator
