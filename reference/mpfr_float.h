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
#include <optional>
#include <span>

#include "formats/engine.h"
#include "formats/rounding.h"
#include "formats/value.h"

namespace halfulp::reference {

// Floats with zero whose grid is that of IEEE 754: with subnormals, or with one significant bit,
// where there are none. Not nearest-log, nor unsigned formats whose rule drops the sign.
bool mpfr_supports(const Quantizer& quantizer);

// Nothing where mpfr_supports is false, nor for operations that MPFR has none of (it has
// arithmetic, remainder and most functions).
std::optional<Outcome> mpfr_operate(Op op, std::span<const Value> operands,
                                    const Quantizer& quantizer, std::uint64_t random);
std::optional<Outcome> mpfr_convert(const Value& x, const Quantizer& quantizer,
                                    std::uint64_t random);

}  // namespace halfulp::reference
