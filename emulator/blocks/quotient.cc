// SPDX-License-Identifier: MIT
#include "emulator/blocks/quotient.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/packing.h"
#include "emulator/arrays/results.h"
#include "emulator/arrays/segments.h"
#include "emulator/blocks/peer_steps.h"
#include "emulator/blocks/quotient_steps.h"
#include "emulator/environment.h"
#include "emulator/scalar/exact.h"
#include "formats/catalogue/families.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

using How = Former::How;

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
    while (k < count && elements_on_lanes_ && lane_scales_[k].on_lanes) ++k;
    if (k > begin) run_on_lanes(first, begin, k);
    if (k == count) break;
    if (!exact_.empty()) {
      exact_elements(first + k, exact_[k]);
    } else {
      exact_elements(first + k, lane_scales_[k].on_lanes ? scaled_at(lane_scales_[k])
                                                         : scales_.exact(first + k));
    }
  }
}

Scaled QuotientBlocks::scaled_at(const LaneScale& scale) const {
  Scaled scaled;
  scaled.total = unpack_double(scale.total);
  scaled.former = {.how = quotients_.how, .by = unpack_double(scale.by)};
  return scaled;
}

void QuotientBlocks::exact_elements(std::size_t block, const Scaled& scaled) {
  const View& in = transfer_.in;
  const Area area = area_of(scales_.innermost(), block, in.rows, in.columns);
  elements_.start(scaled);
  if (integers_fit_lanes(scaled)) return integers_on_lanes(area, scaled);
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

// Integers with a zero point, n - z, are rounded to integers of any size and then kept within those
// that there are.
bool QuotientBlocks::integers_fit_lanes(const Scaled& scaled) const {
  return quotients_.integers != nullptr && transfer_.codes == nullptr &&
         transfer_.counts == nullptr && double_in_range(scaled.total).has_value();
}

void QuotientBlocks::integers_on_lanes(const Area& area, const Scaled& scaled) {
  const Format& integers = elements_.quantizer().format;
  limits_ = {
      .least = to_double(decode(integers, code_at(integers, finite_range(integers).lowest))),
      .most = to_double(decode(integers, code_at(integers, finite_range(integers).highest)))};
  const double total = *double_in_range(scaled.total);
  element_by_.fill(total);
  element_total_.fill(total);
  for (std::size_t row = area.top; row < area.bottom; ++row) {
    for (std::size_t column = area.left; column < area.right; column += draw_segment)
      integer_piece(row, column, std::min(draw_segment, area.right - column));
  }
  limits_.reset();
}

void QuotientBlocks::integer_piece(std::size_t row, std::size_t column, std::size_t length) {
  const CompiledPlan& integers = *quotients_.integers;
  const Segment segment{
      .row = row, .column = column, .index = row * transfer_.in.columns + column, .count = length};
  if (integers.stochastic())
    draw(random_, integers.rounding().random_bits, {segment.index, 1, length}, draws_.data());
  widen(transfer_.in, segment, integers.rounding().flush_inputs, number_.data());
  recomputed_.clear();
  if (step_to_odd(Op::divide, number_.data(), element_by_.data(), length, quotient_.data()))
    recompute(row, column, length);
  round_results(integers, quotient_.data(), length, draws_.data(), quotient_.data(), nullptr);
  for (std::size_t i = 0; i < length; ++i)
    quotient_[i] = std::clamp(quotient_[i], limits_->least, limits_->most);
  if (transfer_.out.carrier == Carrier::binary64) {
    for (std::size_t i = 0; i < length; ++i) quotient_[i] *= element_total_[i];
  } else {
    // Rounded to odd, so that narrowing rounds once.
    std::copy_n(quotient_.data(), length, number_.data());
    if (step_to_odd(Op::multiply, number_.data(), element_total_.data(), length, quotient_.data()))
      recompute(row, column, length);
  }
  narrow(quotient_.data(), transfer_.out, segment);
  for (const Recomputed& x : recomputed_) store(transfer_.out, segment.index + x.place, x.worth);
}

void QuotientBlocks::put_codes(std::size_t index, std::size_t length) {
  pack_codes_at(std::span<const std::uint64_t>(codes_).first(length),
                packed_bits(plan_.format().element.format), index,
                transfer_.codes->elements.data());
}

// Blocks first + begin to first + end, which are in lane_scales_ from begin on.
void QuotientBlocks::run_on_lanes(std::size_t first, std::size_t begin, std::size_t end) {
  const Partition& cut = scales_.innermost();
  const Area area = area_of_run(cut, first + begin, end - begin, transfer_.in);
  if (is_narrow_) {
    for (std::size_t k = begin; k < end; ++k) total_[k - begin] = lane_scales_[k].total;
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
        const LaneScale& scale = lane_scales_[begin + offset / cut.block_columns];
        const std::size_t rest = cut.block_columns - offset % cut.block_columns;
        const std::size_t same = std::min(length - filled, rest);
        std::fill_n(element_by_.data() + filled, same, scale.by);
        std::fill_n(element_total_.data() + filled, same, scale.total);
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
  pack_codes_at(std::span<const std::uint8_t>(narrow_codes_).first(length),
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
    if (!limits_) elements_.start(scaled_at({.total = element_total_[i], .by = element_by_[i]}));
    const std::size_t index = row * transfer_.in.columns + column + i;
    const Code code = elements_.round(load_operand(transfer_.in, row, column + i), index);
    recomputed_.push_back({i, code, elements_.worth(code, transfer_.out.carrier)});
    // The kernel will count the zero as an element.
    if (transfer_.counts != nullptr) --transfer_.counts->elements;
  }
}

}  // namespace halfulp::emulator
