// SPDX-License-Identifier: MIT
//
// How far a block is from its numbers under each of its two scales in Arithmetic::four_over_six
// (FourOverSix in formats/block.h).
#pragma once

#include "emulator/blocks/block_scale.h"
#include "emulator/blocks/element.h"
#include "emulator/blocks/extent.h"
#include "emulator/blocks/plan.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// The errors of one block of numbers that are all finite. All must outlive it. a0: the largest
// magnitude of the block around.
class BlockErrors {
 public:
  BlockErrors(const View& in, const CompiledBlock& plan, const Random& random, const Area& area,
              const Operand& a0);
  // Under a scale s, as a number of binary32; NaN is less than nothing.
  [[nodiscard]] float of(const Scaled& block, const Operand& s) const;

 private:
  [[nodiscard]] float of_element(const Operand& x, const Operand& q, const Operand& s) const;

  const View& in_;
  const CompiledBlock& plan_;
  const Random& random_;
  const Area& area_;
  const Operand& a0_;
  Operand encoding_;
};

}  // namespace halfulp::emulator
