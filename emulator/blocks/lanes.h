// SPDX-License-Identifier: MIT
//
// Blocks of the innermost level on lanes, some of one row of blocks at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "emulator/arrays/packing.h"
#include "emulator/arrays/random_bits.h"
#include "emulator/blocks/extent.h"
#include "emulator/blocks/plan.h"
#include "emulator/blocks/power.h"
#include "emulator/kernels/kernels.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// Blocks under a PowerRule, in and out in the carrier Real.
template <typename Real, typename Bits>
class PowerBlocks {
 public:
  PowerBlocks(const PowerRule<Bits>& rule, const CompiledPlan& element, const Partition& cut,
              const Random& random)
      : rule_(rule), element_(element), cut_(cut), random_(random) {}

  // Blocks at once: those of one row of blocks with about as many elements as the buffer has.
  [[nodiscard]] std::size_t blocks_at_once() const {
    constexpr std::size_t elements_at_once = 2048;
    return std::max<std::size_t>(1, elements_at_once / cut_.block_columns);
  }

  // Blocks first to first + count of the level, all of one row of blocks. exact(k) is called for
  // those that are for exact arithmetic.
  template <typename Exact>
  void run(std::size_t first, std::size_t count, const Transfer& transfer, const Exact& exact) {
    largest_ = finder_.find(transfer.in, cut_, first, count, element_.rounding().flush_inputs);
    std::size_t k = 0;
    while (k < count) {
      const std::size_t begin = k;
      while (k < count && rule_.shift(largest_[k], shifts_[k])) ++k;
      if (k > begin) on_lanes(first, begin, k, transfer);
      if (k < count) exact(first + k++);
    }
  }

 private:
  [[nodiscard]] const Real* at(const View& view, std::size_t row, std::size_t column) const {
    return static_cast<const Real*>(view.data) + (row * view.stride + column);
  }
  [[nodiscard]] Real* at(const MutableView& view, std::size_t row, std::size_t column) const {
    return static_cast<Real*>(view.data) + (row * view.stride + column);
  }

  // Whether kernels::MovedRounding does all of blocks begin to end of those at hand: nobody counts,
  // the powers of two are such that it may, and no code shares a byte with one of another piece.
  [[nodiscard]] bool is_fast(std::size_t begin, std::size_t end, const Transfer& transfer) const {
    if (!rule_.moved || transfer.counts != nullptr) return false;
    const bool even = transfer.in.columns % 2 == 0 && cut_.block_columns % 2 == 0;
    const int width = rule_.moved->width;
    if (transfer.codes != nullptr && width != 8 && (width != 4 || !even)) return false;
    return std::all_of(shifts_.begin() + begin, shifts_.begin() + end,
                       [&](Bits shift) { return rule_.moves(shift); });
  }

  // Blocks first + begin to first + end.
  void on_lanes(std::size_t first, std::size_t begin, std::size_t end, const Transfer& transfer) {
    if (transfer.codes != nullptr) {
      std::vector<Code>& codes = transfer.codes->scales[0];
      for (std::size_t k = begin; k < end; ++k) {
        codes[first + k] = rule_.code(largest_[k], shifts_[k]);
      }
    }
    const Area all = area_of_run(cut_, first + begin, end - begin, transfer.in);
    const bool fast = is_fast(begin, end, transfer);
    const bool in_pieces = !fast && (element_.stochastic() || transfer.codes != nullptr);
    const std::size_t block = cut_.block_columns;
    for_each_piece(all, block, in_pieces ? draw_segment : all.right - all.left,
                   [&](std::size_t row, std::size_t column, std::size_t length) {
                     const kernels::Shifts<Bits> shifts{
                         .shifts = shifts_.data() + begin + (column - all.left) / block,
                         .block = block};
                     if (fast) {
                       fast_piece(row, column, length, shifts, transfer);
                     } else {
                       piece(row, column, length, shifts, transfer);
                     }
                   });
  }

  // Needs a StandardEnvironment.
  void fast_piece(std::size_t row, std::size_t column, std::size_t length,
                  const kernels::Shifts<Bits>& shifts, const Transfer& transfer) {
    if constexpr (sizeof(Bits) == 4) {
      const std::size_t index = row * transfer.in.columns + column;
      const auto width = static_cast<std::size_t>(rule_.moved->width);
      std::uint8_t* const codes =
          transfer.codes == nullptr ? nullptr : transfer.codes->elements.data() + index * width / 8;
      kernels::round_moved(at(transfer.in, row, column), length, *rule_.moved, shifts,
                           at(transfer.out, row, column), codes);
    }
  }

  void piece(std::size_t row, std::size_t column, std::size_t length,
             const kernels::Shifts<Bits>& shifts, const Transfer& transfer) {
    const std::size_t index = row * transfer.in.columns + column;
    const Real* in = at(transfer.in, row, column);
    if (element_.stochastic()) {
      draw(random_, element_.rounding().random_bits, {index, 1, length}, draws_.data());
    }
    if (transfer.codes != nullptr) {
      kernels::encode_moved(in, length, rule_.grid, shifts, draws_.data(), codes_.data());
      pack_codes_at(std::span<const Bits>(codes_).first(length),
                    packed_bits(element_.quantizer().format), index,
                    transfer.codes->elements.data());
    }
    kernels::round_moved(in, length, rule_.grid, shifts, draws_.data(),
                         at(transfer.out, row, column), transfer.counts);
  }

  const PowerRule<Bits>& rule_;
  const CompiledPlan& element_;
  const Partition& cut_;
  const Random& random_;
  LargestFinder<Real, Bits> finder_;
  std::span<const Bits> largest_;
  std::array<Bits, LargestFinder<Real, Bits>::blocks_at_once> shifts_;
  std::array<Bits, draw_segment> draws_;
  std::array<Bits, draw_segment> codes_;
};

}  // namespace halfulp::emulator
