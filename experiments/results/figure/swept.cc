// SPDX-License-Identifier: MIT
#include "experiments/results/figure/swept.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "experiments/results/fits/distributions.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

std::string text_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_policy(const std::string& pointer) {
  return pointer == "/policy" || pointer.rfind("/policy/", 0) == 0;
}

using Names = std::set<std::string>;

// Is this policy, or this quantizer of one, plain arithmetic of one of the named formats?
bool is_plain(const Json& value, const Names& names, int depth = 0) {
  constexpr int deepest = 4;
  if (value.is_null()) return true;
  if (value.is_string()) return names.count(value.get<std::string>()) > 0;
  if (!value.is_object() || depth > deepest) return false;
  if (value.contains("noise") || value.contains("scaling")) return false;
  if (const Json* format = member_of(value, "format")) return is_plain(*format, names, depth + 1);
  return std::all_of(value.begin(), value.end(),
                     [&](const Json& place) { return is_plain(place, names, depth + 1); });
}

Pairing pairing_with(const Json& result, const Names& names) {
  const Json& points = result["points"];
  Pairing pairing;
  pairing.partner.assign(points.size(), -1);
  std::map<std::string, std::ptrdiff_t> references;
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::string key;
    bool swept = false;
    bool plain = true;
    std::string words;
    for (const auto& member : points[i]["set"].items()) {
      if (is_policy(member.key())) {
        swept = true;
        plain = plain && is_plain(member.value(), names);
        words = words.empty() ? value_words(member.value()) : "full precision";
      } else {
        key += member.key() + "=" + text_of(member.value()) + "\n";
      }
    }
    keys.push_back(key);
    if (!swept || !plain) continue;
    references.emplace(key, static_cast<std::ptrdiff_t>(i));
    pairing.reference = words;
  }
  if (references.empty() || references.size() == points.size()) {
    pairing.reference.clear();
    return pairing;
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto found = references.find(keys[i]);
    if (found != references.end()) pairing.partner[i] = found->second;
  }
  return pairing;
}

// A number of a result, of which non-finite ones are texts; nothing for anything else.
std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return not_known;
  if (value == "inf") return HUGE_VAL;
  if (value == "-inf") return -HUGE_VAL;
  return std::nullopt;
}

// The repeats of a metric; empty where there are none or one of them is no number.
std::vector<double> repeats_of(const Json& point, const std::string& metric) {
  std::vector<double> values;
  const Json* metrics = member_of(point, "metrics");
  const Json* of_metric = metrics == nullptr ? nullptr : member_of(*metrics, metric);
  const Json* list = of_metric == nullptr ? nullptr : member_of(*of_metric, "repeats");
  if (list == nullptr || !list->is_array()) return {};
  for (const Json& item : *list) {
    const std::optional<double> value = number_of(item);
    if (!value) return {};
    values.push_back(*value);
  }
  return values;
}

Ratio interval(double value, double reach, bool paired) {
  if (!std::isfinite(reach)) return {value, value, value, paired};
  return {value, value - reach, value + reach, paired};
}

std::optional<Ratio> paired_ratio(const std::vector<double>& y, const std::vector<double>& r,
                                  Quantiles& quantiles) {
  const std::size_t count = std::min(y.size(), r.size());
  const auto n = static_cast<double>(count);
  double sum_y = 0;
  double sum_r = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sum_y += y[i];
    sum_r += r[i];
  }
  const double value = sum_y / sum_r;
  if (!(sum_r > 0) || !std::isfinite(value)) return std::nullopt;
  if (count < 2) return interval(value, HUGE_VAL, true);
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double difference = (y[i] - value * r[i]) / (sum_r / n);
    squares += difference * difference;
  }
  const auto [quantile, fresh] = quantiles.try_emplace(count, 0);
  if (fresh) quantile->second = student_95(n - 1);
  return interval(value, quantile->second * std::sqrt(squares / (n - 1) / n), true);
}

}  // namespace

const Json* member_of(const Json& object, const std::string& key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

double number_or(const Json& object, const std::string& key, double otherwise) {
  const Json* value = member_of(object, key);
  return value != nullptr && value->is_number() ? value->get<double>() : otherwise;
}

std::vector<Setting> settings_of(const Json& result) {
  std::vector<Setting> settings;
  for (const Json& record : result["points"]) {
    Setting setting{.index = settings.size(), .record = &record, .set = {}};
    for (const auto& member : record["set"].items())
      setting.set.emplace_back(member.key(), member.value());
    settings.push_back(std::move(setting));
  }
  return settings;
}

Swept swept_of(const std::vector<Setting>& settings) {
  Swept swept;
  std::map<std::string, std::size_t> fields;
  std::vector<std::map<std::string, int>> values;
  for (const Setting& setting : settings) {
    SweptPoint point{.index = setting.index, .value = {}, .record = setting.record};
    for (const auto& [pointer, value] : setting.set) {
      const auto [field, fresh] = fields.try_emplace(pointer, swept.fields.size());
      if (fresh) {
        swept.fields.push_back({.pointer = pointer, .values = {}, .words = {}});
        values.emplace_back();
      }
      Field& known = swept.fields[field->second];
      const auto [place, unseen] =
          values[field->second].try_emplace(text_of(value), static_cast<int>(known.values.size()));
      if (unseen) {
        known.values.push_back(value);
        known.numeric =
            known.numeric && value.is_number() && std::isfinite(value.template get<double>());
      }
      point.value.resize(swept.fields.size(), -1);
      point.value[field->second] = place->second;
    }
    swept.points.push_back(std::move(point));
  }
  for (SweptPoint& point : swept.points) point.value.resize(swept.fields.size(), -1);
  for (Field& field : swept.fields) field.words = distinct_words(field.values);
  return swept;
}

Measured measured_of(const Json& point, const std::string& metric) {
  Measured measured{.mean = not_known, .error = not_known, .theory = not_known};
  if (const Json* theory = member_of(point, "theory"))
    measured.theory = number_or(*theory, metric, not_known);
  if (member_of(point, "error") != nullptr) {
    measured.standing = Standing::failed;
    return measured;
  }
  const Json* metrics = member_of(point, "metrics");
  const Json* found = metrics == nullptr ? nullptr : member_of(*metrics, metric);
  const Json* mean = found == nullptr ? nullptr : member_of(*found, "mean");
  const std::optional<double> value = mean == nullptr ? std::nullopt : number_of(*mean);
  if (!value) return measured;
  const std::vector<double> repeats = repeats_of(point, metric);
  measured.repeats = repeats.size();
  measured.diverged = static_cast<std::size_t>(
      std::count_if(repeats.begin(), repeats.end(), [](double x) { return !std::isfinite(x); }));
  measured.standing = std::isfinite(*value) ? Standing::finite : Standing::diverged;
  if (measured.standing == Standing::diverged) return measured;
  measured.mean = *value;
  measured.error = number_or(*found, "stderr", not_known);
  return measured;
}

std::vector<std::string> metrics_of(const Json& result) {
  std::vector<std::string> metrics;
  std::set<std::string> known;
  for (const Json& point : result["points"]) {
    const Json* found = member_of(point, "metrics");
    if (found == nullptr || !found->is_object()) continue;
    for (const auto& member : found->items()) {
      if (known.count(member.key()) > 0) continue;
      const Standing standing = measured_of(point, member.key()).standing;
      if (standing != Standing::finite && standing != Standing::diverged) continue;
      known.insert(member.key());
      metrics.push_back(member.key());
    }
  }
  return metrics;
}

Pairing pairing_of(const Json& result) {
  const Names doubles{"binary64", "float64", "fp64", "f64", "double"};
  const Names floats{"binary32", "float32", "fp32", "f32", "single"};
  Pairing pairing = pairing_with(result, doubles);
  return pairing.reference.empty() ? pairing_with(result, floats) : pairing;
}

std::optional<Ratio> ratio_of(const Json& point, const Json& reference, const std::string& metric,
                              Quantiles& quantiles) {
  const Measured y = measured_of(point, metric);
  const Measured r = measured_of(reference, metric);
  if (y.standing != Standing::finite || r.standing != Standing::finite || !(r.mean > 0))
    return std::nullopt;
  const std::vector<double> of_point = repeats_of(point, metric);
  const std::vector<double> of_reference = repeats_of(reference, metric);
  if (!of_point.empty() && !of_reference.empty())
    return paired_ratio(of_point, of_reference, quantiles);
  const double value = y.mean / r.mean;
  if (!std::isfinite(value)) return std::nullopt;
  constexpr double normal_95 = 1.959963984540054;
  const double along = y.error / r.mean;
  const double across = value * r.error / r.mean;
  return interval(value, normal_95 * std::sqrt(along * along + across * across), false);
}

}  // namespace halfulp::experiments
