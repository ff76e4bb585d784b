// SPDX-License-Identifier: MIT
//
// A sweep is a list of edits to a document: JSON pointers and the values to put there. The points
// are the full product in the order written, the last key fastest; keys joined by "+" move together
// over lists of equal length. Each point is a complete document that is read as strictly as one
// without a sweep.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/pointers.h"
#include "experiments/study/experiment.h"
#include "formats/json.h"

namespace halfulp::experiments {

struct Point {
  Json set;  // pointer -> value, as the sweep gives it
  Experiment experiment;
};

struct Study {
  Json document;                 // what the result file repeats
  const Model* model = nullptr;  // of all points
  std::vector<Point> points;
  Json fits, maps;   // checked
  std::string hash;  // of everything that decides the result
};

// Thrown by long work that was asked to stop.
struct Stopped {};
// Throws Stopped where `stop` is no null pointer and what it points to is true.
inline void stop_if(const std::atomic<bool>* stop) {
  if (stop != nullptr && *stop) throw Stopped{};
}

// Throws Error whose location begins with `where`, the document's path, and Stopped.
Study make_study(const Json& document, const std::string& where,
                 const std::atomic<bool>* stop = nullptr);

// The document with "/path=value" applied: the value is JSON where it reads as JSON, else a text.
// Throws Error on a text without "=", on a pointer that leads through something that is no object
// or list, and on a field that the document sweeps.
Json apply_settings(const Json& document, const std::vector<std::string>& settings);

}  // namespace halfulp::experiments
