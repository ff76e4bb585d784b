// SPDX-License-Identifier: MIT
//
// Blocks of few-bit elements under scales that are no powers of two. An element's magnitude is how
// many turns |x| / S has reached, and with at most eight of them that is eight comparisons of |x|
// with turn * S: no division. Turns and magnitudes times S are exact doubles; the turn becomes the
// least float that has reached it, so that comparing patterns of floats is comparing with the
// product. This file is compiled once for every instruction set. Floating-point arithmetic.
#include <algorithm>
#include <cmath>

#include "emulator/kernels/kernels.h"

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/narrow.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t most = NarrowTable::most;

// Of one block, patterns of floats: what a magnitude exceeds that has reached the turn, and what is
// delivered then. Signed lanes, which all targets compare.
struct Steps {
  HWY_ALIGN std::int32_t below[most];
  HWY_ALIGN std::int32_t value[most];
};

// 1. The float next to the product, and the one above it.
// 2. The upper one where the lower has not reached the turn: is below the product, or equal to it
//    where equality stays with the smaller magnitude. It is a float above zero.
HWY_INLINE void find_steps(const NarrowTable& table, double scale, Steps& steps) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> d_float;
  const hn::RebindToSigned<decltype(d_float)> d_bits;
  const auto factor = hn::Set(d, scale);
  const auto one = hn::Set(d_bits, 1);
  for (std::size_t j = 0; j < most; j += hn::Lanes(d)) {
    const auto product = hn::LoadU(d, table.turn.data() + j) * factor;
    const auto next = hn::DemoteTo(d_float, product);
    const auto above = hn::BitCast(d_float, hn::BitCast(d_bits, next) + one);
    const auto back = hn::PromoteTo(d, next);
    // `stays` is 0, or NaN where equality is enough: then nothing is at most the sum.
    const auto limit = product + hn::LoadU(d, table.stays.data() + j);
    const auto not_reached = hn::Or(back < product, back <= limit);
    const auto turn = hn::IfThenElse(not_reached, hn::PromoteTo(d, above), back);
    const auto pattern = hn::BitCast(d_bits, hn::DemoteTo(d_float, turn));
    hn::StoreU(pattern - one, d_bits, steps.below + j);
    const auto value = hn::LoadU(d, table.magnitude.data() + j) * factor;
    hn::StoreU(hn::BitCast(d_bits, hn::DemoteTo(d_float, value)), d_bits, steps.value + j);
  }
}

// kTurns: those of negative numbers. kEven: positive numbers have as many, else one fewer.
template <int kTurns, bool kEven, bool kCodes, class D, class V = hn::Vec<D>>
HWY_INLINE V step_up(D d, const NarrowTable& table, const Steps& steps, V bits, V& code) {
  const V zero = hn::Zero(d);
  const V sign_bit = hn::Set(d, hwy::LimitsMin<std::int32_t>());
  const V magnitude = hn::AndNot(sign_bit, bits);
  const auto negative = bits < zero;
  V value = zero;
  V rank = zero;
  for (int j = 0; j < kTurns; ++j) {
    auto reached = magnitude > hn::Set(d, steps.below[j]);
    if (!kEven && j + 1 == kTurns) reached = hn::And(reached, negative);
    value = hn::IfThenElse(reached, hn::Set(d, steps.value[j]), value);
    if constexpr (kCodes) rank = rank - hn::VecFromMask(d, reached);
  }
  V minus = hn::And(bits, sign_bit);
  if (!table.negative_zero) minus = hn::IfThenZeroElse(value == zero, minus);
  if constexpr (kCodes) {
    if (table.code_mask == 0) {
      const V sign = hn::Set(d, static_cast<std::int32_t>(table.code_sign));
      code = hn::Or(rank, hn::IfThenElseZero(minus < zero, sign));
    } else {
      const V mask = hn::Set(d, static_cast<std::int32_t>(table.code_mask));
      code = hn::IfThenElse(negative, hn::And(zero - rank, mask), rank);
    }
  }
  return hn::Or(value, minus);
}

template <int kTurns, bool kEven, bool kCodes>
HWY_INLINE void one_block(const NarrowTable& table, const Steps& steps, const float* in,
                          std::size_t count, float* out, std::uint32_t* codes) {
  const auto rest = [&](auto d, std::size_t i) HWY_ATTR {
    const hn::Rebind<float, decltype(d)> d_float;
    const hn::RebindToUnsigned<decltype(d)> d_codes;
    auto code = hn::Zero(d);
    for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
      const auto bits = hn::BitCast(d, hn::LoadU(d_float, in + i));
      const auto value = step_up<kTurns, kEven, kCodes>(d, table, steps, bits, code);
      hn::StoreU(hn::BitCast(d_float, value), d_float, out + i);
      if constexpr (kCodes) hn::StoreU(hn::BitCast(d_codes, code), d_codes, codes + i);
    }
    return i;
  };
  rest(hn::CappedTag<std::int32_t, 1>(), rest(hn::ScalableTag<std::int32_t>(), 0));
}

// The steps of some blocks, then their elements: no element waits for its steps.
template <int kTurns, bool kEven, bool kCodes>
void narrow_all(const float* in, std::size_t count, const NarrowTable& table, const Scales& scales,
                float* out, std::uint32_t* codes) {
  constexpr std::size_t at_once = 32;
  Steps steps[at_once];
  for (std::size_t begin = 0, k = 0; begin < count; k += at_once) {
    const std::size_t left = count - begin;
    const std::size_t blocks = std::min(at_once, (left + scales.block - 1) / scales.block);
    for (std::size_t i = 0; i < blocks; ++i) find_steps(table, scales.scales[k + i], steps[i]);
    for (std::size_t i = 0; i < blocks; ++i) {
      const std::size_t length = std::min(scales.block, count - begin);
      one_block<kTurns, kEven, kCodes>(table, steps[i], in + begin, length, out + begin,
                                       kCodes ? codes + begin : nullptr);
      begin += length;
    }
  }
}

template <int kTurns, bool kEven>
HWY_INLINE void narrow_codes(const float* in, std::size_t count, const NarrowTable& table,
                             const Scales& scales, float* out, std::uint32_t* codes) {
  if (codes != nullptr) {
    narrow_all<kTurns, kEven, true>(in, count, table, scales, out, codes);
  } else {
    narrow_all<kTurns, kEven, false>(in, count, table, scales, out, codes);
  }
}

// Turns that there are not are infinite. Negative numbers have one more in two's complement: a
// power of two.
void round_narrow_lanes(const float* in, std::size_t count, const NarrowTable& table,
                        const Scales& scales, float* out, std::uint32_t* codes) {
  const bool even = table.positive == table.negative;
  if (even && table.negative < most) {
    narrow_codes<most - 1, true>(in, count, table, scales, out, codes);
  } else if (even) {
    narrow_codes<most, true>(in, count, table, scales, out, codes);
  } else if (table.negative == most) {
    narrow_codes<most, false>(in, count, table, scales, out, codes);
  } else if (table.negative == 4) {
    narrow_codes<4, false>(in, count, table, scales, out, codes);
  } else {
    narrow_codes<2, false>(in, count, table, scales, out, codes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(round_narrow_lanes);

void round_narrow(const float* in, std::size_t count, const NarrowTable& table,
                  const Scales& scales, float* out, std::uint32_t* codes) {
  HWY_DYNAMIC_DISPATCH(round_narrow_lanes)(in, count, table, scales, out, codes);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
