// SPDX-License-Identifier: MIT
//
// Blocks of few-bit elements under scales that are no powers of two. An element's magnitude is how
// many turns |x| / S has reached, and with at most eight of them that is eight comparisons of |x|
// with turn * S: no division. Turns and magnitudes times S are exact doubles; the turn becomes the
// greatest float that has not reached it, so that comparing patterns of floats is comparing with
// the product. Where these floats are normal numbers that is the product without the bits that a
// float lacks, or, where the turn itself is enough, that of the double before it: cutting a double
// that is no float goes to the float below it, whether or not one takes the double before.
//
// With up to seven turns and as many lanes the comparisons are a search by halving: with the fourth
// turn, the second or the sixth, and one of those between.
//
// Where multiply-and-add rounds once, most elements need none of that. With h the float next to S
// and i the one next to 1 / h, q = x i in floats is within 2^-22 |u| of u = x / S: three roundings
// of 2^-24 each. Let r be |q| rounded to the format by the adder (magic_round.h), 2^E the leading
// power it used, and H = 2^(E - t - 1) half of the spacing there. A turn T lies inside its binade,
// H or more from its ends, and below 2^(t + 2) H; if |q| is within 2^-22 T of it, the distance from
// |q| to r, which is H less that to T, is at least (1 - 2^(t - 20)) H. Elements whose distance from
// r, exact in floats, is above (1 - 2^(t - 19)) H are undecided, ties among them, and their vector
// goes by the turns. For all others u and q are on the same side of every turn, and r is right. It
// is worth r S = r h + r (S - h): r and S - h have so few bits that the second product is exact,
// and the sum is rounded once.
//
// This file is compiled once for every instruction set. Floating-point arithmetic.
#include <algorithm>
#include <cmath>

#include "emulator/kernels/block_round.h"
#include "emulator/kernels/kernels.h"

#define HWY_WANT_AVX3_DL 1
#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/narrow.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/code_lanes.h"
#include "emulator/kernels/magic_round.h"

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

HWY_INLINE void find_any_steps(const NarrowTable& table, double scale, Steps& steps) {
  if (scale >= table.least_scale && scale <= table.most_scale) {
    find_normal_steps(table, scale, steps);
  } else {
    find_steps(table, scale, steps);
  }
  steps.value[0] = 0;
}

// How many blocks have their steps, or floats, made at once: no element waits for them.
constexpr std::size_t at_once = 32;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET <= HWY_AVX3
inline constexpr bool sums_once = true;
#else
inline constexpr bool sums_once = false;
#endif

// Of some blocks: 1 / h, h, and S - h.
struct Quotients {
  HWY_ALIGN float by[at_once];
  HWY_ALIGN float scale[at_once];
  HWY_ALIGN float rest[at_once];
};

// False where a scale is too near to the ends of floats.
HWY_INLINE bool find_quotients(const double* scales, std::size_t blocks, Quotients& quotients) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> d_float;
  HWY_ALIGN double all[at_once];
  std::fill(std::copy_n(scales, blocks, all), all + at_once, 1.0);
  bool far = true;
  for (std::size_t k = 0; k < at_once; k += hn::Lanes(d)) {
    const auto scale = hn::Load(d, all + k);
    far = far && hn::AllTrue(d, hn::And(scale >= hn::Set(d, 0x1p-60), scale <= hn::Set(d, 0x1p60)));
    const auto next = hn::DemoteTo(d_float, scale);
    hn::Store(hn::Set(d_float, 1.0F) / next, d_float, quotients.by + k);
    hn::Store(next, d_float, quotients.scale + k);
    hn::Store(hn::DemoteTo(d_float, scale - hn::PromoteTo(d, next)), d_float, quotients.rest + k);
  }
  return far;
}

// Blocks that follow each other, at most at_once.
struct Blocks {
  const double* scales = nullptr;
  std::size_t blocks = 0, block = 0;  // how many, and of how many elements
  std::size_t count = 0;              // of elements
};

// The code of what round_by_quotients makes of x.
template <class D, class V = hn::Vec<D>, class I = hn::Vec<hn::RebindToSigned<D>>>
HWY_INLINE I code_of_sum(D, const MovedRounding& rounding, V x, V power, V sum) {
  const hn::RebindToSigned<D> d_bits;
  const I field = hn::BitCast(d_bits, power);
  const I rank = hn::ShiftRightSame(field, static_cast<int>(rounding.spare_bits)) - field;
  const auto negative = hn::BitCast(d_bits, x) < hn::Zero(d_bits);
  const I sign = hn::IfThenElseZero(negative, hn::Set(d_bits, 1 << (rounding.width - 1)));
  const I offset = hn::Set(d_bits, static_cast<std::int32_t>(rounding.offset));
  return hn::Or(hn::BitCast(d_bits, sum) + (rank + offset), sign);
}

// Block k, of whole vectors, by quotients; a vector with undecided elements by turns.
template <int kTurns, bool kEven, bool kCodes>
HWY_INLINE void round_by_quotients(const NarrowTable& table, const MovedRounding& rounding,
                                   const Quotients& quotients, const Blocks& some, std::size_t k,
                                   const float* in, float* out, std::uint8_t* codes) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> d_bits;
  const auto scale = hn::Set(d, quotients.scale[k]);
  const auto rest = hn::Set(d, quotients.rest[k]);
  const auto raise = hn::Set(d, rounding.magic.raise);
  const auto most = hn::Set(d_bits, static_cast<std::int32_t>(rounding.clamp.positive));
  const auto close = hn::Set(d_bits, static_cast<std::int32_t>(rounding.close));
  const std::size_t end = std::min((k + 1) * some.block, some.count);
  for (std::size_t i = k * some.block; i < end; i += hn::Lanes(d)) {
    const auto x = hn::LoadU(d, in + i);
    const auto magnitude = hn::BitCast(d_bits, hn::Abs(x * hn::Set(d, quotients.by[k])));
    const auto quotient = hn::BitCast(d, hn::Min(magnitude, most));
    const auto power = leading_power(d, rounding.magic, quotient);
    const auto sum = hn::MulAdd(power, raise, quotient);
    const auto rounded = hn::NegMulAdd(power, raise, sum);
    const auto distance = hn::BitCast(d_bits, hn::Abs(quotient - rounded));
    const auto undecided = distance > hn::BitCast(d_bits, power) + close;
    auto value = hn::CopySign(hn::MulAdd(rounded, scale, rounded * rest), x);
    auto code = hn::Zero(d_bits);
    if constexpr (kCodes) code = code_of_sum(d, rounding, x, power, sum);
    if (HWY_UNLIKELY(!hn::AllFalse(d_bits, undecided))) {
      Steps steps;
      find_any_steps(table, some.scales[k], steps);
      const StepUp<kTurns, kEven, kCodes> step_up{table, steps};
      value = hn::BitCast(d, step_up(d_bits, hn::BitCast(d_bits, x), code));
    }
    hn::StoreU(value, d, out + i);
    if constexpr (kCodes) store_bytes(d_bits, code, codes + i);
  }
}

// By turns alone.
template <int kTurns, bool kEven, bool kCodes>
HWY_INLINE void round_by_turns(const NarrowTable& given, const Blocks& some, const float* in,
                               float* out, std::uint8_t* codes) {
  const NarrowTable table = given;
  Steps steps[at_once];
  for (std::size_t k = 0; k < some.blocks; ++k) find_any_steps(table, some.scales[k], steps[k]);
  for (std::size_t k = 0, begin = 0; k < some.blocks; ++k, begin += some.block) {
    const std::size_t length = std::min(some.block, some.count - begin);
    one_block<kTurns, kEven, kCodes>(table, steps[k], in + begin, length, out + begin,
                                     kCodes ? codes + begin : nullptr);
  }
}

template <int kTurns, bool kEven, bool kCodes>
void narrow_all(const float* in, std::size_t count, const NarrowTable& table,
                const MovedRounding* quotient, const Scales& scales, float* out,
                std::uint8_t* codes) {
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<float>());
  const MovedRounding rounding = quotient == nullptr ? MovedRounding{} : *quotient;
  const bool whole = quotient != nullptr && scales.block % lanes == 0 && count % lanes == 0 &&
                     (!kCodes || rounding.width != 0);
  Blocks some{.scales = scales.scales, .blocks = 0, .block = scales.block, .count = 0};
  for (std::size_t begin = 0; begin < count; begin += some.count, some.scales += some.blocks) {
    const std::size_t left = count - begin;
    some.blocks = std::min(at_once, (left + scales.block - 1) / scales.block);
    some.count = std::min(left, some.blocks * scales.block);
    std::uint8_t* const bytes = kCodes ? codes + begin : nullptr;
    if constexpr (sums_once && kEven && kTurns < most) {
      Quotients quotients;
      if (whole && find_quotients(some.scales, some.blocks, quotients)) {
        for (std::size_t k = 0; k < some.blocks; ++k)
          round_by_quotients<kTurns, kEven, kCodes>(table, rounding, quotients, some, k, in + begin,
                                                    out + begin, bytes);
        continue;
      }
    }
    round_by_turns<kTurns, kEven, kCodes>(table, some, in + begin, out + begin, bytes);
  }
}

template <int kTurns, bool kEven>
HWY_INLINE void narrow_codes(const float* in, std::size_t count, const NarrowTable& table,
                             const MovedRounding* quotients, const Scales& scales, float* out,
                             std::uint8_t* codes) {
  if (codes != nullptr) {
    narrow_all<kTurns, kEven, true>(in, count, table, quotients, scales, out, codes);
  } else {
    narrow_all<kTurns, kEven, false>(in, count, table, quotients, scales, out, codes);
  }
}

// Turns that there are not are infinite. Negative numbers have one more in two's complement: a
// power of two.
void round_narrow_lanes(const float* in, std::size_t count, const NarrowTable& table,
                        const MovedRounding* quotients, const Scales& scales, float* out,
                        std::uint8_t* codes) {
  const bool even = table.positive == table.negative;
  if (even && table.negative < most) {
    narrow_codes<most - 1, true>(in, count, table, quotients, scales, out, codes);
  } else if (even) {
    narrow_codes<most, true>(in, count, table, quotients, scales, out, codes);
  } else if (table.negative == most) {
    narrow_codes<most, false>(in, count, table, quotients, scales, out, codes);
  } else if (table.negative == 4) {
    narrow_codes<4, false>(in, count, table, quotients, scales, out, codes);
  } else {
    narrow_codes<2, false>(in, count, table, quotients, scales, out, codes);
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
                  const MovedRounding* quotients, const Scales& scales, float* out,
                  std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(round_narrow_lanes)(in, count, table, quotients, scales, out, codes);
}

void round_narrow(const float* in, std::size_t count, const NarrowTable& table,
                  const Scales& scales, float* out, std::uint8_t* codes) {
  round_narrow(in, count, table, nullptr, scales, out, codes);
}

void pack_halves(const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(pack_halves_lanes)(bytes, count, codes);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
