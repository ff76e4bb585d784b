// SPDX-License-Identifier: MIT
//
// Constants of a rounding by the adder (magic_round.h), made from a grid. Plain types: a plan
// decides with them, before any lanes, which kernel serves its grid.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "emulator/kernels/kernels.h"

namespace halfulp::emulator::kernels {

template <typename Bits>
struct Magic {
  using Real = std::conditional_t<sizeof(Bits) == 4, float, double>;

  Bits least = 0;  // pattern of the least normal number: below it the spacing stays
  Real raise = 0;  // 3/2 2^(F - t): times the leading power of two of a number, what is added to it
  bool negative_zero = true;
  bool simple = true;  // there is a negative zero, and both signs share what follows
  // The largest magnitude that rounds to a finite number, and what is delivered beyond it.
  Signs<Bits> last, overflow;
};

// The largest magnitude of the carrier that rounds to no more than a limit. To nearest that is the
// middle between the limit and the number that would follow it, or what is just below where that
// tie goes up; in a directed mode it is the limit, or what is just below the next number. All steps
// are exact: the sums have at most t + 2 significant bits.
template <typename Bits>
Bits last_within(const Grid<Bits>& grid, bool negative) {
  using Real = typename Magic<Bits>::Real;
  constexpr int fraction = sizeof(Bits) == 4 ? 23 : 52;
  const Bits limit = negative ? grid.limit.negative : grid.limit.positive;
  const Bits rank = negative ? grid.code_limit.negative : grid.code_limit.positive;
  const Bits up = (rank & grid.tie_odd) ^ (negative ? grid.tie_negative : 0) ^ grid.tie_always;
  const bool directed = grid.kind == RoundingKind::directed;
  if (directed && up != 0) return limit;
  const Bits field = std::max(limit >> fraction, grid.least_field);
  const Bits place = static_cast<Bits>(grid.fraction_bits) + (directed ? 0 : 1);
  const Real turn = std::bit_cast<Real>(limit) + std::bit_cast<Real>((field - place) << fraction);
  return std::bit_cast<Bits>(turn) - (directed ? 1 : up);
}

// Without what the mode needs besides. None where the adder would not do: fewer than three bits to
// discard, quanta too small to be halved among the carrier's normal numbers, or numbers so large
// that what is added to them is beyond the carrier.
template <typename Bits>
std::optional<Magic<Bits>> adder_of(const Grid<Bits>& grid) {
  using Real = typename Magic<Bits>::Real;
  constexpr int fraction = sizeof(Bits) == 4 ? 23 : 52;
  constexpr int width = 8 * sizeof(Bits);
  constexpr Bits sign = Bits{1} << (width - 1);
  constexpr Bits greatest_field = (Bits{1} << (width - 1 - fraction)) - 2;
  const Bits limit = std::max(grid.limit.positive, grid.limit.negative);
  const Bits top = std::max(limit >> fraction, grid.least_field);
  if (grid.parity_of_binade != 0 || grid.spare_bits < 3 ||
      grid.least_field < static_cast<Bits>(grid.fraction_bits) + 2 ||
      top + grid.spare_bits >= greatest_field)
    return {};
  Magic<Bits> magic;
  magic.least = grid.least_field << fraction;
  magic.raise = Real{1.5} * static_cast<Real>(std::uint64_t{1} << grid.spare_bits);
  magic.last = {last_within(grid, false), last_within(grid, true)};
  magic.overflow = grid.overflow;
  magic.negative_zero = grid.negative_zero;
  magic.simple = grid.negative_zero && magic.last.positive == magic.last.negative &&
                 grid.overflow.positive < sign &&
                 (grid.overflow.positive | sign) == grid.overflow.negative;
  return magic;
}

// To nearest, ties to even.
template <typename Bits>
std::optional<Magic<Bits>> magic_of(const Grid<Bits>& grid) {
  const bool to_even = grid.kind == RoundingKind::nearest_even_simple ||
                       (grid.kind == RoundingKind::nearest && grid.tie_odd != 0 &&
                        grid.tie_negative == 0 && grid.tie_always == 0);
  return to_even ? adder_of(grid) : std::nullopt;
}

}  // namespace halfulp::emulator::kernels
