// SPDX-License-Identifier: MIT
//
// What a study trains. A model reads its members of a document, says which points share a unit of
// work and how long that is, runs one, and names what it measures. Sweeps, threads, journals,
// results, fits and reports know a model by this table of functions alone; models/table.h lists the
// models.
//
// The unit of work is one repeat of a group of points that share something, their samples say. A
// point's outcome is a function of the point and the repeat alone, whatever else is in its group.
#pragma once

#include <any>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/machine.h"
#include "experiments/metrics.h"
#include "experiments/models/keeper.h"
#include "experiments/models/outcome.h"
#include "experiments/policy/policy.h"
#include "formats/json.h"

namespace halfulp::experiments {

// A point of a study as its model has read it.
struct ModelSetting {
  std::any own;  // what the model makes of the document; nobody else looks inside
  Policy policy;
};

// How long one repeat of a point is: a function of the document alone, the same on every machine.
struct Work {
  double steps = 0;   // of training
  double cost = 0;    // in proportion to its time
  double shared = 0;  // the same, of what a group does once, for the point that needs most of it
};

struct Model {
  std::string_view name;  // the member "experiment" of its documents
  MetricNames metrics;    // a fit that names none looks at the first
  // Fields of /problem and /training that decide nothing about which other fields may stand beside
  // them, or what these mean: defaults filled in at one value are right at all others.
  std::span<const std::string_view> independent_fields;

  // Reads what is left of a document, with its policy (paths in it are relative to `folder`), and
  // finishes the reader; puts the same members with every default filled in after those that
  // `resolved` has. kept: what the model keeps from point to point of a study, empty at first.
  // Throws Error.
  ModelSetting (*read)(ObjectReader& reader, const std::string& folder, std::any& kept,
                       Json& resolved);
  // What the memory for a problem grows with, of a description that need not be right.
  double (*dimensions)(const Json& problem);

  // Points of equal texts, seeds and repeats are a group. resolved: the point's document.
  std::string (*shared_part)(const ModelSetting& setting, const Json& resolved);
  Work (*work)(const ModelSetting& setting);
  // One outcome for each point of a group, in its order; empty where the keeper's watch said stop.
  // A model may save states with the keeper; it then goes on from them to the same outcomes.
  std::vector<RepeatOutcome> (*run)(std::span<const ModelSetting* const> group,
                                    const Machine& machine, const Keeper& keeper);
  // What theory says of a point whatever the repeat, beside what it says of every repeat.
  Metrics (*theory)(const ModelSetting& setting);
};

}  // namespace halfulp::experiments
