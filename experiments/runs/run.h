// SPDX-License-Identifier: MIT
//
// A document from beginning to end: expand its sweep (study/), number its units of work and compute
// them (units.h) as a distributor hands them out (distributor.h), keep what is finished in a
// journal and write the result (store.h). The result is a pure function of document and engine:
// neither threads nor shards nor a stop and resume in between change a byte of it, except in the
// member `run`.
//
// Journals: OUTPUT.journal, or OUTPUT.shard-I-of-N.journal, beside the file that OUTPUT leads to. A
// run without `resume` refuses to start over an existing journal of its own, unless the finished
// result stands beside it. A run with `resume` and without a shard takes what all journals beside
// the output hold, computes what is missing or damaged, writes the result and removes the journals.
// A shard writes the result when it finds that all journals together hold every unit. An output
// that is a stream (formats/output_file.h) has no journal: the result is only answered.
//
// Units are dealt to shards by cost (deal.h). A shard gives signs of life (heartbeat.h), and where
// it steals it takes a lease of every unit (leases.h), goes on to those of others that are free,
// and waits for what is under way; one of those that wait writes the result. How far all of them
// are is to be read from these files (status.h).
//
// Beside its journal a run keeps a checkpoint of every unit under way whose model saves states
// (checkpoint.h): every so often, and when it is stopped. A run with `resume` goes on from those
// that it finds for its units, whichever shard wrote them; one that is no use is said and passed
// over. It is removed when its unit is in the journal, and what is left of them with the journals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/runs/options.h"
#include "formats/engine.h"
#include "formats/json.h"

namespace halfulp::experiments {

enum class RunState : std::uint8_t {
  complete,  // the result is written (or answered)
  stopped,   // `stop` was set; the journal holds what was finished, checkpoints what was not
  waiting,   // this shard is done, others are not
  already_complete,  // `resume` found the finished result of the same document
  joined,            // this shard has done its part, another has written the result
};

struct RunSummary {
  RunState state = RunState::complete;
  Json result;  // null unless complete, already_complete or joined
  std::size_t points = 0;
  std::size_t failed_points = 0;
  std::size_t units_done = 0, units_total = 0;
  std::string output;   // as in the options
  std::string journal;  // path of this run's journal where it still exists, else empty
};

// where: the document's path, for messages; files that the document names are looked up relative to
// its folder. Throws Error: the document is wrong (before anything is computed), a journal is in
// the way, or a file cannot be written.
RunSummary run(const Json& document, const std::string& where, const Engine& engine,
               const RunOptions& options);

}  // namespace halfulp::experiments
