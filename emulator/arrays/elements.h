// SPDX-License-Identifier: MIT
//
// Elements of arrays by the scalar path, one by one, and the counts of what became of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "emulator/rounding/kinds.h"
#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "formats/engine.h"

namespace halfulp::emulator {

struct FunctionTable;
class RealMemory;

// A function by its table, of operands that are numbers of the table's format.
struct TabulatedFunction {
  const FunctionTable& table;
  // The table's format with no choice made, so that a number of it is found by its code.
  const Target& plain;
};

// The target must outlive it. memory: of functions; may be null.
class Elements {
 public:
  Elements(const Target& target, const Random& random, Counts* counts, RealMemory* memory = nullptr)
      : target_(target),
        random_(random),
        counts_(counts),
        memory_(memory),
        stochastic_(is_stochastic(target.quantizer->rounding.mode)) {}

  // Conversion of x, drawing at index.
  [[nodiscard]] Outcome round(Operand x, std::uint64_t index) const;
  // Operands in the order of the operation. function: null where there is no table.
  [[nodiscard]] Outcome operate(Op op, std::span<Operand> operands, std::uint64_t index,
                                const TabulatedFunction* function = nullptr) const;
  // The sign of a NaN that operate() delivered for these operands.
  [[nodiscard]] bool nan_is_negative(Op op, std::span<const Operand> operands) const;

 private:
  [[nodiscard]] std::uint64_t draw(std::uint64_t index) const {
    return stochastic_ ? random_.bits(index, target_.quantizer->rounding.random_bits) : 0;
  }
  [[nodiscard]] std::optional<Outcome> by_table(const TabulatedFunction& function, const Operand& x,
                                                std::uint64_t random) const;
  void count(Operand::Class exact, const Outcome& outcome) const;

  const Target& target_;
  const Random& random_;
  Counts* counts_;
  RealMemory* memory_;
  bool stochastic_;
};

// What a carrier gets. nan_negative: the sign of a NaN, which the format may not have.
inline Operand delivered(const Format& format, const Outcome& outcome, bool nan_negative) {
  Operand x = unpack(format, outcome.code);
  if (x.kind == Operand::Class::nan) x.negative = nan_negative;
  return x;
}
// The sign of the NaN that a conversion of x delivers.
inline bool nan_is_negative(const Rounding& rounding, const Operand& x) {
  const bool is_nan = x.kind == Operand::Class::nan;
  return is_nan ? choose_nan(rounding.nan, conversion_of(x)).negative : x.negative;
}

}  // namespace halfulp::emulator
