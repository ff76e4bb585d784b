// SPDX-License-Identifier: MIT
//
// The members `problem` and `training` of documents that train a network (docs/training.md), typed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "experiments/models/training/schedule.h"
#include "experiments/models/training/table.h"
#include "experiments/networks/loss.h"
#include "experiments/networks/network.h"
#include "experiments/optimizers/optimizer.h"
#include "experiments/policy/layered_policy.h"
#include "formats/json.h"

namespace halfulp::experiments::training {

// Samples x and targets. Number i of x is normal with the variance i^-spectrum_exponent; or sample
// k is unit vector k mod the inputs, times the root of that variance, so that a batch of as many
// samples as inputs makes a quadratic loss with these curvatures. A network makes the targets,
// with noise of this deviation added: numbers, or where the loss is of classes the class of the
// largest (of one number: whether it is positive). Or samples lie about the centres of clusters,
// normal numbers of variance 1, at this spread, and their targets are the clusters' numbers; the
// other members but those of how many samples there are do not count. Or samples are the rows of a
// table, of which the last ones are for validation, and nothing else of this counts.
struct Data {
  enum class Inputs : std::uint8_t { normal, unit_vectors, clusters };
  Inputs inputs = Inputs::normal;
  NetworkDescription teacher;
  double noise = 0.0;
  double spectrum_exponent = 0.0;
  struct Outliers {
    std::uint64_t count = 0;
    double factor = 1.0;
  } outliers;                 // of the inputs the first ones, multiplied by the factor
  double spread = 1.0;        // of clusters
  std::uint64_t samples = 0;  // that there are, in every epoch in a new order; 0: always fresh ones
  std::uint64_t validation_samples = 0;
  std::shared_ptr<const Table> table;  // null: there is none
};

struct Problem {
  NetworkDescription network;
  LossKind loss = LossKind::mean_square;
  Data data;
};

struct Plan {
  OptimizerDescription optimizer;
  Schedule learning_rate;
  std::uint64_t steps = 0;
  std::uint64_t batch = 1;
  std::uint64_t workers = 1;  // that share a batch evenly, and send each other their gradients
  // Of the steps whose weights are averaged: the share at the end; 0: no average.
  double averaged = 0.0;
};

// What is measured beside the losses.
struct Measure {
  std::uint64_t gradient_error = 0;  // every so many steps, and at the last; 0: never
  std::uint64_t loss = 0;            // a point of its curve for so many steps; 0: no curve
  std::uint64_t places = 0;  // shares of elements at every place every so many steps; 0: none
};

struct Training {
  Problem problem;
  Plan plan;
  Measure measure;
  LayeredPolicy policy;
};

// Throw Error. folder: where relative paths begin. resolved: with every default filled in.
Problem parse_problem(const Json& value, const std::string& where, const std::string& folder,
                      Json& resolved);
Plan parse_plan(const Json& value, const std::string& where, const Problem& problem,
                Json& resolved);
// steps: of the whole training.
Measure parse_measure(const Json& value, const std::string& where, std::uint64_t steps,
                      Json& resolved);

}  // namespace halfulp::experiments::training
