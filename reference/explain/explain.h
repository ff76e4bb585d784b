// SPDX-License-Identifier: MIT
//
// Everything there is to say about one number and one format: its neighbours, where nearest turns,
// the position in the gap, what every rounding mode delivers and, of the stochastic ones, with
// which probability, expected value and bias; what the overflow rules make of it; and which
// well-known wrong ways of rounding deliver something else. All of it follows from
// reference/round.h, exactly; the texts are the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "formats/engine.h"
#include "formats/format.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"
#include "reference/explain/quotient.h"
#include "reference/round.h"

namespace halfulp::reference {

// An end of the gap that the number lies in. Without a code it lies one step beyond the ends of the
// format (or, in a format without zero, is half the least number): a rounding that goes there is an
// overflow, or whatever the overflow rule says.
struct Neighbour {
  Value value;
  std::optional<Code> code;
  bool odd = false;  // counts as odd in ties
};

// What a rounding delivers: `count` of the 2^random_bits random numbers give `outcome`. A mode
// without randomness has one outcome, and random_bits is 0.
struct Chance {
  Outcome outcome;
  Integer count = 1;
};
struct Answer {
  Mode mode = Mode::nearest_even;
  int random_bits = 0;
  std::vector<Chance> chances;  // in the order of the random numbers: away from zero comes last
};
// The same codes with the same probabilities; flags do not count.
bool same_codes(const Answer& a, const Answer& b);

// Of what an answer delivers; absent where it may be NaN or an infinity, or the number is one.
struct Expectation {
  Quotient expected;
  Quotient bias;                        // expected - x
  std::optional<Quotient> bias_in_gap;  // over the width of the gap; where there is one
};

enum class Path : std::uint8_t {
  through,             // another format first, to nearest even
  cut_through,         // another format first, cut toward zero
  ties_away,           // adding half the spacing to the magnitude and cutting
  ties_up,             // adding half the spacing and flooring
  truncated,           // cutting the bits that do not fit
  floored,             // an arithmetic shift of two's complement
  flushed,             // subnormal results become zeros
  flushed_input,       // subnormal operands become zeros
  clamped,             // saturated where the overflow rule says otherwise
  unbounded_exponent,  // to full precision first, then again to that of subnormal numbers
  by_distance,         // to the nearer of the neighbours where the format turns elsewhere
  offset_first,        // affine: the zero point added before the quotient is rounded
  divided,             // affine: the quotient x / scale in binary32
  reciprocal,          // affine: the product x * (1 / scale) in binary32
};
struct WrongPath {
  Path path = Path::through;
  std::string_view through;      // the format of `through` and `cut_through`
  std::optional<Value> between;  // what the first of two roundings gives
  Answer answer;
};

// What an overflow preset, or several, answer.
struct RuleAnswer {
  std::vector<std::string_view> presets;
  Answer answer;
};

struct Explanation {
  Real x;
  Located located;
  std::optional<Neighbour> inner, outer;  // of the gap; inner is nearer to zero. Where the number
                                          // is in the format: itself, as inner
  std::optional<Value> turn;              // where nearest turns between them, signed
  std::optional<Quotient> position;       // (|x| - |inner|) / (|outer| - |inner|)
  std::optional<Quotient> gap;            // |outer| - |inner|
  Answer chosen;                          // of the quantizer's rounding
  std::vector<Answer> answers;            // of all modes, the quantizer's rounding otherwise
  std::vector<RuleAnswer> rules;          // of the quantizer's mode
  std::vector<WrongPath> wrong_paths;     // those that differ from `chosen`
};

// x has no root. `subnormal_operand`: x is a subnormal number of the format that it comes in.
Explanation explain(const Real& x, const Quantizer& quantizer, bool subnormal_operand = false);

// What the quantizer delivers.
Answer answer_of(const Located& x, const Quantizer& quantizer);
std::optional<Expectation> expectation_of(const Explanation& e, const Format& format,
                                          const Answer& answer);

// The ways named by Path, where they apply and deliver other codes than `right`.
std::vector<WrongPath> wrong_paths(const Explanation& e, const Quantizer& quantizer,
                                   bool subnormal_operand);

}  // namespace halfulp::reference
