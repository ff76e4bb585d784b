// SPDX-License-Identifier: MIT
//
// Matrices in block formats: what `prepare_block` makes of a format, and the engine's functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "emulator/internal/block_power.h"
#include "emulator/internal/block_scale.h"
#include "emulator/internal/plan.h"
#include "formats/engine.h"

namespace halfulp::emulator {

class CompiledBlock {
 public:
  explicit CompiledBlock(const BlockFormat& format);
  CompiledBlock(const CompiledBlock&) = delete;
  CompiledBlock& operator=(const CompiledBlock&) = delete;

  [[nodiscard]] const BlockFormat& format() const { return format_; }
  [[nodiscard]] const CompiledPlan& element() const { return element_; }
  [[nodiscard]] std::size_t levels() const { return levels_.size(); }
  [[nodiscard]] const CompiledLevel& level(std::size_t i) const { return *levels_[i]; }
  [[nodiscard]] bool zero_points() const { return zero_points_; }
  // Null where lanes of that carrier cannot do it.
  [[nodiscard]] const PowerRule<std::uint32_t>* power32() const { return power32_.get(); }
  [[nodiscard]] const PowerRule<std::uint64_t>* power64() const { return power64_.get(); }

 private:
  BlockFormat format_;
  CompiledPlan element_;
  std::vector<std::unique_ptr<CompiledLevel>> levels_;
  bool zero_points_ = false;
  std::unique_ptr<const PowerRule<std::uint32_t>> power32_;
  std::unique_ptr<const PowerRule<std::uint64_t>> power64_;
};

// Rows and columns of a block, from the first on and before the last.
struct Area {
  std::size_t top = 0, bottom = 0, left = 0, right = 0;
};

inline Area area_of(const Partition& cut, std::size_t block, std::size_t rows,
                    std::size_t columns) {
  const std::size_t top = block / cut.across * cut.block_rows;
  const std::size_t left = block % cut.across * cut.block_columns;
  return {.top = top,
          .bottom = std::min(rows, top + cut.block_rows),
          .left = left,
          .right = std::min(columns, left + cut.block_columns)};
}

// The block of a level that holds (row, column).
inline std::size_t block_at(const Partition& cut, std::size_t row, std::size_t column) {
  return row / cut.block_rows * cut.across + column / cut.block_columns;
}

const CompiledBlock& compiled(const BlockPlan& plan);

BlockPlan prepare_block(const BlockFormat& format);
void quantize(const View& in, const BlockPlan& plan, const Random& random, const MutableView& out,
              BlockCodes* codes, Counts* counts);
void dequantize(const BlockCodes& codes, const BlockPlan& plan, const MutableView& out);

}  // namespace halfulp::emulator
