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

#define HWY_WANT_AVX3_DL 1
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/narrow.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/code_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t most = NarrowTable::most;

// Of one block, patterns of floats: what a magnitude exceeds that has reached the turn, and what is
// delivered then, behind the zero that is delivered below all. Signed lanes, which all targets
// compare. So long that a table of at most 16 lanes may be read from either.
struct Steps {
  HWY_ALIGN std::int32_t below[most];
  std::int32_t value[2 * most];
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
    hn::StoreU(hn::BitCast(d_bits, hn::DemoteTo(d_float, value)), d_bits, steps.value + 1 + j);
  }
}

// The same where all products are far from the ends of floats.
HWY_INLINE void find_normal_steps(const NarrowTable& table, double scale, Steps& steps) {
  const hn::ScalableTag<double> d;
  const hn::RebindToSigned<decltype(d)> d_wide;
  const hn::Rebind<float, decltype(d)> d_float;
  const hn::RebindToSigned<decltype(d_float)> d_bits;
  constexpr std::int64_t bits_of_float = -(std::int64_t{1} << (52 - 23));
  const auto factor = hn::Set(d, scale);
  for (std::size_t j = 0; j < most; j += hn::Lanes(d)) {
    const auto product = hn::BitCast(d_wide, hn::LoadU(d, table.turn.data() + j) * factor);
    const auto reached = hn::IsNaN(hn::LoadU(d, table.stays.data() + j));
    const auto last = product + hn::BitCast(d_wide, hn::VecFromMask(d, reached));
    const auto cut = hn::BitCast(d, hn::And(last, hn::Set(d_wide, bits_of_float)));
    hn::StoreU(hn::BitCast(d_bits, hn::DemoteTo(d_float, cut)), d_bits, steps.below + j);
    const auto value = hn::LoadU(d, table.magnitude.data() + j) * factor;
    hn::StoreU(hn::BitCast(d_bits, hn::DemoteTo(d_float, value)), d_bits, steps.value + 1 + j);
  }
}

// The value with the sign of a number, and the code.
template <bool kCodes, class D, class V = hn::Vec<D>>
HWY_INLINE V finish(D d, const NarrowTable& table, V bits, V value, V rank, V& code) {
  const V zero = hn::Zero(d);
  V minus = hn::And(bits, hn::Set(d, hwy::LimitsMin<std::int32_t>()));
  if (!table.negative_zero) minus = hn::IfThenZeroElse(value == zero, minus);
  if constexpr (kCodes) {
    if (table.code_mask == 0) {
      const V sign = hn::Set(d, static_cast<std::int32_t>(table.code_sign));
      code = hn::Or(rank, hn::IfThenElseZero(minus < zero, sign));
    } else {
      const V mask = hn::Set(d, static_cast<std::int32_t>(table.code_mask));
      code = hn::IfThenElse(bits < zero, hn::And(zero - rank, mask), rank);
    }
  }
  return hn::Or(value, minus);
}

// kTurns: those of negative numbers. kEven: positive numbers have as many, else one fewer.
template <int kTurns, bool kEven, bool kCodes>
struct StepUp {
  const NarrowTable& table;
  const Steps& steps;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V bits, V& code) const {
    const V magnitude = hn::AndNot(hn::Set(d, hwy::LimitsMin<std::int32_t>()), bits);
    V value = hn::Zero(d);
    V rank = hn::Zero(d);
    for (int j = 0; j < kTurns; ++j) {
      auto reached = magnitude > hn::Set(d, steps.below[j]);
      if (!kEven && j + 1 == kTurns) reached = hn::And(reached, bits < hn::Zero(d));
      value = hn::IfThenElse(reached, hn::Set(d, steps.value[1 + j]), value);
      if constexpr (kCodes) rank = rank - hn::VecFromMask(d, reached);
    }
    return finish<kCodes>(d, table, bits, value, rank, code);
  }
};

// Of at most seven turns, as many on both sides of zero, in vectors of at least eight lanes.
template <bool kCodes>
struct Halving {
  const NarrowTable& table;
  const Steps& steps;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V bits, V& code) const {
    const V magnitude = hn::AndNot(hn::Set(d, hwy::LimitsMin<std::int32_t>()), bits);
    const V below = hn::LoadU(d, steps.below);
    const V values = hn::LoadU(d, steps.value);
    const auto upper = magnitude > hn::Set(d, steps.below[3]);
    V rank = hn::IfThenElseZero(upper, hn::Set(d, 4));
    const V middle = hn::IfThenElse(upper, hn::Set(d, steps.below[5]), hn::Set(d, steps.below[1]));
    rank = hn::IfThenElse(magnitude > middle, rank + hn::Set(d, 2), rank);
    const V last = hn::TableLookupLanes(below, hn::IndicesFromVec(d, rank));
    rank = hn::IfThenElse(magnitude > last, rank + hn::Set(d, 1), rank);
    const V value = hn::TableLookupLanes(values, hn::IndicesFromVec(d, rank));
    return finish<kCodes>(d, table, bits, value, rank, code);
  }
};

// The elements from i on in whole vectors; answers where they end.
template <bool kCodes, class D, class Step>
HWY_INLINE std::size_t whole_vectors(D d, const Step& step, std::size_t i, const float* in,
                                     std::size_t count, float* out, std::uint8_t* codes) {
  const hn::Rebind<float, D> d_float;
  auto code = hn::Zero(d);
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    const auto bits = hn::BitCast(d, hn::LoadU(d_float, in + i));
    hn::StoreU(hn::BitCast(d_float, step(d, bits, code)), d_float, out + i);
    if constexpr (kCodes) store_bytes(d, code, codes + i);
  }
  return i;
}

template <int kTurns, bool kEven, bool kCodes>
HWY_INLINE void one_block(const NarrowTable& table, const Steps& steps, const float* in,
                          std::size_t count, float* out, std::uint8_t* codes) {
  const hn::ScalableTag<std::int32_t> d;
  const StepUp<kTurns, kEven, kCodes> step_up{table, steps};
  std::size_t i = 0;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET <= HWY_AVX3
  if constexpr (kEven && kTurns < most)
    i = whole_vectors<kCodes>(d, Halving<kCodes>{table, steps}, i, in, count, out, codes);
#endif
  i = whole_vectors<kCodes>(d, step_up, i, in, count, out, codes);
  whole_vectors<kCodes>(hn::CappedTag<std::int32_t, 1>(), step_up, i, in, count, out, codes);
}

// The steps of some blocks, then their elements: no element waits for its steps.
template <int kTurns, bool kEven, bool kCodes>
void narrow_all(const float* in, std::size_t count, const NarrowTable& given, const Scales& scales,
                float* out, std::uint8_t* codes) {
  const NarrowTable table = given;
  constexpr std::size_t at_once = 32;
  Steps steps[at_once];
  for (Steps& of_block : steps) of_block.value[0] = 0;
  for (std::size_t begin = 0, k = 0; begin < count; k += at_once) {
    const std::size_t left = count - begin;
    const std::size_t blocks = std::min(at_once, (left + scales.block - 1) / scales.block);
    for (std::size_t i = 0; i < blocks; ++i) {
      const double scale = scales.scales[k + i];
      if (scale >= table.least_scale && scale <= table.most_scale) {
        find_normal_steps(table, scale, steps[i]);
      } else {
        find_steps(table, scale, steps[i]);
      }
    }
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
                             const Scales& scales, float* out, std::uint8_t* codes) {
  if (codes != nullptr) {
    narrow_all<kTurns, kEven, true>(in, count, table, scales, out, codes);
  } else {
    narrow_all<kTurns, kEven, false>(in, count, table, scales, out, codes);
  }
}

// Turns that there are not are infinite. Negative numbers have one more in two's complement: a
// power of two.
void round_narrow_lanes(const float* in, std::size_t count, const NarrowTable& table,
                        const Scales& scales, float* out, std::uint8_t* codes) {
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

void pack_halves_lanes(const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes) {
  join_halves(bytes, count, codes);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {

HWY_EXPORT(round_narrow_lanes);
HWY_EXPORT(pack_halves_lanes);

void round_narrow(const float* in, std::size_t count, const NarrowTable& table,
                  const Scales& scales, float* out, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(round_narrow_lanes)(in, count, table, scales, out, codes);
}

void pack_halves(const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(pack_halves_lanes)(bytes, count, codes);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
