// SPDX-License-Identifier: MIT
//
// Operands drawn where arithmetic goes wrong: zeros, subnormals, the least and the largest numbers,
// powers of two and their neighbours, exponents uniform over the range, pairs that cancel, products
// and quotients near the ends of the range, NaN and infinity. For formats of any kind and width,
// and a pure function of seed and position, so that a failure can be drawn again.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <variant>
#include <vector>

#include "formats/codes.h"
#include "formats/engine.h"
#include "formats/format.h"
#include "formats/numbers/value.h"
#include "formats/random.h"

namespace halfulp::sampling {

// How many cases a test draws: its usual number times HALFULP_DRAWS, where that is set.
inline std::size_t draws(std::size_t usual) {
  const char* factor = std::getenv("HALFULP_DRAWS");
  return factor == nullptr ? usual
                           : usual * std::max<std::size_t>(std::strtoull(factor, nullptr, 10), 1);
}

// A stream of random numbers for one test.
class Stream {
 public:
  explicit Stream(std::uint64_t seed, std::uint64_t stream = 0)
      : random_{.seed = seed, .stream = stream, .offset = 0} {}

  std::uint64_t bits(int count) { return random_.bits(next_++, count); }
  // Uniform in [0, bound); the bias of the remainder does not matter here.
  std::uint64_t below(std::uint64_t bound) { return bits(64) % bound; }
  Code wide(int count) {
    if (count <= 64) return count == 0 ? 0 : bits(count);
    const Code high = bits(count - 64);
    return (high << 64) | bits(64);
  }

 private:
  Random random_;
  std::uint64_t next_ = 0;
};

inline Code code_mask(const Format& format) {
  const int width = bits(format);
  return width == 128 ? ~Code{0} : (Code{1} << width) - 1;
}

inline int fraction_bits_of(const Format& format) {
  const Float* f = std::get_if<Float>(&format.kind);
  return f == nullptr ? 0 : f->fraction_bits;
}

// A magnitude of a float with interesting fraction: 0...0, 1...1, 0...01, one bit, or anything.
inline Code draw_fraction(int fraction_bits, Stream& stream) {
  const Code all = (Code{1} << fraction_bits) - 1;
  if (fraction_bits == 0) return 0;
  switch (stream.below(8)) {
    case 0:
      return 0;
    case 1:
      return all;
    case 2:
      return 1;
    case 3:
      return Code{1} << stream.below(static_cast<std::uint64_t>(fraction_bits));
    case 4:  // ones at the top
      return all & ~((Code{1} << stream.below(static_cast<std::uint64_t>(fraction_bits))) - 1);
    case 5:  // ones at the bottom
      return (Code{1} << stream.below(static_cast<std::uint64_t>(fraction_bits))) - 1;
    default:
      return stream.wide(fraction_bits);
  }
}

inline Code with_sign(const Format& format, Code magnitude, Stream& stream) {
  const bool negative = is_signed(format) && stream.bits(1) != 0;
  if (!negative) return magnitude;
  if (std::holds_alternative<Fixed>(format.kind)) return (~magnitude + 1) & code_mask(format);
  return magnitude | (Code{1} << (bits(format) - 1));
}

// Codes of the special values: zeros, infinities, NaNs, ends of the range, least numbers.
inline Code draw_special(const Format& format, Stream& stream) {
  const Range range = finite_range(format);
  switch (stream.below(7)) {
    case 0:
      return has_infinity(format) ? infinity_code(format, is_signed(format) && stream.bits(1) != 0)
                                  : code_at(format, range.highest);
    case 1:
      return has_nan(format) ? nan_code(format, is_signed(format) && stream.bits(1) != 0)
                             : code_at(format, range.lowest);
    case 2:
      return has_zero(format) ? zero_code(format, stream.bits(1) != 0)
                              : code_at(format, range.lowest);
    case 3:
      return code_at(format, range.highest - static_cast<Rank>(stream.below(2)));
    case 4:
      return code_at(format, range.lowest + static_cast<Rank>(stream.below(2)));
    case 5:
      return with_sign(format,
                       (std::get_if<Float>(&format.kind) != nullptr ? Code{1} : Code{0}) +
                           stream.below(2),
                       stream) &
             code_mask(format);
    default:
      return stream.wide(bits(format)) & code_mask(format);  // among others signalling NaNs
  }
}

// One code, biased toward boundaries.
inline Code draw_code(const Format& format, Stream& stream) {
  const std::uint64_t choice = stream.below(16);
  if (choice == 0) return draw_special(format, stream);
  if (choice < 3) return stream.wide(bits(format)) & code_mask(format);
  const Float* f = std::get_if<Float>(&format.kind);
  if (f == nullptr) {  // uniform in length, then anything of that length
    const int magnitude_bits = std::max(1, bits(format) - (is_signed(format) ? 1 : 0));
    const auto length = static_cast<int>(stream.below(static_cast<std::uint64_t>(magnitude_bits)));
    return with_sign(format, stream.wide(length + 1) & (code_mask(format) >> 1), stream);
  }
  const std::uint64_t fields = std::uint64_t{1} << f->exponent_bits;
  std::uint64_t field = stream.below(fields);
  if (choice < 5) field = stream.below(fields < 3 ? fields : 3);                // near zero
  if (choice == 5) field = fields - 1 - stream.below(fields < 3 ? fields : 3);  // near the end
  if (choice < 12 && choice > 5 && fields > 64)                                 // near one
    field = static_cast<std::uint64_t>(f->bias) % fields + stream.below(64) - 32;
  const Code magnitude = (static_cast<Code>(field % fields) << f->fraction_bits) |
                         draw_fraction(f->fraction_bits, stream);
  return with_sign(format, magnitude, stream);
}

// A code a few steps from `code`, with either sign: sums of the two cancel.
inline Code draw_near(const Format& format, Code code, Stream& stream) {
  const Code step = stream.below(4);
  Code near = (stream.bits(1) != 0 ? code + step : code - step) & code_mask(format);
  if (is_signed(format) && std::holds_alternative<Float>(format.kind) && stream.bits(1) != 0)
    near ^= Code{1} << (bits(format) - 1);
  return near;
}

// For floats: a second factor that puts the product (or quotient) of normal numbers near an end of
// the range, where it over- or underflows.
inline Code draw_toward_end(const Format& format, Code code, bool divide, Stream& stream) {
  const Float* f = std::get_if<Float>(&format.kind);
  if (f == nullptr) return draw_code(format, stream);
  const std::int64_t largest = (std::int64_t{1} << f->exponent_bits) - 1;
  const auto field =
      static_cast<std::int64_t>((code >> f->fraction_bits) & static_cast<Code>(largest));
  const std::int64_t end = (stream.bits(1) != 0 ? largest : 1) +
                           static_cast<std::int64_t>(stream.below(6)) - 4 -
                           (stream.bits(2) == 0 ? f->fraction_bits / 2 : 0);
  // field(a b) = field(a) + field(b) - bias, field(a / b) = field(a) - field(b) + bias.
  const std::int64_t other = divide ? field - end + f->bias : end - field + f->bias;
  if (other < 0 || other > largest) return draw_code(format, stream);
  const Code magnitude =
      (static_cast<Code>(other) << f->fraction_bits) | draw_fraction(f->fraction_bits, stream);
  return with_sign(format, magnitude, stream);
}

// Operands of one operation, all of one format.
inline std::array<Code, 3> draw_operands(Op op, const Format& format, Stream& stream) {
  std::array<Code, 3> operands{};
  operands[0] = draw_code(format, stream);
  operands[1] = draw_code(format, stream);
  operands[2] = draw_code(format, stream);
  const std::uint64_t choice = stream.below(4);
  const bool additive = op == Op::add || op == Op::subtract;
  if (additive && choice == 0) operands[1] = draw_near(format, operands[0], stream);
  if (!additive && op != Op::square_root && choice <= 1)
    operands[1] = draw_toward_end(format, operands[0], op == Op::divide, stream);
  if (op == Op::fused_multiply_add && choice == 2) {  // b near 1, c near -a
    const Float* f = std::get_if<Float>(&format.kind);
    if (f != nullptr && f->bias >= 0 && f->bias < (std::int64_t{1} << f->exponent_bits))
      operands[1] = draw_near(format, static_cast<Code>(f->bias) << f->fraction_bits, stream);
    operands[2] = draw_near(format, operands[0], stream);
  }
  return operands;
}

// A number of the carrier at or next to an irrational number of the format or one of its turns.
inline Code draw_near_irrational(const Format& format, const Format& carrier, Rank rank,
                                 Stream& stream) {
  const Value turn = boundary_above(format, rank);
  const Value v = stream.bits(1) != 0 || !turn.is_finite() ? value_at(format, rank) : turn;
  const bool is_float = bits(carrier) == 32;
  const double number = is_float ? static_cast<double>(nearest_float(v)) : nearest_double(v);
  const Code code = encode(carrier, from_double(number));
  return stream.bits(1) != 0 ? code : (code + stream.below(3) - 1) & code_mask(carrier);
}

// The same as doubles, for arrays and conversions: any pattern, biased toward the boundaries of
// `format`: its numbers, the middles between them, and the neighbours of both in `carrier`'s grid.
inline Code draw_carrier_code(const Format& format, const Format& carrier, Stream& stream) {
  const std::uint64_t choice = stream.below(8);
  if (choice == 0) return draw_code(carrier, stream);
  const Code drawn = draw_code(format, stream);
  const Value v = decode(format, drawn);
  if (v.is_nan() || v.is_infinite() || v.is_zero()) return encode(carrier, v);
  const Rank rank = rank_of(format, drawn);
  if (!is_dyadic(format)) return draw_near_irrational(format, carrier, rank, stream);
  Value number = v;
  const std::uint64_t quarter = stream.below(4);
  const Value next = value_at(format, rank + 1);
  if (quarter != 0)  // inside the gap to the next: 1/4, 1/2 or 3/4 of the way
    number = sum(
        v,
        scaled(product(sum(next, negated(v)), make_value(static_cast<std::int64_t>(quarter))), -2));
  if (number.is_zero()) return 0;
  Code code = 0;
  try {
    code = encode(carrier, number);
  } catch (const std::exception&) {  // the carrier does not hold it: any code will do
    return draw_code(carrier, stream);
  }
  return choice < 4 ? code : (code + stream.below(3) - 1) & code_mask(carrier);
}

}  // namespace halfulp::sampling
