// SPDX-License-Identifier: MIT
//
// Two tensors compared: how they differ (differences.h), whether that is within a tolerance
// (tolerance.h), which wrong outputs the tolerance would pass too, and which side is nearer to the
// exact result (nearness.h). Files are read in stretches that go to threads and are added up in
// their order, so memory does not grow with them and no answer depends on the number of threads.
//
//   const Comparison found = compare({.got = got, .want = want}, {.format = got.type().format});
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "golden/comparison/differences.h"
#include "golden/comparison/impostors.h"
#include "golden/comparison/nearness.h"
#include "golden/comparison/scales.h"

namespace halfulp::comparison {

// Tensors of one shape, in files that outlive the comparison.
struct Inputs {
  const tensors::TensorCodes& got;
  const tensors::TensorCodes& want;
  const tensors::TensorCodes* exact = nullptr;   // exact results, in any format that doubles hold
  const tensors::TensorCodes* addend = nullptr;  // what a product was added to
  const tensors::TensorCodes* stale = nullptr;   // another output that may have been left there
  // Of codes with scales: elements in blocks whose scales differ are counted, and not judged.
  std::vector<DifferingScales> scales = {};
};

struct CompareOptions {
  // What got and want are numbers of; an element that is none is an error.
  Format format;
  Tolerance tolerance = {.ulp = 0};
  Strictness strictness = {};
  bool guard = true;         // look for impostors
  std::uint64_t shown = 10;  // mismatches that are kept
  int threads = 0;           // 0: all processors
};

// What the tolerance says of a wrong output.
struct Impostor {
  Wrong wrong = Wrong::zeros;
  Tally tally;
  bool passes = false;
};

struct Guard {
  std::vector<Impostor> impostors;
  // The largest |want| over what the tolerance allows there (in steps, of --ulp); none where the
  // tolerance allows nothing or bounds no element.
  std::optional<double> largest_over_tolerance;
  // Elements whose tolerance reaches their magnitude: zero would do. None where the tolerance
  // bounds no element, or the format has no zero.
  std::optional<std::uint64_t> swallowed;
  [[nodiscard]] bool is_sound() const;  // no impostor passes
};

struct Comparison {
  tensors::Shape shape;
  Format format;
  Differences differences;
  Tally tally;
  std::vector<Ruling> rulings;
  // All rulings hold, and of a tensor that has elements one at least is judged.
  bool within = false;
  std::optional<Guard> guard;
  std::optional<Nearness> nearness;
};

// Throws Error where the shapes differ.
void require_shape(const tensors::TensorCodes& tensor, const tensors::TensorCodes& want);

// done of all elements are read; on the thread that called.
using CompareProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// Throws Error: other shapes; an element that is no number of the format; an unreadable file.
Comparison compare(const Inputs& inputs, const CompareOptions& options,
                   const CompareProgress& progress = {});

}  // namespace halfulp::comparison
