// SPDX-License-Identifier: MIT
//
// Rounding of an exact integer result, once, to a target: rounding.md's bit-level form. The
// discarded bits are `rest` below 2^discarded; v = rest / 2^discarded is the position between the
// two neighbours, counted on magnitudes. IEEE 754-2019 clauses 4.3 and 7, P3109 report 4.0 section
// 4.7 for the stochastic modes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include "emulator/scalar/codebook.h"
#include "emulator/scalar/exact.h"
#include "emulator/scalar/gap.h"
#include "emulator/scalar/ratio.h"
#include "emulator/scalar/tapered.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

// Order of rest and 2^(discarded - 1): -1, 0 or 1. Precondition: rest < 2^discarded.
template <typename Word>
int compare_to_half(const Word& rest, std::int64_t discarded) {
  const int length = bit_length(rest);
  if (length == 0 || length < discarded) return -1;
  return rest == (Word(1) << (length - 1)) ? 0 : 1;
}

template <typename Word>
Position position(const Word& rest, std::int64_t discarded, int bits) {
  const std::int64_t shift = discarded - bits;
  if (shift <= 0) return {to_code(Word(rest << static_cast<int>(-shift))), -1};
  if (shift >= word_bits<Word>) return {0, compare_to_half(rest, shift)};
  const Word count = rest >> static_cast<int>(shift);
  return {to_code(count), compare_to_half(Word(rest - (count << static_cast<int>(shift))), shift)};
}

// Is the neighbour farther from zero delivered, in a mode without random bits? order: of the number
// and where "nearest" turns; odd: parity of the code of the nearer one.
inline bool goes_out(Mode mode, int order, bool odd, bool negative) {
  switch (mode) {
    case Mode::nearest_even:
    case Mode::nearest_log:
      return order > 0 || (order == 0 && odd);
    case Mode::nearest_away:
      return order >= 0;
    case Mode::nearest_zero:
      return order > 0;
    case Mode::nearest_up:
      return order > 0 || (order == 0 && !negative);
    case Mode::nearest_down:
      return order > 0 || (order == 0 && negative);
    case Mode::nearest_odd:
      return order > 0 || (order == 0 && !odd);
    case Mode::toward_positive:
      return !negative;
    case Mode::toward_negative:
      return negative;
    case Mode::away_from_zero:
      return true;
    case Mode::to_odd:
      return !odd;
    default:
      return false;
  }
}

// The same in the stochastic modes. p: of v * 2^random_bits; not read by stochastic_equal.
inline bool carries(const Rounding& rounding, const Position& p, std::uint64_t random) {
  if (rounding.mode == Mode::stochastic_equal) return (random & 1) != 0;
  const bool tie_up = rounding.mode == Mode::stochastic_b ||
                      (rounding.mode == Mode::stochastic_c && (p.count & 1) != 0);
  const bool nearer = rounding.mode != Mode::stochastic && (p.half > 0 || (p.half == 0 && tie_up));
  return ((p.count + (nearer ? 1 : 0) + random) >> rounding.random_bits) != 0;
}

// Is the neighbour farther from zero delivered? odd: parity of the code of the nearer one.
template <typename Word>
bool rounds_up(const Rounding& rounding, const Word& rest, std::int64_t discarded, bool odd,
               bool negative, std::uint64_t random) {
  if (rest == 0) return false;
  if (is_stochastic(rounding.mode)) {
    return carries(rounding, position(rest, discarded, rounding.random_bits), random);
  }
  return goes_out(rounding.mode, compare_to_half(rest, discarded), odd, negative);
}

// x cut at 2^place, and whether it is rounded up there. parity: what the rank of the kept part is
// odd with.
template <typename Word>
struct Cut {
  Code kept = 0;
  bool inexact = false;
  bool up = false;
};

template <typename Word>
Cut<Word> cut_at(const Target& target, const Exact<Word>& x, std::int64_t exponent,
                 std::uint64_t random) {
  const std::int64_t discarded = exponent - target.fraction_bits - x.exponent;
  if (discarded <= 0) {
    return {to_code(x.significand) << static_cast<int>(-discarded), false, false};
  }
  Cut<Word> cut;
  Word rest = x.significand;
  if (discarded < word_bits<Word>) {
    const Word kept = x.significand >> static_cast<int>(discarded);
    rest -= kept << static_cast<int>(discarded);
    cut.kept = to_code(kept);
  }
  // The exponent's share of the rank is even unless there are no fraction bits.
  const bool binade_odd =
      target.fraction_bits == 0 && ((exponent - target.least_exponent) & 1) != 0;
  const bool odd = (((cut.kept + target.hidden) & 1) != 0) != binade_odd;
  cut.inexact = rest != 0;
  const Rounding& rounding = target.quantizer->rounding;
  if (cut.inexact && rounding.mode == Mode::nearest_log) {
    const int order = compare_in_logarithm(target, cut.kept, x.exponent + discarded);
    cut.up = goes_out(rounding.mode, order, odd, x.negative);
  } else {
    cut.up = rounds_up(rounding, rest, discarded, odd, x.negative, random);
  }
  return cut;
}

// IEEE 754-2019 7.5 for x below 2^least_exponent: is it tiny after rounding to full precision?
// Only just below can it round up to 2^least_exponent.
template <typename Word>
bool is_tiny(const Target& target, Tininess rule, const Exact<Word>& x, std::int64_t exponent,
             std::uint64_t random) {
  if (rule == Tininess::before_rounding) return true;
  if (exponent < target.least_exponent - 1) return true;
  const Cut<Word> cut = cut_at(target, x, exponent, random);
  return ((cut.kept + (cut.up ? 1 : 0)) >> (target.fraction_bits + 1)) == 0;
}

// x nonzero, below the least number of a float without subnormals: see round_below.cc.
Outcome round_below_least(const Target& target, const Exact<WideWord>& x, std::uint64_t random);

template <typename Word>
Exact<WideWord> widened(const Exact<Word>& x) {
  if constexpr (std::is_same_v<Word, WideWord>) {
    return x;
  } else {
    return {x.negative, from_code<WideWord>(x.significand), x.exponent};
  }
}

// Is x less than the least number, both positive? Their leading bits decide, else the integers.
template <typename Word>
bool below_least(const Target& target, const Exact<Word>& x, std::int64_t exponent) {
  const std::int64_t least = target.least_number_exponent + bit_length(target.least_number) - 1;
  if (exponent != least) return exponent < least;
  const int length = std::max(bit_length(x.significand), bit_length(target.least_number));
  Exact<WideWord> a = widened(x);
  Exact<WideWord> b{false, from_code<WideWord>(target.least_number), target.least_number_exponent};
  normalise(a, length);
  normalise(b, length);
  return a.significand < b.significand;
}

// x nonzero; rounded once with the exponent unbounded above, then delivered.
template <typename Word>
Outcome round_to_grid(const Target& target, const Exact<Word>& x, std::uint64_t random) {
  const std::int64_t exponent = x.exponent + bit_length(x.significand) - 1;
  const bool unsigned_target = x.negative && !target.sign;
  if (unsigned_target && !target.zero) return deliver_negative(target);
  if (exponent > target.most_exponent) {
    return unsigned_target ? deliver_negative(target) : deliver_overflow(target, x.negative, 0);
  }
  if (!target.subnormals && below_least(target, x, exponent)) {
    return round_below_least(target, widened(x), random);
  }
  const std::int64_t binade = std::max(exponent, target.least_exponent);
  const Cut<Word> cut = cut_at(target, x, binade, random);
  const Code rank = (static_cast<Code>(binade - target.least_exponent) << target.fraction_bits) +
                    cut.kept + (cut.up ? 1 : 0) - target.hidden;
  if (unsigned_target && rank != 0) return deliver_negative(target);
  if (rank > target.largest[x.negative ? 1 : 0]) return deliver_overflow(target, x.negative, 0);
  std::uint8_t raised = cut.inexact ? flags::inexact : 0;
  const Rounding& rounding = target.quantizer->rounding;
  // Tiny is what is below the least number of full precision, where there is one.
  const bool normals = target.is_float && target.largest[0] >> target.fraction_bits != 0;
  const bool subnormal = normals && exponent < target.least_exponent;
  const std::optional<Tininess>& flush = rounding.flush_outputs;
  if (subnormal && flush && is_tiny(target, *flush, x, exponent, random)) {
    return deliver_underflow(target, x.negative, flags_of_flush(rounding));
  }
  if (subnormal && cut.inexact && is_tiny(target, rounding.tininess, x, exponent, random)) {
    raised |= flags::underflow;
  }
  if (rank == 0 && target.zero) return deliver_underflow(target, x.negative, raised);
  return {code_of_rank(target, rank, x.negative), raised};
}

// The quotient by the scale on the grid of integers. Turns, and the points that random bits choose,
// are dyadic multiples of the scale, shorter than what a jammed x or quotient keeps.
template <typename Word>
Outcome round_affine(const Target& target, const Exact<Word>& x, std::uint64_t random) {
  if constexpr (std::is_same_v<Word, Code>) {
    if (bits_needed(target) + bit_length(target.scale) > word_bits<Code>)
      return round_affine(target, widened(x), random);
  }
  const Exact<Word> scale{false, from_code<Word>(target.scale), target.scale_exponent};
  return round_to_grid(target, exact_quotient(x, scale), random);
}

// What became of a negative number whose sign is dropped: it is beyond the numbers of the format
// unless it rounds to zero. `magnitude`: what its magnitude is rounded to.
inline Outcome without_sign(const Target& target, const Outcome& magnitude) {
  const Operand delivered = unpack(target.quantizer->format, magnitude.code);
  if (delivered.kind == Operand::Class::zero) return magnitude;
  return {magnitude.code, flags::overflow | flags::inexact};
}

// x nonzero. Precondition: the target is not logarithmic (irrational.h rounds to those).
template <typename Word>
Outcome round_exact(const Target& target, const Exact<Word>& x, std::uint64_t random) {
  if (x.negative && drops_sign(*target.quantizer)) {
    Exact<Word> magnitude = x;
    magnitude.negative = false;
    return without_sign(target, round_exact(target, magnitude, random));
  }
  switch (target.scheme) {
    case Scheme::grid:
      break;
    case Scheme::affine:
      return round_affine(target, x, random);
    case Scheme::tapered:
      return round_tapered(target, x, random);
    case Scheme::codebook:
      return round_codebook(target, x, random);
    case Scheme::logarithmic:
      throw std::logic_error("round_exact: a logarithmic target");
  }
  return round_to_grid(target, x, random);
}

}  // namespace halfulp::emulator
