// SPDX-License-Identifier: MIT
//
// halfulp reproduce: the experiments of data/experiments that have published figures in
// data/expected, run and compared, a line a figure.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "experiments/results/expected.h"
#include "experiments/runs/run.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

namespace fs = std::filesystem;

const char* const description =
    "Runs the experiments that have published figures and compares: experiment, quantity,\n"
    "measured, expected, tolerance, verdict. Without a NAME all of them, of which two take hours.";

const char* const examples =
    "  halfulp reproduce                           all of them\n"
    "  halfulp reproduce zhang2025-data-noise      one of them\n"
    "  halfulp reproduce -o results                keep the result files, go on where they stop\n";

struct ReproduceOptions {
  std::vector<std::string> names;
  std::string data, output;
  bool quiet = false, json = false;
  int threads = 0;
};

// The folder given; else ./data; else the one beside the program (in a build tree, installed).
fs::path find_data(const std::string& given) {
  std::vector<fs::path> places = {given};
  if (given.empty()) {
    std::error_code none;
    const fs::path program = fs::read_symlink("/proc/self/exe", none).parent_path();
    places = {"data", program / ".." / "data", program / ".." / "share" / "halfulp"};
  }
  for (const fs::path& place : places) {
    if (fs::is_directory(place / "expected") && fs::is_directory(place / "experiments")) {
      return place.lexically_normal();
    }
  }
  throw Error("no folder with experiments/ and expected/ is found", given,
              "name it with --data FOLDER");
}

std::vector<std::string> known_names(const fs::path& data) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(data / "expected")) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> chosen_names(const ReproduceOptions& options, const fs::path& data) {
  const std::vector<std::string> known = known_names(data);
  for (const std::string& name : options.names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string list;
    for (const std::string& other : known) list += (list.empty() ? "" : ", ") + other;
    const std::string hint = suggest(name, known);
    throw Error("unknown experiment \"" + name + "\"", "reproduce",
                hint.empty() ? "the experiments are " + list : hint);
  }
  return options.names.empty() ? known : options.names;
}

Json run_experiment(const ReproduceOptions& options, const fs::path& data,
                    const std::string& name) {
  const std::string path = (data / "experiments" / (name + ".json")).string();
  ProgressBar bar("steps", options.quiet);
  experiments::RunOptions how;
  if (!options.output.empty()) {
    fs::create_directories(options.output);
    how.output = (fs::path(options.output) / (name + ".json")).string();
    how.resume = true;
  }
  how.threads = options.threads;
  how.warn = [&bar](const std::string& text) {
    bar.clear();
    note(text);
  };
  how.progress = [&](const experiments::Progress& progress) {
    bar.update(progress.steps_done, progress.steps_total, progress.steps_resumed, name);
  };
  experiments::RunSummary summary =
      experiments::run(read_json_file(path), path, emulator::engine(), how);
  bar.clear();
  return std::move(summary.result);
}

// The file that the experiment needs and that is not there; empty where it needs none.
std::string missing_file(const Json& expected, const fs::path& data) {
  if (!expected.is_object()) return {};
  const std::string name = expected.value("data", "");
  return name.empty() || fs::exists(data / name) ? std::string() : (data / name).string();
}

std::string measured_text(const experiments::Verdict& v) {
  if (v.pairs == 0) return fmt::format("{:.5g}", v.measured);
  return fmt::format("{:.5g} +- {:.2g} ({} pairs)", v.measured, v.standard_error, v.pairs);
}

void print_line(const std::string& name, const Json& expected, const experiments::Verdict& v) {
  Json line = {{"experiment", name},
               {"quantity", v.what},
               {"measured", number_json(v.measured)},
               {"expected", v.expected},
               {"tolerance", v.tolerance},
               {"source", expected.value("source", "")},
               {"good", v.good}};
  if (v.pairs > 0) {
    line["pairs"] = v.pairs;
    line["standard_error"] = number_json(v.standard_error);
  }
  print(line.dump() + "\n");
  flush_output();
}

void print_table(const std::vector<std::vector<std::string>>& rows, std::size_t bad) {
  print(table_text({{"experiment"},
                    {"quantity"},
                    {"measured", Align::right},
                    {"expected", Align::right},
                    {"tolerance", Align::right},
                    {"verdict"}},
                   rows));
  print(counted(rows.size(), "figure") + ", " + std::to_string(bad) + " outside " +
        (rows.size() == 1 ? "its" : "their") + " tolerance\n");
}

}  // namespace

int reproduce_verb(const Arguments& arguments) {
  ReproduceOptions options;
  Parser parser("reproduce", description, examples);
  parser.list("NAME", options.names, "experiments by name").value_name("");
  parser.text("--data", options.data, "the folder that holds experiments/ and expected/")
      .value_name("FOLDER");
  parser.text("-o,--output", options.output, "keep the result files in this folder")
      .value_name("FOLDER");
  add_threads(parser, options.threads);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;

  const fs::path data = find_data(options.data);
  std::vector<std::vector<std::string>> rows;
  std::size_t bad = 0;
  for (const std::string& name : chosen_names(options, data)) {
    const std::string path = (data / "expected" / (name + ".json")).string();
    const Json expected = read_json_file(path);
    // Asked for by name, its run says what is missing.
    if (const std::string missing = missing_file(expected, data);
        !missing.empty() && options.names.empty()) {
      note(name + ": left out, as " + missing +
           " is missing; docs/training.md says where it is from");
      continue;
    }
    const Json result = run_experiment(options, data, name);
    try {
      for (const experiments::Verdict& v : experiments::compare_with_expected(expected, result)) {
        bad += v.good ? 0 : 1;
        const std::string verdict = v.good ? "good" : "BAD";
        rows.push_back({name, v.what, measured_text(v), fmt::format("{:.5g}", v.expected),
                        v.tolerance, verdict});
        if (options.json) print_line(name, expected, v);
      }
    } catch (const Error& error) {
      throw error.at(path);
    }
  }
  if (!options.json) print_table(rows, bad);
  return bad == 0 ? exit_good : exit_bad_verdict;
}

}  // namespace halfulp::cli
