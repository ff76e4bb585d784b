// SPDX-License-Identifier: MIT
//
// Operands drawn for an operation and a format of its result: by the classes of operands and of
// results that hardware goes wrong on. A result is directed: a number at or next to the wanted
// place is drawn first, and an operand is solved for, exactly. A case is a function of the seed and
// its number.
#pragma once

#include <cstdint>
#include <memory>

#include "golden/vectors/calculation.h"

namespace halfulp::vectors {

struct DrawnFormats;  // drawn_format.h

struct DrawnCase {
  Operands operands{};
  std::uint64_t random = 0;
};

class DirectedDrawer {
 public:
  // The calculation must outlive the drawer.
  DirectedDrawer(const Calculation& calculation, std::uint64_t seed);

  [[nodiscard]] DrawnCase draw(std::uint64_t index) const;
  // The random word of given operands: often the one at which the result turns, or its neighbour.
  [[nodiscard]] std::uint64_t random_of(const Operands& operands, std::uint64_t index) const;

 private:
  const Calculation& calculation_;
  std::uint64_t seed_;
  std::shared_ptr<const DrawnFormats> prepared_;
};

}  // namespace halfulp::vectors
