// SPDX-License-Identifier: MIT
#include "cli/run_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/output.h"
#include "experiments/results/words.h"
#include "experiments/runs/result_file.h"

namespace halfulp::cli {
namespace {

using experiments::field_words;
using experiments::value_words;

// The metric that a reader looks for first: the one that is fitted, else the first that is a
// number.
std::string main_metric(const Json& result) {
  for (const Json& fit : result.value("fits", Json::array())) {
    if (fit.is_object() && fit.contains("y") && fit["y"].is_string())
      return fit["y"].get<std::string>();
  }
  const std::vector<std::string> metrics = experiments::metrics_by_interest(result["document"]);
  for (const std::string& name : metrics) {
    for (const Json& point : result["points"]) {
      const Json::json_pointer mean("/metrics/" + name + "/mean");
      if (point.contains(mean) && !point[mean].is_null()) return name;
    }
  }
  return metrics.front();
}

std::string number_text(const Json& x) {
  if (x.is_string()) return x.get<std::string>();
  return x.is_number() ? fmt::format("{:.4g}", x.get<double>()) : "";
}

// The words of every value of one field, by its text.
std::map<std::string, std::string> labels_of(const Json& points, const std::string& field) {
  std::vector<Json> values;
  std::map<std::string, std::string> labels;
  for (const Json& point : points) {
    const auto found = point["set"].find(field);
    if (found == point["set"].end()) continue;
    if (labels.emplace(found->dump(), "").second) values.push_back(*found);
  }
  const std::vector<std::string> words = experiments::distinct_words(values);
  for (std::size_t i = 0; i < values.size(); ++i) labels[values[i].dump()] = words[i];
  return labels;
}

std::vector<std::string> fields_of(const Json& points) {
  std::vector<std::string> fields;
  for (const auto& member : points.at(0)["set"].items()) fields.push_back(member.key());
  return fields;
}

// The fields in words; by their pointers where two have the same words.
std::vector<Column> columns_of(const std::vector<std::string>& fields, const std::string& metric) {
  std::vector<Column> columns;
  for (const std::string& field : fields) {
    const auto same = [&](const std::string& other) {
      return field_words(other) == field_words(field);
    };
    const bool unique = std::count_if(fields.begin(), fields.end(), same) == 1;
    columns.push_back({unique ? field_words(field) : field});
  }
  columns.push_back({metric, Align::right});
  columns.push_back({"stderr", Align::right});
  columns.push_back({"theory", Align::right});
  return columns;
}

std::vector<std::string> numbers_of(const Json& point, const std::string& metric) {
  if (point.contains("error")) return {"failed: " + value_words(point["error"]), "", ""};
  const Json measured = point["metrics"].value(metric, Json());
  std::vector<std::string> cells{"", "", ""};
  if (experiments::has_diverged(point, metric)) {
    cells[0] = "diverged";
  } else if (measured.is_object()) {
    cells[0] = number_text(measured.value("mean", Json()));
    cells[1] = number_text(measured.value("stderr", Json()));
  }
  if (point.contains("theory") && point["theory"].is_object())
    cells[2] = number_text(point["theory"].value(metric, Json()));
  return cells;
}

}  // namespace

std::string run_table(const Json& result) {
  const Json& points = result["points"];
  if (points.empty()) return "";
  const std::string metric = main_metric(result);
  const std::vector<std::string> fields = fields_of(points);
  std::vector<std::map<std::string, std::string>> labels;
  for (const std::string& field : fields) labels.push_back(labels_of(points, field));
  std::vector<std::vector<std::string>> rows;
  for (const Json& point : points) {
    std::vector<std::string> row;
    for (std::size_t i = 0; i < fields.size(); ++i)
      row.push_back(labels[i].at(point["set"].at(fields[i]).dump()));
    const std::vector<std::string> numbers = numbers_of(point, metric);
    row.insert(row.end(), numbers.begin(), numbers.end());
    rows.push_back(row);
  }
  return table_text(columns_of(fields, metric), rows);
}

std::string divergence_note(const Json& result) {
  const Json& points = result["points"];
  const auto count = std::count_if(points.begin(), points.end(), [](const Json& point) {
    return experiments::has_diverged(point);
  });
  if (count == 0) return "";
  return fmt::format("{} of {} points diverged: a metric is infinite or NaN in one repeat or more",
                     count, points.size());
}

}  // namespace halfulp::cli
