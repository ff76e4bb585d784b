// SPDX-License-Identifier: MIT
#include "experiments/policy/policy_files.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "experiments/pointers.h"

namespace halfulp::experiments {
namespace {

// place -> quantizer.
Json map_with_files(const Json& map, const std::string& place, const std::string& folder,
                    NamedFiles& files) {
  Json whole = map;
  if (!whole.is_object()) return whole;
  for (auto& rule : whole.items())
    rule.value() = files.description(rule.value(), place + "/" + rule.key(), folder);
  return whole;
}

// {"use": map}
Json base_with_files(const Json& base, const std::string& place, const std::string& folder,
                     NamedFiles& files) {
  Json whole = base;
  if (whole.is_object() && whole.contains("use"))
    whole["use"] = map_with_files(whole["use"], place + "/use", folder, files);
  return whole;
}

Json whole_policy(const Json& value, const std::string& place, const std::string& folder,
                  NamedFiles& files) {
  if (value.is_string() && looks_like_path(value.get<std::string>())) {
    const NamedFiles::Content content = files.read(value.get<std::string>(), place, folder);
    if (!content.value.is_object()) return content.value;
    return whole_policy(content.value, place, content.folder, files);
  }
  if (!value.is_object()) return value;
  if (!value.contains("base") && !value.contains("schema"))
    return map_with_files(value, place, folder, files);
  Json whole = value;
  if (whole.contains("base"))
    whole["base"] = base_with_files(whole["base"], place + "/base", folder, files);
  return whole;
}

}  // namespace

Json with_policy_files(const std::string& pointer, const Json& value, const std::string& place,
                       const std::string& folder, NamedFiles& files) {
  std::vector<std::string> tokens = tokens_of(pointer, place);
  if (tokens.size() == 1) return whole_policy(value, place, folder, files);
  if (tokens[1] == "base") {
    if (tokens.size() == 2) return base_with_files(value, place, folder, files);
    if (tokens.size() == 3) return map_with_files(value, place, folder, files);
    tokens.erase(tokens.begin() + 1, tokens.begin() + 3);
  }
  if (tokens.size() == 2) return files.description(value, place, folder);
  return files.member(tokens.back(), value, place, folder);
}

}  // namespace halfulp::experiments
