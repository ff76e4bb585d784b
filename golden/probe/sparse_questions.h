// SPDX-License-Identifier: MIT
//
// Questions of a few products of random digits, zeros elsewhere: two of them often cancel each
// other, in whole or in all but the last digits, and the rest and C lie around the bits that an
// alignment keeps or drops. What is cut far below the leading bit reaches the result here, which
// the roundings of a full sum hide. A third are ties of the sum's rounding that numbers far below
// decide, or do not decide where they are cut off.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/probe/questions.h"

namespace halfulp::probe {

// unit: whose sums are tied.
std::vector<Question> sparse_questions(const Ports& ports, const MatrixUnit& unit,
                                       std::size_t count, std::uint64_t seed);

}  // namespace halfulp::probe
