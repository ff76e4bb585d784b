// SPDX-License-Identifier: MIT
#include "experiments/runs/result_file.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "experiments/hash.h"
#include "experiments/results/fit.h"
#include "experiments/results/fits/select.h"
#include "experiments/runs/series.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

Json metrics_json(const Metrics& metrics) {
  Json object = Json::object();
  for (const Metric& metric : metrics) object[std::string(metric.name)] = number_json(metric.value);
  return object;
}

Metrics metrics_from(const Json& object, MetricNames names) {
  if (!object.is_object()) throw Error("no metrics");
  Metrics metrics;
  for (const auto& member : object.items()) {
    const auto name = std::find(names.begin(), names.end(), member.key());
    if (name == names.end()) throw Error("no metric");
    metrics.push_back({*name, number_of(member.value())});
  }
  return metrics;
}

// The values of one metric over the repeats; absent where it is absent in any of them.
std::optional<std::vector<double>> series(const std::vector<RepeatOutcome>& outcomes,
                                          const Metrics RepeatOutcome::*metrics,
                                          std::string_view name) {
  std::vector<double> values;
  for (const RepeatOutcome& outcome : outcomes) {
    const double* x = find_metric(outcome.*metrics, name);
    if (x == nullptr) return std::nullopt;
    values.push_back(*x);
  }
  return values;
}

std::string error_of(const std::vector<RepeatOutcome>& outcomes) {
  for (std::size_t r = 0; r < outcomes.size(); ++r) {
    if (!outcomes[r].error.empty()) return "repeat " + std::to_string(r) + ": " + outcomes[r].error;
  }
  return {};
}

// Of every repeat, in the mean; else of the point.
Json theory_json(const Model& model, const Point& point,
                 const std::vector<RepeatOutcome>& outcomes) {
  const Metrics of_point = model.theory(point.experiment.setting);
  Json theory;
  for (const std::string_view name : model.metrics) {
    Json& value = theory[std::string(name)];
    const double* x = find_metric(of_point, name);
    if (const auto values = series(outcomes, &RepeatOutcome::theory, name)) {
      value = number_json(mean_of(*values));
    } else if (x != nullptr) {
      value = number_json(*x);
    }
  }
  return theory;
}

// FNV-1a over the repeats' digests in order, each as eight bytes, least significant first.
std::string digest_of(const std::vector<RepeatOutcome>& outcomes) {
  std::uint64_t hash = fnv_start;
  for (const RepeatOutcome& outcome : outcomes) {
    for (int shift = 0; shift < 64; shift += 8) {
      const auto byte = static_cast<unsigned char>(outcome.digest >> shift);
      hash = fnv1a(&byte, 1, hash);
    }
  }
  return hexadecimal(hash);
}

Json metric_json(const std::vector<double>& values, bool with_repeats) {
  const double mean = mean_of(values);
  Json metric;
  metric["mean"] = number_json(mean);
  metric["stderr"] = standard_error(values, mean);
  if (!with_repeats) return metric;
  Json repeats = Json::array();
  for (const double x : values) repeats.push_back(number_json(x));
  metric["repeats"] = std::move(repeats);
  return metric;
}

// {"repeat", "note"} of every repeat that has one.
Json notes_json(const std::vector<RepeatOutcome>& outcomes) {
  Json notes = Json::array();
  for (std::size_t r = 0; r < outcomes.size(); ++r) {
    if (!outcomes[r].note.empty()) notes.push_back({{"repeat", r}, {"note", outcomes[r].note}});
  }
  return notes;
}

Json point_json(const Model& model, const Point& point, const std::vector<RepeatOutcome>& outcomes,
                bool with_repeats) {
  Json record;
  record["set"] = point.set;
  const std::string error = error_of(outcomes);
  if (!error.empty()) {
    record["error"] = error;
    return record;
  }
  Json metrics;
  for (const std::string_view name : model.metrics) {
    const auto values = series(outcomes, &RepeatOutcome::metrics, name);
    metrics[std::string(name)] = values ? metric_json(*values, with_repeats) : Json();
  }
  record["metrics"] = metrics;
  record["theory"] = theory_json(model, point, outcomes);
  record["digest"] = digest_of(outcomes);
  if (Json curves = mean_series_json(outcomes); !curves.empty())
    record["series"] = std::move(curves);
  if (Json notes = notes_json(outcomes); !notes.empty()) record["notes"] = std::move(notes);
  return record;
}

}  // namespace

const char* const version = "0.1.0";

Json to_json(const RepeatOutcome& outcome) {
  if (!outcome.error.empty()) return Json{{"error", outcome.error}};
  Json object{{"metrics", metrics_json(outcome.metrics)},
              {"theory", metrics_json(outcome.theory)},
              {"digest", hexadecimal(outcome.digest)}};
  if (!outcome.series.empty()) object["series"] = to_json(outcome.series);
  if (!outcome.note.empty()) object["note"] = outcome.note;
  return object;
}

RepeatOutcome outcome_from_json(const Json& value, MetricNames names) {
  ObjectReader reader(value, "");
  RepeatOutcome outcome;
  if (reader.has("error")) {
    outcome.error = reader.text("error", "");
    return outcome;
  }
  outcome.metrics = metrics_from(reader.require("metrics"), names);
  outcome.theory = metrics_from(reader.require("theory"), names);
  const std::string digest = reader.text("digest", "");
  const auto [end, error] =
      std::from_chars(digest.data(), digest.data() + digest.size(), outcome.digest, 16);
  if (error != std::errc() || end != digest.data() + digest.size() || digest.size() != 16)
    throw Error("no digest");
  if (const Json* curves = reader.find("series")) outcome.series = series_from_json(*curves);
  outcome.note = reader.text("note", "");
  reader.finish();
  return outcome;
}

std::string result_digest(const Json& result) {
  std::uint64_t hash = fnv_start;
  const auto add = [&hash](const Json& value) {
    const std::string text = value.dump();
    hash = fnv1a(text.data(), text.size() + 1, hash);
  };
  Json head = result.at("halfulp");
  head.erase("result_digest");
  add(head);
  for (const char* key : {"document", "points", "fits"}) {
    const auto member = result.find(key);
    if (member == result.end()) continue;
    if (member->is_array()) {
      for (const Json& entry : *member) add(entry);
    } else {
      add(*member);
    }
  }
  return hexadecimal(hash);
}

Json make_result(const Study& study, const std::vector<std::vector<RepeatOutcome>>& outcomes,
                 bool with_repeats, const std::atomic<bool>* stop) {
  Json result;
  result["halfulp"] = Json{{"version", version}, {"schema", schema}, {"document_hash", study.hash}};
  result["document"] = study.document;
  result["points"] = Json::array();
  std::vector<FitPoint> fit_points;
  for (std::size_t i = 0; i < study.points.size(); ++i) {
    stop_if(stop);
    const Point& point = study.points[i];
    result["points"].push_back(point_json(*study.model, point, outcomes[i], with_repeats));
    if (study.fits.empty()) continue;
    FitPoint seen{.set = &point.set,
                  .document = &point.experiment.resolved,
                  .policy = &point.experiment.setting.policy,
                  .metrics = {},
                  .theory = {}};
    if (error_of(outcomes[i]).empty()) {
      for (const std::string_view name : study.model->metrics) {
        if (auto values = series(outcomes[i], &RepeatOutcome::metrics, name))
          seen.metrics.emplace(name, std::move(*values));
        const Json& theory = result["points"].back()["theory"][std::string(name)];
        if (theory.is_number()) seen.theory.emplace(name, theory.get<double>());
      }
    }
    fit_points.push_back(std::move(seen));
  }
  result["fits"] = Json::array();
  for (const Json& fit : study.fits) {
    stop_if(stop);
    for (Json& record : compute_fits(Json::array({fit}), fit_points))
      result["fits"].push_back(std::move(record));
  }
  result["halfulp"]["result_digest"] = result_digest(result);
  return result;
}

std::size_t count_failed(const Json& result) {
  std::size_t count = 0;
  for (const Json& point : result["points"]) count += point.contains("error") ? 1 : 0;
  return count;
}

namespace {

bool is_diverged(const Json& number) {
  return number == "nan" || number == "inf" || number == "-inf";
}

bool has_diverged_value(const Json& metric) {
  if (!metric.is_object()) return false;
  const auto mean = metric.find("mean");
  if (mean != metric.end() && is_diverged(*mean)) return true;
  const auto repeats = metric.find("repeats");
  return repeats != metric.end() && std::any_of(repeats->begin(), repeats->end(), is_diverged);
}

}  // namespace

bool has_diverged(const Json& point, const std::string& metric) {
  if (!point.is_object() || !point.contains("metrics")) return false;
  const Json& metrics = point["metrics"];
  return metrics.is_object() && metrics.contains(metric) && has_diverged_value(metrics[metric]);
}

bool has_diverged(const Json& point) {
  if (!point.is_object() || !point.contains("metrics")) return false;
  const Json& metrics = point["metrics"];
  return metrics.is_object() && std::any_of(metrics.begin(), metrics.end(), has_diverged_value);
}

}  // namespace halfulp::experiments
