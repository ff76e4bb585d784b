// SPDX-License-Identifier: MIT
#include "reference/explain/explain.h"

#include <algorithm>
#include <utility>

#include "formats/codes.h"
#include "formats/presets.h"

namespace halfulp::reference {
namespace {

std::uint64_t last_random(int bits) {
  return bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

// The last random number from `first` on that still gives `outcome`. A greater random number never
// takes an outcome back: it turns a result outward, and ends its tininess, once each.
std::uint64_t last_of_run(const Located& x, const Quantizer& quantizer, std::uint64_t first,
                          const Outcome& outcome) {
  std::uint64_t low = first;
  std::uint64_t high = last_random(quantizer.rounding.random_bits);
  if (decide(x, quantizer, high) == outcome) return high;
  while (high - low > 1) {  // invariant: low gives the outcome, high does not
    const std::uint64_t middle = low + (high - low) / 2;
    (decide(x, quantizer, middle) == outcome ? low : high) = middle;
  }
  return low;
}

std::vector<Chance> runs(const Located& x, const Quantizer& quantizer) {
  std::vector<Chance> chances;
  const std::uint64_t last = last_random(quantizer.rounding.random_bits);
  for (std::uint64_t first = 0;;) {
    const Outcome outcome = decide(x, quantizer, first);
    const std::uint64_t end = last_of_run(x, quantizer, first, outcome);
    chances.push_back({outcome, Integer(end - first) + 1});
    if (end == last) return chances;
    first = end + 1;
  }
}

bool is_rank(const Format& format, Rank rank) {
  const Range range = finite_range(format);
  return rank >= range.lowest && rank <= range.highest;
}

Neighbour neighbour_at(const Format& format, Rank rank) {
  Neighbour n{.value = value_at(format, rank), .code = std::nullopt, .odd = is_odd(format, rank)};
  if (is_rank(format, rank)) n.code = code_at(format, rank);
  return n;
}

Value with_sign(Value v, bool negative) { return negative ? negated(std::move(v)) : v; }

void find_neighbours(Explanation& e, const Format& format) {
  const Located& x = e.located;
  if (x.place == Located::Place::exact) {
    e.inner = neighbour_at(format, x.inner);
    return;
  }
  if (!x.gap) return;
  e.outer = neighbour_at(format, x.outer);
  if (x.place == Located::Place::between) {
    e.inner = neighbour_at(format, x.inner);
    e.turn = boundary_above(format, std::min(x.inner, x.outer));
  } else {
    e.inner = Neighbour{.value = with_sign(x.gap->inner, x.negative), .code = std::nullopt};
    e.turn = scaled(sum(e.inner->value, e.outer->value), -1);
  }
  e.inner->odd = x.gap->inner_odd;
  e.outer->odd = !x.gap->inner_odd;
}

// (|x| - inner) / (outer - inner) with |x| = (n + a) / d: (n + a - inner d) / (d (outer - inner)).
void find_position(Explanation& e) {
  if (!e.located.gap) return;
  const Value& inner = e.located.gap->inner;
  const Value& outer = e.located.gap->outer;
  const Real& magnitude = e.located.magnitude;
  e.gap = Quotient{.numerator = {outer, negated(inner)}};
  e.position = Quotient{.numerator = {magnitude.numerator, magnitude.addend,
                                      negated(product(inner, magnitude.denominator))},
                        .denominator = {product(outer, magnitude.denominator),
                                        negated(product(inner, magnitude.denominator))}};
}

Quantizer with_mode(const Quantizer& quantizer, Mode mode) {
  Quantizer q = quantizer;
  q.rounding.mode = mode;
  if (mode == Mode::stochastic_equal) q.rounding.random_bits = 1;
  return q;
}

void add_rule(std::vector<RuleAnswer>& rules, std::string_view preset, Answer answer) {
  const auto same = std::find_if(rules.begin(), rules.end(), [&](const RuleAnswer& other) {
    return same_codes(other.answer, answer);
  });
  if (same != rules.end()) {
    same->presets.push_back(preset);
  } else {
    rules.push_back({{preset}, std::move(answer)});
  }
}

}  // namespace

bool same_codes(const Answer& a, const Answer& b) {
  // Counts a code each, over one common number of random bits.
  const auto weights = [](const Answer& answer, int bits) {
    std::vector<std::pair<Code, Integer>> list;
    for (const Chance& chance : answer.chances) {
      const Integer weight = chance.count << static_cast<unsigned>(bits - answer.random_bits);
      if (!list.empty() && list.back().first == chance.outcome.code) {
        list.back().second += weight;
      } else {
        list.emplace_back(chance.outcome.code, weight);
      }
    }
    return list;
  };
  const int bits = std::max(a.random_bits, b.random_bits);
  return weights(a, bits) == weights(b, bits);
}

Answer answer_of(const Located& x, const Quantizer& quantizer) {
  const Rounding& rounding = quantizer.rounding;
  Answer answer{.mode = rounding.mode, .random_bits = 0, .chances = {}};
  if (!is_stochastic(rounding.mode)) {
    answer.chances.push_back({decide(x, quantizer, 0), 1});
    return answer;
  }
  answer.random_bits = rounding.random_bits;
  answer.chances = runs(x, quantizer);
  return answer;
}

// With E = sum(count value) / 2^R and x = (n + a) / d:
//   E - x = (sum(count value d) - (n + a) 2^R) / (2^R d),
// and over the gap the denominator is (2^R d) (outer - inner).
std::optional<Expectation> expectation_of(const Explanation& e, const Format& format,
                                          const Answer& answer) {
  if (!e.x.numerator.is_finite()) return std::nullopt;
  const Value all = make_value(1, answer.random_bits);
  Expectation result{.expected = {.numerator = {}, .denominator = {all}},
                     .bias = {.numerator = {negated(product(e.x.numerator, all)),
                                            negated(product(e.x.addend, all))},
                              .denominator = {product(e.x.denominator, all)}},
                     .bias_in_gap = std::nullopt};
  for (const Chance& chance : answer.chances) {
    const Value delivered = decode(format, chance.outcome.code);
    if (!delivered.is_finite()) return std::nullopt;
    const Value term = product(delivered, integer_value(chance.count));
    result.expected.numerator.push_back(term);
    result.bias.numerator.push_back(product(term, e.x.denominator));
  }
  if (!e.gap) return result;
  result.bias_in_gap = result.bias;
  std::vector<Value> denominator;
  for (const Value& width : e.gap->numerator)
    denominator.push_back(product(result.bias.denominator.front(), width));
  result.bias_in_gap->denominator = std::move(denominator);
  return result;
}

Explanation explain(const Real& x, const Quantizer& quantizer, bool subnormal_operand) {
  Explanation e;
  const bool flushed = subnormal_operand && quantizer.rounding.flush_inputs;
  e.x = flushed ? real(zero_value(x.numerator.negative)) : x;
  e.located = locate(e.x, quantizer.format);
  find_neighbours(e, quantizer.format);
  find_position(e);
  const Quantizer chosen = with_mode(quantizer, quantizer.rounding.mode);
  e.chosen = answer_of(e.located, chosen);
  for (const Mode mode : all_modes())
    e.answers.push_back(answer_of(e.located, with_mode(quantizer, mode)));
  for (const OverflowPreset& preset : overflow_presets()) {
    const std::optional<Overflow> rule = rule_for(preset, peer_kind_of(quantizer.format));
    if (!rule) continue;
    Quantizer q = chosen;
    q.rounding.overflow = *rule;
    add_rule(e.rules, preset.name, answer_of(e.located, q));
  }
  e.wrong_paths = wrong_paths(e, chosen, subnormal_operand);
  return e;
}

}  // namespace halfulp::reference
