// SPDX-License-Identifier: MIT
//
// Scales of blocks one by one: what a rule asks for, in exact arithmetic, rounded once. No
// floating-point instruction is executed.
#pragma once

#include <cstdint>
#include <optional>

#include "emulator/arrays/plan.h"
#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "formats/block.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

// What the rules ask about the elements of a block. Magnitudes are patterns of binary64, finite.
struct Extent {
  bool nan = false, infinite = false, finite = false;  // whether there are any
  std::uint64_t largest = 0;
  // ScaleRule::range: how far the finite elements go below and above zero.
  std::uint64_t below = 0, above = 0;
  // ScaleRule::mean: finite elements, and the sum of their magnitudes in units of 2^-1074.
  std::uint64_t count = 0;
  Integer sum = 0;
};

struct Scale {
  Code code = 0;
  Operand number;
};

// True of the arithmetics that have an encoding scale E, under which a zero inner scale stays.
bool encodes(Arithmetic arithmetic);

// a / b and so on in binary32: the exact result rounded once, to nearest even.
Operand binary32(Op op, const Operand& a, const Operand& b);
Operand rounded_to_binary32(const Real& x);
// What a code stands for; the double next to an irrational number.
Operand carried(const Format& format, Code code);
Operand least_of(const Operand& a, const Operand& b);  // neither is NaN; both are at least 0
Operand largest_of(const Operand& a, const Operand& b);
Operand one_operand();
Value value_of(const Operand& x);
Operand operand_of(const Value& v);  // finite, of at most 128 bits
// The exact product; NaN where zero meets infinity. Finite significands fit 128 bits together.
Operand product_of(const Operand& a, const Operand& b);

// One level of a block format, which must outlive it.
class CompiledLevel {
 public:
  CompiledLevel(const BlockFormat& format, std::size_t index);

  [[nodiscard]] const Level& level() const { return level_; }
  [[nodiscard]] const CompiledPlan& plan() const { return plan_; }
  // m: the largest finite number of what the scale multiplies.
  [[nodiscard]] const Operand& multiplied() const { return multiplied_; }
  // The fraction bits of ScaleRule::even.
  [[nodiscard]] int even_bits() const { return even_bits_; }
  // The least positive scale, and the least of full precision.
  [[nodiscard]] const Operand& least() const { return least_; }
  [[nodiscard]] const Operand& least_normal() const { return least_normal_; }

  // The scale of a block. around: the product of the scales of the levels around; 1 where there is
  // none. random: random_bits bits. instead: r, where an arithmetic says in the rule's place what
  // is asked for.
  [[nodiscard]] Scale choose(const Extent& extent, const Operand& around, std::uint64_t random,
                             const Operand* instead = nullptr) const;
  // r of the rules that ask for a power of two: also zero, or infinite.
  [[nodiscard]] Operand asked_power(const Extent& extent, const Operand& around) const;
  // Under an exact arithmetic: has the level floors?
  [[nodiscard]] bool has_floors() const {
    return level_.least_amax != 0 || level_.least_scale != 0;
  }
  // r rounded, whatever comes of it.
  [[nodiscard]] Scale rounded(const Operand& r, std::uint64_t random) const;

 private:
  // Which r it is before the rule has a say.
  enum class Asked : std::uint8_t { by_rule, nan, infinity, largest, zero };
  [[nodiscard]] Asked asked(const Extent& extent, const Operand& around) const;
  // Of `count` numbers the sum of magnitudes, each at least least_amax; r, at least least_scale.
  [[nodiscard]] Value floored(const Value& total, std::uint64_t count) const;
  [[nodiscard]] Operand at_least(const Operand& r) const;
  // Nothing where the rule asks for zero.
  [[nodiscard]] std::optional<Code> by_rule(const Extent& extent, const Operand& around,
                                            std::uint64_t random) const;
  [[nodiscard]] std::optional<Code> nonzero(const Operand& r, std::uint64_t random) const;
  [[nodiscard]] Scale unless_zero(const std::optional<Code>& code, std::uint64_t random) const;
  [[nodiscard]] Scale unpacked(Code code) const;

  const BlockFormat& format_;
  const Level& level_;
  ZeroScale zero_scale_;
  CompiledPlan plan_;
  Operand multiplied_, least_, least_normal_;
  int even_bits_ = 0;
};

}  // namespace halfulp::emulator
