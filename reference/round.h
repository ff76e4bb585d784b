// SPDX-License-Identifier: MIT
//
// Rounding by definition: find the two neighbours of a number by search, compare with what lies
// between them, pick one. Everything is decided by order alone (compare); no exponent, shift, mask
// or sticky bit takes part. The definitions are IEEE 754-2019 clauses 4.3 (directions), 7.4 to 7.6
// (overflow, underflow, inexact) and, for the stochastic modes, P3109 interim report 4.0 section
// 4.7.4.
//
// What does not depend on the mode is found once (locate), so that a check of many modes pays the
// search once.
#pragma once

#include <cstdint>
#include <optional>

#include "formats/codes.h"
#include "formats/engine.h"
#include "formats/nan.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"

namespace halfulp::reference {

// A magnitude strictly between two neighbouring magnitudes of a grid.
struct Gap {
  Value inner, outer;        // inner < |x| < outer
  bool inner_odd = false;    // the code of inner; that of outer is the opposite
  bool tie_out = false;      // nearest-even delivers outer where "nearest" turns
  int middle = 0;            // order of |x| against the place where "nearest" turns
  bool logarithmic = false;  // "nearest" turns in the logarithm whatever the mode
};

// Of the two ends of the gap around a magnitude, does the mode choose the outer? negative: of the
// number.
bool goes_out(const Real& magnitude, bool negative, const Gap& gap, const Rounding& rounding,
              std::uint64_t random);

// Where a number lies in a format.
struct Located {
  enum class Place : std::uint8_t {
    nan,
    infinite,
    zero,
    exact,        // at rank `inner`
    between,      // ranks `inner` and `outer`, one of them possibly one step beyond the ends
    beyond,       // at or past one step beyond the largest of its sign
    negative,     // below every number that an unsigned format can deliver, and not near zero
    under_least,  // nearer to zero than the least number of a format without zero
  };
  Place place = Place::nan;
  bool negative = false;
  NanCause nan;               // of place nan
  bool copied = false;        // of place nan: sign and fraction are those of the operand
  bool sign_by_mode = false;  // an exact zero sum of terms that are not zeros of one sign
  std::uint8_t flags = 0;     // raised before rounding: divide by zero, invalid

  Rank inner = 0, outer = 0;
  Real magnitude;
  std::optional<Gap> gap;  // under_least without a gap: at or below half the least number

  // |x| is below the least number of full precision; and, with the precision kept and the exponent
  // unbounded, x lies in this gap just below that number. Without the gap its rounding stays below.
  bool below_normal = false;
  std::optional<Gap> normal_gap;
};

// Of a conversion.
Located locate(const Real& x, const Format& format);

// Rounds what was located in quantizer.format. random: an integer of random_bits bits, used by the
// stochastic modes only (stochastic_equal: its lowest bit).
//
// Flags say what became of the number, not what stands for it (IEEE 754-2019 7.4 to 7.6): inexact
// where the delivered number is another; overflow and inexact where the number, rounded with
// unbounded exponent, is beyond the last of its side: above the largest, below the lowest, or
// negative and not zero in a format without sign; underflow where it is tiny by the tininess rule
// and inexact, and where it is flushed, see Rounding. Tiny is below the least number of full
// precision, which only floats have (those without subnormals: their least number): no other kind
// ever underflows, nor a float whose exponents all go to subnormals, infinities and NaNs.
// Infinities and zeros are exact operands. What the format lacks of them is invalid where NaN
// stands for it (7.2); where a number does, an infinity raises overflow and inexact, a zero
// inexact. NaN delivered as anything else, and where raises_invalid() says so: invalid.
Outcome decide(const Located& x, const Quantizer& quantizer, std::uint64_t random);

Outcome round(const Real& x, const Quantizer& quantizer, std::uint64_t random);

}  // namespace halfulp::reference
