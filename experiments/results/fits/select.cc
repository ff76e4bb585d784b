// SPDX-License-Identifier: MIT
#include "experiments/results/fits/select.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/pointers.h"
#include "experiments/policy/policy.h"
#include "formats/block.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments {

std::string check_metric(ObjectReader& reader, const std::vector<std::string>& metrics) {
  reader.require("y");
  return metrics[reader.choice("y", 0, metrics)];
}

std::string check_axis(ObjectReader& reader, const std::string& key,
                       const std::vector<std::string>& swept) {
  reader.require(key);
  std::string pointer = reader.text(key, "");
  if (std::find(swept.begin(), swept.end(), pointer) != swept.end()) return pointer;
  const std::string hint = suggest(pointer, swept);
  throw Error("\"" + pointer + "\" is not swept", reader.place(key),
              hint.empty() ? "name a pointer of the sweep" : hint);
}

Json check_group(ObjectReader& reader, const std::vector<std::string>& swept,
                 const std::vector<std::string>& axes) {
  Json group = Json::array();
  const Json* given = reader.find("group_by");
  if (given == nullptr) {
    for (const std::string& pointer : swept) {
      if (std::find(axes.begin(), axes.end(), pointer) == axes.end()) group.push_back(pointer);
    }
    return group;
  }
  if (!given->is_array())
    throw Error("no list stands here", reader.place("group_by"), "a list of pointers is needed");
  for (std::size_t i = 0; i < given->size(); ++i) {
    const std::string place = reader.place("group_by") + "/" + std::to_string(i);
    const Json& pointer = (*given)[i];
    if (!pointer.is_string() || pointer.get<std::string>().rfind('/', 0) != 0)
      throw Error("no JSON pointer stands here", place, "as in \"/policy/feature\"");
    group.push_back(pointer);
  }
  return group;
}

Json check_reference(ObjectReader& reader, const std::vector<std::string>& swept) {
  const Json& reference = reader.require("reference");
  if (!reference.is_object() || reference.empty())
    throw Error("no object stands here", reader.place("reference"),
                "write {\"/policy/feature\": \"binary32\"}, values as the sweep has them");
  for (const auto& member : reference.items()) {
    if (std::find(swept.begin(), swept.end(), member.key()) == swept.end())
      throw Error("\"" + member.key() + "\" is not swept",
                  reader.place("reference") + "/" + escaped(member.key()),
                  "name a pointer of the sweep");
  }
  return reference;
}

Json check_range(ObjectReader& reader, const std::string& key) {
  const Json* range = reader.find(key);
  if (range == nullptr) return nullptr;
  if (!range->is_array() || range->size() != 2)
    throw Error("no range stands here", reader.place(key), "write [lowest, highest]");
  const double low = number_from((*range)[0], reader.place(key) + "/0", 0.0, 1e300);
  const double high = number_from((*range)[1], reader.place(key) + "/1", low, 1e300);
  return Json::array({low, high});
}

std::string check_scale(ObjectReader& reader, const std::string& key) {
  const std::vector<std::string> scales{"linear", "over_log"};
  return scales[reader.choice(key, 0, scales)];
}

Json value_of(const FitPoint& point, const std::string& pointer) {
  if (const auto set = point.set->find(pointer); set != point.set->end()) return *set;
  const Json* found = find_at(*point.document, pointer);
  return found == nullptr ? Json() : *found;
}

std::vector<Members> group_points(const std::vector<FitPoint>& points, const Json& pointers) {
  std::vector<Members> groups;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < points.size(); ++i) {
    Json group = Json::object();
    for (const Json& pointer : pointers)
      group[pointer.get<std::string>()] = value_of(points[i], pointer.get<std::string>());
    const auto [place, fresh] = known.try_emplace(group.dump(), groups.size());
    if (fresh) groups.push_back({group, {}});
    groups[place->second].points.push_back(i);
  }
  return groups;
}

Json swept_but(const std::vector<FitPoint>& points, const std::vector<std::string>& axes) {
  Json others = Json::array();
  for (const auto& member : points.front().set->items()) {
    if (std::find(axes.begin(), axes.end(), member.key()) == axes.end())
      others.push_back(member.key());
  }
  return others;
}

bool is_reference(const Json& reference, const Json& group) {
  return std::all_of(reference.items().begin(), reference.items().end(),
                     [&](const auto& m) { return group.value(m.key(), Json()) == m.value(); });
}

std::string key_beside(const Json& reference, Json group) {
  for (const auto& member : reference.items()) group.erase(member.key());
  return group.dump();
}

namespace {

std::optional<double> number_at(const FitPoint& point, const std::string& pointer) {
  const Json value = value_of(point, pointer);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

// The rule at the place of a policy that a pointer stands for or leads into, or nullptr.
const Rule* rule_at(const FitPoint& point, const std::string& pointer) {
  const std::vector<std::string> tokens = tokens_of(pointer, "");
  if (point.policy == nullptr || tokens.size() < 2 || tokens.front() != "policy") return nullptr;
  return point.policy->find(tokens[1]);
}

std::optional<double> bits_at(const FitPoint& point, const std::string& pointer) {
  const Rule* rule = rule_at(point, pointer);
  if (rule == nullptr) return number_at(point, pointer);
  constexpr double native_bits = 64.0;
  if (is_native(*rule)) return native_bits;
  if (const QuantizerRule* quantized = quantizer_rule_of(*rule))
    return bits(quantized->quantizer.format);
  if (const BlockRule* blocks = blocks_of(*rule)) return bits_per_value(blocks->format);
  return std::nullopt;
}

// A point's place on the axes; empty where one has no number there or it is out of range.
std::vector<double> place_of(const FitPoint& point, const std::vector<Axis>& axes) {
  std::vector<double> place;
  for (const Axis& axis : axes) {
    const std::optional<double> x =
        axis.bits ? bits_at(point, axis.pointer) : number_at(point, axis.pointer);
    if (!x) return {};
    const bool outside = !axis.range.is_null() &&
                         (*x < axis.range[0].get<double>() || *x > axis.range[1].get<double>());
    if (outside) return {};
    place.push_back(*x);
  }
  return place;
}

bool has_logarithms(const std::vector<double>& place, const std::vector<Axis>& axes) {
  for (std::size_t k = 0; k < axes.size(); ++k) {
    if (!(place[k] > (axes[k].over_log ? 1.0 : 0.0))) return false;
  }
  return true;
}

}  // namespace

Selection select_points(const std::vector<FitPoint>& points, const Members& members,
                        const std::string& metric, const std::vector<Axis>& axes) {
  Selection selection;
  selection.x.resize(axes.size());
  selection.log_x.resize(axes.size());
  for (const std::size_t i : members.points) {
    const std::vector<double> place = place_of(points[i], axes);
    if (place.empty()) continue;
    const std::vector<double>* y = points[i].repeats_of(metric);
    if (!y || !(mean_of(*y) > 0.0) || std::isinf(mean_of(*y)) || !has_logarithms(place, axes)) {
      ++selection.excluded;
      continue;
    }
    for (std::size_t k = 0; k < axes.size(); ++k) {
      const double log_x = reference::logarithm(place[k]);
      selection.x[k].push_back(place[k]);
      selection.log_x[k].push_back(axes[k].over_log ? log_x - reference::logarithm(log_x) : log_x);
    }
    selection.y.push_back(y);
  }
  return selection;
}

Json begin_record(const Json& fit, const Members& members, const std::vector<const char*>& names,
                  const std::vector<const char*>& rest) {
  Json record;
  for (const char* key : names) record[key] = fit[key];
  record["group"] = members.group;
  for (const char* key : rest) {
    if (fit.contains(key)) record[key] = fit[key];
  }
  return record;
}

std::size_t count_distinct(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return static_cast<std::size_t>(std::unique(values.begin(), values.end()) - values.begin());
}

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double x : values) sum += x;
  return sum / static_cast<double>(values.size());
}

}  // namespace halfulp::experiments
