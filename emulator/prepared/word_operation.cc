// SPDX-License-Identifier: MIT
//
// Where sums are right: x has its last bit at place 61 - s, y at 61 - t, and a number of either has
// its first one at place f or above. If y is shifted by no more than 61 - t the sum is exact. Else
// what is left of y is below 2^t, so that with f > t the sum's first bit is at f - 1 or above, and
// the jammed bit stands below the half of the last place that is kept where
// f - 1 - (fraction bits) >= 2. Likewise of x. Subnormal operands have f = 61 - s; where that is
// too low for them they are left to other ways. So are zeros, unless they have the least exponent
// of both operands and are never what the other one is shifted for.
#include "emulator/prepared/word_operation.h"

#include <algorithm>
#include <array>
#include <variant>

#include "emulator/scalar/neighbour.h"
#include "formats/codes.h"

namespace halfulp::emulator {
namespace {

constexpr int top = 61;          // the place of a normal number's first bit
constexpr int most_places = 57;  // fraction bits of a result

std::uint64_t largest_of(const Float& f) {
  return static_cast<std::uint64_t>(ones(f.exponent_bits + f.fraction_bits) - f.nan_codes) -
         (f.infinity ? 1 : 0);
}

bool is_served(const Float& f) {
  return f.sign && f.zero && f.subnormals && f.exponent_bits + f.fraction_bits < 64 &&
         largest_of(f) >> f.fraction_bits != 0;
}

const Float* float_of(const Format& format) {
  const auto* f = std::get_if<Float>(&format.kind);
  return f != nullptr && is_served(*f) ? f : nullptr;
}

kernels::WordInput input_of(const Float& f, std::uint64_t least) {
  const int width = f.exponent_bits + f.fraction_bits;
  return {.fraction_bits = f.fraction_bits,
          .sign_place = width,
          .magnitude_mask = (std::uint64_t{1} << width) - 1,
          .least = least,
          .span = largest_of(f) - least,
          .exponent = 1 - f.bias};
}

// s and f of the head of this file.
struct Item {
  int last = 0, first = 0;
};
bool can_add(const Item& x, const Item& y, int fraction_bits) {
  const auto stays = [&](const Item& kept, const Item& shifted) {
    return kept.first > shifted.last && kept.first - 1 - fraction_bits >= 2;
  };
  return stays(x, y) && stays(y, x);
}

// Which magnitudes an operation takes from its operands: zeros, subnormal numbers, or normal ones.
enum class From : std::uint8_t { zero, subnormal, normal };

std::uint64_t least_of(From from, const Float& f) {
  if (from == From::zero) return 0;
  return from == From::subnormal ? 1 : std::uint64_t{1} << f.fraction_bits;
}

using Floats = std::array<const Float*, 3>;

bool can_take(From from, Op op, const Floats& f, int fraction_bits) {
  if (from == From::zero) {
    const bool apart = op == Op::fused_multiply_add || (f[1] && !(*f[0] == *f[1]));
    const bool adds = op != Op::convert && op != Op::multiply;
    if (!f[0]->negative_zero || (f[1] && !f[1]->negative_zero) || (adds && apart)) return false;
  }
  const auto item = [&](int last, int above) {
    return Item{last, from == From::normal ? top - above : top - last};
  };
  switch (op) {
    case Op::convert:
      return f[0]->fraction_bits <= top;
    case Op::multiply:
      return f[0]->fraction_bits + f[1]->fraction_bits <= top - 1;
    case Op::fused_multiply_add: {
      const int last = f[0]->fraction_bits + f[1]->fraction_bits + 1;
      return last <= top && can_add(item(last, 1), item(f[2]->fraction_bits, 0), fraction_bits);
    }
    default:
      return can_add(item(f[0]->fraction_bits, 0), item(f[1]->fraction_bits, 0), fraction_bits);
  }
}

// Of a mode without random bits, by parity and sign; nothing where the mode is none of these.
std::optional<std::uint64_t> increment_of(Mode mode, bool odd, bool negative) {
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  const bool below = goes_out(mode, -1, odd, negative);
  const bool middle = goes_out(mode, 0, odd, negative);
  const bool above = goes_out(mode, 1, odd, negative);
  if (below) return middle && above ? std::optional{~std::uint64_t{0}} : std::nullopt;
  if (middle) return above ? std::optional{half} : std::nullopt;
  return above ? half - 1 : 0;
}

bool is_served(const Target& target) {
  const Rounding& rounding = target.quantizer->rounding;
  return float_of(target.quantizer->format) != nullptr && !target.turns_in_logarithm &&
         !is_stochastic(rounding.mode) && !rounding.flush_inputs && !rounding.flush_outputs &&
         target.fraction_bits >= 1 && target.fraction_bits <= most_places;
}

// The leading bits of each.
kernels::Increments leading(kernels::Increments increments, int bits) {
  for (std::uint64_t& increment : increments) increment >>= 64 - bits;
  return increments;
}

// Conversions that patterns are enough for. With f bits to cut off, the magnitude that stands for
// the result's zero is that of its least exponent less a binade, and may be negative.
void set_narrowing(const Float& from, const Float& to, kernels::WordConstants& c) {
  c.narrowed = from.fraction_bits - to.fraction_bits;
  const std::int64_t field = from.bias - to.bias;  // of the exponent that field 0 has in `to`
  const std::int64_t least = std::max<std::int64_t>(field, 0) + 1;
  const std::uint64_t largest = largest_of(from);
  const bool fits = field > -(std::int64_t{1} << std::max(62 - from.fraction_bits, 0));
  if (c.narrowed < 1 || !fits || least > static_cast<std::int64_t>(largest >> from.fraction_bits)) {
    c.narrowed = 1;
    c.least_converted = ~std::uint64_t{0};  // none: magnitudes have less than 64 bits
    c.span_converted = 0;
    return;
  }
  c.least_converted = static_cast<std::uint64_t>(least) << from.fraction_bits;
  c.span_converted = largest - c.least_converted;
  c.converted_zero = static_cast<std::uint64_t>(field) << from.fraction_bits;
  c.narrowing_rest = (std::uint64_t{1} << c.narrowed) - 1;
  c.narrowing_increments = leading(c.increments, c.narrowed);
}

// Exponents are those of bit 62 of a word, less the result's least one.
void set_places(Op op, const Floats& f, std::int64_t least_exponent, kernels::WordConstants& c) {
  const bool multiplies = op == Op::multiply || op == Op::fused_multiply_add;
  c.left =
      multiplies ? top - 1 - f[0]->fraction_bits - f[1]->fraction_bits : top - f[0]->fraction_bits;
  c.inputs[0].exponent += (multiplies ? 2 : 1) - least_exponent;
  if (op == Op::convert || op == Op::multiply) return;
  const std::size_t addend = op == Op::fused_multiply_add ? 2 : 1;
  c.addend_left = top - f[addend]->fraction_bits;
  c.inputs[addend].exponent += 1 - least_exponent;
}

// The ranks of the largest results, and those beyond them, fit a word.
bool ranks_fit(Op op, const kernels::WordConstants& c) {
  const auto most = [&](std::size_t i) {
    const kernels::WordInput& input = c.inputs[i];
    const std::uint64_t largest = input.least + input.span;
    return input.exponent + static_cast<std::int64_t>(largest >> input.fraction_bits);
  };
  std::int64_t exponent = most(0);
  if (op == Op::multiply || op == Op::fused_multiply_add) exponent += most(1);
  if (op == Op::add || op == Op::subtract) exponent = std::max(exponent, most(1));
  if (op == Op::fused_multiply_add) exponent = std::max(exponent, most(2));
  return exponent + 2 < std::int64_t{1} << std::min(64 - c.fraction_bits, 62);
}

kernels::WordConstants constants_of(Op op, const Floats& f, From from, const Float& to,
                                    const kernels::Increments& increments) {
  kernels::WordConstants c;
  for (std::size_t i = 0; i < f.size(); ++i) {
    if (f[i] != nullptr) c.inputs[i] = input_of(*f[i], least_of(from, *f[i]));
  }
  set_places(op, f, 1 - to.bias, c);
  c.flipped = op == Op::subtract ? 1 : 0;
  c.fraction_bits = to.fraction_bits;
  c.sign_place = to.exponent_bits + to.fraction_bits;
  c.discarded = top + 1 - to.fraction_bits;
  c.rest = (std::uint64_t{1} << c.discarded) - 1;
  c.largest = largest_of(to);
  c.missing = to.negative_zero ? ~std::uint64_t{0} : std::uint64_t{1} << c.sign_place;
  c.increments = increments;
  c.normal_increments = leading(increments, c.discarded);
  if (op == Op::convert) set_narrowing(*f[0], to, c);
  return c;
}

}  // namespace

std::optional<WordOperation> WordOperation::make(Op op, std::span<const Format> inputs,
                                                 const Target& target) {
  const kernels::WordOperation run = kernels::word_operation(op);
  if (run == nullptr || !is_served(target)) return std::nullopt;
  Floats floats{};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    floats[i] = float_of(inputs[i]);
    if (floats[i] == nullptr) return std::nullopt;
  }
  std::optional<From> taken;
  for (const From from : {From::normal, From::subnormal, From::zero}) {
    if (can_take(from, op, floats, target.fraction_bits)) taken = from;
  }
  if (!taken) return std::nullopt;
  kernels::Increments increments{};
  for (const bool odd : {false, true}) {
    for (const bool negative : {false, true}) {
      const auto increment = increment_of(target.quantizer->rounding.mode, odd, negative);
      if (!increment) return std::nullopt;
      increments[2 * std::size_t{odd} + std::size_t{negative}] = *increment;
    }
  }
  const Float& to = *float_of(target.quantizer->format);
  const kernels::WordConstants constants = constants_of(op, floats, *taken, to, increments);
  if (!ranks_fit(op, constants)) return std::nullopt;
  return WordOperation(run, constants);
}

}  // namespace halfulp::emulator
