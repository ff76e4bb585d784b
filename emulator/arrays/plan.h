// SPDX-License-Identifier: MIT
//
// What `prepare` makes of a quantizer: constants for the lanes of either carrier where the grid
// kernel can do the rounding, and for the scalar path always.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "emulator/arrays/steps.h"
#include "emulator/kernels/kernels.h"
#include "emulator/scalar/target.h"
#include "formats/engine.h"

namespace halfulp::emulator {

class CompiledPlan {
 public:
  explicit CompiledPlan(const Quantizer& quantizer);
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
  // The same for results of arithmetic, whose NaN carries no sign; not without a grid64().
  [[nodiscard]] const kernels::Grid<std::uint64_t>& arithmetic_grid() const {
    return *arithmetic_grid_;
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

  // Numbers of all codes as a carrier has them, for formats of at most table_bits bits; made at the
  // first call.
  static constexpr int table_bits = 16;
  [[nodiscard]] const std::vector<double>& decoded(Carrier carrier) const;

  // The steps of a carrier's patterns, for `elements` roundings. Null where the plan has none
  // (steps.h), and until so many elements were asked for that making the table pays.
  template <typename Bits>
  [[nodiscard]] const Steps<Bits>* steps(std::size_t elements) const;

 private:
  [[nodiscard]] bool has_steps() const {
    return target_.bits <= table_bits && !stochastic_ && !keeps_fractions_;
  }
  [[nodiscard]] bool rounds_odd_by_steps() const;

  Quantizer quantizer_;
  Target target_;
  bool stochastic_ = false;
  bool irrational_ = false;
  bool fits_binary32_ = false;
  bool fits_binary64_ = false;
  bool rounds_odd_ = false;
  bool keeps_fractions_ = false;
  double flush_below_ = 0;
  std::optional<kernels::Grid<std::uint32_t>> grid32_;
  std::optional<kernels::Grid<std::uint64_t>> grid64_;
  std::optional<kernels::Grid<std::uint64_t>> arithmetic_grid_;
  struct DecodedCodes {
    std::once_flag once;
    std::vector<double> numbers;
  };
  // All carriers alike, but for irrational numbers in binary32.
  mutable std::array<DecodedCodes, 2> decoded_;
  template <typename Bits>
  struct LateSteps {
    std::once_flag once;
    std::atomic<std::uint64_t> asked{0};
    std::unique_ptr<const Steps<Bits>> table;
  };
  mutable LateSteps<std::uint32_t> steps32_;
  mutable LateSteps<std::uint64_t> steps64_;
};

Plan prepare(const Quantizer& quantizer);
const CompiledPlan& compiled(const Plan& plan);

// The double, or float, of an operand that it holds, or next to an irrational one. NaNs are quiet
// and keep sign and fraction.
double double_of(const Operand& x);
float float_of(const Operand& x);

}  // namespace halfulp::emulator
