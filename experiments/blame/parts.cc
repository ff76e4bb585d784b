// SPDX-License-Identifier: MIT
#include "experiments/blame/parts.h"

#include <algorithm>
#include <set>
#include <utility>

#include "experiments/policy/policy_files.h"
#include "experiments/policy/rule.h"
#include "experiments/policy/uses.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

struct Named {
  std::string layer, op, use;
  [[nodiscard]] std::string place() const { return (layer.empty() ? "" : layer + "/") + op_use(); }
  [[nodiscard]] std::string op_use() const { return op + "/" + use; }
};

std::string part_name(const Named& named, By by) {
  switch (by) {
    case By::place:
      return named.place();
    case By::layer:
      return named.layer.empty() ? named.op : named.layer;
    case By::op:
      return named.op;
    case By::use:
      break;
  }
  return named.op_use();
}

// Calls visit(place, record) for what a list of rules says of each place.
template <typename Visit>
void each_record(const Json& rules, const Visit& visit) {
  for (const Json& rule : rules) {
    const Json& match = rule["match"];
    for (const auto& [use, record] : rule["use"].items())
      visit(Named{match["layer"], match["op"][0], use}, record);
  }
}

// The same of the policy's rules and of those of its phases.
template <typename Visit>
void each_record_of(const Json& policy, const Visit& visit) {
  each_record(policy["rules"], visit);
  for (const Json& phase : policy["phases"]) each_record(phase["rules"], visit);
}

bool is_copy(const Json& record) {
  return record.is_object() && record.value("reuse", Json()) == "forward_copy";
}

// The operand of the forward pass that a copy is of.
Named original_of(Named copy) {
  copy.use = copy.use.substr(0, copy.use.find('.')) + ".fwd";
  return copy;
}

bool has_hadamard(const Json& record) {
  return record.is_object() && record.value("transform", Json::object()).contains("hadamard");
}

// Of the two operands of its product, the one whose use comes first.
Named leading_operand_of(Named operand) {
  const NamedPlace place{.name = "", .layer = operand.layer, .op = operand.op, .use = operand.use};
  operand.use = std::min(operand.use, std::string(other_operand(place)));
  return operand;
}

}  // namespace

const std::vector<std::string>& by_names() {
  static const std::vector<std::string> names{"place", "layer", "op", "use"};
  return names;
}

PolicyParts::PolicyParts(Json policy, By by) : policy_(std::move(policy)) {
  if (is_short_map(policy_)) {
    for (const auto& [place, record] : policy_.items())
      if (!is_native_name(record)) add_place(place, place);
    return;
  }
  std::set<std::string> rounded;
  std::set<std::string> copies;
  std::set<std::string> paired;
  each_record_of(policy_, [&](const Named& named, const Json& record) {
    rounded.insert(named.place());
    if (is_copy(record)) copies.insert(named.place());
    if (has_hadamard(record)) paired.insert(named.place());
  });
  each_record_of(policy_, [&](const Named& named, const Json&) {
    const Named original = original_of(named);
    const bool belongs = copies.contains(named.place()) && rounded.contains(original.place());
    const Named own = paired.contains(named.place()) ? leading_operand_of(named) : named;
    add_place(part_name(belongs ? original : own, by), named.place());
  });
}

void PolicyParts::add_place(const std::string& part, const std::string& place) {
  if (part_of_.contains(place)) return;
  const auto known = std::find(names_.begin(), names_.end(), part);
  const auto number = static_cast<std::size_t>(known - names_.begin());
  if (known == names_.end()) {
    names_.push_back(part);
    places_.emplace_back();
  }
  places_[number].push_back(place);
  part_of_[place] = number;
}

void PolicyParts::keep_rules(Json& rules, const LowParts& low) const {
  Json kept = Json::array();
  for (const Json& rule : rules) {
    Json use = Json::object();
    each_record(Json::array({rule}), [&](const Named& named, const Json& record) {
      if (low[part_of_.at(named.place())]) use[named.use] = record;
    });
    if (use.empty()) continue;
    kept.push_back(rule);
    kept.back()["use"] = std::move(use);
  }
  rules = std::move(kept);
}

Json PolicyParts::with_low(const LowParts& low) const {
  HALFULP_REQUIRE(low.size() == count(), "with_low: one answer a part is needed");
  Json policy = policy_;
  if (is_short_map(policy)) {
    for (const auto& [place, part] : part_of_)
      if (!low[part]) policy[place] = "native";
    return policy;
  }
  keep_rules(policy["rules"], low);
  Json phases = Json::array();
  for (Json& phase : policy["phases"]) {
    keep_rules(phase["rules"], low);
    if (!phase["rules"].empty()) phases.push_back(std::move(phase));
  }
  policy["phases"] = std::move(phases);
  return policy;
}

}  // namespace halfulp::experiments
