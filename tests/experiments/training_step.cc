// SPDX-License-Identifier: MIT
//
// For training_step.py, which computes the same with NumPy: of every training on standard input, a
// list, the weights before the first step, the batches and the weights after the last, as JSON.
#include <iostream>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/models/training/session.h"

namespace {

using namespace halfulp;
using namespace halfulp::experiments;

Json rows_of(const Matrix<double>& x) {
  Json rows = Json::array();
  for (Eigen::Index r = 0; r < x.rows(); ++r) {
    Json row = Json::array();
    for (Eigen::Index c = 0; c < x.cols(); ++c) row.push_back(x(r, c));
    rows.push_back(row);
  }
  return rows;
}

Json weights_of(const training::Session<double>& session, const training::Training& training) {
  Json weights = Json::object();
  const training::Parts<double> parts(training.problem, training.plan);
  for (std::size_t k = 0; k < parts.optimizer->parameters().size(); ++k)
    weights[parts.optimizer->parameters()[k]->name] = rows_of(session.kept(k));
  return weights;
}

Json computed(const Json& document) {
  training::Training training;
  Json resolved;
  training.problem = training::parse_problem(document["problem"], "/problem", ".", resolved);
  training.plan =
      training::parse_plan(document["training"], "/training", training.problem, resolved);
  training.policy = parse_layered_policy(Json::object(), "/policy",
                                         training::places_of(training.problem, training.plan));
  const Machine machine{.engine = &emulator::engine(), .seed = 11, .repeat = 2};
  training::Session<double> session(training, machine);
  Json result;
  result["before"] = weights_of(session, training);
  training::Samples<double> samples(training.problem, machine);
  const training::Batch<double> all = samples.in_order(0, training.problem.data.samples);
  result["all"] = {{"x", rows_of(all.x)}, {"target", rows_of(all.target)}};
  for (std::uint64_t t = 0; t < training.plan.steps; ++t) {
    const training::Batch<double> batch = samples.batch(t, training.plan.batch);
    result["batches"].push_back({{"x", rows_of(batch.x)}, {"target", rows_of(batch.target)}});
  }
  while (!session.finished()) session.step();
  result["after"] = weights_of(session, training);
  return result;
}

}  // namespace

int main() {
  Json results = Json::array();
  for (const Json& document : Json::parse(std::cin)) results.push_back(computed(document));
  std::cout << results.dump() << "\n";
}
