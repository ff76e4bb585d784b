// SPDX-License-Identifier: MIT
//
// What `prepare` makes of a quantizer: constants for the lanes of either carrier where the grid
// kernel can do the rounding, and for the scalar path always; tables where they pay.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "emulator/arrays/steps.h"
#include "emulator/kernels/array_codes.h"
#include "emulator/kernels/array_operate.h"
#include "emulator/kernels/array_round.h"
#include "emulator/kernels/gridless_round.h"
#include "emulator/kernels/kernels.h"
#include "emulator/rounding/kinds.h"
#include "emulator/scalar/target.h"
#include "formats/engine.h"

namespace halfulp::emulator {

struct Kept;

// The name of this engine, which its plans bear.
inline constexpr std::string_view engine_name = "emulator";

class CompiledPlan {
 public:
  explicit CompiledPlan(const Quantizer& quantizer, const Preparation& preparation = {});
  CompiledPlan(const CompiledPlan&) = delete;
  CompiledPlan& operator=(const CompiledPlan&) = delete;

  [[nodiscard]] const Quantizer& quantizer() const { return quantizer_; }
  [[nodiscard]] const Rounding& rounding() const { return quantizer_.rounding; }
  [[nodiscard]] const Target& target() const { return target_; }
  [[nodiscard]] bool stochastic() const { return stochastic_; }
  [[nodiscard]] bool fits(Carrier carrier) const {
    return carrier == Carrier::binary32 ? fits_binary32_ : fits_binary64_;
  }
  // Null where lanes of that carrier cannot do the rounding.
  [[nodiscard]] const kernels::Grid<std::uint32_t>* grid32() const {
    return grid32_ ? &*grid32_ : nullptr;
  }
  [[nodiscard]] const kernels::Grid<std::uint64_t>* grid64() const {
    return grid64_ ? &*grid64_ : nullptr;
  }
  // Null where no faster way serves what grid32() does, without counts.
  [[nodiscard]] const kernels::ArrayRounding* rounding32() const {
    return rounding32_ ? &*rounding32_ : nullptr;
  }
  [[nodiscard]] const kernels::StochasticRounding* stochastic32() const {
    return stochastic32_ ? &*stochastic32_ : nullptr;
  }
  // The same of codes of 8 and 4 bits, and the other way.
  [[nodiscard]] const kernels::ArrayEncoding* encoding32() const {
    return encoding32_ ? &*encoding32_ : nullptr;
  }
  // Made when it is asked for the first time. Null where the format has none.
  [[nodiscard]] const kernels::DecodeTable* decode_table() const;
  // The same for results of arithmetic, whose NaN carries no sign; not without a grid64().
  [[nodiscard]] const kernels::Grid<std::uint64_t>& arithmetic_grid() const {
    return *arithmetic_grid_;
  }
  // Null where binary32 rounded to odd is too narrow for results, where no way of rounding serves
  // or which NaN a result is depends on its operands.
  [[nodiscard]] const kernels::ArrayOperation* operation32() const {
    return operation32_ ? &*operation32_ : nullptr;
  }
  // How many bits of a result of a function, rounded to odd, its rounding looks at, by the grid of
  // binary64; 0 where lanes of functions do not serve.
  [[nodiscard]] int function_bits() const { return function_bits_; }
  // What they are rounded by: as arithmetic_grid(), with the one NaN that results have.
  [[nodiscard]] const kernels::Grid<std::uint64_t>& function_grid() const {
    return *function_grid_;
  }
  // True where rounding a binary64 that was rounded to odd equals rounding the exact number
  // (results.h).
  [[nodiscard]] bool rounds_odd() const { return rounds_odd_; }
  // True where a NaN has a fraction that comes from an operand's.
  [[nodiscard]] bool keeps_fractions() const { return keeps_fractions_; }
  // Operands of map() below this count as zero.
  [[nodiscard]] double flush_below() const { return flush_below_; }

  // True where the format's numbers are carried as the carrier's numbers next to them.
  [[nodiscard]] bool irrational() const { return irrational_; }

  // What functions of this plan keep; null for nothing.
  [[nodiscard]] Kept* kept() const { return kept_.get(); }

  // The steps of a carrier's patterns (steps.h); null where the plan was prepared for too few
  // elements, or has none.
  template <typename Bits>
  [[nodiscard]] const Steps<Bits>* steps() const {
    if constexpr (sizeof(Bits) == 4) {
      return steps32_.get();
    } else {
      return steps64_.get();
    }
  }
  // Null where no faster way serves what steps do, without counts, of binary32.
  [[nodiscard]] const kernels::PositRounding* posit32() const {
    return posit32_ ? &*posit32_ : nullptr;
  }
  [[nodiscard]] const kernels::Staircase* staircase32() const {
    return staircase32_ ? &*staircase32_ : nullptr;
  }
  // True where the plan has no steps, and so many roundings pay for a table of them.
  [[nodiscard]] bool wants_steps(Carrier carrier, std::uint64_t elements) const;

 private:
  [[nodiscard]] bool has_steps() const {
    return target_.bits <= table_bits && !stochastic_ && !keeps_fractions_;
  }
  [[nodiscard]] bool rounds_odd_by_steps() const;
  [[nodiscard]] int bits_of_functions(int looked_at) const;

  Quantizer quantizer_;
  Target target_;
  int function_bits_ = 0;
  bool stochastic_ = false;
  bool irrational_ = false;
  bool fits_binary32_ = false;
  bool fits_binary64_ = false;
  bool rounds_odd_ = false;
  bool keeps_fractions_ = false;
  double flush_below_ = 0;
  std::optional<kernels::Grid<std::uint32_t>> grid32_;
  std::optional<kernels::ArrayRounding> rounding32_;
  std::optional<kernels::StochasticRounding> stochastic32_;
  std::optional<kernels::ArrayEncoding> encoding32_;
  mutable std::once_flag decode_table_made_;
  mutable std::unique_ptr<const kernels::DecodeTable> decode_table_;
  std::optional<kernels::ArrayOperation> operation32_;
  std::optional<kernels::Grid<std::uint64_t>> grid64_;
  std::optional<kernels::Grid<std::uint64_t>> arithmetic_grid_;
  std::optional<kernels::Grid<std::uint64_t>> function_grid_;
  std::optional<kernels::PositRounding> posit32_;
  std::optional<kernels::Staircase> staircase32_;
  std::unique_ptr<const Steps<std::uint32_t>> steps32_;
  std::unique_ptr<const Steps<std::uint64_t>> steps64_;
  std::shared_ptr<Kept> kept_;
};

// A plan for the time of one call: the one given or, where it was prepared for fewer elements than
// are at hand and these pay for steps, another with them.
class PlanOfCall {
 public:
  PlanOfCall(const CompiledPlan& plan, Carrier carrier, std::uint64_t elements) : plan_(&plan) {
    if (!plan.wants_steps(carrier, elements)) return;
    own_.emplace(plan.quantizer(), Preparation{.elements = elements, .carrier = carrier});
    plan_ = &*own_;
  }
  [[nodiscard]] const CompiledPlan& operator*() const { return *plan_; }

 private:
  const CompiledPlan* plan_;
  std::optional<CompiledPlan> own_;
};

Plan prepare(const Quantizer& quantizer, const Preparation& preparation);
const CompiledPlan& compiled(const Plan& plan);

}  // namespace halfulp::emulator
