// SPDX-License-Identifier: MIT
//
// IEEE 754-2019 clauses 4.3 and 7.
#include "emulator/scalar/grid.h"

#include <algorithm>
#include <optional>

#include "emulator/scalar/long.h"
#include "emulator/scalar/ratio.h"
#include "emulator/scalar/scheme.h"

namespace halfulp::emulator {
namespace {

// IEEE 754-2019 7.5 for x below 2^least_exponent: is it tiny after rounding to full precision?
// Only just below can it round up to 2^least_exponent.
template <typename Word>
bool is_tiny(const Target& target, Tininess rule, const InUnits<Word>& x, std::int64_t exponent,
             std::uint64_t random) {
  if (rule == Tininess::before_rounding) return true;
  if (exponent < target.least_exponent - 1) return true;
  const Cut cut = cut_at(target, x, exponent, random);
  return ((cut.kept + (cut.up ? 1 : 0)) >> (target.fraction_bits + 1)) == 0;
}

}  // namespace

template <typename Word>
Outcome round_to_grid(const Target& target, const InUnits<Word>& x, std::uint64_t random) {
  const bool negative = x.units.negative;
  const std::int64_t exponent = leading_exponent(x.units);
  const bool unsigned_target = negative && !target.sign;
  if (unsigned_target && !target.zero) return deliver_negative(target);
  if (exponent > target.most_exponent) {
    return unsigned_target ? deliver_negative(target) : deliver_overflow(target, negative, 0);
  }
  const std::int64_t binade = std::max(exponent, target.least_exponent);
  const Cut cut = cut_at(target, x, binade, random);
  const Code rank = (static_cast<Code>(binade - target.least_exponent) << target.fraction_bits) +
                    cut.kept + (cut.up ? 1 : 0) - target.hidden;
  if (unsigned_target && rank != 0) return deliver_negative(target);
  if (rank > target.largest[negative ? 1 : 0]) return deliver_overflow(target, negative, 0);
  std::uint8_t raised = cut.inexact ? flags::inexact : 0;
  const Rounding& rounding = target.quantizer->rounding;
  // Tiny is what is below the least number of full precision, where there is one.
  const bool normals = target.is_float && target.largest[0] >> target.fraction_bits != 0;
  const bool subnormal = normals && exponent < target.least_exponent;
  const std::optional<Tininess>& flush = rounding.flush_outputs;
  if (subnormal && flush && is_tiny(target, *flush, x, exponent, random)) {
    return deliver_underflow(target, negative, flags_of_flush(rounding));
  }
  if (subnormal && cut.inexact && is_tiny(target, rounding.tininess, x, exponent, random)) {
    raised |= flags::underflow;
  }
  if (rank == 0 && target.zero) return deliver_underflow(target, negative, raised);
  return {code_of_rank(target, rank, negative), raised};
}

template Outcome round_to_grid(const Target&, const InUnits<Code>&, std::uint64_t);
template Outcome round_to_grid(const Target&, const InUnits<WideWord>&, std::uint64_t);

Outcome round_by_wide_word(const Target& target, const Exactly<Integer>& x, std::uint64_t random) {
  Exactly<WideWord> cut = with_cut(jammed(x.cut, word_bits<WideWord> - 12), x);
  Ratio whole;
  if (target.turns_in_logarithm && x.expression == nullptr && x.ratio == nullptr) {
    whole.numerator = x.cut;
    cut.ratio = &whole;
  }
  return target.scheme->round_wide(target, cut, random);
}

std::int64_t most_exponent_of(const Target& target) {
  const Code largest = std::max(target.largest[0], target.largest[1]);
  return target.least_exponent + static_cast<std::int64_t>(largest >> target.fraction_bits) + 1;
}

}  // namespace halfulp::emulator
