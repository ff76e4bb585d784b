// SPDX-License-Identifier: MIT
//
// A second opinion on rounding and arithmetic, through MPFR (the tests compare it with round.h, of
// which it knows nothing): special values, signs of zero, the five directions and subnormal
// rounding are MPFR's own (mpfr_check_range and mpfr_subnormalize with the ternary value, MPFR
// manual, "Exceptions"). The modes that MPFR lacks are taken from its truncation to more bits than
// the mode can see, plus a sticky bit, by integer arithmetic on the discarded bits. Only what
// stands for an overflow, an infinity or NaN comes from formats/rounding.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "formats/engine.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"

namespace halfulp::reference {

// Floats with zero whose grid is that of IEEE 754: with subnormals, or with one significant bit,
// where there are none. Not nearest-log, nor unsigned formats whose rule drops the sign.
bool mpfr_supports(const Quantizer& quantizer);

// An operation, or a conversion, rounded in any number of ways: what MPFR computes at one precision
// and in one direction is kept, so that a check of many modes pays for it once.
class MpfrOperation {
 public:
  // Without an operation: a conversion of one operand.
  MpfrOperation(std::optional<Op> op, std::span<const Value> operands);
  ~MpfrOperation();
  MpfrOperation(MpfrOperation&& other) noexcept;

  // Nothing where mpfr_supports is false, nor for operations that MPFR has none of (it has
  // arithmetic, remainder and most functions), nor where it leaves its own range of exponents.
  std::optional<Outcome> round(const Quantizer& quantizer, std::uint64_t random);

 private:
  struct Results;
  std::unique_ptr<Results> results_;
};

}  // namespace halfulp::reference
