// SPDX-License-Identifier: MIT
#include "experiments/results/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "experiments/results/words.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

// The policy forbids scripts and the network, whatever a result's texts hold.
const char* const page_head =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

const char* const page_style =
    "<style>\n"
    "body { font: 16px/1.5 'DejaVu Sans', Verdana, sans-serif; color: #202020; background: #fff;\n"
    "  max-width: 1050px; margin: 2em auto; padding: 0 1em; }\n"
    "h1 { font-size: 1.5em; } h2 { font-size: 1.2em; margin-top: 2em; }\n"
    "figure { margin: 1.5em 0; overflow-x: auto; } figure svg { max-width: 100%; height: auto; }\n"
    "figcaption { color: #505050; font-size: 0.9em; }\n"
    ".table { overflow-x: auto; }\n"
    "table { border-collapse: collapse; font-size: 0.85em; margin: 1em 0; }\n"
    "th, td { padding: 0.2em 0.8em; border-bottom: 1px solid #e0e0e0; text-align: left; }\n"
    "td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }\n"
    "pre { background: #f6f6f6; padding: 1em; overflow-x: auto; font-size: 0.8em; }\n"
    "summary { cursor: pointer; margin: 0.5em 0; }\n"
    "@media print { details { display: block; } }\n"
    "</style>\n";

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string dumped(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string cell(const std::string& text, bool number, const char* tag = "td") {
  return "<" + std::string(tag) + (number ? " class=\"number\">" : ">") + escaped(text) + "</" +
         tag + ">";
}

std::string number_cell(double x) { return cell(std::isnan(x) ? "" : number_words(x), true); }

// The digits of a mean that its error leaves standing: "0.3001 ± 0.0012".
std::string with_error(double mean, double error) {
  if (std::isnan(mean)) return "";
  if (!(error > 0) || !std::isfinite(error) || !std::isfinite(mean)) return number_words(mean, 6);
  const int places = static_cast<int>(std::floor(std::log10(std::fabs(mean) / error))) + 2;
  return number_words(mean, std::clamp(places, 2, 12)) + " ± " + number_words(error, 2);
}

// "shape: a, b" of the swept fields of a point, in the order of the first one.
std::vector<std::string> swept_fields(const Json& result) {
  std::vector<std::string> fields;
  for (const Json& point : result["points"]) {
    for (const auto& member : point["set"].items()) {
      if (std::find(fields.begin(), fields.end(), member.key()) == fields.end())
        fields.push_back(member.key());
    }
  }
  return fields;
}

std::string metric_table(const Json& result, const std::string& metric,
                         const std::vector<std::string>& fields) {
  std::string text = "<details><summary>" + escaped(metric_words(metric)) + " (" + escaped(metric) +
                     ")</summary>\n<div class=\"table\"><table>\n<tr>";
  for (const std::string& field : fields) text += cell(field_words(field), false, "th");
  for (const char* title : {"measured ± standard error", "theory", "measured / theory"})
    text += cell(title, true, "th");
  text += "</tr>\n";
  for (const Json& point : result["points"]) {
    text += "<tr>";
    for (const std::string& field : fields) {
      const bool there = point["set"].contains(field);
      text += cell(there ? value_words(point["set"][field]) : "", false);
    }
    if (point.contains("error")) {
      const Json& why = point["error"];
      text +=
          cell("failed: " + (why.is_string() ? why.get<std::string>() : dumped(why, -1)), false);
      text += "<td></td><td></td></tr>\n";
      continue;
    }
    const Measured measured = measured_of(point, metric);
    text += cell(with_error(measured.mean, measured.error), true);
    text += number_cell(measured.theory) + number_cell(measured.mean / measured.theory);
    text += "</tr>\n";
  }
  return text + "</table></div></details>\n";
}

// Fits differ in kind: a column for every member that some fit has.
std::string fit_table(const Json& result) {
  if (!result.contains("fits") || !result["fits"].is_array() || result["fits"].empty()) return "";
  std::vector<std::string> keys;
  for (const Json& fit : result["fits"]) {
    if (!fit.is_object()) continue;
    for (const auto& member : fit.items()) {
      if (std::find(keys.begin(), keys.end(), member.key()) == keys.end())
        keys.push_back(member.key());
    }
  }
  const auto words = [](const Json& value) {
    if (value.is_number()) return number_words(value.get<double>());
    if (value.is_string()) return value.get<std::string>();
    std::string text;
    if (value.is_array()) {
      for (const Json& item : value) text += (text.empty() ? "" : ", ") + value_words(item);
    } else if (value.is_object()) {
      for (const auto& member : value.items())
        text += (text.empty() ? "" : "; ") + field_words(member.key()) + ": " +
                value_words(member.value());
    } else {
      text = value.is_null() ? "" : dumped(value, -1);
    }
    return text;
  };
  std::string text = "<h2>Fits</h2>\n<div class=\"table\"><table>\n<tr>";
  for (const std::string& key : keys) text += cell(key, false, "th");
  text += "</tr>\n";
  for (const Json& fit : result["fits"]) {
    text += "<tr>";
    for (const std::string& key : keys) {
      const bool there = fit.is_object() && fit.contains(key);
      text += cell(there ? words(fit[key]) : "", there && fit[key].is_number());
    }
    text += "</tr>\n";
  }
  return text + "</table></div>\n";
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
  std::string text = "<p>halfulp " + escaped(version.is_string() ? version.get<std::string>()
                                                                 : dumped(version, -1));
  text += ", " + counted(result["points"].size(), "point");
  const Json repeats = result["document"].value("repeats", Json());
  if (repeats.is_number())
    text += ", " + escaped(dumped(repeats, -1)) + (repeats == 1 ? " repeat each" : " repeats each");
  const Json run = result.value("run", Json::object());
  const Json seconds = run.is_object() ? run.value("seconds", Json()) : Json();
  if (seconds.is_number())
    text += ", computed in " + number_words(seconds.get<double>(), 3) + " seconds";
  return text + ".</p>\n";
}

std::string configuration_of(const NamedResult& named) {
  const std::string stem = file_stem(named.name);
  return "<h2>Configuration</h2>\n<p>To repeat it, save the text below as <code>" + escaped(stem) +
         ".json</code> and run</p>\n<pre>halfulp run " + escaped(stem) + ".json -o " +
         escaped(stem) + ".result.json\nhalfulp report " + escaped(stem) + ".result.json -o " +
         escaped(stem) +
         ".html</pre>\n<p>The numbers come out the same, bit for bit, on any machine.</p>\n"
         "<details open><summary>" +
         escaped(stem) + ".json</summary>\n<pre>" + escaped(dumped(named.result["document"], 2)) +
         "</pre></details>\n";
}

// SVG inside HTML stands without its XML declaration.
std::string inlined(const std::string& picture) {
  const std::size_t start = picture.find("<svg");
  return start == std::string::npos ? "" : picture.substr(start);
}

std::string figure_of(const Plot& plot, const std::string& picture) {
  std::string caption = plot.title + ". Points: means over the repeats with their standard errors.";
  if (!plot.caption.empty()) caption += " " + plot.caption;
  return "<figure>\n" + inlined(picture) + "\n<figcaption>" + escaped(caption) +
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
  for (const Json& point : result["points"]) {
    const std::string place = where + ": /points/" + std::to_string(index++);
    if (!point.is_object() || !point.contains("set") || !point["set"].is_object())
      throw Error("is no point: an object with \"set\" is needed", place, hint);
  }
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
  std::string text = page_head;
  text += "<title>" + escaped(results.empty() ? "halfulp" : title_of(results[0])) + "</title>\n";
  text += page_style;
  text += "</head>\n<body>\n";
  std::size_t picture = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const NamedResult& named = results[i];
    text += "<h1>" + escaped(title_of(named)) + "</h1>\n" + origin_of(named);
    if (plots[i].empty())
      text += "<p>No plot: no swept number has three values or more. The tables have it all.</p>\n";
    for (const Plot& plot : plots[i]) text += figure_of(plot, pictures[picture++]);
    text += fit_table(named.result);
    text += "<h2>Numbers</h2>\n";
    const std::vector<std::string> fields = swept_fields(named.result);
    for (const std::string& metric : metrics_of(named.result))
      text += metric_table(named.result, metric, fields);
    text += configuration_of(named);
  }
  return text + "</body>\n</html>\n";
}

}  // namespace halfulp::experiments
