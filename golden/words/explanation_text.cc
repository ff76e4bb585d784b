// SPDX-License-Identifier: MIT
//
// The report for people: blocks of lines of at most 100 columns (long bit patterns excepted), each
// left out where it has nothing to say.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/fields.h"
#include "formats/numbers/value.h"
#include "formats/presets.h"
#include "golden/words/explanation.h"
#include "golden/words/table.h"

namespace halfulp::words {
namespace {

using reference::Answer;
using reference::Chance;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t label_width = 11;
constexpr std::size_t page_width = 96;
constexpr std::size_t longest_hexadecimal = 40;

std::string line(std::string label, const std::string& text) {
  label.resize(std::max(label.size() + 1, label_width), ' ');
  return label + text + "\n";
}

// Words in lines of at most the page's width, those after the first indented.
std::string wrapped(const std::string& label, const std::string& text) {
  std::string lines;
  std::string current;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!current.empty() && current.size() + 1 + word.size() > page_width - label_width) {
      lines += line(lines.empty() ? label : "", current);
      current.clear();
    }
    current += (current.empty() ? "" : " ") + word;
    at = end + 1;
  }
  return lines + line(lines.empty() ? label : "", current);
}

// In the shortest exact way; "~" stands before rounded digits.
std::string short_number(const ExplainReport& report, const reference::Quotient& q) {
  const NumberWords words = number_words(q);
  if (report.style.hexadecimal && !words.hexadecimal.empty()) return words.hexadecimal;
  if (words.exact) return words.decimal;
  constexpr std::size_t longest_form = 21;
  const bool short_form = !words.form.empty() && words.form.size() <= longest_form;
  return short_form ? words.form : "~" + words.decimal;
}

std::string short_number(const ExplainReport& report, const Value& v) {
  return v.is_finite() ? short_number(report, reference::Quotient{{v}}) : hexadecimal_text(v);
}

// Exact digits, or rounded ones and what they stand for.
std::string digits_and_form(const ExplainReport& report, const reference::Quotient& q) {
  const NumberWords words = number_words(q);
  if (report.style.hexadecimal && !words.hexadecimal.empty()) return words.hexadecimal;
  if (words.exact) return words.decimal;
  return "~" + words.decimal + (words.form.empty() ? "" : " = " + words.form);
}

constexpr std::size_t narrow = 17;  // characters of a number in a table of results

// A code's number: exactly where that is short, else so that it reads back.
std::string result_text(const ExplainReport& report, Code code) {
  const Value v = decode(report.quantizer.format, code);
  if (report.style.exact || report.style.hexadecimal || !v.is_finite() || v.is_zero())
    return value_text(report, code);
  const NumberWords words = number_words({{v}});
  if (words.exact && words.decimal.size() <= narrow) return words.decimal;
  return v.is_dyadic() || words.form.empty() ? value_text(report, code) : words.form;
}

// A neighbour's number: exactly where that has few digits, else so that it reads back, behind "~".
std::string neighbour_text(const ExplainReport& report, const reference::Neighbour& n) {
  if (!n.code || report.style.hexadecimal || n.value.is_zero())
    return short_number(report, n.value);
  const NumberWords words = number_words({{n.value}});
  if (words.exact) return words.decimal;
  return n.value.is_dyadic() || words.form.empty() ? "~" + value_text(report, *n.code) : words.form;
}

// What the first of two roundings gives, in a few characters.
std::string narrow_number(const ExplainReport& report, const Value& v) {
  constexpr int few_digits = 9;
  std::string text = short_number(report, v);
  if (text.size() <= narrow || report.style.hexadecimal || !v.is_finite()) return text;
  return "~" + reference::decimal_of({{v}}, few_digits, few_digits).text;
}

// In all ways: 0.1875 = 3 * 2^-4 = 0x1.8p-3
std::string full_number(const reference::Quotient& q) {
  const NumberWords words = number_words(q);
  std::string text = (words.exact ? "" : "~") + words.decimal;
  if (!words.form.empty()) text += " = " + words.form;
  if (!words.hexadecimal.empty() && words.hexadecimal.size() <= longest_hexadecimal)
    text += " = " + words.hexadecimal;
  return text;
}

std::string full_number(const Value& v) {
  return v.is_finite() ? full_number(reference::Quotient{{v}}) : hexadecimal_text(v);
}

std::string head_text(const ExplainReport& report) {
  const Quantizer& q = report.quantizer;
  const Value& v = report.found.x.numerator;
  std::string text =
      line("number",
           v.is_finite() ? full_number(reference::quotient_of(report.found.x)) : full_number(v));
  if (report.from) {
    text +=
        line("from", report.from->name + " code " + code_text(*report.from, report.code) + ", " +
                         field_names(*report.from) + " " + field_text(*report.from, report.code));
    if (report.rounded_first) text += line("", "the nearest to " + report.input);
  }
  const std::string rule(preset_name_of(q.rounding.overflow, q.format));
  std::string how = std::string(name_of(q.rounding.mode));
  if (is_stochastic(q.rounding.mode))
    how += " with " + counted(report.found.chosen.random_bits, "random bit");
  how += ", overflow " + (rule.empty() ? "by its own rule" : rule);
  if (q.rounding.tininess == Tininess::before_rounding) how += ", tininess before rounding";
  if (q.rounding.flush_inputs) how += ", subnormal operands flushed";
  if (q.rounding.flush_outputs) how += ", tiny results flushed";
  if (q.rounding.nan != NanRule::keep_sign)
    how += ", NaN by the rule " + std::string(name_of(q.rounding.nan));
  text += line(
      "to", q.format.name + ", " + counted(bits(q.format), "bit") + ", " + field_names(q.format));
  text += line("rounding", how);
  for (const std::string& words : situation_words(report)) text += wrapped("note", words);
  return text;
}

std::string neighbours_text(const ExplainReport& report) {
  const reference::Explanation& e = report.found;
  const Format& format = report.quantizer.format;
  Rows rows;
  const auto add = [&](const char* side, const reference::Neighbour& n) {
    rows.push_back({side, neighbour_text(report, n),
                    n.code ? code_text(format, *n.code) : "no code",
                    n.code ? field_text(format, *n.code) : "", n.odd ? "odd" : "even"});
  };
  const bool between_signs = e.outer && e.inner->value.negative != e.outer->value.negative &&
                             !e.inner->value.is_zero() && !e.outer->value.is_zero();
  if (e.inner) add(!e.outer ? "itself" : between_signs ? "below" : "toward zero", *e.inner);
  if (e.outer) add(between_signs ? "above" : "away", *e.outer);
  if (rows.empty()) return {};
  std::string text =
      "\n" +
      table_text({{"neighbour"}, {"value", Align::right}, {"code"}, {"bits"}, {"parity"}}, rows);
  if (!e.outer) return text;
  const int middle = e.located.gap->middle;
  const std::string order = middle < 0 ? "before" : middle == 0 ? "at" : "past";
  text += line("nearest", "turns at " + short_number(report, *e.turn) + ", " + turn_words(format) +
                              "; the number is " + order + " it");
  if (e.chosen.mode == Mode::nearest_log && !e.located.gap->logarithmic)
    text += line("", "nearest-log at the geometric mean of the two");
  text += line("position", digits_and_form(report, *e.position) + " of the gap, counted " +
                               (between_signs ? "upward" : "away from zero"));
  text += line("ulp", digits_and_form(report, *e.gap) + ", the width of the gap");
  return text;
}

// A row an outcome; the first cell is the name.
void add_rows(const ExplainReport& report, const std::string& name, const Answer& answer,
              Rows& rows) {
  const Format& format = report.quantizer.format;
  for (const Chance& chance : answer.chances) {
    const bool first = &chance == &answer.chances.front();
    rows.push_back({first ? name : "", result_text(report, chance.outcome.code),
                    code_text(format, chance.outcome.code), flags_text(chance.outcome.flags),
                    chance_text(answer, chance)});
  }
}

std::string without_empty_columns(std::vector<Column> columns, Rows rows) {
  for (std::size_t i = columns.size(); i-- > 0;) {
    if (std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return !row[i].empty(); }))
      continue;
    columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(i));
    for (std::vector<std::string>& row : rows)
      row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return "\n" + table_text(columns, rows);
}

std::string outcomes_table(const std::string& name, const Rows& rows) {
  return without_empty_columns({{name}, {"result", Align::right}, {"code"}, {"flags"}, {"chance"}},
                               rows);
}

std::string roundings_text(const ExplainReport& report) {
  const auto& answers = report.found.answers;
  const auto& first = answers.front().chances;
  const bool all_same = std::all_of(answers.begin(), answers.end(), [&](const Answer& answer) {
    return answer.chances.size() == 1 && answer.chances.front().outcome == first.front().outcome;
  });
  Rows rows;
  if (all_same) {
    add_rows(report, "each of them", answers.front(), rows);
  } else {
    for (const Answer& answer : answers)
      add_rows(report, std::string(name_of(answer.mode)), answer, rows);
  }
  return outcomes_table("rounding", rows);
}

std::string expectations_text(const ExplainReport& report) {
  Rows rows;
  for (const Answer& answer : report.found.answers) {
    if (answer.random_bits == 0) continue;
    const auto found = expectation_of(report.found, report.quantizer.format, answer);
    const std::string name(name_of(answer.mode));
    if (!found) {
      rows.push_back({name, "none: not finite", "", ""});
      continue;
    }
    rows.push_back({name, short_number(report, found->expected), short_number(report, found->bias),
                    found->bias_in_gap ? short_number(report, *found->bias_in_gap) : ""});
  }
  return "\n" + table_text({{"expectation"},
                            {"E[Q(x)]", Align::right},
                            {"bias E[Q(x)] - x", Align::right},
                            {"bias in ulp", Align::right}},
                           rows);
}

// The presets' names in cells of a line each.
std::vector<std::string> name_cells(const std::vector<std::string_view>& names) {
  constexpr std::size_t widest = 44;
  std::vector<std::string> cells{""};
  for (const std::string_view name : names) {
    std::string& cell = cells.back();
    if (cell.empty()) {
      cell = name;
    } else if (cell.size() + 2 + name.size() <= widest) {
      cell += ", " + std::string(name);
    } else {
      cell += ",";
      cells.emplace_back(name);
    }
  }
  return cells;
}

std::string rules_text(const ExplainReport& report) {
  if (report.found.rules.size() < 2) return {};
  Rows rows;
  for (const reference::RuleAnswer& rule : report.found.rules) {
    const std::vector<std::string> names = name_cells(rule.presets);
    Rows outcomes;
    add_rows(report, "", rule.answer, outcomes);
    outcomes.resize(std::max(outcomes.size(), names.size()), std::vector<std::string>(5));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      outcomes[i].front() = i < names.size() ? names[i] : "";
      rows.push_back(outcomes[i]);
    }
  }
  return outcomes_table("overflow rule", rows);
}

std::string paths_text(const ExplainReport& report) {
  Rows rows;
  for (const reference::WrongPath& path : report.found.wrong_paths) {
    const PathWords words = path_words(path);
    Rows outcomes;
    add_rows(report, words.name, path.answer, outcomes);
    for (const std::vector<std::string>& outcome : outcomes) {
      const bool first = &outcome == &outcomes.front();
      rows.push_back({outcome[0], first && path.between ? narrow_number(report, *path.between) : "",
                      outcome[1], outcome[2], outcome[4], first ? words.what : ""});
    }
  }
  if (rows.empty()) return "\nNone of the known wrong ways gives another result.\n";
  return without_empty_columns({{"wrong way"},
                                {"first", Align::right},
                                {"result", Align::right},
                                {"code"},
                                {"chance"},
                                {"what it does"}},
                               rows);
}

bool has_chances(const ExplainReport& report) {
  const auto& answers = report.found.answers;
  return std::any_of(answers.begin(), answers.end(),
                     [](const Answer& answer) { return answer.chances.size() > 1; });
}

}  // namespace

std::string text_of(const ExplainReport& report) {
  std::string text = head_text(report);
  Rows result;
  add_rows(report, "", report.found.chosen, result);
  for (const std::vector<std::string>& row : result) {
    text += line(&row == &result.front() ? "result" : "",
                 row[1] + "  " + row[2] + "  " + row[3] +
                     (row[4].empty() ? "" : "  with probability " + row[4]));
  }
  text += neighbours_text(report) + roundings_text(report);
  if (has_chances(report)) text += expectations_text(report);
  return text + rules_text(report) + paths_text(report);
}

}  // namespace halfulp::words
