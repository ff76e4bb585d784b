// SPDX-License-Identifier: MIT
//
// Which NaN a result is. IEEE 754-2019 6.2.3 recommends one of the operands' NaNs, made quiet, and
// leaves sign and payload open; processors and libraries do as NanRule says. Both engines tell here
// what happened, and get the NaN; whether a result is NaN is their own finding.
//
// Numbers and infinities that land on NaN by an overflow rule have the format's NaN of their sign,
// whatever this rule says.
#pragma once

#include <array>
#include <cstddef>

#include "formats/format.h"
#include "formats/rounding.h"

namespace halfulp {

struct Value;  // formats/numbers/value.h

struct NanOperand {
  bool is_nan = false;
  bool negative = false;
  bool signalling = false;
  // Its fraction field, from the top of 128 bits down; 0 in formats whose NaNs have none.
  Code fraction = 0;
};
NanOperand nan_operand(const Value& x);

// Why a result is NaN: a conversion of the first operand, or an operation on the first `count`, in
// its order (of a fused one the factors, then the addend). Without a NaN among them the operation
// is invalid.
struct NanCause {
  bool conversion = false;
  std::array<NanOperand, 3> operands{};
  std::size_t count = 0;
  bool infinite_times_zero = false;
};

struct Nan {
  bool negative = false;
  bool all_ones = false;
  Code fraction = 0;  // as above, quiet; 0: the quiet bit alone
};

Nan choose_nan(NanRule rule, const NanCause& cause);
// IEEE 754-2019 7.2: a signalling operand, or an invalid operation. The clause leaves open whether
// infinity * 0 + NaN is one: it is, but for x86.
bool raises_invalid(NanRule rule, const NanCause& cause);
// True where results have the fraction of an operand.
bool keeps_fraction(NanRule rule);

// True where the NaNs of a format have a fraction: those with every fraction but 0.
bool has_nan_fraction(const Format& format);
// Signs and fractions that the format lacks are dropped. Precondition: has_nan.
Code code_of(const Format& format, const Nan& nan);
// The NaN of a format with sign and fraction of another, signalling ones too, as far as it has
// them: what operations on signs deliver.
Code copied_nan(const Format& format, const NanOperand& nan);

}  // namespace halfulp
