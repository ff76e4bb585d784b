// SPDX-License-Identifier: MIT
//
// Two arrays of codes in memory, compared as compare() does with tensors of files, on one thread.
#pragma once

#include <cstdint>
#include <span>

#include "golden/comparison/differences.h"
#include "golden/comparison/tolerance.h"

namespace halfulp::comparison {

struct ComparedCodes {
  Differences differences;  // the matrix being one row
  Tally tally;
};
// Precondition: as many codes each, of a format of at most 64 bits, without bits beyond it.
ComparedCodes compare_codes(const Format& format, std::span<const std::uint64_t> got,
                            std::span<const std::uint64_t> want, const Tolerance& tolerance,
                            const Strictness& strictness, std::uint64_t shown);

}  // namespace halfulp::comparison
