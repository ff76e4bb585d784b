// SPDX-License-Identifier: MIT
//
// Functions of binary32 operands in binary64 lanes, each within 2^-45 of its result, relatively.
// u = 2^-53 is half a unit of the last place; operands x have 24 bits, so that x - 1, 2 x, x^2 and
// the like are exact.
//
// e^a: k = a / ln 2 to an integer, r = a - k ln 2, |r| <= 0.347. The upper part of ln 2 has 32 bits
// and k 11, so that its product is exact, and so is the difference (Sterbenz) or it errs by a unit
// of r; r errs by 3 u. e^r - 1 is the sum of Taylor to r^12 / 12!, whose remainder is below
// 0.347^13 / 13! e^0.347 < 2^-51.8; the last two of its steps round terms of no more than 0.06 and
// 0.35. Together 2^-49.
//
// log x: x = 2^k m, m from sqrt(1/2) to sqrt 2, log m = 2 atanh s, s = (m - 1) / (m + 1), |s| <
// 0.1716, by its series to s^19: the remainder is below s^20 / 21 / (1 - s^2) < 2^-55 of it. s errs
// by 2 u, the sum by 3 u more. k ln 2 + log m is 0.346 or more where k is not 0, so that what its
// terms (at most 0.7 and 0.35, or nearly as large as it) err by is four times as much of it.
// Together 2^-49.
//
// Q(t) = erfc(t / sqrt 2) / 2 = e^(-t^2 / 2) H(u) w, w = 1 / (t + 5), u = 1 - 10 w (the variable of
// Shepherd and Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < inf",
// Math. Comp. 36, 1981). H is the sum of the first 18 terms of its Chebyshev series from t = 0 to
// 17 (interpolated in 48 points with 200 bits, where the terms left out sum up to 2^-48.4), written
// in powers of u and rounded to binary64: off by 2^-49.6 at most of 2000 points. The magnitudes of
// its terms are 2.7 of the sum at most, so that its steps err by less than 8 u, u by 4 more.
// Together 2^-47.
//
// The others are formulas of these; e^x - 1, with its own reduction, and log(1 + x), are within a
// few units near 0 too. What a formula does near a number that the function only approaches (1,
// x, x / 2) is clamped: there the result and its approximation both lie between that number and
// 2^-40 beside it, which is all that odd results of up to 34 bits tell, and the approximation does
// not come nearer than 2^-43.
//
// Included once for every instruction set (foreach_target.h), hence the guard that toggles.
#include <hwy/highway.h>

#include "formats/operation.h"

#if defined(HALFULP_EMULATOR_KERNELS_FUNCTION_LANES_H) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFULP_EMULATOR_KERNELS_FUNCTION_LANES_H
#undef HALFULP_EMULATOR_KERNELS_FUNCTION_LANES_H
#else
#define HALFULP_EMULATOR_KERNELS_FUNCTION_LANES_H
#endif

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace function_lanes {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<double>;
using Words = hn::RebindToUnsigned<D>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;

HWY_INLINE V set(double x) { return hn::Set(D(), x); }
HWY_INLINE V word(std::uint64_t x) { return hn::BitCast(D(), hn::Set(Words(), x)); }

// |x|, at least or at most a bound, with the sign of x.
HWY_INLINE V at_least(V x, double bound) {
  return hn::CopySign(hn::Max(hn::Abs(x), set(bound)), x);
}
HWY_INLINE V at_most(V x, double bound) { return hn::CopySign(hn::Min(hn::Abs(x), set(bound)), x); }
HWY_INLINE V between(double low, V x, double high) {
  return hn::Min(hn::Max(x, set(low)), set(high));
}

// The sum of coefficients[i] x^i: that of even powers and that of odd ones, which do not wait for
// each other.
template <std::size_t kCount>
HWY_INLINE V polynomial(const double (&coefficients)[kCount], V x) {
  const V square = x * x;
  V sum = set(coefficients[kCount - 1]);
  V other = set(coefficients[kCount - 2]);
  for (std::size_t i = kCount - 2; i >= 2; i -= 2) {
    sum = hn::MulAdd(sum, square, set(coefficients[i - 1]));
    other = hn::MulAdd(other, square, set(coefficients[i - 2]));
  }
  if constexpr (kCount % 2 == 0) return hn::MulAdd(sum, x, other);
  sum = hn::MulAdd(sum, square, set(coefficients[0]));
  return hn::MulAdd(other, x, sum);
}

struct Power {
  V fraction;  // e^r - 1
  V scale;     // 2^k
};

// Of r = (a - k upper) - k lower. (1/2!, 1/3!, ... 1/12!)
HWY_INLINE V taylor(V r) {
  static constexpr double terms[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,       1.0 / 120,
                                     1.0 / 720,     1.0 / 5040,     1.0 / 40320,    1.0 / 362880,
                                     1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600};
  return hn::MulAdd(r * r, polynomial(terms, r), r);
}
inline constexpr double shifter = 0x1.8p52;  // a sum with it is rounded to an integer

// 2^k of n = shifter + k.
HWY_INLINE V power_of_two(V n) {
  const Words bits;
  return hn::BitCast(
      D(), hn::ShiftLeft<52>(hn::BitCast(bits, n)) + hn::Set(bits, std::uint64_t{1023} << 52));
}

// |a| <= 705.
HWY_INLINE Power exponential(V a) {
  const V n = hn::MulAdd(a, set(0x1.71547652b82fep+0), set(shifter));
  const V k = n - set(shifter);
  const V near = hn::NegMulAdd(k, set(0x1.62e42fee00000p-1), a);
  return {taylor(hn::NegMulAdd(k, set(0x1.a39ef35793c76p-33), near)), power_of_two(n)};
}
HWY_INLINE V exp(V a) {
  const Power p = exponential(a);
  return hn::MulAdd(p.fraction, p.scale, p.scale);
}
// e^a - 1, which is 0.29 or more where k is not 0.
HWY_INLINE V expm1(V a) {
  const Power p = exponential(a);
  return hn::MulAdd(p.fraction, p.scale, p.scale - set(1));
}

struct Logarithm {
  V k, m;
};
HWY_INLINE Logarithm take_apart(V x) {
  const Words bits;
  constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcdU;
  constexpr std::uint64_t one = std::uint64_t{1023} << 52;
  const auto pattern = hn::BitCast(bits, x);
  const auto field = hn::ShiftRight<52>(pattern + hn::Set(bits, one - root_half));  // k + 1023
  const auto m = pattern - hn::ShiftLeft<52>(field) + hn::Set(bits, one);
  const V k = hn::BitCast(D(), hn::Or(field, hn::Set(bits, std::uint64_t{0x433} << 52)));
  return {k - set(0x1p52 + 1023), hn::BitCast(D(), m)};
}

// 2 atanh s
HWY_INLINE V twice_atanh(V s) {
  static constexpr double terms[] = {2.0,      2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,
                                     2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19};
  return s * polynomial(terms, s * s);
}
HWY_INLINE V log_of_fraction(V m) { return twice_atanh((m - set(1)) / (m + set(1))); }

// k times a logarithm of 2, in two parts, and more.
HWY_INLINE V add_logarithms(V k, double upper, double lower, V more) {
  return hn::MulAdd(k, set(upper), hn::MulAdd(k, set(lower), more));
}
HWY_INLINE V add_logarithms(V k, V more) {
  return add_logarithms(k, 0x1.62e42fee00000p-1, 0x1.a39ef35793c76p-33, more);
}

// erfc(t / sqrt 2) / 2 for t from 0 to 17, given -t^2 / 2.
HWY_INLINE V tail(V t, V exponent) {
  static constexpr double terms[] = {
      0x1.89d3abe1f95b5p-1,   -0x1.54ad03f27c9dfp-1, 0x1.fb31653875f86p-2,   -0x1.410ed5f8784ecp-2,
      0x1.51f6329f65e8fp-3,   -0x1.1b1c254b2b77fp-4, 0x1.54b4d4b958bd4p-6,   -0x1.885911d5c609cp-9,
      -0x1.a24ff4046e77dp-11, 0x1.1daf9ac7b3cf0p-11, -0x1.f228596b95ac2p-15, -0x1.a19d34a02c6c0p-15,
      0x1.1834f90eb8054p-16,  0x1.0f8c8f0d6d3e0p-18, -0x1.7476fcf158eedp-19, -0x1.db9375fbd5e19p-22,
      0x1.99606978ab002p-22,  0x1.c9885935dbc3cp-24};
  const V w = set(1) / (t + set(5));
  const V u = hn::NegMulAdd(set(10), w, set(1));
  return exp(exponent) * (polynomial(terms, u) * w);
}

inline constexpr double tiny = 0x1p-40;
// A number moved by the least that counts, away from zero or toward it.
HWY_INLINE V just_above(V x) { return hn::MulAdd(x, set(tiny / 2), x); }
HWY_INLINE V just_below(V x) { return hn::NegMulAdd(x, set(tiny / 2), x); }

// `near` where |x| is below a bound.
HWY_INLINE V where_below(V x, double bound, V near, V far) {
  return hn::IfThenElse(hn::Abs(x) < set(bound), near, far);
}

// 1 / (1 + e^-x), for |x| >= tiny.
HWY_INLINE V sigmoid(V x) {
  const V e = exp(hn::Neg(hn::Min(hn::Abs(x), set(700))));
  const V numerator = hn::IfThenElse(x < hn::Zero(D()), e, set(1));
  return numerator / (set(1) + e);
}
// x above 28 has a sigmoid between 1 - 2^-40 and 1. Next to zero it is 1/2 + x / 4 - x^3 / 48 ...,
// and below 2^-12 nearer to l = 1/2 + x / 4 than 2^-41. Where that has 29 bits or fewer, what lies
// so near it on the same side stands for it; so does a product with x, of 53 bits or fewer, where
// `factor` is x and the product has no more bits than odd results may have.
HWY_INLINE V clamped_sigmoid(V x, V factor) {
  const Words bits;
  x = at_least(x, tiny);
  const V y = sigmoid(hn::Min(x, set(28)));
  const V l = hn::MulAdd(x, set(0.25), set(0.5));
  const M exact = hn::And((l - set(0.5)) * set(4) == x, hn::Abs(x) < set(0x1p-12));
  const auto low = hn::Or(hn::And(hn::BitCast(bits, l), hn::Set(bits, 0xffffffU)),
                          hn::And(hn::BitCast(bits, l * factor), hn::Set(bits, 0x7ffffU)));
  const M few = hn::RebindMask(D(), low == hn::Zero(bits));
  const V beside = l - hn::CopySign(set(0x1p-41), x);
  return factor * hn::IfThenElse(hn::And(exact, few), beside, y);
}

// log(1 + e^x): with e = e^-|x|, 1 + e or half of it is the m of a logarithm.
HWY_INLINE V softplus(V x) {
  const V e = exp(hn::Neg(hn::Min(hn::Abs(x), set(700))));
  const M large = e > set(0.41421356);
  const V over = hn::IfThenElse(large, e - set(1), e);
  const V under = e + hn::IfThenElse(large, set(3), set(2));
  const V ln2 = hn::IfThenElseZero(large, set(0x1.62e42fefa39efp-1));
  const V logarithm = ln2 + twice_atanh(over / under);
  const V positive = x + hn::Max(logarithm, x * set(tiny / 2));
  return hn::IfThenElse(x > hn::Zero(D()), positive, logarithm);
}

// Next to zero 1 - Q is 1/2 (1 + 0.8 x); Q(|x|) is below 2^-41 from 7.2 on. Below -17 the result is
// smaller still than what stands for it.
HWY_INLINE V gelu(V x) {
  const V t = hn::Min(hn::Max(hn::Abs(x), set(tiny)), set(17));
  const V q = tail(t, t * (t * set(-0.5)));
  const V complement = set(1) - hn::Max(q, set(tiny / 2));
  return hn::Max(x, set(-17)) * hn::IfThenElse(x < hn::Zero(D()), q, complement);
}

// By Taylor below 1: 2 / sqrt(pi) sum of (-1)^n x^(2n + 1) / (n! (2n + 1)) to n = 17, whose
// remainder is below 1 / (18! 37) < 2^-57; its terms sum up to less than twice the result.
HWY_INLINE V error_function(V x) {
  static constexpr double terms[] = {0x1.20dd750429b6dp+0 / 1,
                                     -0x1.20dd750429b6dp+0 / 3,
                                     0x1.20dd750429b6dp+0 / 10,
                                     -0x1.20dd750429b6dp+0 / 42,
                                     0x1.20dd750429b6dp+0 / 216,
                                     -0x1.20dd750429b6dp+0 / 1320,
                                     0x1.20dd750429b6dp+0 / 9360,
                                     -0x1.20dd750429b6dp+0 / 75600,
                                     0x1.20dd750429b6dp+0 / 685440,
                                     -0x1.20dd750429b6dp+0 / 6894720,
                                     0x1.20dd750429b6dp+0 / 76204800,
                                     -0x1.20dd750429b6dp+0 / 918086400.0,
                                     0x1.20dd750429b6dp+0 / 11975040000.0,
                                     -0x1.20dd750429b6dp+0 / 168129561600.0,
                                     0x1.20dd750429b6dp+0 / 2528170444800.0,
                                     -0x1.20dd750429b6dp+0 / 40537905408000.0,
                                     0x1.20dd750429b6dp+0 / 690452066304000.0,
                                     -0x1.20dd750429b6dp+0 / 12449059983360000.0};
  const V t = hn::Min(hn::Abs(x), set(5.1));  // there it is between 1 - 2^-40 and 1
  const V square = t * t;
  const V near = x * polynomial(terms, square);
  const V q = tail(t * set(0x1.6a09e667f3bcdp+0), hn::Neg(square));
  return where_below(x, 1, near, hn::CopySign(set(1) - (q + q), x));
}

// log(1 + x): 1 + x is exact where it has to be, or x beside 1 the whole of the operand.
HWY_INLINE V log1p(V x) {
  const Logarithm l = take_apart(set(1) + x);
  const M whole = l.k == hn::Zero(D());
  const V over = hn::IfThenElse(whole, x, l.m - set(1));
  const V under = hn::IfThenElse(whole, x + set(2), l.m + set(1));
  const V sum = add_logarithms(l.k, twice_atanh(over / under));
  const V near = hn::NegMulAdd(hn::Abs(x), set(tiny / 2), x);
  return where_below(x, tiny, near, sum);
}

// Of a finite operand that is none of special().
template <Op kOp>
HWY_INLINE V approximate(V x) {
  if constexpr (kOp == Op::exp) return exp(at_most(at_least(x, tiny), 700));
  if constexpr (kOp == Op::exp2) {
    // 2^k e^(r ln 2)
    const V a = at_most(at_least(x, tiny), 1000.5);  // no integer
    const V n = a + set(shifter);
    const V fraction = taylor((a - (n - set(shifter))) * set(0x1.62e42fefa39efp-1));
    const V scale = power_of_two(n);
    return hn::MulAdd(fraction, scale, scale);
  }
  if constexpr (kOp == Op::expm1) {
    const V sum = expm1(between(-28, x, 700));  // between -1 and -1 + 2^-40
    return where_below(x, tiny, hn::MulAdd(hn::Abs(x), set(tiny / 2), x), sum);
  }
  if constexpr (kOp == Op::log || kOp == Op::log2 || kOp == Op::log10) {
    const Logarithm l = take_apart(x);
    const V of_fraction = log_of_fraction(l.m);
    if constexpr (kOp == Op::log) return add_logarithms(l.k, of_fraction);
    if constexpr (kOp == Op::log2) return hn::MulAdd(of_fraction, set(0x1.71547652b82fep+0), l.k);
    return add_logarithms(l.k, 0x1.3441350800000p-2, 0x1.f79fef311f12bp-34,
                          of_fraction * set(0x1.bcb7b1526e50ep-2));
  }
  if constexpr (kOp == Op::log1p) return log1p(x);
  if constexpr (kOp == Op::sinh) {
    // (E + E / (E + 1)) / 2 with E = e^|x| - 1; x (1 + x^2 / 6 + ...)
    const V e = expm1(hn::Min(hn::Abs(x), set(700)));
    const V sum = set(0.5) * (e + e / (e + set(1)));
    return where_below(x, 0x1p-20, just_above(x), hn::CopySign(sum, x));
  }
  if constexpr (kOp == Op::cosh) {
    const V e = exp(hn::Min(hn::Abs(x), set(700)));
    return where_below(x, 0x1p-20, just_above(set(1)), set(0.5) * (e + set(1) / e));
  }
  if constexpr (kOp == Op::tanh) {
    // E / (E + 2) with E = e^(2 |x|) - 1, above 14.25 between 1 - 2^-40 and 1; x (1 - x^2 / 3 +
    // ...)
    const V a = hn::Min(hn::Abs(x), set(14.25));
    const V e = expm1(a + a);
    return where_below(x, 0x1p-20, just_below(x), hn::CopySign(e / (e + set(2)), x));
  }
  if constexpr (kOp == Op::sigmoid) return clamped_sigmoid(x, set(1));
  if constexpr (kOp == Op::silu) return clamped_sigmoid(x, x);
  if constexpr (kOp == Op::erf) return error_function(x);
  if constexpr (kOp == Op::gelu) return gelu(x);
  if constexpr (kOp == Op::softplus) return softplus(x);
  return set(1) / hn::Sqrt(x);  // reciprocal_square_root
}

constexpr bool is_logarithm(Op op) { return op == Op::log || op == Op::log2 || op == Op::log10; }

HWY_INLINE M is_integer(V x) {
  // Beyond 2^51 all are, and the sum is as good a test.
  const V n = at_most(x, 0x1p50) + set(shifter);
  return n - set(shifter) == x;
}
// Without fraction bits.
HWY_INLINE M is_power_of_two(V x) {
  const V m = hn::And(x, word(0x000fffffffffffffU));
  return hn::And(m == hn::Zero(D()), x == x);
}

// Operands whose results are told, not computed: what is no finite number or zero, what is out of
// the domain, and where results are exact. kFloats: as far as floats hold these.
template <Op kOp, bool kFloats>
HWY_INLINE M is_special(V x) {
  const V zero = hn::Zero(D());
  const M infinite_or_nan = hn::Not(hn::Abs(x) < set(0x1p1000));
  if constexpr (is_logarithm(kOp) || kOp == Op::reciprocal_square_root) {
    const M outside = hn::Or(infinite_or_nan, hn::Not(x > zero));
    if constexpr (kOp == Op::log2) return hn::Or(outside, is_power_of_two(x));
    if constexpr (kOp == Op::reciprocal_square_root)
      return hn::Or(outside, hn::And(is_power_of_two(x), is_power_of_two(approximate<kOp>(x))));
    return hn::Or(outside, x == set(1));
  }
  if constexpr (kOp == Op::log1p)
    return hn::Or(hn::Or(infinite_or_nan, x == zero), hn::Not(x > set(-1)));
  if constexpr (kOp == Op::softplus) return infinite_or_nan;
  if constexpr (kOp == Op::exp2) {
    const M low = x >= set(kFloats ? -149 : -1000);
    const M high = x <= set(kFloats ? 127 : 1000);
    return hn::Or(infinite_or_nan, hn::And(is_integer(x), hn::And(low, high)));
  }
  return hn::Or(infinite_or_nan, x == zero);
}

// What the result is there.
template <Op kOp>
HWY_NOINLINE V special_result(V x) {
  const V zero = hn::Zero(D());
  const V infinity = word(0x7ff0000000000000U);
  const V nan = word(0x7ff8000000000000U);
  const M is_zero = x == zero;
  const M below = x < zero;
  const M low = x == hn::Neg(infinity);
  V r = x;
  if constexpr (is_logarithm(kOp)) {
    if constexpr (kOp == Op::log2) {
      r = hn::IfThenElse(x < infinity, take_apart(x).k, x);
    } else {
      r = hn::IfThenElse(x == set(1), zero, x);
    }
    r = hn::IfThenElse(is_zero, hn::Neg(infinity), hn::IfThenElse(below, nan, r));
  }
  if constexpr (kOp == Op::log1p) {
    r = hn::IfThenElse(x == set(-1), hn::Neg(infinity), hn::IfThenElse(x < set(-1), nan, x));
  }
  if constexpr (kOp == Op::exp) r = hn::IfThenElse(is_zero, set(1), x);
  if constexpr (kOp == Op::exp2)
    r = hn::IfThenElse(hn::Abs(x) < infinity, power_of_two(x + set(shifter)), x);
  if constexpr (kOp == Op::exp || kOp == Op::exp2 || kOp == Op::softplus)
    r = hn::IfThenElse(low, zero, r);
  if constexpr (kOp == Op::expm1) r = hn::IfThenElse(low, set(-1), x);
  if constexpr (kOp == Op::cosh) r = hn::IfThenElse(is_zero, set(1), hn::Abs(x));
  if constexpr (kOp == Op::tanh || kOp == Op::erf) r = at_most(x, 1);
  if constexpr (kOp == Op::sigmoid) {
    r = hn::IfThenElse(below, zero, set(1));
    r = hn::IfThenElse(is_zero, set(0.5), r);
  }
  if constexpr (kOp == Op::silu || kOp == Op::gelu) r = hn::IfThenElse(low, set(-0.0), x);
  if constexpr (kOp == Op::reciprocal_square_root) {
    r = hn::IfThenElse(below, nan, approximate<kOp>(x));
    r = hn::IfThenElse(is_zero, hn::CopySign(infinity, x), r);
  }
  return hn::IfThenElse(x == x, r, nan);
}

}  // namespace function_lanes
}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#endif  // HALFULP_EMULATOR_KERNELS_FUNCTION_LANES_H
