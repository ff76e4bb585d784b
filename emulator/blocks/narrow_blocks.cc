// SPDX-License-Identifier: MIT
#include "emulator/blocks/narrow_blocks.h"

#include <algorithm>

#include "emulator/arrays/packing.h"
#include "emulator/arrays/segments.h"
#include "emulator/blocks/quotient_steps.h"

namespace halfulp::emulator {

bool NarrowBlocks::serves(const CompiledBlock& plan, const Partition& cut,
                          const Transfer& transfer) {
  return plan.quotients().narrow && plan.quotients().ratio && transfer.counts == nullptr &&
         transfer.in.carrier == Carrier::binary32 && transfer.out.carrier == Carrier::binary32 &&
         cut.block_columns >= least_narrow_block;
}

// What blocks of one level around share.
void NarrowBlocks::read_around(std::size_t block) {
  const Operand& around = scales_.around(block);
  if (&around == around_) return;
  around_ = &around;
  ratio_.reset();
  const CompiledLevel& level = plan_.level(plan_.levels() - 1);
  const auto outer = double_in_range(around);
  const auto divisor = level.level().rule == ScaleRule::largest
                           ? outer
                           : double_in_range(product_of(level.multiplied(), around));
  if (outer && divisor) ratio_ = {.divisor = *divisor, .outer = *outer};
}

bool NarrowBlocks::find_scales(std::size_t first, std::size_t count) {
  read_around(first);
  largest_ = finder_.find(transfer_.in, cut_, first, count, false);
  if (!ratio_) return false;
  const bool all = kernels::ratio_scales(largest_.data(), count, *plan_.quotients().ratio, *ratio_,
                                         totals_.data(), ranks_.data());
  const auto totals = std::span(totals_).first(count);
  return all && std::ranges::all_of(totals, [](double total) { return in_range(total); });
}

// Zeros stay zeros under any scale that is a number: theirs counts as one.
bool NarrowBlocks::has_scale(std::size_t k) {
  if (!ratio_) return false;
  if (largest_[k] == 0) {
    const auto& zero_block = plan_.quotients().zero_block;
    if (!zero_block) return false;
    totals_[k] = 1;
    ranks_[k] = static_cast<std::uint64_t>(zero_block->code);
  }
  return in_range(totals_[k]);
}

// Blocks first + begin to first + end.
void NarrowBlocks::on_lanes(std::size_t first, std::size_t begin, std::size_t end) {
  if (transfer_.codes != nullptr) {
    Code* const codes = transfer_.codes->scales.back().data() + first;
    for (std::size_t k = begin; k < end; ++k) codes[k] = ranks_[k];
  }
  const Area area = area_of_run(cut_, first + begin, end - begin, transfer_.in);
  const bool in_pieces = transfer_.codes != nullptr;
  for_each_piece(area, cut_.block_columns, in_pieces ? codes_.size() : area.right - area.left,
                 [&](std::size_t row, std::size_t column, std::size_t length) {
                   const std::size_t k = begin + (column - area.left) / cut_.block_columns;
                   piece(row, column, length, totals_.data() + k);
                 });
}

// Of whole blocks, or of a part of one.
void NarrowBlocks::piece(std::size_t row, std::size_t column, std::size_t length,
                         const double* totals) {
  const Segment segment{.row = row, .column = column, .index = 0, .count = length};
  const bool wanted = transfer_.codes != nullptr;
  kernels::round_narrow(
      pointer<float>(transfer_.in, segment), length, *plan_.quotients().narrow,
      plan_.quotients().narrow_quotients ? &*plan_.quotients().narrow_quotients : nullptr,
      {.scales = totals, .block = cut_.block_columns}, pointer<float>(transfer_.out, segment),
      wanted ? codes_.data() : nullptr);
  if (!wanted) return;
  pack_codes_at(std::span<const std::uint8_t>(codes_).first(length),
                packed_bits(plan_.format().element.format), row * transfer_.in.columns + column,
                transfer_.codes->elements.data());
}

}  // namespace halfulp::emulator
