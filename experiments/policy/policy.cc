// SPDX-License-Identifier: MIT
#include "experiments/policy/policy.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "experiments/policy/policy_files.h"
#include "experiments/policy/shipped.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

bool is_format_name(const std::string& text) {
  try {
    if (!is_block_name(text)) find_format(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

Policy parse_map(const Json& value, const std::string& where, std::shared_ptr<const Places> places,
                 Generator generator = Generator::philox4x32_10) {
  ObjectReader reader(value, where);
  Policy policy{.places = std::move(places), .rules = {}};
  for (const NamedPlace& place : *policy.places) {
    const Json* rule = reader.find(place.name);
    policy.rules.push_back(
        rule == nullptr ? Rule()
                        : parse_rule(*rule, reader.place(place.name), place.kind, generator));
  }
  reader.finish();
  return policy;
}

}  // namespace

const Rule& Policy::at(const Place& place) const {
  static const Rule native;
  if (places == nullptr) return native;
  const auto found = std::find_if(places->begin(), places->end(),
                                  [&](const NamedPlace& known) { return known.place() == place; });
  HALFULP_REQUIRE(found != places->end(), "a place is one of the model's");
  return rules[static_cast<std::size_t>(found - places->begin())];
}

const Rule* Policy::find(std::string_view name) const {
  if (places == nullptr) return nullptr;
  const auto found = std::find_if(places->begin(), places->end(),
                                  [&](const NamedPlace& known) { return known.name == name; });
  return found == places->end() ? nullptr
                                : &rules[static_cast<std::size_t>(found - places->begin())];
}

Json load_policy(const Json& value, const std::string& where, const std::string& folder) {
  if (!value.is_string()) return value;
  const auto text = value.get<std::string>();
  if (is_native_name(value)) return Json::object();
  const bool by_name = !looks_like_path(text);
  const bool is_known = by_name && find_shipped_policy(text).has_value();
  if (by_name && !is_known && is_format_name(text))
    throw Error("a policy says where a format is used; \"" + text + "\" alone does not", where,
                "write for example {\"feature\": \"" + text + "\"}");
  if (by_name && !is_known) refuse_policy_name(text, where);
  NamedFiles files;
  return with_policy_files("/policy", value, where, folder, files);
}

Policy parse_policy(const Json& value, const std::string& where,
                    std::shared_ptr<const Places> places) {
  if (!value.is_object() || !(value.contains("base") || value.contains("schema")))
    return parse_map(value, where, std::move(places));
  ObjectReader reader(value, where);
  reader.choice("schema", 0, {"policy/1"});
  for (const char* for_people : {"name", "why", "source"}) reader.text(for_people, "");
  const Json* rng = reader.find("rng");
  const Generator generator =
      rng == nullptr ? Generator::philox4x32_10 : parse_random(*rng, reader.place("rng"));
  ObjectReader base(reader.require("base"), reader.place("base"));
  base.choice("native", 0, {"binary64"});
  static const Json nothing = Json::object();
  const Json* use = base.find("use");
  base.finish();
  reader.finish();
  return parse_map(use == nullptr ? nothing : *use, where + "/base/use", std::move(places),
                   generator);
}

Json to_json(const Policy& policy) {
  Json object = Json::object();
  for (std::size_t i = 0; i < policy.rules.size(); ++i)
    object[(*policy.places)[i].name] = to_json(policy.rules[i]);
  return object;
}

}  // namespace halfulp::experiments
