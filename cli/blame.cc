// SPDX-License-Identifier: MIT
//
// halfulp blame: which place of an experiment's policy costs what, as a table, JSON, and a page or
// picture. The runs and what is made of them are experiments/blame/.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/same_file.h"
#include "cli/signals.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "experiments/blame/blame.h"
#include "experiments/blame/page.h"
#include "experiments/blame/picture.h"
#include "experiments/blame/sentences.h"
#include "experiments/study/sweep.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

using experiments::Blame;

const char* const description =
    "Which place of the policy costs what: each part of it is run alone in low precision and\n"
    "alone in full, over the repeats of CONFIG.json, with every other random bit the same; then a\n"
    "small set of parts is searched whose full precision restores the run (delta debugging).\n"
    "Intervals are of 95 %, over pairs of repeats. Parts are uses (matmul/w.fwd, of all layers\n"
    "together); with --by layer, op or place they are larger or smaller: there are twice as many\n"
    "policies to run as parts.";

const char* const examples =
    "  halfulp blame config.json                     the table\n"
    "  halfulp blame config.json -o blame.html       and a page with the picture\n"
    "  halfulp blame config.json --by layer --repeats 8\n"
    "  halfulp blame config.json --tolerance 0.01    restored is within 1 % of full precision\n"
    "  halfulp blame config.json --keep runs         stopped, the same call goes on\n";

struct BlameVerbOptions {
  std::string config, by = "use", metric, tolerance, output, folder;
  std::vector<std::string> settings;
  std::uint64_t point = 0, repeats = 0;
  int threads = 0;
  bool no_search = false, json = false, quiet = false;
};

experiments::By by_of(const std::string& text) {
  const std::vector<std::string>& names = experiments::by_names();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<experiments::By>(i);
  const std::string near = suggest(text, names);
  throw Error("\"" + text + "\" names no parts", "--by",
              near.empty() ? "place, layer, op and use do" : near);
}

double tolerance_of(const std::string& text) {
  const auto value = parse_if_json(text, "--tolerance");
  if (!value || !value->is_number())
    throw Error("\"" + text + "\" is no number", "--tolerance", "0.01 is one in a hundred");
  return number_from(*value, "--tolerance", 0.0, 1e6);
}

bool is_picture(const std::string& output) { return output.ends_with(".svg"); }

void check_output(const BlameVerbOptions& options) {
  if (options.output.empty()) return;
  if (!is_picture(options.output) && !options.output.ends_with(".html"))
    throw Error("the output \"" + options.output + "\" is neither a page nor a picture", "-o",
                "end its name in .html or .svg");
  const std::vector<NamedPath> inputs{{"CONFIG.json", options.config}};
  const std::vector<NamedPath> outputs{{"-o", options.output}};
  require_apart(inputs, outputs);
  require_writable(options.output);
}

// Progress of one study after another on one bar.
class Stages {
 public:
  explicit Stages(bool quiet) : bar_("steps", quiet) {}

  void update(const std::string& stage, const experiments::Progress& now) {
    if (stage != stage_) {
      before_.steps_done += last_.steps_done;
      before_.steps_resumed += last_.steps_resumed;
      stage_ = stage;
    }
    last_ = now;
    bar_.update(before_.steps_done + now.steps_done, before_.steps_done + now.steps_total,
                before_.steps_resumed + now.steps_resumed, stage);
  }
  void clear() { bar_.clear(); }

 private:
  ProgressBar bar_;
  std::string stage_;
  experiments::Progress before_, last_;
};

// The document of one point, with the repeats that are asked for.
Json document_of(const BlameVerbOptions& options, const std::string& where) {
  Json document = experiments::apply_settings(
      options.config == "-" ? read_json(std::cin, where) : read_json_file(where), options.settings);
  const experiments::Study study = experiments::make_study(document, where);
  if (options.point >= study.points.size())
    throw Error(fmt::format("there is no point {}", options.point), "--point",
                fmt::format("the points are 0 to {}", study.points.size() - 1));
  Json point = study.points[options.point].experiment.resolved;
  if (options.repeats > 0) point["repeats"] = options.repeats;
  return point;
}

std::string table_of(const Blame& blame) {
  using experiments::Against;
  const bool by_ratio = experiments::speaks_in_ratios(blame);
  const std::string less = by_ratio ? " / " : " - ";
  // Nothing can be compared with a policy that diverges.
  const bool diverges = blame.policy.diverged > 0;
  const Against other = diverges ? Against::full : Against::policy;
  std::vector<std::vector<std::string>> rows;
  for (const experiments::PartBlame& part : blame.parts)
    rows.push_back({part.name, std::to_string(part.places.size()),
                    experiments::variant_words(part.alone_low, Against::full, by_ratio),
                    experiments::variant_words(part.alone_full, other, by_ratio)});
  return table_text({{experiments::by_names()[static_cast<std::size_t>(blame.by)]},
                     {"places", Align::right},
                     {"alone low" + less + "full"},
                     {"alone full" + less + (diverges ? "full" : "policy")}},
                    rows);
}

void write_outputs(const BlameVerbOptions& options, const Blame& blame, const std::string& where) {
  if (options.json) {
    print(experiments::to_json(blame).dump(2) + "\n");
  } else {
    print(table_of(blame));
    for (const std::string& sentence : experiments::findings(blame)) print(sentence + "\n");
  }
  flush_output();
  if (options.output.empty()) return;
  write_file(options.output, is_picture(options.output) ? experiments::blame_picture(blame)
                                                        : experiments::blame_page(blame, where));
}

int execute(const BlameVerbOptions& options) {
  const std::string where = options.config == "-" ? "standard input" : options.config;
  experiments::BlameOptions how;
  how.by = by_of(options.by);
  if (!options.tolerance.empty()) how.tolerance = tolerance_of(options.tolerance);
  how.metric = options.metric;
  how.search = !options.no_search;
  how.folder = options.folder;
  how.threads = options.threads;
  check_output(options);
  const Json document = document_of(options, where);
  if (!options.folder.empty()) {
    std::error_code failed;
    std::filesystem::create_directories(options.folder, failed);
    if (failed)
      throw Error("cannot make the folder " + options.folder + ": " + failed.message(), "--keep",
                  "name a folder that may be written");
  }

  const std::string words =
      options.folder.empty()
          ? "stopped; nothing was kept, --keep FOLDER keeps what is finished"
          : "stopped; the same call goes on with what " + options.folder + " has";
  Stages bar(options.quiet);
  SignalWatch signals([&] {
    bar.clear();
    note(words);
  });
  how.stop = &signals.stop();
  how.warn = [&](const std::string& text) {
    bar.clear();
    note(text);
  };
  how.progress = [&](const std::string& stage, const experiments::Progress& progress) {
    bar.update(stage, progress);
  };
  try {
    const Blame blame = experiments::blame(document, where, emulator::engine(), how);
    bar.clear();
    write_outputs(options, blame, where);
  } catch (const experiments::Stopped&) {
    bar.clear();
    note(words);
    return signal_status + signals.caught();
  }
  return exit_good;
}

}  // namespace

int blame_verb(const Arguments& arguments) {
  BlameVerbOptions options;
  Parser parser("blame", description, examples);
  parser.text("CONFIG.json", options.config, "the experiment; - is standard input")
      .required()
      .value_name("");
  parser.text("-o,--output", options.output, "BLAME.html, or the picture alone as BLAME.svg")
      .value_name("FILE");
  parser
      .text("--by", options.by,
            "what a part is: a use, of all layers (use); an operation (op); a layer (layer); a use "
            "of an operation of a layer (place)")
      .value_name("PART");
  parser
      .text("--metric", options.metric,
            "what is compared; without it the model's first, such as validation_loss")
      .value_name("NAME");
  parser
      .text("--tolerance", options.tolerance,
            "a run is restored that is worse than full precision by at most this share; without "
            "it, by a tenth of what the policy costs (of logarithms) and at most twofold")
      .value_name("X");
  parser.flag("--no-search", options.no_search, "leave out the search for a set that restores");
  parser.count("--repeats", options.repeats, "in place of the document's", 1, 1000000);
  add_settings(parser, options.settings);
  add_point(parser, options.point);
  parser
      .text("--keep", options.folder,
            "keep the results of all runs in this folder, and go on from those that it has")
      .value_name("FOLDER");
  add_threads(parser, options.threads);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;
  return execute(options);
}

}  // namespace halfulp::cli
