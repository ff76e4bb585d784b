// SPDX-License-Identifier: MIT
#include "golden/checks/mismatch_words.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/fields.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "golden/checks/wrong_ways.h"
#include "golden/words/numbers.h"
#include "reference/explain/quotient.h"
#include "reference/round.h"

namespace halfulp::checks {
namespace {

using vectors::Calculation;

// The exact result: in full, or "~" and the number of binary128 next to it.
std::string exact_text(const Calculation& calculation, const vectors::Case& c) {
  const Real x = exact_result(calculation, c);
  const Value& number = x.numerator;
  if (number.is_nan()) return "nan";
  if (number.is_infinite()) return number.negative ? "-inf" : "inf";
  if (number.is_zero()) return number.negative ? "-0" : "0";
  if (!x.root && !x.enclosure) {
    const words::NumberWords said = words::number_words(reference::quotient_of(x));
    const std::string form = said.form.empty() ? "" : " = " + said.form;
    return (said.exact ? "" : "~") + said.decimal + form;
  }
  const Format quadruple = find_format("binary128");
  const Value near = decode(quadruple, reference::round(x, {quadruple, {}}, 0).code);
  constexpr int digits = 12;
  return "~" + (near.is_finite() ? reference::decimal_of({{near}}, digits, digits).text
                                 : "beyond binary128");
}

// A field of the case: its code with what it stands for, or its text where that is unknown.
std::string field_line(const Format& format, Code code, const vectors::Case& c, std::size_t place) {
  return is_unknown(c, place) ? c.unknown[place] + "  unknown" : code_line(format, code);
}

std::string field_digits(const Format& format, Code code, const vectors::Case& c,
                         std::size_t place) {
  return is_unknown(c, place) ? c.unknown[place] : bare_code_text(format, code);
}

// Where the fields of a case stand.
struct Places {
  explicit Places(const Calculation& calculation)
      : random(calculation.inputs.size()), result(random + (calculation.is_stochastic() ? 1 : 0)) {}
  std::size_t random, result;
  [[nodiscard]] std::size_t flags() const { return result + 1; }
};

std::string title(const Calculation& calculation, const vectors::Case& c) {
  std::string text(name_of(calculation.op));
  if (c.mode) text += ", " + std::string(name_of(*c.mode));
  return text;
}

std::string random_text(const Calculation& calculation, const vectors::Case& c) {
  const std::size_t place = Places(calculation).random;
  if (is_unknown(c, place)) return c.unknown[place] + "  unknown";
  std::string text;
  vectors::append_hexadecimal(text, c.random, (calculation.output.rounding.random_bits + 3) / 4);
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

std::string distance_text(const Format& format, Code got, Code want) {
  const std::optional<Rank> distance = checks::distance(format, got, want);
  if (!distance) return {};
  const bool negative = *distance < 0;
  const Integer magnitude(negative ? -*distance : *distance);
  return (negative ? "-" : "") + magnitude.str();
}

std::string code_line(const Format& format, Code code) {
  return bare_code_text(format, code) + "  " + field_text(format, code) + "  " +
         shortest_text(format, code);
}

std::string text_of(const Calculation& calculation, const Strictness& strictness,
                    const Mismatch& mismatch) {
  const vectors::Case& c = mismatch.got;
  const Format& format = calculation.output.format;
  const Places places(calculation);
  const std::string place = mismatch.place.empty() ? "" : mismatch.place + ": ";
  std::string text = place + title(calculation, c) + "\n";
  for (std::size_t i = 0; i < calculation.inputs.size(); ++i)
    text += std::string("  ") + "abc"[i] + "     " +
            field_line(calculation.inputs[i], c.operands[i], c, i) + "\n";
  if (calculation.is_stochastic()) text += "  random " + random_text(calculation, c) + "\n";
  if (mismatch.want) text += "  exact " + exact_text(calculation, c) + "\n";
  text += "  got   " + field_line(format, c.result, c, places.result);
  if (is_unknown(c, places.flags())) {
    text += "  " + c.unknown[places.flags()] + " unknown";
  } else if (c.has_flags) {
    text += "  " + words::flags_text(c.flags);
  }
  if (!mismatch.want) return text + "\n  want  unknown, as an operand is\n";
  text += "\n  want  " + code_line(format, mismatch.want->code) + "  " +
          words::flags_text(mismatch.want->flags) + "\n";
  if (!c.unknown.empty()) return text;
  const std::string distance = distance_text(format, c.result, mismatch.want->code);
  if (!distance.empty()) text += "  off   " + distance + " ulp\n";
  const std::vector<std::string> ways = wrong_ways(calculation, strictness, c);
  if (!ways.empty()) text += "  as if " + joined(ways) + "\n";
  return text;
}

std::string json_text_of(const Calculation& calculation, const Strictness& strictness,
                         const Mismatch& mismatch) {
  const vectors::Case& c = mismatch.got;
  const Format& format = calculation.output.format;
  const Places places(calculation);
  Json object;
  if (!mismatch.place.empty()) object["place"] = mismatch.place;
  object["op"] = name_of(calculation.op);
  if (c.mode) object["rounding"] = name_of(*c.mode);
  Json operands = Json::array();
  for (std::size_t i = 0; i < calculation.inputs.size(); ++i)
    operands.push_back(field_digits(calculation.inputs[i], c.operands[i], c, i));
  object["operands"] = operands;
  if (is_unknown(c, places.random) && calculation.is_stochastic()) {
    object["random"] = c.unknown[places.random];
  } else if (calculation.is_stochastic()) {
    object["random"] = c.random;
  }
  if (mismatch.want) object["exact"] = exact_text(calculation, c);
  object["got"] = field_digits(format, c.result, c, places.result);
  if (mismatch.want) object["want"] = bare_code_text(format, mismatch.want->code);
  if (is_unknown(c, places.flags())) {
    object["got_flags"] = c.unknown[places.flags()];
  } else if (c.has_flags) {
    object["got_flags"] = words::flag_digits(c.flags);
  }
  if (mismatch.want) object["want_flags"] = words::flag_digits(mismatch.want->flags);
  if (!c.unknown.empty()) {
    object["unknown"] = true;
    return object.dump() + "\n";
  }
  const std::string distance = distance_text(format, c.result, mismatch.want->code);
  if (!distance.empty()) object["ulp"] = distance;
  object["as_if"] = wrong_ways(calculation, strictness, c);
  return object.dump() + "\n";
}

}  // namespace halfulp::checks
