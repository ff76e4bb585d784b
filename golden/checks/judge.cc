// SPDX-License-Identifier: MIT
#include "golden/checks/judge.h"

#include <span>
#include <vector>

#include "formats/numbers/value.h"
#include "reference/operations.h"

namespace halfulp::checks {

using vectors::Calculation;
using vectors::Case;

namespace {

// The random word is one of them.
bool operands_are_known(const Calculation& calculation, const Case& c) {
  const std::size_t count = calculation.inputs.size() + (calculation.is_stochastic() ? 1 : 0);
  for (std::size_t place = 0; place < count; ++place) {
    if (is_unknown(c, place)) return false;
  }
  return true;
}

}  // namespace

bool agrees(const Calculation& calculation, const Strictness& strictness, const Case& c,
            const Outcome& outcome) {
  const std::size_t fields = c.unknown.size();  // none where all is known
  if (fields > 0 && is_unknown(c, fields - 2)) return false;
  if (fields > 0 && strictness.flags && is_unknown(c, fields - 1)) return false;
  if (strictness.flags && c.has_flags && c.flags != outcome.flags) return false;
  if (c.result == outcome.code) return true;
  const Format& format = calculation.output.format;
  const bool invalid = (outcome.flags & flags::invalid) != 0;
  if (is_to_integer(calculation.op) && invalid && !strictness.invalid_exact) return true;
  if (strictness.nan_exact || !has_nan(format)) return false;
  return classify(format, c.result) == CodeClass::nan &&
         classify(format, outcome.code) == CodeClass::nan;
}

Judgement judge(const Calculation& calculation, const Strictness& strictness, const Case& c,
                const OperationPlan* plan) {
  if (!operands_are_known(calculation, c)) return {};
  const std::span<const Code> operands(c.operands.data(), calculation.inputs.size());
  const bool is_planned = plan != nullptr && !c.mode;
  const Outcome want = is_planned
                           ? calculation.engine->operate(*plan, operands, c.random)
                           : calculation.compute_as(calculation.output_of(c), operands, c.random);
  return {.good = agrees(calculation, strictness, c, want), .want = want};
}

Real exact_result(const Calculation& calculation, const Case& c) {
  const Rounding rounding = calculation.output_of(c).rounding;
  const bool flushes = rounding.flush_inputs && !is_sign_operation(calculation.op);
  std::vector<Value> values;
  for (std::size_t i = 0; i < calculation.inputs.size(); ++i)
    values.push_back(reference::operand(calculation.inputs[i], c.operands[i], flushes));
  return reference::exact(calculation.op, values, rounding, c.random).value;
}

std::optional<Rank> distance(const Format& format, Code got, Code want) {
  if (got == want || !decode(format, got).is_finite() || !decode(format, want).is_finite())
    return std::nullopt;
  const Rank distance = rank_of(format, got) - rank_of(format, want);
  return distance == 0 ? std::nullopt : std::optional(distance);
}

}  // namespace halfulp::checks
