// SPDX-License-Identifier: MIT
#include "experiments/blame/variant_runs.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "experiments/runs/run.h"
#include "experiments/study/sweep.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

double number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

Measurements measurements_of(const Json& point) {
  if (point.contains("error"))
    throw Error("a run fails: " + point["error"].get<std::string>(), "/policy",
                "`halfulp run` of the document says more");
  Measurements measured;
  for (const auto& [metric, record] : point["metrics"].items()) {
    if (record.is_null()) continue;
    std::vector<double>& values = measured[metric];
    for (const Json& value : record["repeats"]) values.push_back(number_of(value));
  }
  return measured;
}

}  // namespace

VariantRuns::VariantRuns(const Json& document, const PolicyParts& parts, const Engine& engine,
                         const BlameOptions& options)
    : document_(document), parts_(parts), engine_(engine), options_(options) {}

void VariantRuns::run(const std::vector<LowParts>& variants, const std::string& stage,
                      const std::string& file) {
  std::vector<LowParts> fresh;
  for (const LowParts& variant : variants) {
    if (!known_.contains(variant) && std::find(fresh.begin(), fresh.end(), variant) == fresh.end())
      fresh.push_back(variant);
  }
  if (fresh.empty()) return;
  Json document = document_;
  Json& policies = document["sweep"]["/policy"] = Json::array();
  for (const LowParts& variant : fresh) policies.push_back(parts_.with_low(variant));

  RunOptions how;
  if (!options_.folder.empty()) {
    how.output = (std::filesystem::path(options_.folder) / file).string();
    how.resume = true;
  }
  how.threads = options_.threads;
  how.run_info = false;
  how.stop = options_.stop;
  how.warn = options_.warn;
  if (options_.progress)
    how.progress = [&](const Progress& progress) { options_.progress(stage, progress); };
  const RunSummary summary = experiments::run(document, "", engine_, how);
  if (summary.state == RunState::stopped) throw Stopped{};
  for (std::size_t i = 0; i < fresh.size(); ++i)
    known_[fresh[i]] = measurements_of(summary.result["points"][i]);
}

}  // namespace halfulp::experiments
