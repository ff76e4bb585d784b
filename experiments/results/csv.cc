// SPDX-License-Identifier: MIT
#include "experiments/results/csv.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// RFC 4180: quotation marks around what holds a comma, a mark or the end of a line.
std::string quoted_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? "\"\"" : std::string(1, c);
  return cell + "\"";
}

std::string number_cell(const Json& value) {
  if (value.is_number()) return value.dump();
  if (value == "nan") return "NaN";
  if (value == "inf") return "Inf";
  return value == "-inf" ? "-Inf" : "";
}

std::string text_cell(const Json& value) {
  return quoted_cell(value.is_string() ? value.get<std::string>() : dumped(value));
}

// A member of what may be no object; null where there is none.
const Json& member(const Json& object, const std::string& key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

// The last `count` parts of a pointer: "feature_eps".
std::string ending(const std::string& pointer, int count) {
  std::size_t start = pointer.size();
  for (int i = 0; i < count && start != 0 && start != std::string::npos; ++i)
    start = pointer.rfind('/', start - 1);
  std::string name = start == std::string::npos ? pointer : pointer.substr(start);
  if (name.starts_with('/')) name.erase(0, 1);
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

// A swept field: its column and what its values are called in it.
struct Field {
  std::string pointer, title;
  std::map<std::string, std::string> cells;  // by the value's text
};

std::vector<Field> fields_of(std::span<const NamedResult> results) {
  std::vector<Field> fields;
  std::map<std::string, std::size_t> known;
  for (const NamedResult& named : results) {
    for (const Json& point : named.result["points"]) {
      for (const auto& swept : point["set"].items()) {
        const auto [place, fresh] = known.try_emplace(swept.key(), fields.size());
        if (fresh) fields.push_back({swept.key(), "", {}});
        std::string cell;
        if (swept.value().is_number()) cell = swept.value().dump();
        if (swept.value().is_string() || swept.value().is_structured())
          cell = value_words(swept.value());
        if (swept.value().is_boolean()) cell = swept.value().dump();
        fields[place->second].cells.emplace(dumped(swept.value()), cell);
      }
    }
  }
  return fields;
}

// Values whose words are alike are called by their text.
void tell_apart(Field& field) {
  std::map<std::string, int> count;
  for (const auto& [text, cell] : field.cells) ++count[cell];
  for (auto& [text, cell] : field.cells) {
    if (count[cell] > 1) cell = text;
    cell = quoted_cell(cell);
  }
}

void name_fields(std::vector<Field>& fields) {
  std::set<std::string> taken{"result", "point",  "metric",  "repeat", "value",
                              "mean",   "stderr", "repeats", "theory", "error"};
  for (Field& field : fields) {
    const auto parts =
        static_cast<int>(std::count(field.pointer.begin(), field.pointer.end(), '/'));
    for (int count = 1; count <= std::max(parts, 1); ++count) {
      const std::string title = ending(field.pointer, count);
      const bool unique = std::none_of(fields.begin(), fields.end(), [&](const Field& other) {
        return &other != &field && ending(other.pointer, count) == title;
      });
      field.title = title;
      if (unique && taken.count(title) == 0) break;
    }
    if (!taken.insert(field.title).second) field.title = field.pointer;
  }
}

std::vector<Field> named_fields(std::span<const NamedResult> results) {
  std::vector<Field> fields = fields_of(results);
  for (Field& field : fields) tell_apart(field);
  name_fields(fields);
  return fields;
}

std::string header(const std::vector<Field>& fields, const std::string& rest) {
  std::string line = "result,point,";
  for (const Field& field : fields) line += quoted_cell(field.title) + ",";
  return line + rest + "\n";
}

// What every row of a point begins with.
std::string row_start(const NamedResult& named, std::size_t index, const Json& point,
                      const std::vector<Field>& fields) {
  std::string start = quoted_cell(named.name) + "," + std::to_string(index) + ",";
  for (const Field& field : fields) {
    const auto value = point["set"].find(field.pointer);
    if (value != point["set"].end()) start += field.cells.at(dumped(*value));
    start += ",";
  }
  return start;
}

using Rows = void (*)(const Json& result, const Json& point, const std::string& start,
                      const TextSink& out);

void write_table(std::span<const NamedResult> results, const std::string& columns, Rows rows,
                 const TextSink& out) {
  const std::vector<Field> fields = named_fields(results);
  out(header(fields, columns));
  for (const NamedResult& named : results) {
    std::size_t index = 0;
    for (const Json& point : named.result["points"]) {
      rows(named.result, point, row_start(named, index, point, fields), out);
      ++index;
    }
  }
}

void repeat_rows(const Json& /*result*/, const Json& point, const std::string& start,
                 const TextSink& out) {
  const Json& metrics = member(point, "metrics");
  if (!metrics.is_object()) return;
  for (const auto& metric : metrics.items()) {
    const Json& repeats = member(metric.value(), "repeats");
    if (!repeats.is_array()) continue;
    std::string rows;
    for (std::size_t r = 0; r < repeats.size(); ++r)
      rows += start + quoted_cell(metric.key()) + "," + std::to_string(r) + "," +
              number_cell(repeats[r]) + "\n";
    out(rows);
  }
}

// How many repeats a point has.
std::string count_cell(const Json& result, const Json& point) {
  const Json& swept = member(point["set"], "/repeats");
  return number_cell(swept.is_number() ? swept : member(result["document"], "repeats"));
}

void mean_rows(const Json& result, const Json& point, const std::string& start,
               const TextSink& out) {
  if (point.contains("error")) {
    out(start + ",,,,," + text_cell(point["error"]) + "\n");
    return;
  }
  const Json& metrics = member(point, "metrics");
  if (!metrics.is_object()) return;
  for (const auto& metric : metrics.items()) {
    if (!metric.value().is_object()) continue;
    out(start + quoted_cell(metric.key()) + "," + number_cell(member(metric.value(), "mean")) +
        "," + number_cell(member(metric.value(), "stderr")) + "," +
        number_cell(member(member(point, "theory"), metric.key())) + "," +
        count_cell(result, point) + ",\n");
  }
}

}  // namespace

void write_repeats_csv(std::span<const NamedResult> results, const TextSink& out) {
  write_table(results, "metric,repeat,value", repeat_rows, out);
}

void write_means_csv(std::span<const NamedResult> results, const TextSink& out) {
  write_table(results, "metric,mean,stderr,theory,repeats,error", mean_rows, out);
}

}  // namespace halfulp::experiments
