// SPDX-License-Identifier: MIT
//
// + - * / sqrt and a * b + c of binary32 operands rounded to odd in binary32, then to the format
// while they are in registers. A number rounded to odd with P bits and then, in any mode, to
// p <= P - 2 bits is the number rounded once (Boldo and Melquiond, "Emulation of a FMA and
// correctly rounded sums: proved algorithms using rounding to odd", IEEE Trans. Computers 57(4),
// 2008): whether it lies on a number or a turn of the format, and on which side, is kept, as both
// are even numbers of binary32. Below the normal numbers of binary32 the same holds as long as the
// format's spacing there is four times binary32's, which the ways of rounding ask for: they discard
// two bits or more of every number. Operands need not be numbers of the format.
//
// To odd: instructions that say how they round give the neighbours below and above the exact
// result. They are one number, or consecutive patterns of one sign, of which one is odd. Of -0 and
// +0 around an exact zero sum that is +0. Beyond the largest number the neighbours are that number,
// which is odd, and infinity.
//
// Quotients and roots are computed once, toward zero, as they are slow: with a, b >= 0 the rest
// a - q b of a quotient q <= a / b is not negative, and rounded up it is zero only where it is
// zero. It is NaN where an operand or q is infinite: then q is exact.
//
// This file is compiled once for every instruction set. Floating-point arithmetic.
#include "emulator/kernels/array_operate.h"

#include <algorithm>

#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/array_operate.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/array_round_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3

constexpr int arity_of(Op op) {
  return op == Op::square_root ? 1 : (op == Op::fused_multiply_add ? 3 : 2);
}

inline constexpr int downward = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
inline constexpr int upward = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;
inline constexpr int inward = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;

HWY_INLINE V set_last_bit(__m512 number, __mmask16 where) {
  const __m512i bits = _mm512_castps_si512(number);
  return V{_mm512_castsi512_ps(_mm512_mask_or_epi32(bits, where, bits, _mm512_set1_epi32(1)))};
}

// Of the neighbours of a number.
HWY_INLINE V odd_of(__m512 below, __m512 above) {
  const __mmask16 odd = _mm512_test_epi32_mask(_mm512_castps_si512(below), _mm512_set1_epi32(1));
  return V{_mm512_mask_mov_ps(above, odd, below)};
}

// The neighbours of the exact sum of an operation, rounded in one direction.
template <Op kOp, int kDirection>
HWY_INLINE __m512 directed(V a, V b, V c) {
  if constexpr (kOp == Op::add) return _mm512_add_round_ps(a.raw, b.raw, kDirection);
  if constexpr (kOp == Op::subtract) return _mm512_sub_round_ps(a.raw, b.raw, kDirection);
  if constexpr (kOp == Op::multiply) return _mm512_mul_round_ps(a.raw, b.raw, kDirection);
  return _mm512_fmadd_round_ps(a.raw, b.raw, c.raw, kDirection);
}

template <Op kOp>
HWY_INLINE V to_odd(V a, V b, V c, bool zero_sum_negative) {
  const Floats d;
  if constexpr (kOp == Op::divide) {
    const V x = hn::Abs(a);
    const V y = hn::Abs(b);
    const __m512 quotient = _mm512_div_round_ps(x.raw, y.raw, inward);
    const __m512 rest = _mm512_fnmadd_round_ps(quotient, y.raw, x.raw, upward);
    const auto inexact = _mm512_cmp_ps_mask(rest, _mm512_setzero_ps(), _CMP_NEQ_OQ);
    return hn::Or(set_last_bit(quotient, inexact), hn::And(hn::Xor(a, b), hn::SignBit(d)));
  } else if constexpr (kOp == Op::square_root) {
    const __m512 root = _mm512_sqrt_round_ps(a.raw, inward);
    const __m512 rest = _mm512_fnmadd_round_ps(root, root, a.raw, upward);
    return set_last_bit(root, _mm512_cmp_ps_mask(rest, _mm512_setzero_ps(), _CMP_NEQ_OQ));
  } else {
    const __m512 below = directed<kOp, downward>(a, b, c);
    const V odd = odd_of(below, directed<kOp, upward>(a, b, c));
    if (kOp == Op::multiply || !zero_sum_negative) return odd;
    return hn::IfThenElse(odd == hn::Zero(d), V{below}, odd);
  }
}

// Where whatever lies beyond the last number is NaN.
HWY_INLINE V deliver_or_nan(const ArrayRounding& rounding, V x) {
  const Floats d;
  const V nan = hn::BitCast(d, hn::Set(Integers(), rounding.nan.positive));
  const V rounded = hn::CopySign(unbounded<ArrayWay::adder>(rounding, x), x);
  return hn::IfThenElse(beyond<true>(d, rounding.magic, x), nan, rounded);
}

// A result as it is delivered: as round_plain of array_round.cc for one NaN, where overflows are
// infinities in the first two ways.
template <ArrayWay kWay>
HWY_INLINE V deliver(const ArrayRounding& rounding, V x) {
  const Floats d;
  const Integers d_bits;
  const V nan = hn::BitCast(d, hn::Set(d_bits, rounding.nan.positive));
  V rounded = unbounded<kWay>(rounding, x);
  if constexpr (kWay != ArrayWay::adder) return hn::IfThenElse(hn::IsNaN(x), nan, rounded);
  const V overflow = hn::BitCast(d, hn::Set(d_bits, rounding.magic.overflow.positive));
  rounded = hn::IfThenElse(beyond<true>(d, rounding.magic, x), overflow, rounded);
  const auto above = hn::Set(d_bits, static_cast<std::int32_t>(rounding.nan_above));
  const auto is_nan = hn::RebindMask(d, magnitude_of(x) > above);
  return hn::IfThenElse(is_nan, nan, hn::CopySign(rounded, x));
}

// How results leave the registers: to odd, for a buffer, or rounded.
enum class Finish : std::uint8_t { odd, shift, conversion, adder, adder_or_nan };

template <Op kOp, Finish kFinish>
struct Loop {
  ArrayRounding rounding;
  ArrayOperands operands;

  HWY_INLINE V one(std::size_t i) const {
    const Floats d;
    const V a = hn::LoadU(d, operands.in[0] + i);
    V b = a;
    V c = a;
    if constexpr (arity_of(kOp) > 1) b = hn::LoadU(d, operands.in[1] + i);
    if constexpr (arity_of(kOp) > 2) c = hn::LoadU(d, operands.in[2] + i);
    const V odd = to_odd<kOp>(a, b, c, operands.zero_sum_negative);
    if constexpr (kFinish == Finish::shift) return deliver<ArrayWay::shift>(rounding, odd);
    if constexpr (kFinish == Finish::conversion)
      return deliver<ArrayWay::conversion>(rounding, odd);
    if constexpr (kFinish == Finish::adder) return deliver<ArrayWay::adder>(rounding, odd);
    if constexpr (kFinish == Finish::adder_or_nan) return deliver_or_nan(rounding, odd);
    return odd;
  }

  // Fewer elements than a vector has, from i on.
  HWY_INLINE void few(std::size_t i, std::size_t count) const {
    constexpr std::size_t most = hn::MaxLanes(Floats());
    HWY_ALIGN float numbers[4 * most];
    std::fill_n(numbers, 4 * most, 1.0F);
    Loop some = *this;
    for (int k = 0; k < arity_of(kOp); ++k) {
      std::copy_n(operands.in[k] + i, count, numbers + k * most);
      some.operands.in[k] = numbers + k * most;
    }
    hn::StoreU(some.one(0), Floats(), numbers + 3 * most);
    std::copy_n(numbers + 3 * most, count, operands.out + i);
  }

  template <int kVectors>
  HWY_INLINE void group(std::size_t i, bool past_caches) const {
    const std::size_t lanes = hn::Lanes(Floats());
    for (int k = 0; k < kVectors; ++k)
      store(one(i + k * lanes), past_caches, operands.out + i + k * lanes);
  }

  HWY_INLINE void prefetch(std::size_t i, std::size_t count) const {
    for (int k = 0; k < arity_of(kOp); ++k) {
      for (std::size_t at = 0; at < count; at += 16) hwy::Prefetch(operands.in[k] + i + at);
    }
  }

  void run() const {
    // A copy, which no store may be to, so that constants stay in registers.
    const Loop loop = *this;
    const std::size_t lanes = hn::Lanes(Floats());
    const std::size_t count = operands.count;
    const bool past_caches = operands.past_caches;
    std::size_t i = 0;
    if (past_caches || count >= 32 * lanes) {
      i = std::min(count, elements_to_alignment(operands.out));
      if (i != 0) loop.few(0, i);
    }
    constexpr std::size_t ahead = 512;
    for (; past_caches && i + ahead + 2 * lanes <= count; i += 2 * lanes) {
      loop.prefetch(i + ahead, 2 * lanes);
      loop.template group<2>(i, true);
    }
    for (; i + 2 * lanes <= count; i += 2 * lanes) loop.template group<2>(i, false);
    for (; i + lanes <= count; i += lanes) loop.template group<1>(i, false);
    if (i != count) loop.few(i, count - i);
    if (past_caches) hwy::FlushStream();
  }
};

template <Finish kFinish>
void run_loop(Op op, const ArrayRounding& rounding, const ArrayOperands& operands) {
  switch (op) {
    case Op::add:
      return Loop<Op::add, kFinish>{rounding, operands}.run();
    case Op::subtract:
      return Loop<Op::subtract, kFinish>{rounding, operands}.run();
    case Op::multiply:
      return Loop<Op::multiply, kFinish>{rounding, operands}.run();
    case Op::divide:
      return Loop<Op::divide, kFinish>{rounding, operands}.run();
    case Op::square_root:
      return Loop<Op::square_root, kFinish>{rounding, operands}.run();
    default:
      return Loop<Op::fused_multiply_add, kFinish>{rounding, operands}.run();
  }
}

// Null: to odd.
bool operate_floats(Op op, const ArrayOperation* operation, const ArrayOperands& operands) {
  if (operation == nullptr) {
    run_loop<Finish::odd>(op, {}, operands);
    return true;
  }
  const ArrayRounding& rounding = operation->rounding;
  if (operation->to_nan) {
    run_loop<Finish::adder_or_nan>(op, rounding, operands);
  } else if (rounding.way == ArrayWay::shift) {
    run_loop<Finish::shift>(op, rounding, operands);
  } else if (rounding.way == ArrayWay::conversion && converts) {
    run_loop<Finish::conversion>(op, rounding, operands);
  } else {
    run_loop<Finish::adder>(op, rounding, operands);
  }
  return true;
}
bool has_operations() { return true; }

#else

bool operate_floats(Op /*op*/, const ArrayOperation* /*operation*/,
                    const ArrayOperands& /*operands*/) {
  return false;
}
bool has_operations() { return false; }

#endif

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {
namespace {

constexpr std::uint32_t infinity = 0x7f800000;
constexpr std::uint32_t sign = std::uint32_t{1} << 31;

bool same(const Signs<std::uint32_t>& a, const Signs<std::uint32_t>& b) {
  return a.positive == b.positive && a.negative == b.negative;
}

// Whether `deliver` serves.
bool is_fused(const Grid<std::uint32_t>& grid, const ArrayRounding& rounding) {
  const bool one_nan = grid.nan.positive == grid.nan.negative && grid.nan_fraction == 0;
  const bool to_infinity =
      same(grid.infinity, grid.overflow) && same(grid.overflow, {infinity, infinity | sign});
  switch (rounding.way) {
    case ArrayWay::shift:
      return one_nan && to_infinity && grid.negative_zero &&
             grid.limit.positive == infinity - (std::uint32_t{1} << grid.spare_bits);
    case ArrayWay::conversion:
      return one_nan && to_infinity;
    case ArrayWay::adder:
      return one_nan && rounding.magic.simple &&
             (same(grid.infinity, grid.overflow) || same(grid.infinity, grid.nan));
    default:
      return false;
  }
}

// Whether `deliver_or_nan` does.
bool ends_in_nan(const Grid<std::uint32_t>& grid, const ArrayRounding& rounding) {
  const Signs<std::uint32_t>& last = rounding.magic.last;
  return rounding.way == ArrayWay::adder && grid.negative_zero && grid.nan_fraction == 0 &&
         grid.nan.positive == grid.nan.negative && last.positive == last.negative &&
         same(grid.overflow, grid.nan) && same(grid.infinity, grid.nan);
}

}  // namespace

HWY_EXPORT(operate_floats);
HWY_EXPORT(has_operations);

bool has_array_operations() { return HWY_DYNAMIC_DISPATCH(has_operations)(); }

std::optional<ArrayOperation> array_operation_of(const Grid<std::uint32_t>& grid) {
  constexpr std::uint32_t least_spare = 2;
  if (grid.spare_bits < least_spare) return {};
  const std::optional<ArrayRounding> rounding = array_rounding_of(grid);
  if (!rounding) return {};
  const bool to_nan = ends_in_nan(grid, *rounding);
  return ArrayOperation{
      .rounding = *rounding, .fused = to_nan || is_fused(grid, *rounding), .to_nan = to_nan};
}

void operate(Op op, const ArrayOperation& operation, const ArrayOperands& operands) {
  const auto run = [op](const ArrayOperation* known, const ArrayOperands& some) {
    HWY_DYNAMIC_DISPATCH(operate_floats)(op, known, some);
  };
  if (operation.fused) {
    run(&operation, operands);
    return;
  }
  constexpr std::size_t longest = 1024;
  alignas(64) std::array<float, longest> results;
  for (std::size_t i = 0; i < operands.count; i += longest) {
    ArrayOperands some = operands;
    some.count = std::min(longest, operands.count - i);
    for (const float*& in : some.in) in = in == nullptr ? in : in + i;
    some.past_caches = false;
    some.out = results.data();
    run(nullptr, some);
    round(results.data(), some.count, operation.rounding, operands.past_caches, operands.out + i);
  }
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
