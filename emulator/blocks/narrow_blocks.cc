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
  make_halves();
}

// The scale of a block that stays zeros counts as one.
void NarrowBlocks::make_halves() {
  const std::size_t inner = plan_.levels() - 1;
  const std::vector<double>& list = plan_.scale_numbers(inner);
  const QuotientPlan& quotients = plan_.quotients();
  const kernels::DecodeTable* const table = plan_.element().decode_table();
  const bool pays = scales_.blocks_that_share_around() >= blocks_that_pay;
  halves_.reset();
  if (!ratio_ || !quotients.halves || table == nullptr || list.empty() || !pays ||
      cut_.block_columns % 16 != 0)
    return;
  kernels::ScaleNumbers numbers = numbers_under(list, ratio_->outer);
  if (quotients.zero_block) numbers[static_cast<std::size_t>(quotients.zero_block->code)] = 1;
  halves_ = std::make_unique_for_overwrite<kernels::HalvesTable>();
  if (!kernels::make_halves(*quotients.halves, *table, numbers, *halves_)) halves_.reset();
}

bool NarrowBlocks::find_scales(std::size_t first, std::size_t count) {
  read_around(first);
  const std::span<const std::uint32_t> kept = scales_.kept_largest();
  largest_ = kept.empty() ? finder_.find(transfer_.in, cut_, first, count, false)
                          : kept.subspan(first, count);
  if (!ratio_) return false;
  const bool all = kernels::ratio_scales(largest_.data(), count, *plan_.quotients().ratio, *ratio_,
                                         totals_.data(), ranks_.data());
  // All scales of a table are in range.
  if (all && halves_) return true;
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
                   piece(row, column, length, k);
                 });
}

// No byte of codes is shared with another piece, as whole vectors follow each other.
bool NarrowBlocks::piece_by_halves(std::size_t row, std::size_t column, std::size_t length,
                                   std::size_t k) {
  const std::size_t index = row * transfer_.in.columns + column;
  if (!halves_ || length % 16 != 0 || index % 2 != 0) return false;
  const Segment segment{.row = row, .column = column, .index = 0, .count = length};
  kernels::round_halves(
      pointer<float>(transfer_.in, segment), length, *plan_.quotients().narrow,
      *plan_.quotients().halves, *halves_,
      {.codes = ranks_.data() + k, .scales = totals_.data() + k, .block = cut_.block_columns},
      pointer<float>(transfer_.out, segment),
      transfer_.codes == nullptr ? nullptr : transfer_.codes->elements.data() + index / 2);
  return true;
}

// Of whole blocks, or of a part of one; k: the first block's place among those at hand.
void NarrowBlocks::piece(std::size_t row, std::size_t column, std::size_t length, std::size_t k) {
  if (piece_by_halves(row, column, length, k)) return;
  const Segment segment{.row = row, .column = column, .index = 0, .count = length};
  const bool wanted = transfer_.codes != nullptr;
  kernels::round_narrow(
      pointer<float>(transfer_.in, segment), length, *plan_.quotients().narrow,
      plan_.quotients().narrow_quotients ? &*plan_.quotients().narrow_quotients : nullptr,
      {.scales = totals_.data() + k, .block = cut_.block_columns},
      pointer<float>(transfer_.out, segment), wanted ? codes_.data() : nullptr);
  if (!wanted) return;
  pack_codes_at(std::span<const std::uint8_t>(codes_).first(length),
                packed_bits(plan_.format().element.format), row * transfer_.in.columns + column,
                transfer_.codes->elements.data());
}

}  // namespace halfulp::emulator
