// SPDX-License-Identifier: MIT
//
// halfulp run: an experiment document from a file to a result file. The work itself, its journal
// and the promise of equal bytes are experiments/runs/run.h; here are the options, the signals, the
// progress, the series as they arise and the table at the end.
#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/run_table.h"
#include "cli/same_file.h"
#include "cli/series_stream.h"
#include "cli/shard.h"
#include "cli/signals.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "experiments/runs/run.h"
#include "experiments/study/sweep.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "reference/engine.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Runs the experiment or sweep that CONFIG.json describes and writes one JSON result file. A "
    "run\n"
    "that is stopped at any moment loses no finished point, and of a long training at most what "
    "came\n"
    "after its last checkpoint: the same call with --resume goes on, and the result is the same "
    "byte\n"
    "for byte, as it is with any number of threads or shards.";

const char* const examples =
    "  $ halfulp run config.json -o result.json --quiet\n"
    "\n"
    "  $ halfulp run config.json --set /repeats=3 --set /problem/dimension=32 -o - | head -1\n"
    "  {\n"
    "\n"
    "  $ halfulp run config.json -o shared.json --shard 1/2 --quiet\n"
    "  $ halfulp run config.json -o shared.json --shard 2/2 --quiet\n"
    "\n"
    "  $ HALFULP_SHARDS=2 HALFULP_SHARD=1 halfulp run config.json -o s.json --shard auto --steal "
    "--quiet\n";

struct RunVerbOptions {
  Arguments words;  // the call
  std::string config, output, shard, stream;
  std::vector<std::string> settings;
  bool resume = false, steal = false, no_lock = false, no_run_info = false, no_repeats = false,
       reference = false, quiet = false, json = false;
  bool output_named = true;
  int threads = 0, checkpoint = 60, patience = 60;
};

std::string default_output(const std::string& config) {
  if (config == "-") return "-";
  std::string name = config.substr(config.find_last_of('/') + 1);
  const std::string ending = ".json";
  if (name.size() > ending.size() && name.ends_with(ending))
    name.resize(name.size() - ending.size());
  return name + ".result.json";
}

Json read_config(const std::string& path) {
  if (path != "-") return read_json_file(path);
  return read_json(std::cin, "standard input");
}

// A word as a shell reads it.
std::string quoted(const std::string& word) {
  const std::string plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:@%+";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

// The call that goes on: the same words, so that the result is the same.
std::string resume_call(const RunVerbOptions& options) {
  std::string call = "halfulp run";
  for (const std::string& word : options.words) call += " " + quoted(word);
  if (!options.output_named) call += " -o " + quoted(options.output);
  return options.resume ? call : call + " --resume";
}

// What is said where a signal ends the run.
std::string stopped_text(const RunVerbOptions& options, std::size_t done, std::size_t total) {
  const std::string units = total == 0 ? "" : fmt::format(" with {} of {} units done", done, total);
  const bool kept = total > 0 && !is_stream(options.output) && options.output != "-";
  return "stopped" + units + "; " +
         (kept ? "go on with: " + resume_call(options) : "nothing was written");
}

int finish(const RunVerbOptions& options, const experiments::RunSummary& summary, int signal) {
  using experiments::RunState;
  if (summary.state == RunState::stopped) {
    note(stopped_text(options, summary.units_done, summary.units_total));
    return signal_status + signal;
  }
  if (summary.state == RunState::waiting) {
    if (!options.quiet)
      note("shard " + options.shard + " is done, its journal is " + summary.journal +
           "; the last shard to finish writes " + options.output);
    return exit_good;
  }
  if (options.output == "-") {
    print(summary.result.dump(2) + "\n");  // the bytes of the file
  } else if (summary.state == RunState::joined) {
    if (!options.quiet)
      note("shard " + options.shard + " is done, and another has written " + options.output);
  } else if (!options.quiet && options.stream != "-") {
    if (options.json) {
      for (const Json& point : summary.result["points"]) print(point.dump() + "\n");
    } else {
      print(run_table(summary.result));
    }
    flush_output();  // before the notes, which go to another stream
    if (summary.state == RunState::already_complete)
      note(options.output + " holds the finished result already, nothing was computed");
    note("now: halfulp report " + options.output + " -o " +
         options.output.substr(0, options.output.rfind(".json")) + ".html");
  }
  if (const std::string diverged = divergence_note(summary.result); !diverged.empty())
    note(options.output + ": " + diverged);
  if (summary.failed_points == 0) return exit_good;
  note(fmt::format("{}: {} of {} failed; \"error\" in the record of each says why", options.output,
                   summary.failed_points, counted(summary.points, "point")));
  return exit_bad_verdict;
}

// Every text of the document that could name a file, looked up beside the document and here.
void add_named_files(const Json& value, const std::filesystem::path& folder,
                     std::vector<NamedPath>& files) {
  if (value.is_string()) {
    const auto text = value.get<std::string>();
    if (!looks_like_path(text)) return;
    files.push_back({"a file of the document", text});
    files.push_back({"a file of the document", (folder / text).string()});
  }
  if (!value.is_structured()) return;
  for (const Json& part : value) add_named_files(part, folder, files);
}

void require_own_output(const RunVerbOptions& options, const Json& document) {
  std::vector<NamedPath> inputs{{"CONFIG.json", options.config}};
  add_named_files(document, std::filesystem::path(options.config).parent_path(), inputs);
  std::vector<NamedPath> outputs;
  if (options.output != "-")
    outputs = {{"-o", options.output}, {"-o", options.output + ".journal"}};
  if (!options.stream.empty()) outputs.push_back({"--stream", options.stream});
  require_apart(inputs, outputs);
}

// Throws Error where standard output has two uses.
void require_own_stream(RunVerbOptions& options) {
  if (options.stream.empty() || !is_standard_output(options.stream)) return;
  options.stream = "-";
  if (options.output == "-")
    throw Error("standard output has the result already", "--stream",
                "name a file for one of them");
  if (options.json)
    throw Error("standard output has the records of --json already", "--stream",
                "leave out --json, or name a file");
}

// Shards and runs that go on add to what stands in the file.
std::optional<SeriesStream> stream_of(const RunVerbOptions& options) {
  if (options.stream.empty()) return std::nullopt;
  return std::optional<SeriesStream>(std::in_place, options.stream,
                                     options.resume || !options.shard.empty());
}

// But for what is called while it runs.
experiments::RunOptions run_options(const RunVerbOptions& options, const ShardNumbers& shard) {
  experiments::RunOptions how;
  how.output = options.output == "-" ? "" : options.output;
  how.lock = !options.no_lock;
  how.shard_index = shard.index;
  how.shard_count = shard.count;
  how.threads = options.threads;
  how.run_info = !options.no_run_info;
  how.repeats = !options.no_repeats;
  how.checkpoint_seconds = options.checkpoint;
  how.steal = options.steal && shard.count > 1;
  how.resume = options.resume || options.steal;
  how.patience = options.patience;
  return how;
}

int execute(RunVerbOptions& options) {
  const ShardNumbers shard = shard_numbers(options.shard);
  if (!shard.source.empty()) {
    options.shard = fmt::format("{}/{}", shard.index, shard.count);
    if (!options.quiet) note("shard " + options.shard + ", as " + shard.source + " says");
  }
  if (options.steal && options.shard.empty())
    throw Error("is for shards", "--steal", "add --shard I/N or --shard auto");
  options.output_named = !options.output.empty();
  if (!options.output_named) options.output = default_output(options.config);
  if (is_standard_output(options.output)) options.output = "-";
  const bool to_output = options.output == "-";
  if ((to_output || is_stream(options.output)) && (options.resume || !options.shard.empty()))
    throw Error("--resume and --shard need a result file", "run", "name one with -o RESULT.json");
  const Json document = experiments::apply_settings(read_config(options.config), options.settings);
  const std::string where = options.config == "-" ? "standard input" : options.config;
  require_own_stream(options);
  require_own_output(options, document);
  require_writable(options.output);
  if (!options.output_named && !to_output && !options.quiet)
    note("the result goes to " + options.output);

  ProgressBar bar("steps", options.quiet);
  std::atomic<std::size_t> done{0};
  std::atomic<std::size_t> total{0};
  SignalWatch signals([&] {
    bar.clear();
    note(stopped_text(options, done, total));
  });
  experiments::RunOptions how = run_options(options, shard);
  how.stop = &signals.stop();
  how.warn = [&bar](const std::string& text) {
    bar.clear();
    note(text);
  };
  std::optional<SeriesStream> stream = stream_of(options);
  if (stream) how.follow = [&](const experiments::SeriesPoint& point) { stream->write(point); };
  how.progress = [&](const experiments::Progress& progress) {
    if (stream) stream->begin();
    done = progress.units_done;
    total = progress.units_total;
    bar.update(progress.steps_done, progress.steps_total, progress.steps_resumed,
               fmt::format("{}/{} units", progress.units_done, progress.units_total));
  };
  const Engine& engine = options.reference ? reference::engine() : emulator::engine();
  const experiments::RunSummary summary = experiments::run(document, where, engine, how);
  bar.clear();
  return finish(options, summary, signals.caught());
}

}  // namespace

int run_verb(const Arguments& arguments) {
  RunVerbOptions options;
  options.words = arguments;
  Parser parser("run", description, examples);
  parser.text("CONFIG.json", options.config, "the experiment; - is standard input")
      .required()
      .value_name("");
  parser
      .text("-o,--output", options.output,
            "the result file; without it CONFIG.result.json in this folder, - prints it")
      .value_name("RESULT.json");
  add_settings(parser, options.settings);
  parser.flag("--resume", options.resume, "go on where a stopped run left off");
  parser
      .number("--checkpoint", options.checkpoint,
              "save trainings under way every so many seconds, 60 where nothing is said, and when "
              "the run is stopped, for --resume; 0: not at all")
      .range(0, 1000000)
      .value_name("SECONDS");
  parser
      .text("--stream", options.stream,
            "write the points of series (loss, gradient errors) as they arise, each a line of JSON "
            "in this file, - prints them; --resume and --shard add to it")
      .value_name("FILE");
  parser
      .text("--shard", options.shard,
            "do only part I of N; every part with the same -o: the last to finish writes the "
            "result; journals of other machines count when copied beside it (then --resume); auto: "
            "as Slurm, MPI and other launchers say in the environment, or HALFULP_SHARD and "
            "HALFULP_SHARDS")
      .value_name("I/N|auto");
  parser.flag(
      "--steal", options.steal,
      "of a shard: when its own part is done, do what nobody alive works on, and stay until "
      "the result is there, whoever dies; with --resume");
  parser
      .number("--patience", options.patience,
              "other shards may count this one as dead after so many seconds without a sign of "
              "life, 60 where nothing is said")
      .range(1, 1000000)
      .value_name("SECONDS");
  parser.flag("--no-lock", options.no_lock,
              "for file systems that cannot lock a file; see that no other run has this output");
  parser.flag("--no-run-info", options.no_run_info,
              "leave out the member \"run\" (time, host, threads)");
  parser.flag("--no-repeats", options.no_repeats,
              "leave out what each metric was in every repeat, so that the file is smaller");
  parser.flag("--reference", options.reference,
              "compute with the exact reference instead of the emulator (slow)");
  add_threads(parser, options.threads);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;
  return execute(options);
}

}  // namespace halfulp::cli
