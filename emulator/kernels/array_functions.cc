// SPDX-License-Identifier: MIT
//
// Functions rounded to odd: an approximation within 2^-45 of the result y (function_lanes.h) tells
// all bits of y above its last few, unless y lies within its error of a number that has none below
// them; then the result is unknown, which is rare: one in 2^18 or so where 24 to 26 bits are asked
// for. What is exact is told apart, so that every other result has more bits than any number, and
// its odd result is the cut one with the last bit set. (Rounding that once more: array_operate.cc.)
//
// An error of 2^-45 is at most 2^8 units of the last place of binary64; the margin is twice that.
// This file is compiled once for every instruction set. Floating-point arithmetic.
#include "emulator/kernels/array_functions.h"

#include <algorithm>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/array_functions.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/function_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace function_lanes {

using Integers = hn::RebindToSigned<D>;
using Halves = hn::Rebind<float, D>;  // half a vector

inline constexpr std::uint64_t margin = std::uint64_t{1} << 9;

struct Odd {
  V number;
  M unknown;
};

// y without its last `dropped` bits, made odd.
HWY_INLINE Odd odd_of(V y, int dropped) {
  const Integers bits;
  const std::int64_t unit = std::int64_t{1} << dropped;
  const auto pattern = hn::BitCast(bits, y);
  const auto rest =
      hn::And(pattern + hn::Set(bits, static_cast<std::int64_t>(margin)), hn::Set(bits, unit - 1));
  const auto unknown = hn::Set(bits, static_cast<std::int64_t>(2 * margin)) > rest;
  const auto odd = hn::Or(hn::And(pattern, hn::Set(bits, -unit)), hn::Set(bits, unit));
  return {hn::BitCast(D(), odd), hn::RebindMask(D(), unknown)};
}

inline constexpr double least_normal_float = 0x1p-126;
inline constexpr double largest_float = 0x1.fffffep127;

// Where y is below the normal floats, multiples of q = 2^-149: the sum with 3/2 2^52 q is the
// nearest multiple, the next lower one is what is cut.
HWY_NOINLINE Odd odd_of_subnormal(V y) {
  const Words bits;
  const V q = set(0x1p-149);
  const V magnitude = hn::Abs(y);
  V sum = magnitude + set(0x1.8p-97);
  const M above = sum - set(0x1.8p-97) > magnitude;
  sum = sum - hn::IfThenElseZero(above, q);
  const V cut = sum - set(0x1.8p-97);
  const auto one = hn::Set(bits, std::uint64_t{1});
  const M even = hn::RebindMask(D(), hn::And(hn::BitCast(bits, sum), one) == hn::Zero(bits));
  const V error = magnitude * set(0x1p-44);
  const M near = hn::Or(magnitude - cut <= error, (cut - magnitude) + q <= error);
  return {hn::CopySign(cut + hn::IfThenElseZero(even, q), y), near};
}

// The same as a float, kept in a double.
HWY_INLINE Odd odd_float_of(V y) {
  Odd odd = odd_of(y, 29);
  const M small = hn::Abs(y) < set(least_normal_float);
  if (HWY_UNLIKELY(!hn::AllFalse(D(), small))) {
    const Odd subnormal = odd_of_subnormal(y);
    odd.number = hn::IfThenElse(small, subnormal.number, odd.number);
    odd.unknown = hn::Or(hn::And(small, subnormal.unknown), hn::AndNot(small, odd.unknown));
  }
  const M large = hn::Abs(y) > set(0x1.0000000001p128);
  return {at_most(odd.number, largest_float), hn::AndNot(large, odd.unknown)};
}

// Negative numbers' logarithms and roots are as common as others.
constexpr bool is_of_positive(Op op) {
  return is_logarithm(op) || op == Op::reciprocal_square_root;
}

template <Op kOp, bool kFloats>
HWY_INLINE V to_odd(V x, int dropped, M& any_unknown) {
  const V y = approximate<kOp>(x);
  const Odd odd = kFloats ? odd_float_of(y) : odd_of(y, dropped);
  M special = is_special<kOp, kFloats>(x);
  M unknown = odd.unknown;
  V result = odd.number;
  if constexpr (is_of_positive(kOp)) {
    const M negative = x < hn::Zero(D());
    result = hn::IfThenElse(negative, word(0x7ff8000000000000U), result);
    unknown = hn::AndNot(negative, unknown);
    special = hn::AndNot(negative, special);
  }
  if (HWY_UNLIKELY(!hn::AllFalse(D(), hn::Or(special, unknown)))) {
    result = hn::IfThenElse(unknown, word(unknown_double), result);
    result = hn::IfThenElse(special, special_result<kOp>(x), result);
    any_unknown = hn::Or(any_unknown, hn::AndNot(special, unknown));
  }
  return result;
}

#if HWY_TARGET <= HWY_AVX3
// The same for floats by conversions toward zero of both ends of what y stands for: cuts to floats,
// subnormals and the largest ones too, and where both are one number it is the cut result. All is
// done without a branch but for what is special or unknown.
template <Op kOp>
HWY_NOINLINE __m256 with_rare(V x, __m256 result, __mmask8 unknown, __mmask8 special) {
  const __m256 mark = _mm256_castsi256_ps(_mm256_set1_epi32(unknown_float));
  const __m256 told = _mm512_cvtpd_ps(special_result<kOp>(x).raw);
  return _mm256_mask_mov_ps(_mm256_mask_mov_ps(result, unknown, mark), special, told);
}

template <Op kOp>
HWY_INLINE __mmask8 store_odd(V x, float* out) {
  constexpr int inward = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;
  const V y = approximate<kOp>(x);
  const __m256 cut = _mm512_cvt_roundpd_ps((y * set(1 - 0x1p-44)).raw, inward);
  const __m256 other = _mm512_cvt_roundpd_ps((y * set(1 + 0x1p-44)).raw, inward);
  const __m256i bits = _mm256_castps_si256(cut);
  __mmask8 unknown = _mm256_cmpneq_epi32_mask(bits, _mm256_castps_si256(other));
  __m256 result = _mm256_castsi256_ps(_mm256_or_si256(bits, _mm256_set1_epi32(1)));
  auto special = static_cast<__mmask8>(is_special<kOp, true>(x).raw);
  if constexpr (is_of_positive(kOp)) {
    const __mmask8 negative = _mm512_cmp_pd_mask(x.raw, _mm512_setzero_pd(), _CMP_LT_OQ);
    const __m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
    result = _mm256_mask_mov_ps(result, negative, nan);
    unknown = static_cast<__mmask8>(unknown & ~negative);
    special = static_cast<__mmask8>(special & ~negative);
  }
  unknown = static_cast<__mmask8>(unknown & ~special);
  if (HWY_UNLIKELY((unknown | special) != 0)) result = with_rare<kOp>(x, result, unknown, special);
  _mm256_storeu_ps(out, result);
  return unknown;
}

#endif

HWY_INLINE V load(const float* in) { return hn::PromoteTo(D(), hn::LoadU(Halves(), in)); }
HWY_INLINE void store(V x, double* out) { hn::StoreU(x, D(), out); }
// Exact, and of NaN the bits that a float has.
HWY_INLINE void store(V x, float* out) {
#if HWY_TARGET == HWY_SCALAR
  *out = static_cast<float>(hn::GetLane(x));
#else
  hn::StoreU(hn::DemoteTo(Halves(), x), Halves(), out);
#endif
}

template <Op kOp>
HWY_INLINE void step(V x, int dropped, M& any_unknown, double* out) {
  store(to_odd<kOp, false>(x, dropped, any_unknown), out);
}
template <Op kOp>
HWY_INLINE void step(V x, int /*dropped*/, M& any_unknown, float* out) {
#if HWY_TARGET <= HWY_AVX3
  any_unknown.raw = static_cast<__mmask8>(any_unknown.raw | store_odd<kOp>(x, out));
#else
  store(to_odd<kOp, true>(x, 29, any_unknown), out);
#endif
}

template <Op kOp, typename Real>
bool run_all(const float* in, std::size_t count, int dropped, Real* out) {
  const std::size_t lanes = hn::Lanes(D());
  M unknown = hn::IsNaN(hn::Zero(D()));  // none
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) step<kOp>(load(in + i), dropped, unknown, out + i);
  if (i != count) {
    HWY_ALIGN float some[hn::MaxLanes(D())];
    HWY_ALIGN Real results[hn::MaxLanes(D())];
    std::fill_n(some, lanes, 0.75F);
    std::copy_n(in + i, count - i, some);
    step<kOp>(load(some), dropped, unknown, results);
    std::copy_n(results, count - i, out + i);
  }
  return !hn::AllFalse(D(), unknown);
}

template <Op kOp>
void approximate_all(const float* in, std::size_t count, double* out) {
  const std::size_t lanes = hn::Lanes(D());
  HWY_ALIGN float some[hn::MaxLanes(D())];
  HWY_ALIGN double results[hn::MaxLanes(D())];
  for (std::size_t i = 0; i < count; i += lanes) {
    const std::size_t here = std::min(lanes, count - i);
    std::fill_n(some, lanes, 0.75F);
    std::copy_n(in + i, here, some);
    store(approximate<kOp>(load(some)), results);
    std::copy_n(results, here, out + i);
  }
}

// What is done by every function: kTask is a template of the operation.
template <template <Op> class Task, typename... Arguments>
bool dispatch(Op op, Arguments... arguments) {
  switch (op) {
#define HALFULP_FUNCTION(name) \
  case Op::name:               \
    return Task<Op::name>::run(arguments...);
    HALFULP_FUNCTION(exp)
    HALFULP_FUNCTION(exp2)
    HALFULP_FUNCTION(expm1)
    HALFULP_FUNCTION(log)
    HALFULP_FUNCTION(log2)
    HALFULP_FUNCTION(log10)
    HALFULP_FUNCTION(log1p)
    HALFULP_FUNCTION(sinh)
    HALFULP_FUNCTION(cosh)
    HALFULP_FUNCTION(tanh)
    HALFULP_FUNCTION(sigmoid)
    HALFULP_FUNCTION(erf)
    HALFULP_FUNCTION(gelu)
    HALFULP_FUNCTION(silu)
    HALFULP_FUNCTION(softplus)
    HALFULP_FUNCTION(reciprocal_square_root)
#undef HALFULP_FUNCTION
    default:
      return false;
  }
}

template <Op kOp>
struct Floats {
  static bool run(const float* in, std::size_t count, float* out) {
    return run_all<kOp>(in, count, 0, out);
  }
};
template <Op kOp>
struct Doubles {
  static bool run(const float* in, std::size_t count, int dropped, double* out) {
    return run_all<kOp>(in, count, dropped, out);
  }
};
template <Op kOp>
struct Approximations {
  static bool run(const float* in, std::size_t count, double* out) {
    approximate_all<kOp>(in, count, out);
    return true;
  }
};

}  // namespace function_lanes

bool function_floats(Op op, const float* in, std::size_t count, float* out) {
  return function_lanes::dispatch<function_lanes::Floats>(op, in, count, out);
}
bool function_doubles(Op op, const float* in, std::size_t count, int dropped, double* out) {
  return function_lanes::dispatch<function_lanes::Doubles>(op, in, count, dropped, out);
}
bool function_approximations(Op op, const float* in, std::size_t count, double* out) {
  return function_lanes::dispatch<function_lanes::Approximations>(op, in, count, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(function_floats);
HWY_EXPORT(function_doubles);
HWY_EXPORT(function_approximations);

bool has_lanes(Op op) {
  switch (op) {
    case Op::exp:
    case Op::exp2:
    case Op::expm1:
    case Op::log:
    case Op::log2:
    case Op::log10:
    case Op::log1p:
    case Op::sinh:
    case Op::cosh:
    case Op::tanh:
    case Op::sigmoid:
    case Op::erf:
    case Op::gelu:
    case Op::silu:
    case Op::softplus:
    case Op::reciprocal_square_root:
      return true;
    default:
      return false;
  }
}

bool function_to_odd(Op op, const float* in, std::size_t count, float* out) {
  return HWY_DYNAMIC_DISPATCH(function_floats)(op, in, count, out);
}

bool function_to_odd(Op op, const float* in, std::size_t count, int bits, double* out) {
  constexpr int precision = 53;
  return HWY_DYNAMIC_DISPATCH(function_doubles)(op, in, count, precision - bits, out);
}

void approximate_function(Op op, const float* in, std::size_t count, double* out) {
  HWY_DYNAMIC_DISPATCH(function_approximations)(op, in, count, out);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
