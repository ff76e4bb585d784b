// SPDX-License-Identifier: MIT
//
// What the drawing of cases is made of: random numbers by counter, and steps from code to code.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "emulator/kernels/kernels.h"
#include "emulator/operations/scalar.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::vectors {

// The random numbers of one case: Random{.seed, .stream = index}.bits(0, 64), bits(1, 64) and so
// on, made as many at a time as most cases take.
class Dice {
 public:
  Dice(std::uint64_t seed, std::uint64_t index) : source_{.key = {.seed = seed, .stream = index}} {}
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  std::int64_t between(std::int64_t lowest, std::int64_t highest) {
    return lowest +
           static_cast<std::int64_t>(
               below(static_cast<std::uint64_t>(std::max(highest - lowest, std::int64_t{0})) + 1));
  }
  bool coin() { return (next() & 1) != 0; }
  Integer integer(int bits) {
    if (bits <= 64)
      return bits <= 0 ? Integer(0) : Integer(next() & ~std::uint64_t{0} >> (64 - bits));
    Integer n = 0;
    for (int have = 0; have < bits; have += 64) n = (n << 64) + next();
    return n & ((Integer(1) << static_cast<unsigned>(bits)) - 1);
  }

 private:
  std::uint64_t next() {
    const std::size_t place = next_ % words_.size();
    if (place == 0)
      emulator::kernels::random_units(source_, next_, words_.size(), 64, words_.data());
    ++next_;
    return words_[place];
  }

  emulator::kernels::UnitSource source_;
  std::uint64_t next_ = 0;
  std::array<std::uint64_t, 16> words_;
};

// A fraction whose carries run far or not at all.
template <typename Number>
Number fraction_of(Dice& dice, int count) {
  if (count == 0) return 0;
  Number all = (Number(1) << static_cast<unsigned>(count)) - 1;
  const auto place = static_cast<unsigned>(dice.below(static_cast<std::uint64_t>(count)));
  switch (dice.below(8)) {
    case 0:
      return 0;
    case 1:
      return all;
    case 2:
      return Number(1) << place;
    case 3:
      return (all << place) & all;
    case 4:
      return all >> place;
    default:
      return static_cast<Number>(dice.integer(count));
  }
}
inline Integer drawn_fraction(Dice& dice, int count) {
  constexpr int word = 64;
  return count < word ? Integer(fraction_of<std::uint64_t>(dice, count))
                      : fraction_of<Integer>(dice, count);
}

// Bits of a significand; of formats where they differ from number to number, about as many as the
// longest have.
inline int drawn_precision(const Format& format) {
  if (const auto* f = std::get_if<Float>(&format.kind)) return f->fraction_bits + 1;
  if (const auto* f = std::get_if<Fixed>(&format.kind)) return f->bits;
  return std::max(1, bits(format) - 4);
}

inline Code mask_of(const Format& format) {
  return bits(format) >= 128 ? ~Code{0} : (Code{1} << bits(format)) - 1;
}

inline bool is_finite(const Format& format, Code code) { return decode(format, code).is_finite(); }

// The finite code `steps` further up, as far as there are any.
inline Code stepped(const Format& format, Code code, std::int64_t steps) {
  if (steps == 0 || !is_finite(format, code)) return code;
  const Range range = finite_range(format);
  return code_at(format, std::clamp(rank_of(format, code) + static_cast<Rank>(steps), range.lowest,
                                    range.highest));
}

inline Code rounded(const Format& format, const Real& x, Mode mode = Mode::nearest_even) {
  Quantizer quantizer{.format = format, .rounding = {}};
  quantizer.rounding.mode = mode;
  return emulator::round_real(x, quantizer, 0).code;
}

inline Code code_of_positive(const Format& format, Code code) {
  const Value v = decode(format, code);
  return v.negative ? rounded(format, real(absolute(v))) : code;
}

// The exponents of the leading bits of the format's least and largest positive numbers of full
// precision.
struct Exponents {
  std::int64_t least = 0, largest = 0;
};
inline Exponents exponents_of(const Format& format) {
  return {leading_exponent(smallest_normal(format)), leading_exponent(largest_finite(format))};
}

}  // namespace halfulp::vectors
