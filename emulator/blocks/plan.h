// SPDX-License-Identifier: MIT
//
// What `prepare_block` makes of a block format.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "emulator/arrays/plan.h"
#include "emulator/blocks/block_scale.h"
#include "emulator/blocks/element.h"
#include "emulator/blocks/power.h"
#include "emulator/kernels/block_round.h"
#include "emulator/kernels/kernels.h"
#include "emulator/kernels/narrow_halves.h"
#include "emulator/kernels/ratio_scales.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// What of a block format lanes can do.
struct QuotientPlan {
  bool elements = false;
  Former::How how = Former::How::divide;
  // The product of an element and its scales is a double: so it is rounded but once to a float.
  bool exact_products = false;
  // Elements of few magnitudes, numbers and scales in binary32.
  std::optional<kernels::NarrowTable> narrow;
  std::optional<kernels::MovedRounding> narrow_quotients;
  // Of elements of four bits.
  std::optional<kernels::HalvesRounding> halves;
  // Their innermost scales too, where they are ratios in exact arithmetic that rounds to nearest.
  std::optional<kernels::RatioRounding> ratio;
  // Of elements with zero points: integers of any size, rounded as they are. Null where lanes
  // cannot.
  std::shared_ptr<const CompiledPlan> integers;
  // The innermost scales too, and that of a block of zeros.
  bool scales = false;
  struct ZeroBlock {
    Code code = 0;
    double scale = 0;
  };
  std::optional<ZeroBlock> zero_block;
};

class CompiledBlock {
 public:
  explicit CompiledBlock(const BlockFormat& format, const Preparation& preparation = {});
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
  [[nodiscard]] const QuotientPlan& quotients() const { return quotients_; }
  // numbers_of_codes() of a level's scales; empty where the plan was prepared for too few elements.
  [[nodiscard]] const std::vector<double>& scale_numbers(std::size_t level) const {
    return scale_numbers_[level];
  }

 private:
  BlockFormat format_;
  CompiledPlan element_;
  std::vector<std::unique_ptr<CompiledLevel>> levels_;
  bool zero_points_ = false;
  std::unique_ptr<const PowerRule<std::uint32_t>> power32_;
  std::unique_ptr<const PowerRule<std::uint64_t>> power64_;
  QuotientPlan quotients_;
  std::vector<std::vector<double>> scale_numbers_;
};

// The numbers of all codes of a format of few bits, as doubles; NaN where lanes do not take them.
// Empty for others.
std::vector<double> numbers_of_codes(const Format& format);

// Such a list, times the scales around: NaN where that is NaN.
kernels::ScaleNumbers numbers_under(const std::vector<double>& list, double around);
// So many blocks pay for tables of what their scales' codes are worth.
inline constexpr std::size_t blocks_that_pay = 512;

// Where elements and codes come from and go to.
struct Transfer {
  const View& in;
  const MutableView& out;
  BlockCodes* codes;  // may be null
  Counts* counts;     // may be null
};

// x as a double between 2^-400 and 2^400, where products and quotients on lanes, and their errors,
// stay in the range of binary64; nothing where no such double is equal to x.
std::optional<double> double_in_range(const Operand& x);

BlockPlan prepare_block(const BlockFormat& format, const Preparation& preparation);
const CompiledBlock& compiled(const BlockPlan& plan);

}  // namespace halfulp::emulator
