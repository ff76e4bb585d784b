// SPDX-License-Identifier: MIT
#include "experiments/policy/policy_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "experiments/pointers.h"
#include "experiments/policy/shipped.h"

namespace halfulp::experiments {
namespace {

constexpr int deepest = 8;
constexpr std::array<std::string_view, 11> document_keys{
    "schema", "name",  "why",    "source",     "extends",  "rng",
    "base",   "rules", "phases", "loss_scale", "optimizer"};

bool is_document_key(std::string_view key) {
  return std::find(document_keys.begin(), document_keys.end(), key) != document_keys.end();
}

bool is_path(const Json& value) {
  return value.is_string() && looks_like_path(value.get_ref<const std::string&>());
}

// What may stand at a place of a policy. A phase is a rule as far as files go.
enum class Part : std::uint8_t { policy, base, rules, rule, map, quantizer, other };

// Of the member `key` of a part, or of an element of a list.
Part part_of(Part whole, const std::string& key) {
  switch (whole) {
    case Part::policy:
      if (key == "extends") return Part::policy;
      if (key == "base") return Part::base;
      if (key == "rules" || key == "phases") return Part::rules;
      return is_document_key(key) ? Part::other : Part::quantizer;
    case Part::base:
      return key == "use" ? Part::map : Part::other;
    case Part::rules:
      return Part::rule;
    case Part::rule:
      if (key == "rules") return Part::rules;
      return key == "use" ? Part::map : Part::other;
    case Part::map:
      return Part::quantizer;
    case Part::quantizer:
    case Part::other:
      break;
  }
  return Part::other;
}

// Puts the files of one part of a policy in the place of their paths.
class Reader {
 public:
  explicit Reader(NamedFiles& files) : files_(files) {}

  Json whole(Part part, const Json& value, const std::string& place, const std::string& folder) {
    if (part == Part::other) return value;
    if (part == Part::quantizer) return quantizer(value, place, folder);
    if (part == Part::policy && value.is_string()) return named(value, place, folder);
    Json result = value;
    if (value.is_object() && part != Part::rules) {
      for (auto& entry : result.items())
        entry.value() = whole(part_of(part, entry.key()), entry.value(),
                              place + "/" + escaped(entry.key()), folder);
    }
    if (value.is_array() && part == Part::rules) {
      for (std::size_t i = 0; i < result.size(); ++i)
        result[i] = whole(Part::rule, result[i], place + "/" + std::to_string(i), folder);
    }
    return result;
  }

 private:
  // A quantizer, or a list of quantizers.
  Json quantizer(const Json& value, const std::string& place, const std::string& folder) {
    if (!value.is_array()) return files_.description(value, place, folder);
    Json list = value;
    for (std::size_t i = 0; i < list.size(); ++i)
      list[i] = files_.description(list[i], place + "/" + std::to_string(i), folder);
    return list;
  }

  // A policy by its path or its name; another text stays what it is.
  Json named(const Json& text, const std::string& place, const std::string& folder) {
    const auto name = text.get<std::string>();
    std::optional<Json> shipped;
    if (!is_path(text)) {
      shipped = find_shipped_policy(name);
      if (!shipped) return text;
    }
    if (depth_ == deepest)
      throw Error(text.dump() +
                      " is named by a policy that is named by a policy, and so on: more than " +
                      std::to_string(deepest) + " deep, or in a circle",
                  place, "name policies that stand by themselves");
    NamedFiles::Content content;
    if (shipped) {
      content.value = std::move(*shipped);
      files_.remember(place, name);
    } else {
      content = files_.read(name, place, folder);
    }
    if (!content.value.is_object()) return content.value;
    ++depth_;
    Json result = whole(Part::policy, content.value, place, content.folder);
    --depth_;
    return result;
  }

  NamedFiles& files_;
  int depth_ = 0;
};

}  // namespace

bool is_short_map(const Json& policy) {
  if (!policy.is_object()) return false;
  const auto& members = policy.items();
  return std::none_of(members.begin(), members.end(),
                      [](const auto& entry) { return is_document_key(entry.key()); });
}

Json with_policy_files(const std::string& pointer, const Json& value, const std::string& place,
                       const std::string& folder, NamedFiles& files) {
  const std::vector<std::string> tokens = tokens_of(pointer, place);
  Part part = Part::policy;
  std::size_t i = 1;
  for (; i < tokens.size() && part != Part::quantizer; ++i) part = part_of(part, tokens[i]);
  const bool in_list = i + 1 == tokens.size() && !tokens[i].empty() &&
                       std::all_of(tokens[i].begin(), tokens[i].end(),
                                   [](unsigned char c) { return std::isdigit(c) != 0; });
  if (i == tokens.size() || in_list) return Reader(files).whole(part, value, place, folder);
  return files.member(tokens.back(), value, place, folder);
}

}  // namespace halfulp::experiments
