// SPDX-License-Identifier: MIT
#include "emulator/prepared/short_operation.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>
#include <variant>

#include "emulator/scalar/exact.h"
#include "emulator/scalar/neighbour.h"
#include "formats/codes.h"

namespace halfulp::emulator {
namespace {

constexpr int longest_code = 64;

int length_of(std::uint64_t n) { return 64 - std::countl_zero(n); }
int length_of(Code n) { return bit_length(n); }

// The lowest `count` bits, of at most 64.
std::uint64_t short_ones(int count) { return static_cast<std::uint64_t>(ones(count)); }

std::optional<ShortInput> short_input(const Float& f) {
  const int width = f.exponent_bits + f.fraction_bits;
  if (!f.zero || width + (f.sign ? 1 : 0) > longest_code) return std::nullopt;
  ShortInput input;
  input.subnormals = f.subnormals;
  input.fraction_bits = f.fraction_bits;
  input.magnitude_mask = short_ones(width);
  if (f.sign) input.sign_mask = std::uint64_t{1} << width;
  input.fraction_mask = short_ones(f.fraction_bits);
  input.hidden = std::uint64_t{1} << f.fraction_bits;
  input.largest =
      short_ones(width) - static_cast<std::uint64_t>(f.nan_codes) - (f.infinity ? 1 : 0);
  input.exponent = -f.bias - f.fraction_bits;
  input.negative_zero = f.negative_zero;
  return input;
}

std::optional<ShortInput> short_input(const Fixed& f) {
  if (f.bits > longest_code) return std::nullopt;
  ShortInput input;
  input.is_fixed = true;
  input.magnitude_mask = short_ones(f.bits);
  if (f.sign) input.sign_mask = std::uint64_t{1} << (f.bits - 1);
  input.exponent = -f.fraction_bits;
  return input;
}

std::optional<ShortInput> short_input(const Format& format) {
  if (const auto* f = std::get_if<Float>(&format.kind)) return short_input(*f);
  if (const auto* f = std::get_if<Fixed>(&format.kind)) return short_input(*f);
  return std::nullopt;
}

// Of a significand.
int precision_of(const ShortInput& input) {
  return input.is_fixed ? length_of(input.magnitude_mask) : input.fraction_bits + 1;
}

int root_bits(const Target& target, int precision) {
  return std::max(bits_needed(target), precision / 2 + 2);
}

// The bits that the widest number on the way to a result may have, as the steps below form it.
int widest(Op op, std::span<const ShortInput> inputs, const Target& target) {
  constexpr int spare = 4;  // for a carry, cancellation and the jammed bit
  const int needed = bits_needed(target);
  const int a = precision_of(inputs[0]);
  const int b = precision_of(inputs[inputs.size() > 1 ? 1 : 0]);
  switch (op) {
    case Op::add:
    case Op::subtract:
      return std::max({a, b, needed}) + spare;
    case Op::multiply:
      return a + b;
    case Op::divide:
      return std::max(a, needed + b);
    case Op::fused_multiply_add:
      return std::max({a + b, precision_of(inputs[2]), needed}) + spare;
    case Op::square_root:
      return 2 * root_bits(target, a);
    default:
      return a;
  }
}

// Ranks, also those just beyond the largest, have at most 64 bits.
bool is_short(const Target& target) {
  constexpr int most_bits = 60;
  const bool ranks_fit =
      target.fraction_bits <= most_bits && target.bits <= (target.sign ? longest_code : most_bits);
  return ranks_fit && target.on_grid && target.zero && target.subnormals && target.hidden == 0 &&
         !target.turns_in_logarithm && !drops_sign(*target.quantizer);
}

// Order of rest and 2^(discarded - 1), where rest < 2^discarded and discarded is at least 1.
template <typename Word>
int order_to_half(Word rest, std::int64_t discarded) {
  if (discarded > word_bits<Word>) return -1;
  const Word half = Word{1} << (discarded - 1);
  return int{rest > half} - int{rest < half};
}

// As shift_right_jam, of a shift that is not negative.
template <typename Word>
Word jammed_right(Word n, std::int64_t shift) {
  if (shift >= word_bits<Word>) return n != 0 ? 1 : 0;
  const Word kept = n >> shift;
  return kept | static_cast<Word>((kept << shift) != n);
}

template <typename Integral>
void exchange_if(bool exchanges, Integral& a, Integral& b) {
  const Integral changed = (a ^ b) & (Integral{0} - Integral{exchanges});
  a ^= changed;
  b ^= changed;
}

using Constants = ShortOperation::Constants;

// Numbers are nonzero or, with significand 0, zeros of their sign. Functions below are inlined
// where they are called, and change their first operand: numbers then stay in registers. To copy
// them through memory takes longer than the arithmetic.

// False where it is no finite number or is to be flushed.
template <typename Word>
[[gnu::always_inline]] inline bool unpack(const ShortInput& input, const Rounding& rounding,
                                          Code full, Exact<Word>& x) {
  const auto code = static_cast<std::uint64_t>(full);
  x.negative = (code & input.sign_mask) != 0;
  if (input.is_fixed) {
    x.significand = (x.negative ? ~code + 1 : code) & input.magnitude_mask;
    x.exponent = input.exponent;
    return true;
  }
  const std::uint64_t magnitude = code & input.magnitude_mask;
  if (magnitude > input.largest) return false;
  if (magnitude == 0) return input.negative_zero || !x.negative;
  const std::uint64_t field = magnitude >> input.fraction_bits;
  const bool subnormal = field == 0 && input.subnormals;
  x.significand = (magnitude & input.fraction_mask) + (subnormal ? 0 : input.hidden);
  x.exponent = static_cast<std::int64_t>(field) + (subnormal ? 1 : 0) + input.exponent;
  return !(subnormal && rounding.flush_inputs);
}

// As exact_sum of scalar/exact.h; a zero of IEEE 754-2019 6.3 where it is zero. Without branches
// that operands decide: their signs and order cannot be foreseen.
template <typename Word>
[[gnu::always_inline]] inline void add(const Rounding& rounding, Exact<Word>& x,
                                       const Exact<Word>& y) {
  Word a = x.significand;
  Word b = y.significand;
  const bool alike = x.negative == y.negative;
  if (a != 0 && b != 0) {
    const int shift_a = word_bits<Word> - 1 - length_of(a);
    const int shift_b = word_bits<Word> - 1 - length_of(b);
    std::int64_t exponent_a = x.exponent - shift_a;
    std::int64_t exponent_b = y.exponent - shift_b;
    a <<= shift_a;
    b <<= shift_b;
    const bool larger_b = (exponent_a < exponent_b) | ((exponent_a == exponent_b) & (a < b));
    exchange_if(larger_b, a, b);
    exchange_if(larger_b, exponent_a, exponent_b);
    x.negative = x.negative != (larger_b & !alike);
    const Word minus = static_cast<Word>(0) - static_cast<Word>(!alike);
    a += (jammed_right(b, exponent_a - exponent_b) ^ minus) - minus;
    x.significand = a;
    x.exponent = exponent_a;
    if (a == 0) x.negative = rounding.mode == Mode::toward_negative;
  } else if (a == 0 && b == 0) {
    if (!alike) x.negative = rounding.mode == Mode::toward_negative;
  } else if (a == 0) {
    x = y;
  }
}

template <typename Word>
[[gnu::always_inline]] inline void multiply(Exact<Word>& x, const Exact<Word>& y) {
  x.negative = x.negative != y.negative;
  x.significand *= y.significand;
  x.exponent += y.exponent;
}

// As exact_quotient; y nonzero.
template <typename Word>
[[gnu::always_inline]] inline void divide(Exact<Word>& x, const Exact<Word>& y) {
  x.negative = x.negative != y.negative;
  if (x.significand == 0) return;
  const int shift = word_bits<Word> - length_of(x.significand);
  const Word numerator = x.significand << shift;
  const Word whole = numerator / y.significand;
  x.significand = whole | static_cast<Word>(whole * y.significand != numerator);
  x.exponent -= shift + y.exponent;
}

struct Cut {
  std::uint64_t kept = 0;
  bool inexact = false, up = false;
};

// As cut_at of scalar/cut.h.
template <typename Word>
[[gnu::always_inline]] inline Cut cut(const Constants& c, const Exact<Word>& x,
                                      std::int64_t exponent, std::uint64_t random) {
  const std::int64_t discarded = exponent - c.fraction_bits - x.exponent;
  if (discarded <= 0)
    return {static_cast<std::uint64_t>(x.significand) << -discarded, false, false};
  Cut cut;
  Word rest = x.significand;
  if (discarded < word_bits<Word>) {
    cut.kept = static_cast<std::uint64_t>(x.significand >> discarded);
    rest &= (Word{1} << discarded) - 1;
  }
  cut.inexact = rest != 0;
  if (c.stochastic) {
    const Position at = position<Code>(rest, discarded, c.rounding->random_bits);
    cut.up = cut.inexact && carries(*c.rounding, at, random);
    return cut;
  }
  // The exponent's share of the rank is even unless there are no fraction bits.
  const bool binade_odd = c.fraction_bits == 0 && ((exponent - c.least_exponent) & 1) != 0;
  const bool odd = ((cut.kept & 1) != 0) != binade_odd;
  const int place = 4 * (order_to_half(rest, discarded) + 1) + 2 * int{odd} + int{x.negative};
  cut.up = cut.inexact & ((c.ups >> place & 1) != 0);
  return cut;
}

// As is_tiny of scalar/grid.cc.
template <typename Word>
bool is_tiny(const Constants& c, Tininess rule, const Exact<Word>& x, std::int64_t exponent,
             std::uint64_t random) {
  if (rule == Tininess::before_rounding || exponent < c.least_exponent - 1) return true;
  const Cut at_full_precision = cut(c, x, exponent, random);
  return (at_full_precision.kept + (at_full_precision.up ? 1 : 0)) >> (c.fraction_bits + 1) == 0;
}

// As round_to_grid of scalar/grid.cc.
template <typename Word>
[[gnu::always_inline]] inline void round(const Constants& c, const Exact<Word>& x,
                                         std::uint64_t random, Outcome& outcome) {
  const auto deliver = [&outcome](std::uint64_t code, std::uint8_t flags) {
    outcome.code = code;
    outcome.flags = flags;
  };
  const std::size_t side = x.negative ? 1 : 0;
  if (x.significand == 0) return deliver(c.zero[side], 0);
  const std::int64_t exponent = x.exponent + length_of(x.significand) - 1;
  if (exponent > c.most_exponent) return deliver(c.overflow[side], c.overflow_flags[side]);
  const std::int64_t binade = std::max(exponent, c.least_exponent);
  const Cut near = cut(c, x, binade, random);
  const std::uint64_t binades = static_cast<std::uint64_t>(binade - c.least_exponent)
                                << c.fraction_bits;
  const std::uint64_t rank = binades + near.kept + std::uint64_t{near.up};
  if (rank > c.largest[side]) return deliver(c.overflow[side], c.overflow_flags[side]);
  auto raised = static_cast<std::uint8_t>(near.inexact ? flags::inexact : 0);
  if (c.normals && exponent < c.least_exponent) {
    const std::optional<Tininess>& flush = c.rounding->flush_outputs;
    if (flush && is_tiny(c, *flush, x, exponent, random))
      return deliver(c.zero[side], flags_of_flush(*c.rounding));
    if (near.inexact && is_tiny(c, c.rounding->tininess, x, exponent, random))
      raised |= flags::underflow;
  }
  if (rank == 0) return deliver(c.zero[side], raised);
  if (c.is_float) return deliver(rank | std::uint64_t{x.negative} << (c.bits - 1), raised);
  deliver((x.negative ? ~rank + 1 : rank) & c.code_mask, raised);
}

template <typename Word>
bool compute(const Constants& c, std::span<const Code> operands, std::uint64_t random,
             Outcome& outcome) {
  Exact<Word> x;
  Exact<Word> y;
  Exact<Word> z;
  const Rounding& rounding = *c.rounding;
  if (!unpack(c.inputs[0], rounding, operands[0], x)) return false;
  if (operands.size() > 1 && !unpack(c.inputs[1], rounding, operands[1], y)) return false;
  if (operands.size() > 2 && !unpack(c.inputs[2], rounding, operands[2], z)) return false;
  switch (c.op) {
    case Op::subtract:
      y.negative = !y.negative;
      [[fallthrough]];
    case Op::add:
      add(rounding, x, y);
      break;
    case Op::multiply:
      multiply(x, y);
      break;
    case Op::fused_multiply_add:
      multiply(x, y);
      add(rounding, x, z);
      break;
    case Op::divide:
      if (y.significand == 0) return false;
      divide(x, y);
      break;
    case Op::square_root:
      if (x.significand == 0) break;
      if (x.negative) return false;
      x = exact_root(x, c.root_bits);
      break;
    default:
      break;
  }
  round(c, x, random, outcome);
  return true;
}

// What a mode does in each place: see Constants::ups.
std::uint32_t ups_of(Mode mode) {
  std::uint32_t ups = 0;
  for (std::uint32_t place = 0; place < 12; ++place) {
    const bool up =
        goes_out(mode, static_cast<int>(place / 4) - 1, (place & 2) != 0, (place & 1) != 0);
    ups |= std::uint32_t{up} << place;
  }
  return ups;
}

Constants constants_of(Op op, const Target& target) {
  const Quantizer& quantizer = *target.quantizer;
  Constants c;
  c.op = op;
  c.rounding = &quantizer.rounding;
  c.stochastic = is_stochastic(quantizer.rounding.mode);
  c.is_float = target.is_float;
  c.normals = target.is_float && target.largest[0] >> target.fraction_bits != 0;
  c.bits = target.bits;
  c.fraction_bits = target.fraction_bits;
  c.least_exponent = target.least_exponent;
  c.most_exponent = target.most_exponent;
  c.code_mask = short_ones(target.bits);
  c.ups = c.stochastic ? 0 : ups_of(quantizer.rounding.mode);
  for (const bool negative : {false, true}) {
    const std::size_t side = negative ? 1 : 0;
    c.largest[side] =
        negative && !target.sign ? 0 : static_cast<std::uint64_t>(target.largest[side]);
    c.zero[side] = static_cast<std::uint64_t>(zero_code(quantizer.format, negative));
    const Outcome overflow =
        negative && !target.sign ? deliver_negative(target) : deliver_overflow(target, negative, 0);
    c.overflow[side] = static_cast<std::uint64_t>(overflow.code);
    c.overflow_flags[side] = overflow.flags;
  }
  return c;
}

}  // namespace

std::optional<ShortOperation> ShortOperation::make(Op op, std::span<const Format> inputs,
                                                   const Target& target) {
  if (!(is_arithmetic(op) || op == Op::convert) || !is_short(target)) return std::nullopt;
  Constants constants = constants_of(op, target);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::optional<ShortInput> input = short_input(inputs[i]);
    if (!input) return std::nullopt;
    constants.inputs[i] = *input;
  }
  const std::span<const ShortInput> used = std::span(constants.inputs).first(inputs.size());
  constants.root_bits = root_bits(target, precision_of(used[0]));
  const int bits = widest(op, used, target);
  if (bits > word_bits<Code>) return std::nullopt;
  return ShortOperation(constants, bits > word_bits<std::uint64_t>);
}

bool ShortOperation::result(std::span<const Code> operands, std::uint64_t random,
                            Outcome& outcome) const {
  return wide_ ? compute<Code>(constants_, operands, random, outcome)
               : compute<std::uint64_t>(constants_, operands, random, outcome);
}

}  // namespace halfulp::emulator
