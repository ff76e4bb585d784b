// SPDX-License-Identifier: MIT
//
// What `prepare` makes of a quantizer: constants for the lanes of either carrier where the grid
// kernel can do the rounding, and for the scalar path always.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "emulator/internal/target.h"
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

 private:
  Quantizer quantizer_;
  Target target_;
  bool stochastic_ = false;
  bool fits_binary32_ = false;
  bool fits_binary64_ = false;
};

Plan prepare(const Quantizer& quantizer);
const CompiledPlan& compiled(const Plan& plan);

// The double, or float, of an operand that it holds. NaNs are quiet and keep their sign.
double double_of(const Operand& x);
float float_of(const Operand& x);

}  // namespace halfulp::emulator
