// SPDX-License-Identifier: MIT
#include "experiments/results/page/fit_table.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "experiments/results/figure/swept.h"
#include "experiments/results/page/html.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t most_columns = 32;

std::string text_at(const Json& fit, const char* key) {
  const Json* value = member_of(fit, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

// What a table of fits is about.
std::string title_of(const Json& fit) {
  const std::string kind = text_at(fit, "kind");
  const std::string y = metric_words(text_at(fit, "y"));
  const bool over_log = text_at(fit, "x_scale") == "over_log";
  const std::string x = field_words(text_at(fit, "x")) + (over_log ? ", as x / ln x" : "");
  if (kind == "power_law") return "Power law of the " + y + " in the " + x;
  if (kind == "power_law_floor")
    return "Power law and floor, amplitude x^−exponent + floor, of the " + y + " in the " + x;
  if (kind == "joint_power_law")
    return "Joint power law of the " + y + " in the " + field_words(text_at(fit, "model_size")) +
           " and the " + field_words(text_at(fit, "data_size"));
  if (kind == "precision_law")
    return "Law of precision of the " + y + " in the " + field_words(text_at(fit, "model_size")) +
           (text_at(fit, "data_size").empty() ? ""
                                              : ", the " + field_words(text_at(fit, "data_size"))) +
           " and the bits of the " + field_words(text_at(fit, "precision"));
  if (kind == "effective_size")
    return "Effective " + field_words(text_at(fit, "axis")) +
           ": where full precision has the same " + y;
  if (kind == "effective_sizes" && !text_at(fit, "axis").empty())
    return "Effective " + field_words(text_at(fit, "axis")) + " by a joint law of the " + y;
  if (kind == "effective_sizes")
    return "Joint law of the " + y +
           " in effective sizes: " + field_words(text_at(fit, "model_size")) + " and " +
           field_words(text_at(fit, "data_size"));
  return kind.empty() ? "Fits of no known kind" : "Fits of the kind " + kind;
}

// Members that the title says, or that stand in the cell of another.
bool is_said(const std::string& key) {
  static const std::set<std::string> said{"kind",
                                          "x",
                                          "y",
                                          "axis",
                                          "x_scale",
                                          "group",
                                          "model_size",
                                          "data_size",
                                          "curvature_error",
                                          "degrees_of_freedom",
                                          "data_scale",
                                          "precision"};
  return said.count(key) > 0 || key.ends_with("_interval");
}

std::string heading_of(const std::string& key, bool with_interval) {
  static const std::map<std::string, std::string> known{{"intercept", "ln y at x = 1"},
                                                        {"chi_square", "χ² / degrees of freedom"},
                                                        {"probability", "chance of a larger χ²"},
                                                        {"excluded", "points left out"},
                                                        {"residual", "residual of ln y"},
                                                        {"curvature", "curvature ± standard error"},
                                                        {"range", "range of x"},
                                                        {"error", "no fit, because"},
                                                        {"floor_below", "floor below"},
                                                        {"data_share", "effective / true samples"},
                                                        {"theory_data_share", "the same by theory"},
                                                        {"effective_size", "effective size"},
                                                        {"misfit", "misfit"}};
  const auto found = known.find(key);
  std::string words = key;
  std::replace(words.begin(), words.end(), '_', ' ');
  if (found != known.end()) words = found->second;
  return with_interval ? words + " [95 % interval]" : words;
}

std::string plain_words(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_null()) return "";
  if (!value.is_array()) return value_words(value);
  std::string text;
  constexpr std::size_t most_items = 16;
  for (std::size_t i = 0; i < std::min(value.size(), most_items); ++i)
    text += (i == 0 ? "" : ", ") + value_words(value[i]);
  return value.size() > most_items ? text + ", …" : text;
}

// The member with what belongs to it: "−0.49 [−0.51, −0.48]", "12.3 / 3".
std::string words_of(const Json& fit, const std::string& key) {
  const Json* value = member_of(fit, key);
  if (value == nullptr) return "";
  std::string text = plain_words(*value);
  const Json* interval = member_of(fit, key + "_interval");
  if (interval != nullptr && interval->is_array()) text += " [" + plain_words(*interval) + "]";
  const char* beside = key == "curvature"    ? "curvature_error"
                       : key == "chi_square" ? "degrees_of_freedom"
                                             : nullptr;
  const Json* other = beside == nullptr ? nullptr : member_of(fit, beside);
  if (other != nullptr && !text.empty() && !other->is_null())
    text += (key == "curvature" ? " ± " : " / ") + plain_words(*other);
  return text;
}

void add_once(std::vector<std::string>& list, const std::string& key) {
  if (list.size() < most_columns && std::find(list.begin(), list.end(), key) == list.end())
    list.push_back(key);
}

std::string table_of(const std::string& title, const std::vector<const Json*>& fits) {
  std::vector<std::string> groups;
  std::vector<std::string> keys;
  std::set<std::string> intervals;
  for (const Json* fit : fits) {
    if (!fit->is_object()) continue;
    if (const Json* group = member_of(*fit, "group"); group != nullptr && group->is_object()) {
      for (const auto& member : group->items()) add_once(groups, member.key());
    }
    for (const auto& member : fit->items()) {
      if (!is_said(member.key())) add_once(keys, member.key());
      if (member.key().ends_with("_interval")) intervals.insert(member.key());
    }
  }
  std::string text = "<h3>" + html_escaped(title) + "</h3>\n<div class=\"table\"><table>\n<tr>";
  for (const std::string& group : groups) text += html_cell(field_words(group), false, "th");
  for (const std::string& key : keys)
    text +=
        html_cell(heading_of(key, intervals.count(key + "_interval") > 0), key != "error", "th");
  text += "</tr>\n";
  for (const Json* fit : fits) {
    const bool misfit = member_of(*fit, "misfit") != nullptr && *member_of(*fit, "misfit") == true;
    text += misfit ? "<tr class=\"misfit\">" : "<tr>";
    const Json* group = member_of(*fit, "group");
    for (const std::string& key : groups) {
      const Json* value = group == nullptr ? nullptr : member_of(*group, key);
      text += html_cell(value == nullptr ? "" : value_words(*value), false);
    }
    for (const std::string& key : keys) text += html_cell(words_of(*fit, key), key != "error");
    text += "</tr>\n";
  }
  return text + "</table></div>\n";
}

}  // namespace

std::string fit_tables(const Json& result) {
  const Json* fits = member_of(result, "fits");
  if (fits == nullptr || !fits->is_array() || fits->empty()) return "";
  std::vector<std::pair<std::string, std::vector<const Json*>>> tables;
  std::map<std::string, std::size_t> known;
  for (const Json& fit : *fits) {
    const std::string title = title_of(fit);
    const auto [place, fresh] = known.try_emplace(title, tables.size());
    if (fresh) tables.emplace_back(title, std::vector<const Json*>());
    tables[place->second].second.push_back(&fit);
  }
  std::string text = "<h2>Fits</h2>\n";
  for (const auto& [title, members] : tables) text += table_of(title, members);
  return text +
         "<p class=\"note\">A misfit: points that follow the law would lie as far from it "
         "in fewer than 1 of 100 studies. Intervals and χ² come from the repeats.</p>\n";
}

}  // namespace halfulp::experiments
