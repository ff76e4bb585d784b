// SPDX-License-Identifier: MIT
//
// Operations on codes by integer arithmetic: operands are unpacked to sign, significand and
// exponent, the result is computed exactly or with a sticky bit far below the last place that
// rounding looks at, and rounded once. Any scalar format, any mode, all five flags of IEEE 754-2019
// clause 7. No floating-point instruction is executed.
#pragma once

#include <cstdint>
#include <span>

#include "formats/engine.h"

namespace halfulp {
struct Real;  // formats/numbers/value.h
}

namespace halfulp::emulator {

// One operation on codes; `random` holds random_bits bits and is read by the stochastic modes only.
Outcome apply(const Operation& operation, std::span<const Code> operands, std::uint64_t random);

// One code of `from` into the format of `quantizer`.
Outcome convert(const Format& from, Code code, const Quantizer& quantizer, std::uint64_t random);

// The real number x, such as a decimal literal, rounded once.
Outcome round_real(const Real& x, const Quantizer& quantizer, std::uint64_t random);

}  // namespace halfulp::emulator
