// SPDX-License-Identifier: MIT
//
// The figures that `halfulp bench` knows. Names are WHAT/FORMAT/HOW/SIZE/THREADS; sizes are l2
// (64 Ki numbers), l3 (1 Mi) and memory (64 Mi), or so many numbers, or the side of square
// matrices.
//
// A figure prepares its operands, compares what the emulator makes of them with what the reference
// makes of the first of them, and only then is timed beside its yardstick.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench/yardsticks.h"

namespace halfulp::cli::bench {

// What is timed. Both calls may be made any number of times.
struct Job {
  std::function<void()> work = {};
  std::function<void()> yardstick = {};  // none: the figure is a time
  double elements = 0;                   // of one call of the work: numbers, multiply-adds or calls
  double weight = 1;                     // times the ratio of times: bytes over bytes
  // Throws Error where emulator and reference differ.
  std::function<void()> verify = {};
  std::shared_ptr<void> held = {};  // operands that the calls use
};

struct FigureEntry {
  std::string name;
  std::string against;  // "memcpy", "best copy", "sgemm", "float-loop", "float-dot",
                        // "float-step", "one-thread", or empty
  std::function<Job()> prepare;
  bool is_quick = true;  // timed where no figure is named: in the second-level cache, or small
};

// Those of arrays, of products of matrices, of single operations, of steps of a regression, and
// of two threads, in this order. The library must outlive the jobs.
std::vector<FigureEntry> array_figures();
std::vector<FigureEntry> block_figures();
std::vector<FigureEntry> product_figures(const Blas& blas);
std::vector<FigureEntry> scalar_figures();
std::vector<FigureEntry> step_figures();
std::vector<FigureEntry> thread_figures();

}  // namespace halfulp::cli::bench
