// SPDX-License-Identifier: MIT
//
// Blocks of few-bit elements (kernels::NarrowTable) under scales that are ratios (kernels::
// RatioRounding), numbers and results in binary32: scales of many blocks at once on lanes, then
// their elements by comparing with turns. Blocks that are not ordinary (infinities and NaN, scales
// that are zero or overflow) are left to others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "emulator/blocks/extent.h"
#include "emulator/blocks/matrix_scales.h"
#include "emulator/blocks/plan.h"
#include "emulator/kernels/narrow_halves.h"
#include "emulator/kernels/ratio_scales.h"
#include "formats/engine.h"

namespace halfulp::emulator {

class NarrowBlocks {
 public:
  // All must outlive it. cut: the innermost level's, perhaps as one row.
  NarrowBlocks(const CompiledBlock& plan, BlockScales& scales, const Partition& cut,
               const Transfer& transfer)
      : plan_(plan), scales_(scales), cut_(cut), transfer_(transfer) {}

  // Whether it does these matrices.
  static bool serves(const CompiledBlock& plan, const Partition& cut, const Transfer& transfer);

  [[nodiscard]] std::size_t blocks_at_once() const {
    return std::max<std::size_t>(1, elements_at_once / cut_.block_columns);
  }
  // Blocks first to first + count, all of one row of blocks. exact(k) is called for the others'.
  template <typename Exact>
  void run(std::size_t first, std::size_t count, const Exact& exact) {
    if (!scales_.share_around(first, first + count - 1)) {
      run(first, count / 2, exact);
      return run(first + count / 2, count - count / 2, exact);
    }
    if (find_scales(first, count)) return on_lanes(first, 0, count);
    std::size_t k = 0;
    while (k < count) {
      const std::size_t begin = k;
      while (k < count && has_scale(k)) ++k;
      if (k > begin) on_lanes(first, begin, k);
      if (k < count) exact(first + k++);
    }
  }

 private:
  static constexpr std::size_t elements_at_once = 2048;

  // Whether all have one.
  bool find_scales(std::size_t first, std::size_t count);
  // False where block k of those at hand has none for lanes.
  bool has_scale(std::size_t k);
  void read_around(std::size_t block);
  void make_halves();
  // Whether halves_ does it.
  bool piece_by_halves(std::size_t row, std::size_t column, std::size_t length, std::size_t k);
  void on_lanes(std::size_t first, std::size_t begin, std::size_t end);
  void piece(std::size_t row, std::size_t column, std::size_t length, std::size_t k);

  const CompiledBlock& plan_;
  BlockScales& scales_;
  const Partition& cut_;
  const Transfer& transfer_;
  LargestFinder<float, std::uint32_t> finder_;
  std::span<const std::uint32_t> largest_;
  std::array<double, elements_at_once> totals_;
  std::array<std::uint64_t, elements_at_once> ranks_;
  std::array<std::uint8_t, elements_at_once> codes_;
  // Of the block around; none where its numbers are not for lanes.
  const Operand* around_ = nullptr;
  std::optional<kernels::Ratio> ratio_;
  // Of all that scales may be under it; null where such tables do not serve or pay.
  std::unique_ptr<kernels::HalvesTable> halves_;
};

}  // namespace halfulp::emulator
