// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "formats/codes.h"
#include "formats/fields.h"
#include "formats/numbers/value.h"
#include "golden/words/explanation.h"

namespace halfulp::words {
namespace {

// {"value", "exact", "form", "hexadecimal"}: the last two where there are any.
Json number(const reference::Quotient& q) {
  const NumberWords words = number_words(q);
  Json object;
  object["value"] = words.decimal;
  object["exact"] = words.exact;
  if (!words.form.empty()) object["form"] = words.form;
  if (!words.hexadecimal.empty()) object["hexadecimal"] = words.hexadecimal;
  return object;
}

Json number_or_text(const Value& v) {
  return v.is_finite() ? number({{v}}) : Json(hexadecimal_text(v));
}

Json input_json(const ExplainReport& report) {
  Json object;
  object["text"] = report.input;
  const Value& v = report.found.x.numerator;
  object["number"] =
      v.is_finite() ? number(reference::quotient_of(report.found.x)) : Json(hexadecimal_text(v));
  if (report.from) {
    object["from"] = report.from->name;
    object["code"] = code_text(*report.from, report.code);
    object["fields"] = field_text(*report.from, report.code);
    object["rounded_first"] = report.rounded_first;
  }
  return object;
}

Json neighbour_json(const ExplainReport& report, const reference::Neighbour& neighbour,
                    const char* side) {
  const Format& format = report.quantizer.format;
  Json object;
  object["side"] = side;
  object["number"] = number_or_text(neighbour.value);
  object["odd"] = neighbour.odd;
  object["code"] = neighbour.code ? Json(code_text(format, *neighbour.code)) : Json(nullptr);
  if (neighbour.code) {
    object["value"] = value_text(report, *neighbour.code);
    object["fields"] = field_text(format, *neighbour.code);
  }
  return object;
}

Json answer_json(const ExplainReport& report, const reference::Answer& answer) {
  const Format& format = report.quantizer.format;
  Json object;
  object["rounding"] = std::string(name_of(answer.mode));
  Json outcomes = Json::array();
  for (const reference::Chance& chance : answer.chances) {
    Json outcome;
    outcome["code"] = code_text(format, chance.outcome.code);
    outcome["value"] = value_text(report, chance.outcome.code);
    outcome["flags"] = flag_digits(chance.outcome.flags);
    if (answer.random_bits > 0) outcome["count"] = chance.count.str();
    outcomes.push_back(outcome);
  }
  if (answer.random_bits > 0) object["random_bits"] = answer.random_bits;
  object["outcomes"] = outcomes;
  if (answer.random_bits == 0) return object;
  const auto expectation = expectation_of(report.found, format, answer);
  object["expected"] = expectation ? number(expectation->expected) : Json(nullptr);
  object["bias"] = expectation ? number(expectation->bias) : Json(nullptr);
  object["bias_in_ulp"] =
      expectation && expectation->bias_in_gap ? number(*expectation->bias_in_gap) : Json(nullptr);
  return object;
}

Json rules_json(const ExplainReport& report) {
  Json list = Json::array();
  for (const reference::RuleAnswer& rule : report.found.rules) {
    Json object = answer_json(report, rule.answer);
    object.erase("rounding");
    object["overflow"] = rule.presets;
    list.push_back(object);
  }
  return list;
}

Json paths_json(const ExplainReport& report) {
  Json list = Json::array();
  for (const reference::WrongPath& path : report.found.wrong_paths) {
    const PathWords words = path_words(path);
    Json object;
    object["way"] = words.name;
    object["what"] = words.what;
    if (path.between) object["between"] = number_or_text(*path.between);
    object.update(answer_json(report, path.answer));
    list.push_back(object);
  }
  return list;
}

}  // namespace

Json json_of(const ExplainReport& report) {
  const reference::Explanation& e = report.found;
  Json object;
  object["input"] = input_json(report);
  object["to"] = to_json(report.quantizer);
  object["place"] = place_word(e.located.place);
  object["notes"] = situation_words(report);
  Json neighbours = Json::array();
  if (e.inner) neighbours.push_back(neighbour_json(report, *e.inner, "toward zero"));
  if (e.outer) neighbours.push_back(neighbour_json(report, *e.outer, "away from zero"));
  object["neighbours"] = neighbours;
  object["fields"] = field_names(report.quantizer.format);
  object["turn"] = e.turn ? number_or_text(*e.turn) : Json(nullptr);
  object["position"] = e.position ? number(*e.position) : Json(nullptr);
  object["gap"] = e.gap ? number(*e.gap) : Json(nullptr);
  object["result"] = answer_json(report, e.chosen);
  object["roundings"] = Json::array();
  for (const reference::Answer& answer : e.answers)
    object["roundings"].push_back(answer_json(report, answer));
  object["overflow_rules"] = rules_json(report);
  object["wrong_ways"] = paths_json(report);
  return object;
}

}  // namespace halfulp::words
