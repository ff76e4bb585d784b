// SPDX-License-Identifier: MIT
//
// The cases of a file of test vectors, by number: every combination of operands, or so many of them
// drawn. A case is a function of the seed and its number alone, so the file is the same from any
// number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "golden/vectors/directed_cases.h"
#include "golden/vectors/line_writer.h"

namespace halfulp::vectors {

inline constexpr std::uint64_t most_cases = std::uint64_t{1} << 36;

class CaseGenerator {
 public:
  // count: of drawn cases; absent: every combination, of which the seed decides the random words.
  // The calculation must outlive the generator. Throws Error where there are more than most_cases
  // combinations.
  CaseGenerator(const Calculation& calculation, std::uint64_t seed,
                std::optional<std::uint64_t> count);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Case at(std::uint64_t index) const;

 private:
  [[nodiscard]] std::uint64_t every_count() const;
  [[nodiscard]] Operands combination(std::uint64_t index) const;

  const Calculation& calculation_;
  DirectedDrawer drawer_;
  bool every_case_;
  std::uint64_t count_;
  OperationPlan plan_;
};

// All cases at once. threads: 0: all processors.
std::vector<Case> all_cases(const CaseGenerator& generator, int threads);

// All cases as lines, in pieces made by threads and given to `take` in order, with the number of
// cases that are done when the piece is.
void write_lines(const CaseGenerator& generator, const LineWriter& writer, int threads,
                 const std::function<void(const std::string& lines, std::uint64_t done)>& take);

}  // namespace halfulp::vectors
