// SPDX-License-Identifier: MIT
//
// halfulp report: result files to one page that stands alone, or to one figure.
#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/csv_files.h"
#include "cli/output.h"
#include "cli/same_file.h"
#include "cli/verb.h"
#include "experiments/results/figure/draw.h"
#include "experiments/results/figure/gnuplot.h"
#include "experiments/results/figure/map_plots.h"
#include "experiments/results/figure/series_plots.h"
#include "experiments/results/report.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

// $TMPDIR, or /tmp.
std::string temporary_folder() {
  const char* named = std::getenv("TMPDIR");
  return named != nullptr && named[0] != '\0' ? named : "/tmp";
}

using experiments::NamedResult;
using experiments::Plot;

const char* const description =
    "Draws result files of `halfulp run` as one HTML page that needs no network: log-log curves\n"
    "with error bars, fitted laws and theory, beside them the ratio to full precision, the maps "
    "that\n"
    "a document asks for, tables of all numbers, and the configuration with the call that repeats\n"
    "it. Points that diverged are counted, and marked in plots, maps and tables. With -o NAME.svg\n"
    "one plot alone. Needs gnuplot.";

const char* const examples =
    "  $ halfulp report result.json -o report.html\n"
    "\n"
    "  $ halfulp report result.json -o figure.svg --plot 1 --metric approximation\n"
    "\n"
    "  $ halfulp report result.json --csv table.csv && head -1 table.csv\n"
    "  result,point,sketch_size,samples,feature,metric,repeat,value\n"
    "\n"
    "  $ halfulp report result.json -o report.html --keep-script && ls report*\n"
    "  report.gnuplot\n"
    "  report.html\n";

struct ReportOptions {
  std::vector<std::string> results, metrics;
  std::string output, csv;
  int plot = 0;  // 0: not chosen
  bool keep_script = false;
};

bool ends_with(const std::string& text, const std::string& ending) {
  return text.size() > ending.size() && text.ends_with(ending);
}

std::string stem_of(const std::string& output) {
  const std::size_t dot = output.find_last_of('.');
  const std::size_t slash = output.find_last_of('/');
  const bool has_ending = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  return has_ending ? output.substr(0, dot) : output;
}

void check_metrics(const std::vector<NamedResult>& results, const ReportOptions& options) {
  std::vector<std::string> known;
  for (const NamedResult& named : results) {
    for (const std::string& metric : experiments::metrics_of(named.result)) known.push_back(metric);
  }
  for (const std::string& metric : options.metrics) {
    if (std::find(known.begin(), known.end(), metric) != known.end()) continue;
    std::string list;
    for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
    const std::string hint = suggest(metric, known);
    throw Error("no point has the metric \"" + metric + "\"", "--metric",
                hint.empty() ? "there are " + list : hint);
  }
}

// All plots of the results, those of one result together.
std::vector<std::vector<Plot>> plots_of(const std::vector<NamedResult>& results,
                                        const ReportOptions& options) {
  std::vector<std::vector<Plot>> plots;
  for (const NamedResult& named : results) {
    plots.emplace_back();
    if (options.metrics.empty()) plots.back() = experiments::map_plots(named.result);
    for (Plot& plot : experiments::natural_plots(named.result, options.metrics))
      plots.back().push_back(std::move(plot));
    if (!options.metrics.empty()) continue;
    for (Plot& curves : experiments::series_plots(named.result))
      plots.back().push_back(std::move(curves));
  }
  return plots;
}

void keep_script(const std::vector<Plot>& plots, const ReportOptions& options) {
  const std::string stem = stem_of(options.output);
  std::string text;
  for (std::size_t i = 0; i < plots.size(); ++i) {
    const std::string number = plots.size() == 1 ? "" : "-" + std::to_string(i + 1);
    const std::string picture = stem.substr(stem.find_last_of('/') + 1) + number + ".svg";
    text += experiments::gnuplot_script(plots[i], picture) + "\n";
  }
  write_file(stem + ".gnuplot", text);
}

// The tables take the place of a page where none is asked for.
void check_outputs(const ReportOptions& options) {
  if (options.output.empty() && options.csv.empty())
    throw Error("there is no output", "report", "name one with -o REPORT.html or --csv OUT.csv");
  std::vector<NamedPath> inputs;
  for (const std::string& path : options.results) inputs.push_back({"RESULT.json", path});
  std::vector<NamedPath> outputs{{"-o", options.output}};
  if (!options.csv.empty()) {
    outputs.push_back({"--csv", options.csv});
    outputs.push_back({"--csv", means_path(options.csv)});
  }
  if (options.keep_script && !options.output.empty())
    outputs.push_back({"--keep-script", stem_of(options.output) + ".gnuplot"});
  require_apart(inputs, outputs);
  for (const NamedPath& output : outputs)
    if (!output.path.empty()) require_writable(output.path);
}

int write_report(const ReportOptions& options) {
  check_outputs(options);
  const bool picture_only = ends_with(options.output, ".svg");
  if (!options.output.empty() && !picture_only && !ends_with(options.output, ".html") &&
      options.output != "-")
    throw Error("the output \"" + options.output + "\" is neither a page nor a plot", "-o",
                "end its name in .html or .svg");
  if (options.keep_script && (options.output == "-" || options.output.empty()))
    throw Error("--keep-script needs an output file", "report", "name one with -o REPORT.html");
  std::vector<NamedResult> results;
  for (const std::string& path : options.results) results.push_back(experiments::read_result(path));
  if (!options.csv.empty()) write_csv(results, options.csv);
  if (options.output.empty()) return exit_good;
  check_metrics(results, options);
  require_writable(options.output);

  for (const NamedResult& named : results) {
    const std::string losses = experiments::loss_words(named.result);
    if (!losses.empty()) note(named.name + ": " + losses);
  }
  std::vector<std::vector<Plot>> plots = plots_of(results, options);
  std::vector<Plot> chosen;
  for (const std::vector<Plot>& of_result : plots)
    chosen.insert(chosen.end(), of_result.begin(), of_result.end());
  if (picture_only) {
    if (chosen.empty())
      throw Error("nothing to plot: " + experiments::why_no_plot(results.front().result),
                  options.results.front(), "write a page with -o REPORT.html, it has the tables");
    const auto wanted = static_cast<std::size_t>(options.plot == 0 ? 1 : options.plot);
    if (wanted > chosen.size())
      throw Error("there is no plot " + std::to_string(wanted), "--plot",
                  "there are " + std::to_string(chosen.size()));
    if (options.plot == 0 && chosen.size() > 1)
      note("drew the first of " + std::to_string(chosen.size()) + " plots; --plot N chooses");
    chosen = {chosen[wanted - 1]};
  }
  const std::vector<std::string> pictures = experiments::draw(chosen, temporary_folder());
  if (options.keep_script) keep_script(chosen, options);
  write_file(options.output,
             picture_only ? pictures.front() : experiments::report_page(results, plots, pictures));
  return exit_good;
}

}  // namespace

int report_verb(const Arguments& arguments) {
  ReportOptions options;
  Parser parser("report", description, examples);
  parser.list("RESULT.json", options.results, "result files of `halfulp run`")
      .required()
      .value_name("");
  parser
      .text("-o,--output", options.output,
            "REPORT.html, or FIGURE.svg for one plot; - prints the page")
      .value_name("FILE");
  parser
      .text("--csv", options.csv,
            "write tables for pandas, R and the like: OUT.csv has a row a point, metric and "
            "repeat, OUT-means.csv a row a point and metric")
      .value_name("OUT.csv");
  parser.list("--metric", options.metrics, "plot this metric instead; may be repeated")
      .value_name("NAME")
      .repeated();
  parser.number("--plot", options.plot, "which plot goes into an .svg (1)")
      .range(1, 1000)
      .value_name("N");
  parser.flag("--keep-script", options.keep_script,
              "leave NAME.gnuplot, with the data in it, beside the output");
  if (!parser.parse(arguments)) return exit_good;
  return write_report(options);
}

}  // namespace halfulp::cli
