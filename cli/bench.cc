// SPDX-License-Identifier: MIT
//
// halfulp bench: how fast the emulator is on this machine, as ratios to what bounds it, timed in
// turns in one process (bench/timing.h, bench/figures.h).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/figures.h"
#include "cli/bench/timing.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "formats/error.h"
#include "formats/json.h"

namespace halfulp::cli {
namespace {

using bench::FigureEntry;

const char* const description =
    "Times the emulator beside what bounds it, in turns and in one process, and prints the median\n"
    "ratio: above 1 the emulator is the faster one. A figure is WHAT/FORMAT/HOW/SIZE/THREADS; "
    "NAME\n"
    "is one, or the beginning of several. Without any, those are timed that fit the second-level\n"
    "cache (64 Ki numbers) or are small.\n"
    "\n"
    "Arrays are held against a copy (of other sizes in bytes read and written), operations "
    "against\n"
    "a plain loop in binary32, products of matrices against sgemm of OpenBLAS on one thread where\n"
    "the machine has it, steps of a regression against the same program in binary32 without\n"
    "rounding, and two threads against one. The first elements of every result are compared with\n"
    "the reference before they are timed.";

const char* const examples =
    "  $ halfulp bench --list | grep round/binary16\n"
    "  round/binary16/rne/l2/1\n"
    "  round/binary16/rne/l3/1\n"
    "  round/binary16/rne/memory/1\n"
    "\n"
    "  $ halfulp bench round/bfloat16/rne/l2/1\n"
    "  ...\n";

struct BenchOptions {
  std::vector<std::string> names;
  std::uint64_t rounds = 9;
  bool list = false, all = false, json = false, quiet = false;
};

std::vector<FigureEntry> all_figures(const bench::Blas& blas) {
  std::vector<FigureEntry> all = bench::array_figures();
  for (const auto& more : {bench::block_figures(), bench::product_figures(blas),
                           bench::scalar_figures(), bench::step_figures(), bench::thread_figures()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<FigureEntry> chosen_figures(const BenchOptions& options, const bench::Blas& blas) {
  std::vector<FigureEntry> chosen;
  const std::vector<FigureEntry> all = all_figures(blas);
  for (const std::string& name : options.names) {
    const auto begins = [&](const FigureEntry& entry) { return entry.name.starts_with(name); };
    if (std::ranges::none_of(all, begins))
      throw Error("no figure is or begins with \"" + name + "\"", "NAME",
                  "`halfulp bench --list` has them");
  }
  for (const FigureEntry& entry : all) {
    const auto begins = [&](const std::string& name) { return entry.name.starts_with(name); };
    const bool named = std::ranges::any_of(options.names, begins);
    const bool usual = options.names.empty() && (options.all || options.list || entry.is_quick);
    if (named || usual) chosen.push_back(entry);
  }
  return chosen;
}

struct Measured {
  std::string name, against;
  std::optional<double> ratio;
  double per_second = 0;
};

Measured measure(const FigureEntry& entry, const BenchOptions& options, const bench::Blas& blas) {
  const bench::Job job = entry.prepare();
  job.verify();
  const bench::Timing timing =
      bench::time_in_turns(job.work, job.yardstick, {.rounds = static_cast<int>(options.rounds)});
  Measured measured{.name = entry.name,
                    .against = entry.against,
                    .ratio = std::nullopt,
                    .per_second = job.elements / timing.seconds};
  if (job.yardstick) measured.ratio = timing.ratio * job.weight;
  if (entry.against == "sgemm" && blas.is_there()) measured.against += " (" + blas.name() + ")";
  return measured;
}

Json json_of(const Measured& measured, const std::string& against) {
  Json object{{"name", measured.name}};
  object["ratio"] = measured.ratio ? Json(*measured.ratio) : Json();
  object["against"] = against.empty() ? Json() : Json(against);
  object["elements_per_second"] = measured.per_second;
  if (against.empty()) object["value"] = 1e9 / measured.per_second;  // nanoseconds an element
  return object;
}

}  // namespace

int bench_verb(const Arguments& arguments) {
  BenchOptions options;
  Parser parser("bench", description, examples);
  parser.list("NAME", options.names, "a figure, or the beginning of some").repeated();
  parser.flag("--list", options.list, "print the names, and time nothing");
  parser.flag("--all", options.all, "time all sizes: the memory's take half a gigabyte");
  parser.count("--rounds", options.rounds, "turns whose median is taken (9)", 1, 1000);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;

  const bench::Blas blas;
  const std::vector<FigureEntry> figures = chosen_figures(options, blas);
  if (options.list) {
    for (const FigureEntry& entry : figures) print(entry.name + "\n");
    return exit_good;
  }
  std::vector<std::vector<std::string>> rows;
  ProgressBar bar("figures", options.quiet);
  for (std::size_t i = 0; i < figures.size(); ++i) {
    bar.update(static_cast<double>(i), static_cast<double>(figures.size()), 0, figures[i].name);
    const Measured measured = measure(figures[i], options, blas);
    if (options.json) {
      bar.clear();
      print(json_of(measured, figures[i].against).dump() + "\n");
      flush_output();
    }
    rows.push_back({measured.name, measured.ratio ? fmt::format("{:.3g}", *measured.ratio) : "-",
                    measured.against.empty() ? "-" : measured.against,
                    fmt::format("{:.3g}", 1e9 / measured.per_second)});
  }
  bar.clear();
  if (!options.json)
    print(table_text({{"figure"}, {"ratio", Align::right}, {"to"}, {"ns an element", Align::right}},
                     rows));
  return exit_good;
}

}  // namespace halfulp::cli
