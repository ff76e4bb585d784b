// SPDX-License-Identifier: MIT
//
// What is asked of a blame (blame.h), and what it tells while it goes on.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "experiments/blame/parts.h"
#include "experiments/runs/options.h"

namespace halfulp::experiments {

struct BlameOptions {
  By by = By::use;
  std::string metric;               // empty: the model's first that the runs have
  std::optional<double> tolerance;  // restored is what this share at most is worse than full
  bool search = true;               // for a set that restores the run
  std::string folder;  // where the results of all runs are kept, and found again; empty: nowhere
  int threads = 0;     // 0: as many as the machine has
  // stage: what is being run, for people.
  std::function<void(const std::string& stage, const Progress& progress)> progress;
  std::function<void(const std::string&)> warn;
  std::atomic<bool>* stop = nullptr;
};

}  // namespace halfulp::experiments
