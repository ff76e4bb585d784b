// SPDX-License-Identifier: MIT
//
// Blocks of binary32 rounded to a grid that a power of two 2^k moves from block to block.
//
// Dividing by 2^k, rounding and multiplying by 2^k is rounding to the grid of all numbers 2^k g:
// both steps are exact where those numbers are normal ones of the carrier. In magic_round.h only
// the leading power of two E takes part in C, and E has the least normal number's exponent as a
// floor: moving the grid adds k to that floor, to the exponents of the limit and of the last number
// that rounds to it, and leaves `raise` alone. So its proof holds for the moved grid, as long as
// its conditions do:
//     least_field + k >= t + 2        half of the least quantum is a normal number,
//     top field + k + (23 - t) < 254  C is a number
// which MovedRounding has as the least and the most of k. The rank (array_codes.cc) is
//     (field(E) - least_field - k << t) + (S - C),
// whose constant part moves by -(k << t), the shift in the exponent's place moved down by 23 - t.
//
// Numbers beyond the largest are cut to it, or to the number behind it, whose rank is the
// overflow's code and whose place the overflow takes. There are no infinities and NaN. Shifts are
// written out for some elements at a time, so that blocks may have any size. This file is compiled
// once for every instruction set. Floating-point arithmetic.
#include "emulator/kernels/block_round.h"

#include <algorithm>
#include <bit>
#include <cmath>

#define HWY_WANT_AVX3_DL 1
#include "emulator/compiled_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "emulator/kernels/block_round.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "emulator/kernels/code_lanes.h"
#include "emulator/kernels/magic_round.h"

HWY_BEFORE_NAMESPACE();
namespace halfulp::emulator::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Integers = hn::RebindToSigned<Floats>;
using V = hn::Vec<Floats>;
using I = hn::Vec<Integers>;

HWY_INLINE I pattern(std::uint32_t bits) {
  return hn::Set(Integers(), static_cast<std::int32_t>(bits));
}

// What moves with a block.
template <MovedForm kForm>
struct Constants {
  I shift, least, clamp, last;

  HWY_INLINE Constants(const MovedRounding& rounding, I by)
      : shift(by),
        least(pattern(rounding.magic.least) + by),
        clamp(pattern(rounding.clamp.positive) + by),
        last(pattern(rounding.magic.last.positive) + by) {}
};

// The numbers of one vector, rounded; their codes.
template <MovedForm kForm, bool kCodes>
HWY_INLINE V round_vector(const MovedRounding& rounding, const Constants<kForm>& moved, V x,
                          I& code) {
  const Floats d;
  const Integers d_bits;
  const I magnitude = hn::BitCast(d_bits, hn::Abs(x));
  I most = moved.clamp;
  if constexpr (kForm == MovedForm::by_sign)
    most = hn::BitCast(d_bits, by_sign(d, rounding.clamp, x)) + moved.shift;
  const I cut = hn::Min(magnitude, most);
  const I field = hn::Max(hn::And(cut, pattern(0x7f800000)), moved.least);
  const V power = hn::BitCast(d, field);
  const V raise = hn::Set(d, rounding.magic.raise);
  const V sum = hn::MulAdd(power, raise, hn::BitCast(d, cut));
  const V rounded = hn::NegMulAdd(power, raise, sum);
  V result = hn::CopySign(rounded, x);
  if constexpr (kForm == MovedForm::by_sign) {
    if (!rounding.magic.negative_zero) result = hn::IfThenZeroElse(rounded == hn::Zero(d), result);
  } else if constexpr (kForm == MovedForm::overflowing) {
    const auto over = hn::RebindMask(d, magnitude > moved.last);
    result = hn::IfThenElse(over, overflow_of<false>(d, rounding.magic, x), result);
  }
  if constexpr (kCodes) {
    const int spare = static_cast<int>(rounding.spare_bits);
    const I rank = hn::ShiftRightSame(field - moved.shift, spare) - field;
    const hn::RebindToUnsigned<Integers> d_words;
    const auto sign = hn::ShiftRightSame(hn::BitCast(d_words, x), 32 - rounding.width);
    const auto place = hn::Set(d_words, std::uint32_t{1} << (rounding.width - 1));
    code = hn::Or(hn::BitCast(d_bits, sum) + (rank + pattern(rounding.offset)),
                  hn::BitCast(d_bits, hn::And(sign, place)));
  }
  return result;
}

// Four vectors; their codes as bytes. shift(k): that of the k-th. kPer: how many share one.
template <MovedForm kForm, bool kCodes, int kPer, class Shift>
HWY_INLINE void round_four(const MovedRounding& rounding, const float* in, const Shift& shift,
                           float* out, std::uint8_t* bytes) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  I code[4];
  for (int k = 0; k < 4; k += kPer) {
    const Constants<kForm> moved(rounding, shift(k));
    for (int j = k; j < k + kPer; ++j) {
      const V x = hn::LoadU(d, in + j * lanes);
      const V rounded = round_vector<kForm, kCodes>(rounding, moved, x, code[j]);
      hn::StoreU(rounded, d, out + j * lanes);
    }
  }
  if constexpr (kCodes) store_four(Integers(), code[0], code[1], code[2], code[3], bytes);
}

// Four vectors, and their codes to where those of element `at` belong.
template <MovedForm kForm, bool kCodes, int kPer, class Shift>
HWY_INLINE void round_to(const MovedRounding& rounding, const float* in, const Shift& shift,
                         std::size_t at, float* out, std::uint8_t* codes) {
  if (!kCodes || rounding.width == 8)
    return round_four<kForm, kCodes, kPer>(rounding, in, shift, out, codes + (kCodes ? at : 0));
  HWY_ALIGN std::uint8_t bytes[4 * hn::MaxLanes(Floats())];
  round_four<kForm, kCodes, kPer>(rounding, in, shift, out, bytes);
  join_halves(bytes, 4 * hn::Lanes(Floats()), codes + at / 2);
}

// As many elements as there are shifts, and zeros for four vectors more behind these.
template <MovedForm kForm, bool kCodes>
HWY_INLINE void round_piece(const MovedRounding& rounding, const float* in, std::size_t count,
                            const std::int32_t* shifts, float* out, std::uint8_t* codes) {
  constexpr std::size_t most = 4 * hn::MaxLanes(Floats());
  const std::size_t lanes = hn::Lanes(Floats());
  std::size_t i = 0;
  const auto shift = [&](int k) HWY_ATTR { return hn::LoadU(Integers(), shifts + i + k * lanes); };
  for (; i + 4 * lanes <= count; i += 4 * lanes)
    round_to<kForm, kCodes, 1>(rounding, in + i, shift, i, out + i, codes);
  if (i == count) return;
  HWY_ALIGN float last[most] = {};
  HWY_ALIGN std::uint8_t bytes[most];
  std::copy_n(in + i, count - i, last);
  round_four<kForm, kCodes, 1>(rounding, last, shift, last, bytes);
  std::copy_n(last, count - i, out + i);
  if (!kCodes) return;
  if (rounding.width == 4) {
    join_halves(bytes, count - i, codes + i / 2);
  } else {
    std::copy_n(bytes, count - i, codes + i);
  }
}

// Of which block the next element is, and how many there are to its end.
struct Place {
  std::size_t block = 0, left = 0;
};

// The shifts of the next `count` elements, and zeros behind them.
HWY_INLINE void write_shifts(const Shifts<std::uint32_t>& shifts, std::size_t count, Place& place,
                             std::int32_t* written) {
  const Integers d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < count;) {
    const std::size_t same = std::min(place.left, count - i);
    const I shift = pattern(shifts.shifts[place.block]);
    for (std::size_t k = 0; k < same; k += lanes) hn::StoreU(shift, d, written + i + k);
    i += same;
    place.left -= same;
    if (place.left > 0) continue;
    place = {place.block + 1, shifts.block};
  }
  for (std::size_t k = 0; k < 4 * lanes; k += lanes)
    hn::StoreU(hn::Zero(d), d, written + count + k);
}

// Elements of which the first is at `place`.
template <MovedForm kForm, bool kCodes>
void round_written(const float* in, std::size_t count, const MovedRounding& given,
                   const Shifts<std::uint32_t>& shifts, Place place, float* out,
                   std::uint8_t* codes) {
  const MovedRounding rounding = given;
  constexpr std::size_t most = 1024;
  HWY_ALIGN std::int32_t written[most + 4 * hn::MaxLanes(Integers())];
  const auto width = static_cast<std::size_t>(rounding.width);
  for (std::size_t begin = 0; begin < count; begin += most) {
    const std::size_t length = std::min(most, count - begin);
    write_shifts(shifts, length, place, written);
    round_piece<kForm, kCodes>(rounding, in + begin, length, written, out + begin,
                               kCodes ? codes + begin * width / 8 : nullptr);
  }
}

// As many as there are in fours of vectors, where kPer of these have one block, or all of several
// fours. Answers how many.
template <bool kCodes, int kPer>
std::size_t round_whole(const float* in, std::size_t count, const MovedRounding& given,
                        const Shifts<std::uint32_t>& shifts, float* out, std::uint8_t* codes) {
  const MovedRounding rounding = given;
  const std::size_t step = 4 * hn::Lanes(Floats());
  const std::size_t fours = std::max<std::size_t>(1, shifts.block / step);  // of a block
  const std::uint32_t* block = shifts.shifts;
  const auto shift = [&](int k) HWY_ATTR { return pattern(block[k / kPer]); };
  std::size_t left = fours;
  std::size_t i = 0;
  for (; i + step <= count; i += step) {
    round_to<MovedForm::saturating, kCodes, kPer>(rounding, in + i, shift, i, out + i, codes);
    if (kPer < 4) {
      block += 4 / kPer;
    } else if (--left == 0) {
      ++block;
      left = fours;
    }
  }
  return i;
}

template <bool kCodes>
std::size_t round_fours(const float* in, std::size_t count, const MovedRounding& rounding,
                        const Shifts<std::uint32_t>& shifts, float* out, std::uint8_t* codes) {
  const std::size_t lanes = hn::Lanes(Floats());
  if (shifts.block % (4 * lanes) == 0)
    return round_whole<kCodes, 4>(in, count, rounding, shifts, out, codes);
  if (shifts.block == 2 * lanes)
    return round_whole<kCodes, 2>(in, count, rounding, shifts, out, codes);
  if (shifts.block == lanes) return round_whole<kCodes, 1>(in, count, rounding, shifts, out, codes);
  return 0;
}

template <MovedForm kForm, bool kCodes>
HWY_INLINE void round_form(const float* in, std::size_t count, const MovedRounding& rounding,
                           const Shifts<std::uint32_t>& shifts, float* out, std::uint8_t* codes) {
  std::size_t i = 0;
  if constexpr (kForm == MovedForm::saturating)
    i = round_fours<kCodes>(in, count, rounding, shifts, out, codes);
  if (i == count) return;
  const Place place{i / shifts.block, shifts.block - i % shifts.block};
  const auto width = static_cast<std::size_t>(rounding.width);
  round_written<kForm, kCodes>(in + i, count - i, rounding, shifts, place, out + i,
                               kCodes ? codes + i * width / 8 : nullptr);
}

template <MovedForm kForm>
HWY_INLINE void with_codes(const float* in, std::size_t count, const MovedRounding& rounding,
                           const Shifts<std::uint32_t>& shifts, float* out, std::uint8_t* codes) {
  if (codes != nullptr) {
    round_form<kForm, true>(in, count, rounding, shifts, out, codes);
  } else {
    round_form<kForm, false>(in, count, rounding, shifts, out, codes);
  }
}

void round_moved_lanes(const float* in, std::size_t count, const MovedRounding& rounding,
                       const Shifts<std::uint32_t>& shifts, float* out, std::uint8_t* codes) {
  switch (rounding.form) {
    case MovedForm::saturating:
      return with_codes<MovedForm::saturating>(in, count, rounding, shifts, out, codes);
    case MovedForm::by_sign:
      return with_codes<MovedForm::by_sign>(in, count, rounding, shifts, out, codes);
    case MovedForm::overflowing:
      return with_codes<MovedForm::overflowing>(in, count, rounding, shifts, out, codes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::emulator::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::emulator::kernels {
namespace {

constexpr std::uint32_t infinity = 0x7f800000;
constexpr std::uint32_t sign_bit = 0x80000000;

bool is_finite(const Signs<std::uint32_t>& signs) {
  return (signs.positive & ~sign_bit) < infinity || (signs.negative & ~sign_bit) < infinity;
}

std::optional<MovedForm> form_of(const Grid<std::uint32_t>& grid) {
  const Signs<std::uint32_t>& limit = grid.limit;
  if (limit.positive == 0 || limit.negative == 0) return {};
  const bool same = grid.negative_zero && limit.positive == limit.negative;
  if (grid.overflow.positive == limit.positive &&
      grid.overflow.negative == (limit.negative | sign_bit))
    return same ? MovedForm::saturating : MovedForm::by_sign;
  if (same && !is_finite(grid.overflow)) return MovedForm::overflowing;
  return {};
}

}  // namespace

std::optional<MovedRounding> moved_rounding_of(const MovingGrid<std::uint32_t>& moving,
                                               const ArrayEncoding* encoding) {
  const Grid<std::uint32_t>& grid = moving.grid;
  const auto magic = magic_of(grid);
  const auto form = form_of(grid);
  if (!magic || !form) return {};
  MovedRounding rounding;
  rounding.form = *form;
  rounding.magic = *magic;
  rounding.clamp = grid.limit;
  const std::uint32_t top =
      std::max(std::max(grid.limit.positive, grid.limit.negative) >> 23, grid.least_field);
  if (*form == MovedForm::overflowing) {
    const auto quantum = (top - static_cast<std::uint32_t>(grid.fraction_bits)) << 23;
    const float next = std::bit_cast<float>(grid.limit.positive) + std::bit_cast<float>(quantum);
    rounding.clamp = {std::bit_cast<std::uint32_t>(next), std::bit_cast<std::uint32_t>(next)};
  }
  constexpr int greatest_field = 254;
  rounding.least_power = grid.fraction_bits + 2 - static_cast<int>(grid.least_field);
  rounding.most_power = greatest_field - 1 - static_cast<int>(top + grid.spare_bits);
  if (encoding == nullptr || encoding->clamp != rounding.clamp.positive ||
      *form == MovedForm::by_sign)
    return rounding;
  rounding.width = encoding->width;
  rounding.spare_bits = encoding->spare_bits;
  rounding.offset = encoding->offset;
  return rounding;
}

// Numbers of a format with t <= 3 have at most four significant bits, and S - h at most 40 - 24.
// With spacings from 2^-19 on and scales from 2^-60 on no product has bits below 2^-118.
std::optional<MovedRounding> narrow_by_quotients(const MovingGrid<std::uint32_t>& moving,
                                                 const ArrayEncoding* encoding, int scale_bits) {
  const Grid<std::uint32_t>& grid = moving.grid;
  constexpr int most_bits = 40;
  constexpr std::uint32_t least_field = 127 - 16;
  constexpr int most_fraction_bits = 3;
  if (grid.fraction_bits > most_fraction_bits || scale_bits > most_bits ||
      grid.least_field < least_field || grid.flush_inputs)
    return {};
  auto rounding = moved_rounding_of(moving, encoding);
  if (!rounding || rounding->form != MovedForm::saturating || rounding->most_power < 60) return {};
  const int t = grid.fraction_bits;
  const float close = std::ldexp(1 - std::ldexp(1.0F, t - 19), -t - 1);
  rounding->close = std::bit_cast<std::uint32_t>(close) - std::bit_cast<std::uint32_t>(1.0F);
  return rounding;
}

HWY_EXPORT(round_moved_lanes);

void round_moved(const float* in, std::size_t count, const MovedRounding& rounding,
                 const Shifts<std::uint32_t>& shifts, float* out, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(round_moved_lanes)(in, count, rounding, shifts, out, codes);
}

}  // namespace halfulp::emulator::kernels
#endif  // HWY_ONCE
