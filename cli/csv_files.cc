// SPDX-License-Identifier: MIT
#include "cli/csv_files.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/output.h"
#include "experiments/results/csv.h"

namespace halfulp::cli {
namespace {

using Write = void (*)(std::span<const experiments::NamedResult>, const experiments::TextSink&);

void write_table(std::span<const experiments::NamedResult> results, const std::string& path,
                 Write write) {
  OutputFile file(path);
  write(results, [&](std::string_view text) { file.write(text); });
  file.commit();
}

bool has_repeats(const Json& result) {
  for (const Json& point : result["points"]) {
    const Json metrics = point.value("metrics", Json());
    for (const Json& metric : metrics)
      if (metric.is_object() && metric.contains("repeats")) return true;
  }
  return false;
}

}  // namespace

std::string means_path(const std::string& path) {
  const std::string ending = ".csv";
  const bool ends = path.size() > ending.size() && path.ends_with(ending);
  return (ends ? path.substr(0, path.size() - ending.size()) : path) + "-means" + ending;
}

void write_csv(std::span<const experiments::NamedResult> results, const std::string& path) {
  write_table(results, path, experiments::write_repeats_csv);
  if (!is_standard_output(path))
    write_table(results, means_path(path), experiments::write_means_csv);
  for (const experiments::NamedResult& named : results) {
    if (!has_repeats(named.result))
      note(named.name + " has no repeats, so that " + path + " has no row of it; halfulp run " +
           "without --no-repeats keeps them");
  }
}

}  // namespace halfulp::cli
