// SPDX-License-Identifier: MIT
//
// Elements of blocks one by one: the quotient of a number by the scales of its block, as exact
// operands, rounded once. No floating-point instruction is executed.
#pragma once

#include <cstdint>
#include <optional>

#include "emulator/arrays/arrays.h"
#include "emulator/blocks/block_scale.h"
#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "formats/block.h"

namespace halfulp::emulator {

// How the quotients of a block are formed from its numbers.
struct Former {
  enum class How : std::uint8_t {
    divide,      // x / by
    divide32,    // the same in binary32
    multiply32,  // x * by in binary32
    shifted,     // Arithmetic::qpytorch, by its scale
  };
  How how = How::divide;
  Operand by;
  // True where the product of the scales decides (is zero, infinite or NaN); else it is `by` that
  // counts.
  bool by_total = true;
};

// What is said of a whole block.
struct Scaled {
  Operand total;  // the exact product of all its scales
  Former former;
  std::int64_t zero_point = 0;  // ScaleRule::range
  bool ordinary = true;         // no element is infinite or NaN
};

// Step 5 of formats/block.h.
std::int64_t zero_point_of(const Fixed& element, const Extent& extent, const Operand& total);

// The elements of one block after another.
class BlockElements {
 public:
  // The plan of the elements and the random numbers must outlive it.
  BlockElements(const CompiledPlan& plan, bool zero_points, const Random& random, Counts* counts);

  void start(const Scaled& block);
  // How the elements of this block are rounded.
  [[nodiscard]] const Quantizer& quantizer() const { return *target().quantizer; }
  // The element of x, drawing at index.
  [[nodiscard]] Code round(Operand x, std::uint64_t index);
  // What an element of this block is worth, in a carrier.
  [[nodiscard]] Operand worth(Code code, Carrier carrier) const;

 private:
  [[nodiscard]] Code of_quotient(const Operand& x, std::uint64_t index);
  [[nodiscard]] Code of_shifted(const Operand& x, std::uint64_t index);
  [[nodiscard]] Code of_lost(const Operand& zero, std::uint64_t index);
  [[nodiscard]] const Target& target() const { return zero_points_ ? target_ : plan_.target(); }

  const CompiledPlan& plan_;
  const Random& random_;
  Counts* counts_;
  bool zero_points_;
  Scaled block_;
  // With zero points the target is another one in every block.
  Quantizer affine_;
  Target target_;
  std::optional<Elements> elements_;
};

}  // namespace halfulp::emulator
