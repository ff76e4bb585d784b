// SPDX-License-Identifier: MIT
//
// The scales of one matrix, level by level from the outermost on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "emulator/blocks/block_scale.h"
#include "emulator/blocks/element.h"
#include "emulator/blocks/extent.h"
#include "emulator/blocks/plan.h"
#include "formats/engine.h"

namespace halfulp::emulator {

class BlockScales {
 public:
  // All must outlive it. codes: may be null; its arrays of scales and zero points are sized here.
  BlockScales(const View& in, const CompiledBlock& plan, const Random& random, BlockCodes* codes);

  // The scales of all levels but the innermost. keeps: the largest magnitudes of innermost blocks
  // are wanted as well, where a pass finds both.
  void choose_outer(bool keeps);
  // Of all innermost blocks, as patterns of binary32; empty where they were not kept.
  [[nodiscard]] std::span<const std::uint32_t> kept_largest() const { return kept_; }
  // What follows for an innermost block, in exact arithmetic; then its elements may be overwritten.
  [[nodiscard]] Scaled exact(std::size_t block);

  [[nodiscard]] const Partition& innermost() const { return levels_.back().cut; }
  // Have blocks first to last of one row of blocks the same scales around?
  [[nodiscard]] bool share_around(std::size_t first, std::size_t last) const;
  // The product of the scales around an innermost block, and their largest magnitude where an
  // arithmetic has steps of its own.
  [[nodiscard]] const Operand& around(std::size_t block) const;
  [[nodiscard]] const Operand& largest_around(std::size_t block) const;
  // How many innermost blocks share those, about.
  [[nodiscard]] std::size_t blocks_that_share_around() const;
  // Where the random bits of the innermost scales come from.
  [[nodiscard]] const Random& draws() const { return levels_.back().random; }
  [[nodiscard]] std::uint64_t first_draw() const { return levels_.back().first_draw; }

 private:
  struct LevelState {
    Partition cut;
    Random random;
    std::uint64_t first_draw = 0;
    // Of every block: the product with the scales around, and for arithmetics with steps of their
    // own the largest magnitude.
    std::vector<Operand> totals;
    std::vector<Operand> largest;
  };

  [[nodiscard]] std::uint64_t draw(std::size_t i, std::size_t block) const;
  // The block of the level around that holds a block.
  [[nodiscard]] std::size_t holder(std::size_t i, std::size_t block) const;
  [[nodiscard]] const Operand& around(std::size_t i, std::size_t block) const;
  // second: of the two scales of Arithmetic::four_over_six.
  [[nodiscard]] Scale choose(std::size_t i, std::size_t block, const Extent& extent,
                             bool second = false);
  // Of the only block of the outermost of two levels.
  [[nodiscard]] Extent extent_by_blocks(const Area& area);
  [[nodiscard]] Scaled scaled_by(const Scale& scale, std::size_t block, const Extent& extent) const;

  const View& in_;
  const CompiledBlock& plan_;
  const Random& random_;
  BlockCodes* codes_;
  bool flush_;
  Operand one_;
  std::vector<LevelState> levels_;
  std::vector<std::uint32_t> kept_;
};

}  // namespace halfulp::emulator
