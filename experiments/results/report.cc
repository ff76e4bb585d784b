// SPDX-License-Identifier: MIT
#include "experiments/results/report.h"

#include <nlohmann/json.hpp>
#include <set>

#include "experiments/results/page/fit_table.h"
#include "experiments/results/page/html.h"
#include "experiments/results/page/metric_table.h"
#include "experiments/results/words.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t most_names = 64;

void add_keys(const Json& object, std::set<std::string>& keys) {
  if (!object.is_object()) return;
  for (const auto& member : object.items()) {
    if (keys.size() <= most_names) keys.insert(member.key());
  }
}

std::string title_of(const NamedResult& named) {
  const Json& document = named.result["document"];
  if (document.contains("name") && document["name"].is_string() &&
      !document["name"].get<std::string>().empty())
    return document["name"].get<std::string>();
  return named.name;
}

// A name for the configuration file that needs no quoting in a shell.
std::string file_stem(const std::string& path) {
  std::string stem = path.substr(path.find_last_of('/') + 1);
  for (const char* ending : {".json", ".result"}) {
    const std::string text = ending;
    if (stem.size() > text.size() && stem.ends_with(text)) stem.resize(stem.size() - text.size());
  }
  for (char& c : stem) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    if (!plain) c = '_';
  }
  return stem.empty() || stem[0] == '-' ? "experiment" : stem;
}

std::string origin_of(const NamedResult& named) {
  const Json& result = named.result;
  const Json version = result["halfulp"].value("version", Json(""));
  std::string text = "<p>halfulp " + html_escaped(version.is_string() ? version.get<std::string>()
                                                                      : json_text(version, -1));
  text += ", " + counted(result["points"].size(), "point");
  const Json repeats = result["document"].value("repeats", Json());
  if (repeats.is_number())
    text += ", " + html_escaped(json_text(repeats, -1)) +
            (repeats == 1 ? " repeat each" : " repeats each");
  const Json run = result.value("run", Json::object());
  const Json seconds = run.is_object() ? run.value("seconds", Json()) : Json();
  if (seconds.is_number())
    text += ", computed in " + number_words(seconds.get<double>(), 3) + " seconds";
  return text + ".</p>\n";
}

std::string configuration_of(const NamedResult& named) {
  const std::string stem = file_stem(named.name);
  return "<h2>Configuration</h2>\n<p>To repeat it, save the text below as <code>" +
         html_escaped(stem) + ".json</code> and run</p>\n<pre>halfulp run " + html_escaped(stem) +
         ".json -o " + html_escaped(stem) + ".result.json\nhalfulp report " + html_escaped(stem) +
         ".result.json -o " + html_escaped(stem) +
         ".html</pre>\n<p>The numbers come out the same, bit for bit, on any machine.</p>\n"
         "<details open><summary>" +
         html_escaped(stem) + ".json</summary>\n<pre>" +
         html_escaped(json_text(named.result["document"], 2)) + "</pre></details>\n";
}

// Points without a number must not go unseen.
std::string losses_of(const Json& result) {
  const std::string words = loss_words(result);
  return words.empty() ? "" : "<p><strong>" + html_escaped(words) + ".</strong></p>\n";
}

// SVG inside HTML stands without its XML declaration.
std::string inlined(const std::string& picture) {
  const std::size_t start = picture.find("<svg");
  return start == std::string::npos ? "" : picture.substr(start);
}

std::string figure_of(const Plot& plot, const std::string& picture) {
  if (!plot.map.empty())
    return "<figure>\n" + inlined(picture) + "\n<figcaption>" +
           html_escaped(plot.title + ". Means over the repeats" +
                        (plot.map.compared ? ", ratios paired by repeat" : "") + "." +
                        (plot.caption.empty() ? "" : " " + plot.caption)) +
           "</figcaption>\n</figure>\n";
  const bool moved = !plot.panels.empty() && plot.panels.front().y_label.empty();
  std::string caption = plot.title + ". Points: means over the repeats with their standard errors";
  caption += moved ? "; curves stand side by side, each moved along x by a little." : ".";
  if (!plot.caption.empty()) caption += " " + plot.caption;
  return "<figure>\n" + inlined(picture) + "\n<figcaption>" + html_escaped(caption) +
         "</figcaption>\n</figure>\n";
}

}  // namespace

void check_result(const Json& result, const std::string& where) {
  const std::string hint = "give the file that `halfulp run` wrote";
  if (!result.is_object()) throw Error("is no result: no object", where, hint);
  for (const char* key : {"halfulp", "document", "points"}) {
    if (!result.contains(key))
      throw Error("is no result: \"" + std::string(key) + "\" is missing", where, hint);
  }
  if (!result["halfulp"].is_object() || !result["document"].is_object())
    throw Error("is no result: \"halfulp\" and \"document\" are objects", where, hint);
  if (!result["points"].is_array())
    throw Error("is no result: \"points\" is a list", where + ": /points", hint);
  std::size_t index = 0;
  std::set<std::string> fields;
  std::set<std::string> metrics;
  for (const Json& point : result["points"]) {
    const std::string place = where + ": /points/" + std::to_string(index++);
    if (!point.is_object() || !point.contains("set") || !point["set"].is_object())
      throw Error("is no point: an object with \"set\" is needed", place, hint);
    add_keys(point["set"], fields);
    if (point.contains("metrics")) add_keys(point["metrics"], metrics);
    if (fields.size() > most_names || metrics.size() > most_names)
      throw Error("more than " + std::to_string(most_names) + " swept fields or metrics", place,
                  hint);
  }
}

std::string loss_words(const Json& result) {
  std::size_t diverged = 0;
  std::size_t failed = 0;
  std::set<std::string> metrics;
  for (const std::string& metric : metrics_of(result)) metrics.insert(metric);
  for (const Json& point : result["points"]) {
    bool lost = false;
    for (const std::string& metric : metrics)
      lost = lost || measured_of(point, metric).standing == Standing::diverged;
    diverged += lost ? 1 : 0;
    failed += member_of(point, "error") != nullptr ? 1 : 0;
  }
  const std::string total = " of " + std::to_string(result["points"].size()) + " points ";
  std::string text;
  if (diverged > 0)
    text = std::to_string(diverged) + total + "diverged: marked at the upper edge of the plots, " +
           "\"diverged\" in the tables";
  if (failed > 0)
    text +=
        (text.empty() ? "" : "; ") + std::to_string(failed) + total + "failed: the tables say why";
  return text;
}

NamedResult read_result(const std::string& path) {
  NamedResult named{path, read_json_file(path)};
  check_result(named.result, path);
  return named;
}

std::string report_page(std::span<const NamedResult> results,
                        std::span<const std::vector<Plot>> plots,
                        std::span<const std::string> pictures) {
  HALFULP_REQUIRE(plots.size() == results.size(), "report_page: plots of every result are needed");
  std::string text = page_beginning(results.empty() ? "halfulp" : title_of(results[0]));
  std::size_t picture = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const NamedResult& named = results[i];
    text += "<h1>" + html_escaped(title_of(named)) + "</h1>\n" + origin_of(named);
    text += losses_of(named.result);
    if (plots[i].empty())
      text += "<p>No plot: " + why_no_plot(named.result) + ". The tables have it all.</p>\n";
    for (const Plot& plot : plots[i]) text += figure_of(plot, pictures[picture++]);
    text += fit_tables(named.result);
    text += "<h2>Numbers</h2>\n" + metric_tables(named.result);
    text += configuration_of(named);
  }
  return text + page_end;
}

}  // namespace halfulp::experiments
