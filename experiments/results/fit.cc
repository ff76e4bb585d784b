// SPDX-License-Identifier: MIT
#include "experiments/results/fit.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "experiments/pointers.h"
#include "experiments/results/fits/kinds.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::array<FitKind, 6> kinds{{
    {"power_law", check_power_law, compute_power_law},
    {"power_law_floor", check_power_law_floor, compute_power_law_floor},
    {"joint_power_law", check_joint_power_law, compute_joint_power_law},
    {"precision_law", check_precision_law, compute_precision_law},
    {"effective_size", check_effective_size, compute_effective_size},
    {"effective_sizes", check_effective_sizes, compute_effective_sizes},
}};

}  // namespace

Json check_fits(const Json& fits, const FitScope& scope, const Json& resolved) {
  if (!fits.is_array()) throw Error("no list stands here", "/fits", "write [{\"kind\": ...}]");
  std::vector<std::string> names;
  for (const FitKind& kind : kinds) names.emplace_back(kind.name);
  Json checked = Json::array();
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const std::string where = "/fits/" + std::to_string(i);
    ObjectReader reader(fits[i], where);
    reader.require("kind");
    checked.push_back(kinds[reader.choice("kind", 0, names)].check(reader, scope));
    reader.finish();
    for (const Json& pointer : checked.back().value("group_by", Json::array())) {
      const auto text = pointer.get<std::string>();
      if (std::find(scope.swept.begin(), scope.swept.end(), text) == scope.swept.end() &&
          find_at(resolved, text) == nullptr)
        throw Error("\"" + text + "\" is no field of the document", where + "/group_by",
                    suggest(text, scope.swept));
    }
  }
  return checked;
}

Json compute_fits(const Json& checked, const std::vector<FitPoint>& points) {
  Json records = Json::array();
  for (const Json& fit : checked) {
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const FitKind& k) { return fit["kind"] == k.name; });
    kind->compute(fit, points, records);
  }
  return records;
}

}  // namespace halfulp::experiments
