// SPDX-License-Identifier: MIT
//
// A number that is cut to 63 bits or more, bit 0 set in the place of everything below, rounds as
// the number itself where the rounding looks at no bit below the second: it lies on the same side
// of every number and every middle that bits further up can write, and is none of them.
#include "emulator/operations/number_rounder.h"

#include "emulator/rounding/number.h"
#include "emulator/rounding/round.h"
#include "formats/numbers/short_decimal.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {

struct NumberRounder::Prepared {
  explicit Prepared(const Quantizer& q) : quantizer(q), target(target_of(quantizer)) {
    constexpr int least_bits = 62;
    takes_words = !rounds_in_full(target);
    takes_cut_words = takes_words && target.on_grid && bits_needed(target) < least_bits;
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() = default;

  Quantizer quantizer;
  Target target;  // of the quantizer above
  bool takes_words = false, takes_cut_words = false;
};

NumberRounder::NumberRounder(const Quantizer& quantizer)
    : prepared_(std::make_shared<const Prepared>(quantizer)) {}

namespace {

bool fits_word(const Integer& n, unsigned bits) { return boost::multiprecision::msb(n) < bits; }

Code word_of(const Integer& n) {
  const auto& limbs = n.backend();
  const Code low = limbs.limbs()[0];
  return limbs.size() > 1 ? low | static_cast<Code>(limbs.limbs()[1]) << 64 : low;
}

}  // namespace

// A dyadic number of 128 bits is taken as it is; a quotient by one of 60 bits has 68 bits or more.
Outcome NumberRounder::round(const Real& x, std::uint64_t random) const {
  const Target& target = prepared_->target;
  const Value& a = x.numerator;
  const Value& b = x.denominator;
  const bool plain = a.is_finite() && !a.is_zero() && !x.root && !x.enclosure &&
                     x.addend.is_zero() && a.is_dyadic() && b.is_dyadic();
  if (plain && prepared_->takes_words && fits_word(a.significand, 128)) {
    const Exact<Code> numerator{a.negative, word_of(a.significand), a.exponent};
    if (b.significand == 1)
      return emulator::round(
          target,
          Exactly<Code>{{numerator.negative, numerator.significand, a.exponent - b.exponent}},
          random);
    if (prepared_->takes_cut_words && fits_word(b.significand, 60))
      return emulator::round(
          target,
          Exactly<Code>{exact_quotient(
              numerator, Exact<Code>{b.negative, word_of(b.significand), b.exponent})},
          random);
  }
  return round_real(target, x, random);
}

Outcome NumberRounder::round(const Value& x, std::uint64_t random) const {
  const bool plain = prepared_->takes_words && x.is_finite() && x.is_dyadic() && !x.is_zero();
  if (!plain || !fits_word(x.significand, 128)) return round(real(x), random);
  return emulator::round(prepared_->target,
                         Exactly<Code>{{x.negative, word_of(x.significand), x.exponent}}, random);
}

std::optional<Outcome> NumberRounder::round(const ShortNumber& x, std::uint64_t random) const {
  const Target& target = prepared_->target;
  if (x.significand == 0) return round_zero(target, x.negative, random);
  if (!(x.exact ? prepared_->takes_words : prepared_->takes_cut_words)) return std::nullopt;
  return emulator::round(
      target, Exactly<Code>{{x.negative, static_cast<Code>(x.significand), x.exponent}}, random);
}

Outcome NumberRounder::round_literal(std::string_view text, std::uint64_t random) const {
  if (const std::optional<ShortNumber> number = parse_short(text)) {
    if (const std::optional<Outcome> outcome = round(*number, random)) return *outcome;
  }
  return round(parse_real(text), random);
}

}  // namespace halfulp::emulator
