// SPDX-License-Identifier: MIT
//
// halfulp status: how far a run or all shards of a sweep are, from the files beside the result
// (experiments/runs/status.h).
#include "experiments/runs/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "formats/counted.h"

namespace halfulp::cli {
namespace {

using experiments::Beat;
using experiments::ResultState;
using experiments::ShardStatus;
using experiments::SweepStatus;
using experiments::Vitality;

const char* const description =
    "Says how far a run, or every shard of a sweep, is that writes RESULT.json (what -o of "
    "`halfulp\n"
    "run` names): units and steps done, their rate, how long ago the last sign of life was, units "
    "under\n"
    "way. It reads the files beside the result and can be asked at any time, from any machine that "
    "sees\n"
    "them. The exit status is 1 where the result cannot come by itself (a shard is lost or stopped "
    "and\n"
    "nobody redoes its units), is damaged, or has points that failed.";

const char* const examples =
    "  $ halfulp status result.json\n"
    "  result.json: complete, 24 points\n"
    "\n"
    "  $ halfulp run config.json -o part.json --shard 1/3 --quiet; halfulp status part.json | head "
    "-1\n"
    "  part.json: no result yet, 4 of 12 units done (33 %)\n";

std::string head_of(const SweepStatus& status) {
  std::string text = status.output + ": ";
  switch (status.result) {
    case ResultState::none:
      text += "no result yet";
      break;
    case ResultState::whole:
      text += "complete, " + counted(status.points, "point");
      if (status.failed_points > 0) text += fmt::format(", {} failed", status.failed_points);
      break;
    case ResultState::damaged:
      text += "damaged, or no result";
      break;
    case ResultState::another:
      text += "a result of another document";
      break;
  }
  if (status.units > 0 && !status.complete())
    text +=
        fmt::format(", {} of {} done ({:.0f} %)", status.units_done, counted(status.units, "unit"),
                    std::floor(100.0 * static_cast<double>(status.units_done) /
                               static_cast<double>(status.units)));
  return text;
}

std::vector<std::string> row_of(const ShardStatus& shard) {
  const std::optional<Beat>& beat = shard.beat;
  std::vector<std::string> row{fmt::format("{}/{}", shard.shard.index, shard.shard.count),
                               std::string(text_of(shard.vitality, beat))};
  if (!beat) {
    row.insert(row.end(), {std::to_string(shard.units), "", "", "", ""});
  } else {
    // The journal is ahead of the sign of life.
    const std::size_t own =
        std::min(shard.units - std::min(shard.units, beat->others.units), beat->dealt.units);
    row.insert(row.end(),
               {fmt::format("{} of {}", own, beat->dealt.units), std::to_string(shard.units - own),
                short_number(beat->own.steps + beat->others.steps),
                beat->rate > 0 ? short_number(beat->rate) + "/s" : "", ""});
    row.back() = beat->host;
  }
  row.insert(row.end() - 1, shard.silent_for ? duration_text(*shard.silent_for) + " ago" : "");
  row.insert(row.end() - 1, shard.leases.empty() ? "" : std::to_string(shard.leases.size()));
  return row;
}

// What a reader should do, if anything.
std::string advice(const SweepStatus& status) {
  if (status.stuck() && status.shards.size() == 1)
    return "nobody does what is left: start the same call again with --resume\n";
  if (status.stuck() && !status.shards.empty())
    return "nobody alive does what is left: start the same calls again with --resume, or any shard "
           "with --steal\n";
  if (!status.seconds_left || status.stuck()) return "";
  return "about " + duration_text(*status.seconds_left) + " left\n";
}

std::string table_of(const SweepStatus& status) {
  std::string text = head_of(status) + "\n";
  // The last shards find the result and go.
  if (status.shards.empty() || status.complete()) return text;
  std::vector<std::vector<std::string>> rows;
  for (const ShardStatus& shard : status.shards) rows.push_back(row_of(shard));
  text += table_text({{"shard", Align::right},
                      {"state"},
                      {"units", Align::right},
                      {"of others", Align::right},
                      {"steps", Align::right},
                      {"rate", Align::right},
                      {"last sign", Align::right},
                      {"leases", Align::right},
                      {"host"}},
                     rows);
  for (const ShardStatus& shard : status.shards) {
    if (shard.damaged > 0)
      text += fmt::format("{}/{}: {} of its journal damaged\n", shard.shard.index,
                          shard.shard.count, counted(shard.damaged, "line"));
  }
  return text + advice(status);
}

}  // namespace

int status_verb(const Arguments& arguments) {
  std::string output;
  bool json = false;
  Parser parser("status", description, examples);
  parser.text("RESULT.json", output, "the result file, there or not yet").required().value_name("");
  add_json(parser, json);
  if (!parser.parse(arguments)) return exit_good;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  const SweepStatus status = experiments::status_of(output, now.count());
  print(json ? to_json(status).dump() + "\n" : table_of(status));
  const bool good = !status.stuck() && status.failed_points == 0;
  return good ? exit_good : exit_bad_verdict;
}

}  // namespace halfulp::cli
