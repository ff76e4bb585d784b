// SPDX-License-Identifier: MIT
//
// Which classes of cases a file of vectors has, of those that the operation and its formats may
// have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "golden/vectors/calculation.h"
#include "golden/vectors/line_source.h"

namespace halfulp::vectors {

struct ClassCount {
  std::string name, what;
  std::uint64_t cases = 0;
};

struct Coverage {
  std::vector<ClassCount> classes;
  std::uint64_t cases = 0;
  std::uint64_t others = 0;                        // lines of other operations or formats
  std::optional<std::uint64_t> stated_count = {};  // of all of these, as the source says itself
};

// In any style. Throws Error, naming the line: not readable as a case, or with an unknown operand.
Coverage coverage_of(const Calculation& calculation, LineSource& source);

}  // namespace halfulp::vectors
