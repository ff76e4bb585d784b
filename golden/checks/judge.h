// SPDX-License-Identifier: MIT
//
// Is a case right? Its operands are computed again, and its result and flags compared with what
// comes out.
#pragma once

#include <optional>

#include "formats/codes.h"
#include "golden/vectors/calculation.h"

namespace halfulp {
struct Real;  // formats/numbers/value.h
}

namespace halfulp::checks {

// What counts as a mismatch.
struct Strictness {
  bool flags = true;
  bool nan_exact = false;      // every NaN equals every NaN unless set
  bool invalid_exact = false;  // the integer of an invalid conversion is compared
};

// Are result and flags of the case those of the outcome? A result that is unknown, or flags that
// are unknown and compared, never agree.
bool agrees(const vectors::Calculation& calculation, const Strictness& strictness,
            const vectors::Case& c, const Outcome& outcome);

struct Judgement {
  bool good = false;
  std::optional<Outcome> want;  // none where an operand is unknown, which is never good
};
// plan: the calculation prepared; null where it is not.
Judgement judge(const vectors::Calculation& calculation, const Strictness& strictness,
                const vectors::Case& c, const OperationPlan* plan = nullptr);

// The number that is rounded to the result, exactly. Precondition: the operands are known.
Real exact_result(const vectors::Calculation& calculation, const vectors::Case& c);

// How many numbers of the format `got` is above `want`; absent where one of them is no finite
// number, or both are the same number.
std::optional<Rank> distance(const Format& format, Code got, Code want);

}  // namespace halfulp::checks
