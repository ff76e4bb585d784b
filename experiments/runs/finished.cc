// SPDX-License-Identifier: MIT
#include "experiments/runs/finished.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "experiments/runs/result_file.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

// The checks throw this; why_unfinished() catches it.
struct Unlike {
  std::string why;
};

void require(bool holds, const std::string& place, const std::string& what) {
  if (!holds) throw Unlike{place + ": " + what};
}

// The object has these members in this order, and no others.
void require_members(const Json& object, const std::vector<std::string>& names,
                     const std::string& place) {
  require(object.is_object(), place, "no object stands here");
  for (const std::string& name : names)
    require(object.contains(name), place, "\"" + name + "\" is missing");
  for (const auto& member : object.items())
    require(std::find(names.begin(), names.end(), member.key()) != names.end(), place,
            "the member \"" + member.key().substr(0, 40) + "\" is unknown");
  std::size_t i = 0;
  for (const auto& member : object.items())
    require(member.key() == names[i++], place, "the members stand in another order");
}

bool is_number(const Json& value) {
  return value.is_number() || value == "nan" || value == "inf" || value == "-inf";
}

void require_digest(const Json& value, const std::string& place) {
  constexpr std::size_t digits = 16;
  const bool good = value.is_string() && value.get_ref<const std::string&>().size() == digits &&
                    value.get_ref<const std::string&>().find_first_not_of("0123456789abcdef") ==
                        std::string::npos;
  require(good, place, "16 hexadecimal digits are needed");
}

void check_metric(const Json& metric, std::uint64_t repeats, bool with_repeats,
                  const std::string& place) {
  if (metric.is_null()) return;
  require(with_repeats || !metric.contains("repeats"), place, "it holds every repeat");
  std::vector<std::string> names{"mean", "stderr"};
  if (with_repeats) names.emplace_back("repeats");
  require_members(metric, names, place);
  require(is_number(metric["mean"]), place + "/mean", "a number is needed");
  const Json& error = metric["stderr"];
  require(repeats < 2 ? error.is_null() : is_number(error), place + "/stderr",
          repeats < 2 ? "null is needed" : "a number is needed");
  if (!with_repeats) return;
  const Json& list = metric["repeats"];
  require(
      list.is_array() && list.size() == repeats && std::all_of(list.begin(), list.end(), is_number),
      place + "/repeats", "a list of " + std::to_string(repeats) + " numbers is needed");
}

void check_point(const Json& record, const Point& point, bool with_repeats,
                 const std::string& place) {
  require(record.is_object(), place, "no object stands here");
  if (record.contains("error")) {
    require_members(record, {"set", "error"}, place);
    require(record["error"].is_string(), place + "/error", "a text is needed");
  } else {
    std::vector<std::string> members{"set", "metrics", "theory", "digest"};
    for (const char* more : {"series", "notes"}) {
      if (record.contains(more)) members.emplace_back(more);
    }
    require_members(record, members, place);
    const MetricNames metrics = point.experiment.model->metrics;
    const std::vector<std::string> names(metrics.begin(), metrics.end());
    require_members(record["metrics"], names, place + "/metrics");
    require_members(record["theory"], names, place + "/theory");
    for (const std::string& name : names) {
      check_metric(record["metrics"][name], point.experiment.repeats, with_repeats,
                   place + "/metrics/" + name);
      const Json& theory = record["theory"][name];
      require(theory.is_null() || is_number(theory), place + "/theory/" + name,
              "a number or null is needed");
    }
    require_digest(record["digest"], place + "/digest");
  }
  require(record["set"] == point.set, place + "/set", "it is that of another document");
}

void check_head(const Json& head, const Study& study) {
  require_members(head, {"version", "schema", "document_hash", "result_digest"}, "/halfulp");
  require(head["version"] == version, "/halfulp/version", "another version wrote it");
  require(head["schema"] == schema, "/halfulp/schema",
          "it has another form, or means other random bits");
  require(head["document_hash"] == study.hash, "/halfulp/document_hash",
          "it is that of another document");
  require_digest(head["result_digest"], "/halfulp/result_digest");
}

void check_all(const Json& result, const Study& study, bool with_repeats) {
  std::vector<std::string> names{"halfulp", "document", "points", "fits"};
  if (result.is_object() && result.contains("run")) names.emplace_back("run");
  require_members(result, names, "the file");
  check_head(result["halfulp"], study);
  require(result["document"] == study.document, "/document", "it is another document");
  const Json& points = result["points"];
  require(points.is_array() && points.size() == study.points.size(), "/points",
          "a list of " + std::to_string(study.points.size()) + " points is needed");
  for (std::size_t i = 0; i < points.size(); ++i)
    check_point(points[i], study.points[i], with_repeats, "/points/" + std::to_string(i));
  require(result["fits"].is_array(), "/fits", "a list is needed");
  require(result["halfulp"]["result_digest"] == result_digest(result), "/halfulp/result_digest",
          "it does not fit what the file holds, which was changed or damaged");
}

}  // namespace

std::string why_unfinished(const Json& result, const Study& study, bool with_repeats) {
  try {
    check_all(result, study, with_repeats);
  } catch (const Unlike& unlike) {
    return unlike.why;
  }
  return "";
}

}  // namespace halfulp::experiments
