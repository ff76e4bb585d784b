// SPDX-License-Identifier: MIT
//
// Random bits choose in proportion to value. That is the position in the encoding where the cut
// goes through the fraction; elsewhere the neighbours are decoded and their distance divided by.
#include "emulator/scalar/tapered.h"

#include "emulator/scalar/gap.h"
#include "emulator/scalar/ratio.h"
#include "emulator/scalar/scheme.h"

namespace halfulp::emulator {
namespace {

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

template <typename Word>
LongCode<Word> long_code(const Target& target, const Head& head, const Word& significand) {
  const int length = bit_length(significand) - 1;
  const Word fraction = significand - Word(Word(1) << length);
  const int width = target.bits - 1;
  return head.count <= width ? cut_fraction(head, fraction, length, width)
                             : cut_head(head, fraction, width);
}

// Between the numbers of the ranks code.kept and code.kept + 1.
template <typename Word>
struct TaperedGap {
  const Target& target;
  const Exactly<Word>& number;
  const LongCode<Word>& code;
  bool odd;
  bool negative;

  [[nodiscard]] Exact<Integer> inner() const {
    return code.kept == 0 ? Exact<Integer>{} : number_of_rank(code.kept);
  }
  [[nodiscard]] Exact<Integer> outer() const { return number_of_rank(code.kept + 1); }
  [[nodiscard]] Exact<Integer> number_of_rank(Code rank) const {
    return exact_integer(target.scheme->unpack(target.quantizer->format, rank));
  }

  [[nodiscard]] int order() const { return code.kept == 0 ? 1 : code.order; }
  [[nodiscard]] int order_in_logarithm() const {
    return code.kept == 0 ? 1 : compare_to_geometric_mean(number, inner(), outer());
  }
  [[nodiscard]] Position position(int bits) const {
    if (code.in_fraction && code.kept != 0)
      return emulator::position(code.rest, code.discarded, bits);
    Exact<Integer> magnitude = exact_integer(number.cut);
    magnitude.negative = false;
    return position_between(magnitude, inner(), outer(), bits);
  }
};

}  // namespace

template <typename Word>
Outcome round_tapered(const Target& target, HeadOf head_of, const Exactly<Word>& x,
                      std::uint64_t random) {
  const bool negative = x.negative();
  const std::int64_t exponent = leading_exponent(x.cut);
  if (exponent > target.most_exponent) return deliver_overflow(target, negative, 0);
  LongCode<Word> code;
  if (exponent >= target.least_exponent)
    code = long_code(target, head_of(target.quantizer->format, exponent), x.cut.significand);
  if (!code.inexact && code.kept != 0) return {code_of_rank(target, code.kept, negative), 0};
  if (code.kept == target.largest[0]) return deliver_overflow(target, negative, 0);
  const TaperedGap<Word> gap{target, x, code, (code.kept & 1) != 0, negative};
  const Code rank = code.kept + (goes_out(target.quantizer->rounding, gap, random) ? 1 : 0);
  return {code_of_rank(target, rank, negative), flags::inexact};
}

template Outcome round_tapered(const Target&, HeadOf, const Exactly<Code>&, std::uint64_t);
template Outcome round_tapered(const Target&, HeadOf, const Exactly<WideWord>&, std::uint64_t);
template Outcome round_tapered(const Target&, HeadOf, const Exactly<Integer>&, std::uint64_t);

TaperedCut cut_tapered(const Target& target, HeadOf head_of, const Exact<Code>& x) {
  const Head head = head_of(target.quantizer->format, leading_exponent(x));
  const LongCode<Code> code = long_code(target, head, x.significand);
  return {code.kept, code.inexact, code.order};
}

void describe_tapered(int bits, Target& t) {
  t.bits = bits;
  t.sign = true;
  t.fraction_bits = bits;
  t.largest = {ones(bits - 1), ones(bits - 1)};
}

Operand unpack_tapered(const Format& format, int bits, NumberOfBody number_of_body, Code code) {
  const Code sign_bit = Code{1} << (bits - 1);
  code &= ones(bits);
  Operand x;
  if (code == 0) return x;
  if (code == sign_bit) {
    x.kind = Operand::Class::nan;
    return x;
  }
  const bool negative = (code & sign_bit) != 0;
  x = number_of_body(format, (negative ? ~code + 1 : code) & (sign_bit - 1), bits - 1);
  x.negative = negative;
  x.kind = Operand::Class::finite;
  return x;
}

}  // namespace halfulp::emulator
