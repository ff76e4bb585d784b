// SPDX-License-Identifier: MIT
//
// Blocks under scales of any kind, on lanes of doubles: quotients rounded to odd (kernels::
// operate_to_odd), then once to their format, times the scale. What lanes cannot do (scales that
// are zero, infinite or NaN, numbers near the ends of binary64) is left to exact arithmetic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "emulator/arrays/random_bits.h"
#include "emulator/blocks/element.h"
#include "emulator/blocks/extent.h"
#include "emulator/blocks/matrix_scales.h"
#include "emulator/blocks/plan.h"
#include "formats/engine.h"

namespace halfulp::emulator {

class QuotientBlocks {
 public:
  // All must outlive it.
  QuotientBlocks(const CompiledBlock& plan, BlockScales& scales, const Random& random,
                 const Transfer& transfer);

  // Blocks at once: those of one row of blocks with about as many elements as buffers have.
  [[nodiscard]] std::size_t blocks_at_once() const;
  // Blocks first to first + count, all of one row of blocks.
  void run(std::size_t first, std::size_t count);

 private:
  using Doubles = std::array<double, draw_segment>;

  // A block's scales, or that they are not for lanes.
  struct LaneScale {
    double total = 1, by = 1;
    bool on_lanes = false;
  };

  void find_largest(std::size_t first, std::size_t count);
  void scales_on_lanes(std::size_t first, std::size_t count);
  [[nodiscard]] bool keeps_zeros(double outer) const;
  void asked_on_lanes(std::size_t first, std::size_t count);
  void round_scales(std::size_t first, std::size_t count);
  void divisors_on_lanes(std::size_t count);
  void exact_scales(std::size_t first, std::size_t count);
  void read_around(std::size_t block);

  void run_on_lanes(std::size_t first, std::size_t begin, std::size_t end);
  void piece(std::size_t row, std::size_t column, std::size_t length);
  void integer_piece(std::size_t row, std::size_t column, std::size_t length);
  void narrow_piece(std::size_t row, std::size_t column, std::size_t length, const double* totals);
  void recompute(std::size_t row, std::size_t column, std::size_t length);
  void put_codes(std::size_t index, std::size_t length);
  void exact_elements(std::size_t block, const Scaled& scaled);
  [[nodiscard]] bool integers_fit_lanes(const Scaled& scaled) const;
  void integers_on_lanes(const Area& area, const Scaled& scaled);
  [[nodiscard]] Scaled scaled_at(const LaneScale& scale) const;

  const CompiledBlock& plan_;
  const QuotientPlan& quotients_;
  bool elements_on_lanes_;
  bool is_narrow_;
  BlockScales& scales_;
  const Random& random_;
  const Transfer& transfer_;
  BlockElements elements_;
  LargestFinder<float, std::uint32_t> floats_;
  LargestFinder<double, std::uint64_t> doubles_;

  // Of the blocks at hand.
  Doubles largest_, asked_, scale_, outer_, total_, by_;
  std::array<LaneScale, draw_segment> lane_scales_;
  std::vector<Scaled> exact_;  // empty where scales are found on lanes
  // Of the block around: s0, and what the largest magnitude is divided (multiplied) by.
  const Operand* around_ = nullptr;
  double outer_scale_ = 1, divisor_ = 1;

  // Of the block at hand where its elements have a zero point: the least and the most of n - z.
  struct Limits {
    double least, most;
  };
  std::optional<Limits> limits_;

  // Of the elements at hand.
  Doubles number_, element_by_, element_total_, quotient_;
  std::array<std::uint64_t, draw_segment> draws_;
  std::array<std::uint64_t, draw_segment> codes_;
  std::array<std::uint8_t, draw_segment> narrow_codes_;
  struct Recomputed {
    std::size_t place;
    Code code;
    Operand worth;
  };
  std::vector<Recomputed> recomputed_;
};

}  // namespace halfulp::emulator
