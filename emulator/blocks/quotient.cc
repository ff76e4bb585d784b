// SPDX-License-Identifier: MIT
#include "emulator/blocks/quotient.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/packing.h"
#include "emulator/arrays/results.h"
#include "emulator/arrays/segments.h"
#include "emulator/blocks/arithmetic.h"
#include "emulator/environment.h"
#include "emulator/scalar/exact.h"
#include "formats/catalogue/families.h"

namespace halfulp::emulator {
namespace {

using How = Former::How;

constexpr double largest_binary32 = 0x1.fffffep127;

// In shorter blocks the steps of kernels::round_narrow cost more than quotients.
constexpr std::size_t least_narrow_block = 8;

// Products and quotients of numbers in this range, and their errors, stay in that of binary64.
constexpr double least_on_lanes = 0x1p-400;
constexpr double most_on_lanes = 0x1p400;

bool in_range(double x) { return x >= least_on_lanes && x <= most_on_lanes; }

const CompiledPlan& binary32_plan() {
  static const CompiledPlan plan({.format = {"binary32", ieee(8, 23)}, .rounding = {}});
  return plan;
}

// a op b on arrays, rounded to odd, or to binary32. NaN where exact arithmetic has to decide;
// answers whether there are any.
bool step_to_odd(Op op, const double* a, const double* b, std::size_t count, double* out) {
  return kernels::operate_to_odd({.op = op}, a, b, b, count, out);
}

bool step32(Op op, const double* a, const double* b, std::size_t count, double* out) {
  const bool marked = kernels::operate_to_odd({.op = op}, a, b, b, count, out);
  kernels::round(out, count, binary32_plan().arithmetic_grid(), nullptr, out, nullptr);
  return marked;
}

}  // namespace

QuotientBlocks::QuotientBlocks(const CompiledBlock& plan, BlockScales& scales, const Random& random,
                               const Transfer& transfer)
    : plan_(plan),
      quotients_(plan.quotients()),
      elements_on_lanes_(quotients_.elements &&
                         (quotients_.exact_products || transfer.out.carrier == Carrier::binary64)),
      is_narrow_(quotients_.narrow && transfer.counts == nullptr &&
                 transfer.in.carrier == Carrier::binary32 &&
                 transfer.out.carrier == Carrier::binary32 &&
                 scales.innermost().block_columns >= least_narrow_block),
      scales_(scales),
      random_(random),
      transfer_(transfer),
      elements_(plan.element(), plan.zero_points(), random, transfer.counts) {}

std::size_t QuotientBlocks::blocks_at_once() const {
  constexpr std::size_t elements_at_once = 2048;
  const std::size_t columns = scales_.innermost().block_columns;
  return std::clamp<std::size_t>(elements_at_once / columns, 1, draw_segment);
}

// Largest magnitudes as doubles; NaN where a block holds an infinity or NaN.
void QuotientBlocks::find_largest(std::size_t first, std::size_t count) {
  const bool flush = plan_.element().rounding().flush_inputs;
  const Partition& cut = scales_.innermost();
  if (transfer_.in.carrier == Carrier::binary32) {
    const auto found = floats_.find(transfer_.in, cut, first, count, flush);
    for (std::size_t k = 0; k < count; ++k) {
      largest_[k] = static_cast<double>(std::bit_cast<float>(found[k]));
    }
  } else {
    const auto found = doubles_.find(transfer_.in, cut, first, count, flush);
    for (std::size_t k = 0; k < count; ++k) largest_[k] = std::bit_cast<double>(found[k]);
  }
  for (std::size_t k = 0; k < count; ++k) {
    if (std::isinf(largest_[k])) largest_[k] = std::numeric_limits<double>::quiet_NaN();
  }
}

// What blocks of one level around share.
void QuotientBlocks::read_around(std::size_t block) {
  const Operand& around = scales_.around(block);
  if (&around == around_) return;
  around_ = &around;
  const double none = std::numeric_limits<double>::quiet_NaN();
  const CompiledLevel& level = plan_.level(plan_.levels() - 1);
  const Operand& m = level.multiplied();
  outer_scale_ = double_in_range(around).value_or(none);
  Operand divisor = around;
  switch (plan_.format().arithmetic) {
    case Arithmetic::transformer_engine:
      divisor = encoding_step(scales_.largest_around(block),
                              {&plan_.level(0), &plan_.level(plan_.levels() - 1)});
      break;
    case Arithmetic::torchao:
      divisor = m;
      break;
    case Arithmetic::modelopt:
      divisor = binary32(Op::multiply, m, around);
      break;
    default:
      if (level.level().rule == ScaleRule::largest) break;
      divisor = level.level().division == Division::binary32_reciprocal
                    ? binary32(Op::divide, one_operand(), m)
                    : product_of(m, around);
  }
  divisor_ = double_in_range(divisor).value_or(none);
}

// What is asked of the scales, to odd or in binary32, from the largest magnitudes.
void QuotientBlocks::asked_on_lanes(std::size_t first, std::size_t count) {
  const bool shared = scales_.share_around(first, first + count - 1);
  for (std::size_t k = 0; k < count; ++k) {
    if (k == 0 || !shared) read_around(first + k);
    by_[k] = divisor_;
    outer_[k] = outer_scale_;
  }
  const Level& level = plan_.level(plan_.levels() - 1).level();
  const auto clamp = [&](double least, double most) {
    for (std::size_t k = 0; k < count; ++k) asked_[k] = std::clamp(asked_[k], least, most);
  };
  const auto least_number = [&](const Operand& x) { return double_of(x); };
  switch (plan_.format().arithmetic) {
    case Arithmetic::transformer_engine:
      step32(Op::multiply, largest_.data(), by_.data(), count, asked_.data());
      return clamp(0, largest_binary32);
    case Arithmetic::torchao:
      step32(Op::divide, largest_.data(), by_.data(), count, asked_.data());
      step32(Op::divide, asked_.data(), outer_.data(), count, asked_.data());
      return clamp(least_number(plan_.level(1).least_normal()),
                   std::numeric_limits<double>::infinity());
    case Arithmetic::modelopt:
      step32(Op::divide, largest_.data(), by_.data(), count, asked_.data());
      for (std::size_t k = 0; k < count; ++k) {
        if (asked_[k] == 0) by_[k] = std::numeric_limits<double>::quiet_NaN();
      }
      return clamp(least_number(plan_.level(1).least()), std::numeric_limits<double>::infinity());
    default:
      break;
  }
  const bool multiplies =
      level.rule == ScaleRule::ratio && level.division == Division::binary32_reciprocal;
  const bool exact = level.rule == ScaleRule::largest || level.division == Division::exact;
  const Op op = multiplies ? Op::multiply : Op::divide;
  (exact ? step_to_odd : step32)(op, largest_.data(), by_.data(), count, asked_.data());
}

void QuotientBlocks::round_scales(std::size_t first, std::size_t count) {
  const CompiledPlan& scale = plan_.level(plan_.levels() - 1).plan();
  if (scale.stochastic()) {
    draw(scales_.draws(), scale.rounding().random_bits, {scales_.first_draw() + first, 1, count},
         draws_.data());
  }
  if (transfer_.codes != nullptr) {
    kernels::encode(asked_.data(), count, scale.arithmetic_grid(), draws_.data(), codes_.data());
    std::vector<Code>& codes = transfer_.codes->scales.back();
    for (std::size_t k = 0; k < count; ++k) codes[first + k] = codes_[k];
  }
  kernels::round(asked_.data(), count, scale.arithmetic_grid(), draws_.data(), scale_.data(),
                 nullptr);
}

// What elements are divided (multiplied) by, from the scales.
void QuotientBlocks::divisors_on_lanes(std::size_t count) {
  static constexpr Doubles ones = [] {
    Doubles all{};
    all.fill(1);
    return all;
  }();
  for (std::size_t k = 0; k < count; ++k) total_[k] = outer_[k] * scale_[k];
  switch (plan_.format().arithmetic) {
    case Arithmetic::transformer_engine:
      step32(Op::multiply, scale_.data(), outer_.data(), count, by_.data());
      step32(Op::divide, ones.data(), by_.data(), count, by_.data());
      for (std::size_t k = 0; k < count; ++k) by_[k] = std::min(by_[k], largest_binary32);
      return;
    case Arithmetic::torchao:
      step32(Op::divide, ones.data(), outer_.data(), count, by_.data());
      step32(Op::divide, by_.data(), scale_.data(), count, by_.data());
      return;
    case Arithmetic::modelopt:
      step32(Op::multiply, scale_.data(), outer_.data(), count, by_.data());
      return;
    default:
      break;
  }
  if (quotients_.how == How::multiply32) {
    step32(Op::divide, ones.data(), total_.data(), count, by_.data());
  } else {
    by_ = total_;
  }
}

// A block of zeros stays one, whatever its scale, unless a divisor in binary32 may be zero, or its
// reciprocal infinite: 0 / 0 and 0 times infinity are NaN.
bool QuotientBlocks::keeps_zeros(double outer) const {
  if (!quotients_.zero_block || outer != outer) return false;
  if (quotients_.how == How::divide || quotients_.zero_block->scale == 0) return true;
  constexpr double least_divisor = 0x1p-127;
  return outer >= least_divisor && outer * quotients_.zero_block->scale >= least_divisor;
}

// 1. Every step leaves NaN where it cannot decide, which no comparison holds for.
// 2. The scale of a block that stays zeros counts as one.
void QuotientBlocks::scales_on_lanes(std::size_t first, std::size_t count) {
  exact_.clear();
  asked_on_lanes(first, count);
  std::array<bool, draw_segment> decided;
  for (std::size_t k = 0; k < count; ++k) decided[k] = by_[k] == by_[k];
  round_scales(first, count);
  divisors_on_lanes(count);
  for (std::size_t k = 0; k < count; ++k) {
    const bool ready =
        decided[k] && asked_[k] == asked_[k] && in_range(total_[k]) && in_range(by_[k]);
    places_[k] = {.total = total_[k], .by = by_[k], .on_lanes = ready};
    if (largest_[k] == 0 && keeps_zeros(outer_[k])) {
      places_[k] = {.total = 1, .by = 1, .on_lanes = true};
      if (transfer_.codes != nullptr)
        transfer_.codes->scales.back()[first + k] = quotients_.zero_block->code;
    }
  }
}

void QuotientBlocks::exact_scales(std::size_t first, std::size_t count) {
  exact_.clear();
  for (std::size_t k = 0; k < count; ++k) {
    exact_.push_back(scales_.exact(first + k));
    const auto total = double_in_range(exact_[k].total);
    const auto by = double_in_range(exact_[k].former.by);
    places_[k] = {.total = total.value_or(1),
                  .by = by.value_or(1),
                  .on_lanes = total && by && exact_[k].former.how == quotients_.how &&
                              (exact_[k].ordinary || !is_narrow_)};
  }
}

void QuotientBlocks::run(std::size_t first, std::size_t count) {
  const StandardEnvironment environment;
  if (quotients_.scales) {
    find_largest(first, count);
    scales_on_lanes(first, count);
  } else {
    exact_scales(first, count);
  }
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t begin = k;
    while (k < count && elements_on_lanes_ && places_[k].on_lanes) ++k;
    if (k > begin) run_on_lanes(first, begin, k);
    if (k == count) break;
    if (!exact_.empty()) {
      exact_elements(first + k, exact_[k]);
    } else {
      exact_elements(first + k,
                     places_[k].on_lanes ? scaled_at(places_[k]) : scales_.exact(first + k));
    }
  }
}

Scaled QuotientBlocks::scaled_at(const Place& place) const {
  Scaled scaled;
  scaled.total = unpack_double(place.total);
  scaled.former = {.how = quotients_.how, .by = unpack_double(place.by)};
  return scaled;
}

void QuotientBlocks::exact_elements(std::size_t block, const Scaled& scaled) {
  const View& in = transfer_.in;
  const Area area = area_of(scales_.innermost(), block, in.rows, in.columns);
  elements_.start(scaled);
  for (std::size_t row = area.top; row < area.bottom; ++row) {
    for (std::size_t column = area.left; column < area.right; ++column) {
      const std::size_t index = row * in.columns + column;
      const Code code = elements_.round(load_operand(in, row, column), index);
      store(transfer_.out, index, elements_.worth(code, transfer_.out.carrier));
      codes_[0] = static_cast<std::uint64_t>(code);
      if (transfer_.codes != nullptr) put_codes(index, 1);
    }
  }
}

void QuotientBlocks::put_codes(std::size_t index, std::size_t length) {
  pack_codes_at(std::span<const std::uint64_t>(codes_).first(length),
                packed_bits(plan_.format().element.format), index,
                transfer_.codes->elements.data());
}

// Blocks first + begin to first + end, which are in places_ from begin on.
void QuotientBlocks::run_on_lanes(std::size_t first, std::size_t begin, std::size_t end) {
  const Partition& cut = scales_.innermost();
  const Area area = area_of_run(cut, first + begin, end - begin, transfer_.in);
  if (is_narrow_) {
    for (std::size_t k = begin; k < end; ++k) total_[k - begin] = places_[k].total;
    const bool in_pieces = transfer_.codes != nullptr;
    for_each_piece(area, cut.block_columns, in_pieces ? draw_segment : area.right - area.left,
                   [&](std::size_t row, std::size_t column, std::size_t length) {
                     const std::size_t k = (column - area.left) / cut.block_columns;
                     narrow_piece(row, column, length, total_.data() + k);
                   });
    return;
  }
  for (std::size_t row = area.top; row < area.bottom; ++row) {
    for (std::size_t column = area.left; column < area.right; column += draw_segment) {
      const std::size_t length = std::min(draw_segment, area.right - column);
      std::size_t filled = 0;
      while (filled < length) {
        const std::size_t offset = column + filled - area.left;
        const Place& place = places_[begin + offset / cut.block_columns];
        const std::size_t rest = cut.block_columns - offset % cut.block_columns;
        const std::size_t same = std::min(length - filled, rest);
        std::fill_n(element_by_.data() + filled, same, place.by);
        std::fill_n(element_total_.data() + filled, same, place.total);
        filled += same;
      }
      piece(row, column, length);
    }
  }
}

// Of whole blocks, or of a part of one.
void QuotientBlocks::narrow_piece(std::size_t row, std::size_t column, std::size_t length,
                                  const double* totals) {
  const Segment segment{.row = row, .column = column, .index = 0, .count = length};
  const bool wanted = transfer_.codes != nullptr;
  kernels::round_narrow(pointer<float>(transfer_.in, segment), length, *quotients_.narrow,
                        {.scales = totals, .block = scales_.innermost().block_columns},
                        pointer<float>(transfer_.out, segment),
                        wanted ? narrow_codes_.data() : nullptr);
  if (!wanted) return;
  pack_codes_at(std::span<const std::uint32_t>(narrow_codes_).first(length),
                packed_bits(plan_.format().element.format), row * transfer_.in.columns + column,
                transfer_.codes->elements.data());
}

void QuotientBlocks::piece(std::size_t row, std::size_t column, std::size_t length) {
  const CompiledPlan& element = plan_.element();
  const Segment segment{
      .row = row, .column = column, .index = row * transfer_.in.columns + column, .count = length};
  if (element.stochastic()) {
    draw(random_, element.rounding().random_bits, {segment.index, 1, length}, draws_.data());
  }
  widen(transfer_.in, segment, element.rounding().flush_inputs, number_.data());
  const Op op = quotients_.how == How::multiply32 ? Op::multiply : Op::divide;
  const auto step = quotients_.how == How::divide ? step_to_odd : step32;
  recomputed_.clear();
  if (step(op, number_.data(), element_by_.data(), length, quotient_.data())) {
    recompute(row, column, length);
  }
  if (transfer_.codes != nullptr) {
    encode_results(element, quotient_.data(), length, draws_.data(), codes_.data());
    for (const Recomputed& x : recomputed_) codes_[x.place] = static_cast<std::uint64_t>(x.code);
    put_codes(segment.index, length);
  }
  round_results(element, quotient_.data(), length, draws_.data(), quotient_.data(),
                transfer_.counts);
  for (std::size_t i = 0; i < length; ++i) quotient_[i] *= element_total_[i];
  narrow(quotient_.data(), transfer_.out, segment);
  for (const Recomputed& x : recomputed_) store(transfer_.out, segment.index + x.place, x.worth);
}

// Before the piece is stored, as the output may be the input. Zeros take the marks' places.
void QuotientBlocks::recompute(std::size_t row, std::size_t column, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) {
    if (quotient_[i] == quotient_[i]) continue;
    quotient_[i] = 0;
    elements_.start(scaled_at({.total = element_total_[i], .by = element_by_[i]}));
    const std::size_t index = row * transfer_.in.columns + column + i;
    const Code code = elements_.round(load_operand(transfer_.in, row, column + i), index);
    recomputed_.push_back({i, code, elements_.worth(code, transfer_.out.carrier)});
    // The kernel will count the zero as an element.
    if (transfer_.counts != nullptr) --transfer_.counts->elements;
  }
}

}  // namespace halfulp::emulator
