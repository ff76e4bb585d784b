// SPDX-License-Identifier: MIT
#include "cli/directed_cases.h"

namespace halfulp::cli {
DrawnCase DirectedDrawer::draw(std::uint64_t index) const {
  DrawnCase c;
  c.operands =
      CaseDrawer(seed_).operands(calculation_.inputs.front(), arity(calculation_.op), index);
  c.random = random_of(c.operands, index);
  return c;
}
std::uint64_t DirectedDrawer::random_of(const Operands&, std::uint64_t index) const {
  if (!calculation_.is_stochastic()) return 0;
  return Random{.seed = seed_, .stream = index}.bits(1000,
                                                     calculation_.output.rounding.random_bits);
}
}  // namespace halfulp::cli
