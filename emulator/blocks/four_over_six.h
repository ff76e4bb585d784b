// SPDX-License-Identifier: MIT
//
// Which of its two scales a block has under Arithmetic::four_over_six (FourOverSix in
// formats/block.h).
#pragma once

#include <cstdint>

#include "emulator/blocks/block_scale.h"
#include "emulator/blocks/element.h"
#include "emulator/blocks/extent.h"
#include "emulator/blocks/plan.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// The scale under which the largest number of a block, a1, is two thirds of the largest element.
// a0: the largest magnitude of the block around, whose scale s0 is finite and not zero.
Scale second_scale(const CompiledBlock& plan, const Operand& a0, const Operand& a1,
                   const Operand& s0, std::uint64_t random);

// The errors of one block of numbers that are all finite. All must outlive it.
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
