// SPDX-License-Identifier: MIT
//
// A mismatch in words.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/check.h"
#include "cli/explain.h"
#include "cli/literals.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/fields.h"
#include "formats/json.h"
#include "reference/operations.h"
#include "reference/quotient.h"

namespace halfulp::cli {
namespace {

// The exact result: in full, or "~" and the number of binary128 next to it.
std::string exact_text(const Calculation& calculation, const vectors::Case& c) {
  const Quantizer quantizer = quantizer_of(calculation, c);
  std::vector<Value> values;
  for (std::size_t i = 0; i < calculation.inputs.size(); ++i) {
    values.push_back(
        reference::operand(calculation.inputs[i], c.operands[i],
                           quantizer.rounding.flush_inputs && !is_sign_operation(calculation.op)));
  }
  const Real x = reference::exact(calculation.op, values, quantizer.rounding, c.random).value;
  const Value& number = x.numerator;
  if (number.is_nan()) return "nan";
  if (number.is_infinite()) return number.negative ? "-inf" : "inf";
  if (number.is_zero()) return number.negative ? "-0" : "0";
  if (!x.root && !x.enclosure) {
    const NumberWords words = number_words(reference::quotient_of(x));
    const std::string form = words.form.empty() ? "" : " = " + words.form;
    return (words.exact ? "" : "~") + words.decimal + form;
  }
  const Format quadruple = find_format("binary128");
  const Value near = decode(quadruple, reference::round(x, {quadruple, {}}, 0).code);
  constexpr int digits = 12;
  return "~" + (near.is_finite() ? reference::decimal_of({{near}}, digits, digits).text
                                 : "beyond binary128");
}

// Codes between got and want, "" where there is no distance.
std::string distance_text(const Format& format, Code got, Code want) {
  if (got == want || !decode(format, got).is_finite() || !decode(format, want).is_finite())
    return {};
  const Rank distance = rank_of(format, got) - rank_of(format, want);
  if (distance == 0) return {};
  const bool negative = distance < 0;
  Integer magnitude(negative ? -distance : distance);
  return (negative ? "-" : "") + magnitude.str();
}

std::string code_line(const Format& format, Code code) {
  return bare_code_text(format, code) + "  " + field_text(format, code) + "  " +
         shortest_text(format, code);
}

std::string title(const Calculation& calculation, const vectors::Case& c) {
  std::string text(name_of(calculation.op));
  if (c.mode) text += ", " + std::string(name_of(*c.mode));
  return text;
}

// The first of the ways; "rounded" stands once.
std::string joined(const std::vector<std::string>& names) {
  std::string text;
  constexpr std::size_t most = 4;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) {
    std::string name = names[i];
    const std::string common = "rounded ";
    const bool repeats = i > 0 && name.rfind(common, 0) == 0 && names[0].rfind(common, 0) == 0;
    if (repeats) name = name.substr(common.size());
    text += (i == 0 ? "" : ", or ") + name;
  }
  return text;
}

}  // namespace

std::string text_of(const Calculation& calculation, const Strictness& strictness,
                    const Mismatch& mismatch) {
  const vectors::Case& c = mismatch.got;
  const Format& format = calculation.output.format;
  std::string text = mismatch.place + ": " + title(calculation, c) + "\n";
  for (std::size_t i = 0; i < calculation.inputs.size(); ++i)
    text += std::string("  ") + "abc"[i] + "     " +
            code_line(calculation.inputs[i], c.operands[i]) + "\n";
  if (calculation.is_stochastic()) {
    text += "  random ";
    vectors::append_hexadecimal(text, c.random, (calculation.output.rounding.random_bits + 3) / 4);
    text += "\n";
  }
  text += "  exact " + exact_text(calculation, c) + "\n";
  text += "  got   " + code_line(format, c.result);
  if (c.has_flags) text += "  " + flags_text(c.flags);
  text += "\n  want  " + code_line(format, mismatch.want.code) + "  " +
          flags_text(mismatch.want.flags) + "\n";
  const std::string distance = distance_text(format, c.result, mismatch.want.code);
  if (!distance.empty()) text += "  off   " + distance + " ulp\n";
  const std::vector<std::string> ways = wrong_ways(calculation, strictness, c);
  if (!ways.empty()) text += "  as if " + joined(ways) + "\n";
  return text;
}

std::string json_text_of(const Calculation& calculation, const Strictness& strictness,
                         const Mismatch& mismatch) {
  const vectors::Case& c = mismatch.got;
  const Format& format = calculation.output.format;
  Json object;
  object["place"] = mismatch.place;
  object["op"] = name_of(calculation.op);
  if (c.mode) object["rounding"] = name_of(*c.mode);
  Json operands = Json::array();
  for (std::size_t i = 0; i < calculation.inputs.size(); ++i)
    operands.push_back(bare_code_text(calculation.inputs[i], c.operands[i]));
  object["operands"] = operands;
  if (calculation.is_stochastic()) object["random"] = c.random;
  object["exact"] = exact_text(calculation, c);
  object["got"] = bare_code_text(format, c.result);
  object["want"] = bare_code_text(format, mismatch.want.code);
  if (c.has_flags) object["got_flags"] = flags_digits(c.flags);
  object["want_flags"] = flags_digits(mismatch.want.flags);
  const std::string distance = distance_text(format, c.result, mismatch.want.code);
  if (!distance.empty()) object["ulp"] = distance;
  object["as_if"] = wrong_ways(calculation, strictness, c);
  return object.dump() + "\n";
}

}  // namespace halfulp::cli
