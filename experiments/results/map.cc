// SPDX-License-Identifier: MIT
#include "experiments/results/map.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/pointers.h"
#include "experiments/results/fits/select.h"
#include "experiments/results/pattern.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t most_maps = 24;

bool is_swept(const FitScope& scope, const std::string& pointer) {
  return std::find(scope.swept.begin(), scope.swept.end(), pointer) != scope.swept.end();
}

[[noreturn]] void refuse(const FitScope& scope, const std::string& pointer,
                         const std::string& where) {
  const std::string hint = suggest(pointer, scope.swept);
  throw Error("\"" + pointer + "\" is not swept", where,
              hint.empty() ? "name a pointer of the sweep, or several joined by +" : hint);
}

// The pointers along a side.
std::vector<std::string> check_side(ObjectReader& reader, const char* key, const FitScope& scope) {
  reader.require(key);
  std::vector<std::string> pointers = joined_pointers(reader.text(key, ""));
  for (const std::string& pointer : pointers)
    if (!is_swept(scope, pointer)) refuse(scope, pointer, reader.place(key));
  return pointers;
}

// The points that a member names.
void check_points(ObjectReader& reader, const char* key, const FitScope& scope,
                  const std::vector<const Json*>& sets, Json& map) {
  const Json* given = reader.find(key);
  if (given == nullptr) return;
  const std::string where = reader.place(key);
  if (!given->is_object() || given->empty())
    throw Error(
        "no object stands here", where,
        "write {\"/policy\": \"binary32\"}, values, or parts of them, as the sweep has them");
  for (const auto& member : given->items()) {
    const std::string place = where + "/" + escaped(member.key());
    if (!is_swept(scope, member.key())) refuse(scope, member.key(), place);
    const Json one{{member.key(), member.value()}};
    if (std::none_of(sets.begin(), sets.end(), [&](const Json* set) { return matches(*set, one); }))
      throw Error("no point has this value", place, "write a value, or a part of it, of the sweep");
  }
  map[key] = *given;
}

Json check_map(ObjectReader& reader, const FitScope& scope, const std::vector<const Json*>& sets) {
  Json map;
  map["name"] = reader.text("name", "");
  const std::vector<std::string> rows = check_side(reader, "rows", scope);
  const std::vector<std::string> columns = check_side(reader, "columns", scope);
  for (const std::string& pointer : columns)
    if (std::find(rows.begin(), rows.end(), pointer) != rows.end())
      throw Error("\"" + pointer + "\" stands along the rows already", reader.place("columns"),
                  "name another pointer of the sweep");
  map["rows"] = reader.text("rows", "");
  map["columns"] = reader.text("columns", "");
  reader.require("value");
  map["value"] = scope.metrics[reader.choice("value", 0, scope.metrics)];
  check_points(reader, "at", scope, sets, map);
  check_points(reader, "relative_to", scope, sets, map);
  const bool logarithmic = reader.boolean("logarithmic", false);
  map["logarithmic"] = logarithmic;
  if (reader.has("range")) {
    const Json range = check_range(reader, "range");
    if (!(range[0] < range[1]) || (logarithmic && !(range[0] > 0)))
      throw Error(
          "colours need a range that is not empty", reader.place("range"),
          logarithmic ? "write [lowest, highest], both positive" : "write [lowest, highest]");
    map["range"] = range;
  }
  return map;
}

}  // namespace

Json check_maps(const Json& maps, const FitScope& scope, const std::vector<const Json*>& sets) {
  if (!maps.is_array())
    throw Error("no list stands here", "/maps", "write [{\"rows\": \"/policy\", ...}]");
  if (maps.size() > most_maps)
    throw Error("more than " + std::to_string(most_maps) + " maps", "/maps", "ask for fewer");
  Json checked = Json::array();
  for (std::size_t i = 0; i < maps.size(); ++i) {
    ObjectReader reader(maps[i], "/maps/" + std::to_string(i));
    checked.push_back(check_map(reader, scope, sets));
    reader.finish();
  }
  return checked;
}

}  // namespace halfulp::experiments
