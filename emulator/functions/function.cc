// SPDX-License-Identifier: MIT
//
// A function of operands to its outcome: what a table of special values tells, else bounds in
// binary64, else a cut, else a Real.
#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "emulator/environment.h"
#include "emulator/functions/candidate.h"
#include "emulator/functions/functions.h"
#include "emulator/rounding/number.h"
#include "emulator/rounding/round.h"
#include "emulator/rounding/round_wide.h"
#include "emulator/scalar/pack.h"
#include "emulator/scalar/ratio.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

// 9.2.1: pow(x, 0), pow(1, y) and hypot of an infinity are numbers whatever else a quiet NaN is.
bool is_number_in_spite_of_nan(Op op, std::span<const Operand> x) {
  if (std::any_of(x.begin(), x.end(), [](const Operand& operand) {
        return operand.kind == Class::nan && operand.signalling;
      }))
    return false;
  if (op == Op::hypotenuse) return x[0].kind == Class::infinite || x[1].kind == Class::infinite;
  if (op != Op::power) return false;
  const bool one = x[0].kind == Class::finite && !x[0].negative && compare_to_one(x[0]) == 0;
  return one || x[1].kind == Class::zero;
}

bool is_nan(Op op, std::span<const Operand> x) {
  return std::any_of(x.begin(), x.end(),
                     [](const Operand& operand) { return operand.kind == Class::nan; }) &&
         !is_number_in_spite_of_nan(op, x);
}

Outcome deliver(const Target& target, const KnownResult& known, std::uint64_t random) {
  if (known.number.kind == Class::nan) return deliver_nan(target, NanCause{});
  Outcome outcome = round_operand(target, known.number, random);
  outcome.flags |= known.flags;
  return outcome;
}

bool leaves_cuts(const Target& target, std::span<const Operand> x) {
  return target.irrational || std::any_of(x.begin(), x.end(), [](const Operand& operand) {
           return operand.is_irrational();
         });
}

Outcome round_cut_number(const Target& target, const Exactly<Code>& x, std::uint64_t random) {
  return round(target, x, random);
}
// In 128 bits where these hold it.
Outcome round_cut_number(const Target& target, const Exactly<Integer>& x, std::uint64_t random) {
  constexpr int short_bits = 120;
  const Exact<Integer>& cut = x.cut;
  if (bit_length(cut.significand) > short_bits) return round(target, x, random);
  const Exact<Code> word{cut.negative, to_code(cut.significand), cut.exponent};
  return round(target, with_cut(word, x), random);
}

// What was cut lies within a unit of the last place, and is no end of that where it is not exact.
template <typename Word>
std::optional<Outcome> round_cut_of(const Target& target, const Exact<Word>& x,
                                    std::uint64_t random) {
  if (!target.turns_in_logarithm) return round_cut_number(target, Exactly<Word>{x}, random);
  const auto beside = [&](int step) {
    Ratio number{.numerator = exact_integer(x)};
    number.numerator.significand += step;
    return round_cut_number(target, Exactly<Word>{.cut = x, .ratio = &number}, random);
  };
  const bool jammed = (x.significand & 1) != 0;
  const Outcome inner = beside(jammed ? -1 : 0);
  if (jammed && inner != beside(1)) return std::nullopt;
  return inner;
}

// The number as a double, where that is exact and far from the ends of the range.
std::optional<double> as_double(const Operand& x) {
  constexpr int precision = 53;
  constexpr std::int64_t largest = 900;
  const int length = bit_length(x.significand);
  const std::int64_t leading = x.exponent + length - 1;
  const bool fits = x.kind == Class::finite && length <= precision && !x.is_irrational() &&
                    leading <= largest && leading >= -largest;
  if (!fits) return std::nullopt;
  return pack_double(x);
}

// Both bounds of functions/candidate.h, rounded, where they agree and the number that they are
// rounded to is not between them: the result might be exact then, and raise nothing. negative: the
// sign is changed before.
std::optional<Outcome> by_candidate(Op op, const Target& target, std::span<const Operand> x,
                                    bool negative, std::uint64_t random) {
  constexpr int most_bits = 47;
  if (bits_needed(target) > most_bits) return std::nullopt;
  const std::optional<double> a = as_double(x[0]);
  const std::optional<double> b = as_double(x.back());
  if (!a || !b) return std::nullopt;
  const StandardEnvironment environment;
  double low = 0;
  double high = 0;
  candidates(op, {.a = &*a, .b = &*b, .count = 1, .flush_below = 0, .low = &low, .high = &high});
  if (low != low) return std::nullopt;
  if (negative) {
    std::swap(low, high);
    low = -low;
    high = -high;
  }
  const auto rounded = [&](double end) {
    return round(target, Exactly<Code>{exact<Code>(unpack_double(end))}, random);
  };
  const Outcome outcome = rounded(low);
  if (outcome != rounded(high)) return std::nullopt;
  const Operand delivered = unpack(target.quantizer->format, outcome.code);
  if (delivered.kind != Class::finite) return outcome;
  const std::optional<double> number = as_double(delivered);
  const bool may_be_exact = !number || (low <= *number && *number <= high);
  if (may_be_exact) return std::nullopt;
  return outcome;
}

}  // namespace

Operand::Class class_of_function(Op op, std::span<const Operand> operands) {
  if (is_nan(op, operands)) return Class::nan;
  const std::optional<KnownResult> known = known_function(op, operands);
  if (!known) return Class::finite;
  return known->number.kind == Class::zero ? Class::finite : known->number.kind;
}

Outcome function(Op op, const Target& target, std::span<const Operand> operands,
                 std::uint64_t random, RealMemory* memory) {
  if (is_nan(op, operands)) return deliver_nan(target, cause_of(op, operands));
  if (const auto known = known_function(op, operands)) return deliver(target, *known, random);
  std::array<Operand, 2> x{operands[0], operands.back()};
  const bool negative = op == Op::power && x[0].negative && is_odd_integer(x[1]);
  if (op == Op::power) x[0].negative = false;
  const auto used = std::span<const Operand>(x).first(operands.size());
  const auto by_comparison = [&] {
    const Real exact = real_function(op, used, memory);
    return round_real(target, negative ? negated(exact) : exact, random);
  };
  if (leaves_cuts(target, used)) return by_comparison();
  if (const auto outcome = by_candidate(op, target, used, negative, random)) return *outcome;
  // The more, the rarer is a geometric mean of neighbours within the last unit.
  const int more = target.turns_in_logarithm ? 64 : 2;
  Exact<Integer> cut = cut_function(op, used, bits_needed(target) + more);
  cut.negative = cut.negative != negative;
  if (const auto outcome = round_cut_of(target, cut, random)) return *outcome;
  return by_comparison();
}

std::optional<Outcome> round_cut(const Target& target, const Exact<Code>& cut,
                                 std::uint64_t random) {
  return round_cut_of(target, cut, random);
}

}  // namespace halfulp::emulator
