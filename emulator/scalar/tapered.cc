// SPDX-License-Identifier: MIT
//
// Rounding to posits (Posit Standard 2022, section 4) and linear takums (arXiv 2404.18603, section
// 3) by building the encoding of a magnitude at full length and cutting it to the bits below the
// sign. The long encoding is
//     head: regime and exponent of a posit; direction, regime and characteristic of a takum
//     fraction: the significand without its leading one, as long as it is
// Codes are ordered as the numbers are, so the cut code and the next are the neighbours, and
// "nearest" turns where one further bit says so, wherever the cut goes. Two exceptions: nothing but
// zero rounds to zero by "nearest", and nothing to NaR.
//
// Random bits choose in proportion to value. That is the position in the encoding where the cut
// goes through the fraction; elsewhere the neighbours are decoded and their distance divided by.
#include "emulator/scalar/tapered.h"

#include <algorithm>
#include <variant>

#include "emulator/scalar/round_exact.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"

namespace halfulp::emulator {
namespace {

Code ones(int count) { return count >= 128 ? ~Code{0} : (Code{1} << count) - 1; }

// `count` bits of a head, `more` where a further one is set that 128 do not hold.
struct Head {
  Code bits = 0;
  int count = 0;
  bool more = false;
};

// 1. exponent = regime * 2^exponent_bits + field, 0 <= field < 2^exponent_bits.
// 2. The regime: r + 1 ones and a zero for r >= 0, -r zeros and a one for r < 0.
// 3. The field behind it, cut where the word ends.
Head head_of(const Posit& f, std::int64_t exponent) {
  const std::int64_t regime = exponent >> f.exponent_bits;
  const Code field = static_cast<Code>(exponent) & ones(f.exponent_bits);
  const auto run = static_cast<int>(regime >= 0 ? regime + 1 : -regime);
  const Code regime_bits = regime >= 0 ? ones(run) << 1 : 1;
  const int kept = std::min(f.exponent_bits, 128 - (run + 1));
  const int dropped = f.exponent_bits - kept;
  return {(regime_bits << kept) | (field >> dropped), run + 1 + kept, (field & ones(dropped)) != 0};
}

// 1. r: the length of c + 1, or of -c, without its leading one.
// 2. The characteristic: c + 1 - 2^r going up, c - 1 + 2^(r+1) going down.
// 3. Direction, regime (r, or 7 - r going down), characteristic.
Head head_of(const Takum& /*f*/, std::int64_t c) {
  const bool up = c >= 0;
  const int r = bit_length(static_cast<Code>(up ? c + 1 : -c)) - 1;
  const std::int64_t characteristic =
      up ? c + 1 - (std::int64_t{1} << r) : c - 1 + (std::int64_t{2} << r);
  const int direction_and_regime = up ? 8 + r : 7 - r;
  return {(static_cast<Code>(direction_and_regime) << r) | static_cast<Code>(characteristic),
          4 + r};
}

// The long encoding, cut.
template <typename Word>
struct LongCode {
  Code kept = 0;
  bool inexact = false;
  int order = -1;  // of what is cut off and half a unit of the kept code
  // True where the cut goes through the fraction: rest / 2^discarded of a unit are cut off.
  bool in_fraction = false;
  Word rest = 0;
  std::int64_t discarded = 0;
};

template <typename Word>
LongCode<Word> cut_fraction(const Head& head, const Word& fraction, int length, int width) {
  const int room = width - head.count;
  LongCode<Word> code;
  code.in_fraction = true;
  code.discarded = length - room;
  code.kept = head.bits << room;
  if (code.discarded <= 0) {
    code.kept |= to_code(fraction) << static_cast<int>(-code.discarded);
    return code;
  }
  const auto cut = static_cast<int>(code.discarded);
  const Word top = fraction >> cut;
  code.kept |= to_code(top);
  code.rest = fraction - Word(top << cut);
  code.inexact = code.rest != 0;
  code.order = compare_to_half(code.rest, code.discarded);
  return code;
}

template <typename Word>
LongCode<Word> cut_head(const Head& head, const Word& fraction, int width) {
  const int cut = head.count - width;
  const Code low = head.bits & ones(cut);
  const Code half = Code{1} << (cut - 1);
  const bool more = head.more || fraction != 0;
  LongCode<Word> code;
  code.kept = head.bits >> cut;
  code.inexact = low != 0 || more;
  if (low >= half) code.order = low > half || more ? 1 : 0;
  return code;
}

// Precondition: the exponent is at least least_exponent and at most most_exponent.
template <typename Word>
LongCode<Word> long_code(const Target& target, const Exact<Word>& x, std::int64_t exponent) {
  const Kind& kind = target.quantizer->format.kind;
  const Posit* posit = std::get_if<Posit>(&kind);
  const Head head =
      posit != nullptr ? head_of(*posit, exponent) : head_of(std::get<Takum>(kind), exponent);
  const int length = bit_length(x.significand) - 1;
  const Word fraction = x.significand - Word(Word(1) << length);
  const int width = target.bits - 1;
  return head.count <= width ? cut_fraction(head, fraction, length, width)
                             : cut_head(head, fraction, width);
}

Exact<Integer> number_of_rank(const Target& target, Code rank) {
  return exact_integer(unpack(target.quantizer->format, rank));
}

template <typename Word>
bool goes_out_of(const Target& target, const LongCode<Word>& code, const Exact<Word>& x,
                 std::uint64_t random) {
  const Rounding& rounding = target.quantizer->rounding;
  if (!is_stochastic(rounding.mode)) {
    int order = code.kept == 0 ? 1 : code.order;
    if (code.kept != 0 && rounding.mode == Mode::nearest_log) {
      order = compare_to_geometric_mean(*target.number, number_of_rank(target, code.kept),
                                        number_of_rank(target, code.kept + 1));
    }
    return goes_out(rounding.mode, order, (code.kept & 1) != 0, x.negative);
  }
  if (rounding.mode == Mode::stochastic_equal) return carries(rounding, {}, random);
  if (code.in_fraction && code.kept != 0) {
    return carries(rounding, position(code.rest, code.discarded, rounding.random_bits), random);
  }
  Exact<Integer> magnitude = exact_integer(x);
  magnitude.negative = false;
  const Exact<Integer> inner =
      code.kept == 0 ? Exact<Integer>{} : number_of_rank(target, code.kept);
  const Exact<Integer> outer = number_of_rank(target, code.kept + 1);
  return carries(rounding, position_between(magnitude, inner, outer, rounding.random_bits), random);
}

// Of a positive posit with `body` in the `width` bits below the sign.
Operand number_of_body(const Posit& f, Code body, int width) {
  const bool up = (body >> (width - 1)) != 0;
  const int run = width - bit_length(up ? body ^ ones(width) : body);
  const int rest = std::max(width - run - 1, 0);
  const int fraction_bits = std::max(rest - f.exponent_bits, 0);
  const Code tail = body & ones(rest);
  const Code field = (tail >> fraction_bits) << std::max(f.exponent_bits - rest, 0);
  const std::int64_t regime = up ? run - 1 : -run;
  Operand x;
  x.significand = (Code{1} << fraction_bits) | (tail & ones(fraction_bits));
  x.exponent = regime * (std::int64_t{1} << f.exponent_bits) + static_cast<std::int64_t>(field) -
               fraction_bits;
  return x;
}

// Of a positive takum; zeros are appended up to the longest head.
Operand number_of_body(const Takum& /*f*/, Code body, int width) {
  constexpr int longest_head = 11;
  const int padding = std::max(longest_head - width, 0);
  body <<= padding;
  width += padding;
  const auto start = static_cast<int>(body >> (width - 4));
  const bool up = start >= 8;
  const int r = up ? start - 8 : 7 - start;
  const int fraction_bits = width - 4 - r;
  const auto characteristic = static_cast<std::int64_t>((body >> fraction_bits) & ones(r));
  const std::int64_t c = up ? characteristic - 1 + (std::int64_t{1} << r)
                            : characteristic + 1 - (std::int64_t{2} << r);
  Operand x;
  x.significand = (Code{1} << fraction_bits) | (body & ones(fraction_bits));
  x.exponent = c - fraction_bits;
  return x;
}

// Negation of the number is negation of the code.
template <typename Tapered>
Operand unpack_tapered(const Tapered& f, Code code) {
  const Code sign_bit = Code{1} << (f.bits - 1);
  code &= ones(f.bits);
  Operand x;
  if (code == 0) return x;
  if (code == sign_bit) {
    x.kind = Operand::Class::nan;
    return x;
  }
  const bool negative = (code & sign_bit) != 0;
  x = number_of_body(f, (negative ? ~code + 1 : code) & (sign_bit - 1), f.bits - 1);
  x.negative = negative;
  x.kind = Operand::Class::finite;
  return x;
}

void describe_tapered(int bits, Target& t) {
  t.scheme = Scheme::tapered;
  t.bits = bits;
  t.sign = true;
  t.fraction_bits = bits;
  t.largest = {ones(bits - 1), ones(bits - 1)};
}

}  // namespace

// The regime of the largest posit is bits - 1 ones, that of the least all zeros but the last.
void describe(const Posit& f, Target& t) {
  describe_tapered(f.bits, t);
  t.most_exponent = (static_cast<std::int64_t>(f.bits) - 2) << f.exponent_bits;
  t.least_exponent = -t.most_exponent;
  if (is_stochastic(t.quantizer->rounding.mode)) t.further_bits = 1 << f.exponent_bits;
}

void describe(const Takum& f, Target& t) {
  describe_tapered(f.bits, t);
  t.most_exponent = 254;
  t.least_exponent = -255;
  constexpr int widest_gap = 64;  // of exponents, where the characteristic is cut
  if (is_stochastic(t.quantizer->rounding.mode)) t.further_bits = widest_gap;
}

template <typename Word>
Outcome round_tapered(const Target& target, const Exact<Word>& x, std::uint64_t random) {
  const std::int64_t exponent = x.exponent + bit_length(x.significand) - 1;
  if (exponent > target.most_exponent) return deliver_overflow(target, x.negative, 0);
  LongCode<Word> code;
  if (exponent >= target.least_exponent) code = long_code(target, x, exponent);
  if (!code.inexact && code.kept != 0) return {code_of_rank(target, code.kept, x.negative), 0};
  if (code.kept == target.largest[0]) return deliver_overflow(target, x.negative, 0);
  const Code rank = code.kept + (goes_out_of(target, code, x, random) ? 1 : 0);
  return {code_of_rank(target, rank, x.negative), flags::inexact};
}

TaperedCut cut_takum(const Target& target, const Exact<Code>& x) {
  const LongCode<Code> code = long_code(target, x, x.exponent + bit_length(x.significand) - 1);
  return {code.kept, code.inexact, code.order};
}

template Outcome round_tapered(const Target&, const Exact<Code>&, std::uint64_t);
template Outcome round_tapered(const Target&, const Exact<WideWord>&, std::uint64_t);
template Outcome round_tapered(const Target&, const Exact<Integer>&, std::uint64_t);

Operand unpack(const Posit& f, Code code) { return unpack_tapered(f, code); }
Operand unpack(const Takum& f, Code code) { return unpack_tapered(f, code); }

}  // namespace halfulp::emulator
