// SPDX-License-Identifier: MIT
//
// Matrices in block formats: what `prepare_block` makes of a format, and the engine's functions.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "emulator/arrays/plan.h"
#include "emulator/blocks/element.h"
#include "emulator/blocks/power.h"
#include "emulator/blocks/scale.h"
#include "emulator/kernels/kernels.h"
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
  [[nodiscard]] const QuotientPlan& quotients() const { return quotients_; }

 private:
  BlockFormat format_;
  CompiledPlan element_;
  std::vector<std::unique_ptr<CompiledLevel>> levels_;
  bool zero_points_ = false;
  std::unique_ptr<const PowerRule<std::uint32_t>> power32_;
  std::unique_ptr<const PowerRule<std::uint64_t>> power64_;
  QuotientPlan quotients_;
};

// Nothing where elements are no floats or fixed point with a sign and few magnitudes, saturated and
// rounded alike on both sides of zero.
std::optional<kernels::NarrowTable> narrow_table(const Quantizer& element);
QuotientPlan quotient_plan(const CompiledBlock& plan);

// Where elements and codes come from and go to.
struct Transfer {
  const View& in;
  const MutableView& out;
  BlockCodes* codes;  // may be null
  Counts* counts;     // may be null
};

const CompiledBlock& compiled(const BlockPlan& plan);

BlockPlan prepare_block(const BlockFormat& format);
void quantize(const View& in, const BlockPlan& plan, const Random& random, const MutableView& out,
              BlockCodes* codes, Counts* counts);
void dequantize(const BlockCodes& codes, const BlockPlan& plan, const MutableView& out);

}  // namespace halfulp::emulator
