// SPDX-License-Identifier: MIT
//
// Constants of a rounding by the adder (magic_round.h), made from a grid. Plain types: a plan
// decides with them, before any lanes, which kernel serves its grid.
#pragma once

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

// The largest magnitude of the carrier that nearest-even keeps within the limit: the middle between
// the limit and the number that would follow it, or what is just below where that tie goes up. All
// steps are exact: the middle has t + 2 significant bits.
template <typename Bits>
Bits last_to_nearest_even(const Grid<Bits>& grid, Bits limit, Bits code_limit) {
  using Real = typename Magic<Bits>::Real;
  constexpr int fraction = sizeof(Bits) == 4 ? 23 : 52;
  const Bits field = limit >> fraction;
  const Bits top = field > grid.least_field ? field : grid.least_field;
  const Bits half = (top - static_cast<Bits>(grid.fraction_bits) - 1) << fraction;
  const Bits middle = std::bit_cast<Bits>(std::bit_cast<Real>(limit) + std::bit_cast<Real>(half));
  return middle - (code_limit & 1);
}

// None where the adder would not do: modes other than nearest-even, fewer than two bits to discard,
// quanta too small to be halved among the carrier's normal numbers, or numbers so large that what
// is added to them is beyond the carrier.
template <typename Bits>
std::optional<Magic<Bits>> magic_of(const Grid<Bits>& grid) {
  using Real = typename Magic<Bits>::Real;
  constexpr int fraction = sizeof(Bits) == 4 ? 23 : 52;
  constexpr int width = 8 * sizeof(Bits);
  constexpr Bits sign = Bits{1} << (width - 1);
  constexpr Bits greatest_field = (Bits{1} << (width - 1 - fraction)) - 2;
  const bool to_even = grid.kind == RoundingKind::nearest_even_simple ||
                       (grid.kind == RoundingKind::nearest && grid.tie_odd != 0 &&
                        grid.tie_negative == 0 && grid.tie_always == 0);
  const Bits limit = grid.limit.positive > grid.limit.negative ? grid.limit.positive  //
                                                               : grid.limit.negative;
  const Bits top = (limit >> fraction) > grid.least_field ? limit >> fraction : grid.least_field;
  if (!to_even || grid.parity_of_binade != 0 || grid.spare_bits < 2 ||
      grid.least_field < static_cast<Bits>(grid.fraction_bits) + 2 ||
      top + grid.spare_bits >= greatest_field)
    return {};
  Magic<Bits> magic;
  magic.least = grid.least_field << fraction;
  magic.raise = Real{1.5} * static_cast<Real>(std::uint64_t{1} << grid.spare_bits);
  magic.last = {last_to_nearest_even(grid, grid.limit.positive, grid.code_limit.positive),
                last_to_nearest_even(grid, grid.limit.negative, grid.code_limit.negative)};
  magic.overflow = grid.overflow;
  magic.negative_zero = grid.negative_zero;
  magic.simple = grid.negative_zero && magic.last.positive == magic.last.negative &&
                 (grid.overflow.positive | sign) == grid.overflow.negative;
  return magic;
}

}  // namespace halfulp::emulator::kernels
