// SPDX-License-Identifier: MIT
#include <cmath>

#include "experiments/blame/blame.h"
#include "experiments/runs/result_file.h"

namespace halfulp::experiments {
namespace {

Json estimate_json(const std::optional<Estimate>& estimate) {
  if (!estimate) return nullptr;
  Json interval;
  if (!std::isnan(estimate->low))
    interval = Json::array({number_json(estimate->low), number_json(estimate->high)});
  return Json{{"mean", number_json(estimate->mean)}, {"interval_95", interval}};
}

Json comparison_json(const Comparison& comparison) {
  return Json{{"difference", estimate_json(comparison.difference)},
              {"ratio", estimate_json(comparison.ratio)}};
}

Json variant_json(const Variant& variant) {
  Json repeats = Json::array();
  for (const double x : variant.values) repeats.push_back(number_json(x));
  return Json{{"diverged", variant.diverged},
              {"to_full", comparison_json(variant.to_full)},
              {"to_policy", comparison_json(variant.to_policy)},
              {"repeats", std::move(repeats)}};
}

Json restoration_json(const Restoration& rule) {
  return Json{{"of", rule.by_ratio ? "ratio" : "difference"},
              {"bound", number_json(rule.bound)},
              {"policy_diverges", rule.diverged},
              {"uncertain", rule.uncertain}};
}

Json minimal_json(const Blame& blame) {
  Json names = Json::array();
  for (const std::size_t part : blame.minimal->parts) names.push_back(blame.parts[part].name);
  return Json{{"parts", std::move(names)}, {"then", variant_json(blame.minimal->variant)}};
}

}  // namespace

Json to_json(const Blame& blame) {
  Json parts = Json::array();
  for (const PartBlame& part : blame.parts)
    parts.push_back(Json{{"part", part.name},
                         {"places", part.places},
                         {"alone_low", variant_json(part.alone_low)},
                         {"alone_full", variant_json(part.alone_full)}});
  return Json{{"halfulp", {{"version", version}}},
              {"metric", blame.metric},
              {"larger_is_better", blame.larger_is_better},
              {"by", by_names()[static_cast<std::size_t>(blame.by)]},
              {"full", variant_json(blame.full)},
              {"policy", variant_json(blame.policy)},
              {"parts", std::move(parts)},
              {"restored", blame.restoration ? restoration_json(*blame.restoration) : Json()},
              {"minimal", blame.minimal ? minimal_json(blame) : Json()},
              {"variants", blame.variants},
              {"document", blame.document}};
}

}  // namespace halfulp::experiments
