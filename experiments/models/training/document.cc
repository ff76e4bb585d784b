// SPDX-License-Identifier: MIT
#include "experiments/models/training/document.h"

#include <nlohmann/json.hpp>

#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::experiments::training {
namespace {

constexpr std::int64_t most_steps = std::int64_t{1} << 40;
constexpr double most_weights = 0x1p28;
constexpr std::int64_t most_samples = std::int64_t{1} << 32;

// What a student learns from where nothing is said: one of its own kind, without norms.
Json usual_teacher(const NetworkDescription& student, const Json& described) {
  if (student.kind != NetworkDescription::Kind::residual_mlp) return described;
  return {{"kind", "teacher_mlp"},
          {"width", student.width},
          {"depth", student.depth},
          {"activation", described["activation"]}};
}

// About a hundred points.
std::int64_t usual_interval(std::uint64_t steps) {
  constexpr std::uint64_t points = 100;
  return static_cast<std::int64_t>((steps + points - 1) / points);
}

void read_counts(ObjectReader& reader, Data& data) {
  // Their order is kept.
  constexpr std::int64_t most_ordered = std::int64_t{1} << 26;
  data.samples = static_cast<std::uint64_t>(reader.integer("samples", 0, 0, most_ordered));
  data.validation_samples =
      static_cast<std::uint64_t>(reader.integer("validation_samples", 1024, 0, most_samples));
}

void require_no_teacher(ObjectReader& reader) {
  for (const char* name : {"teacher", "inputs", "noise", "spectrum_exponent", "samples"}) {
    if (reader.has(name))
      throw Error("samples come from the table", reader.place(name),
                  std::string("leave \"") + name + "\" out, or the table");
  }
}

// The last fifth of the rows is for validation where nothing is said.
Data parse_tabled(ObjectReader& reader, const TableShape& shape, const std::string& folder,
                  Json& resolved) {
  require_no_teacher(reader);
  Data data;
  Json full;
  data.table = std::make_shared<const Table>(
      parse_table(reader.require("table"), reader.place("table"), folder, shape, full));
  const auto rows = static_cast<std::int64_t>(data.table->rows());
  data.validation_samples =
      static_cast<std::uint64_t>(reader.integer("validation_samples", rows / 5, 0, rows - 1));
  data.samples = static_cast<std::uint64_t>(rows) - data.validation_samples;
  reader.finish();
  resolved = {{"table", full}, {"validation_samples", data.validation_samples}};
  return data;
}

const std::vector<std::string> input_names{"normal", "unit_vectors", "clusters"};

// Every output of the network is a cluster.
Data parse_clusters(ObjectReader& reader, LossKind loss, Json& resolved) {
  if (loss != LossKind::cross_entropy)
    throw Error("the targets of clusters are classes", reader.place("inputs"),
                "use the loss \"cross_entropy\"");
  Data data;
  data.inputs = Data::Inputs::clusters;
  reader.text("inputs", "");
  data.spread = reader.number("spread", data.spread, 0.0, 1e6);
  read_counts(reader, data);
  reader.finish();
  resolved = {{"inputs", "clusters"},
              {"spread", data.spread},
              {"samples", data.samples},
              {"validation_samples", data.validation_samples}};
  return data;
}

Data::Outliers parse_outliers(ObjectReader& reader, Eigen::Index inputs) {
  Data::Outliers outliers;
  const Json* value = reader.find("outliers");
  if (value == nullptr) return outliers;
  ObjectReader members(*value, reader.place("outliers"));
  members.require("inputs");
  outliers.count = static_cast<std::uint64_t>(members.integer("inputs", 0, 0, inputs));
  outliers.factor = members.number("factor", outliers.factor, -1e6, 1e6);
  members.finish();
  return outliers;
}

Data parse_data(const Json& value, const std::string& where, const NetworkDescription& network,
                const Json& described, Json& resolved) {
  ObjectReader reader(value, where);
  Data data;
  const Json* teacher = reader.find("teacher");
  Json full;
  data.teacher = parse_network(teacher == nullptr ? usual_teacher(network, described) : *teacher,
                               reader.place("teacher"), full);
  if (data.teacher.inputs() != network.inputs() || data.teacher.outputs() != network.outputs())
    throw Error("the teacher has " + std::to_string(data.teacher.inputs()) + " inputs and " +
                    std::to_string(data.teacher.outputs()) + " outputs, the network " +
                    std::to_string(network.inputs()) + " and " + std::to_string(network.outputs()),
                reader.place("teacher"), "give both the same");
  const std::size_t inputs = reader.choice("inputs", 0, input_names);
  data.inputs = static_cast<Data::Inputs>(inputs);
  data.noise = reader.number("noise", 0.0, 0.0, 1e6);
  data.spectrum_exponent = reader.number("spectrum_exponent", 0.0, 0.0, 100.0);
  data.outliers = parse_outliers(reader, network.inputs());
  read_counts(reader, data);
  reader.finish();
  resolved = {{"teacher", full},
              {"inputs", input_names[inputs]},
              {"noise", data.noise},
              {"spectrum_exponent", data.spectrum_exponent},
              {"outliers", {{"inputs", data.outliers.count}, {"factor", data.outliers.factor}}},
              {"samples", data.samples},
              {"validation_samples", data.validation_samples}};
  return data;
}

}  // namespace

Problem parse_problem(const Json& value, const std::string& where, const std::string& folder,
                      Json& resolved) {
  ObjectReader reader(value, where);
  Problem problem;
  Json model;
  problem.network = parse_network(reader.require("model"), reader.place("model"), model);
  if (problem.network.multiplications() > most_weights)
    throw Error("the network has more than 2^28 weights", reader.place("model"),
                "make it narrower, or give it fewer layers");
  const std::size_t loss = reader.choice("loss", 0, loss_names());
  problem.loss = static_cast<LossKind>(loss);
  if (problem.loss == LossKind::logistic && problem.network.outputs() != 1)
    throw Error("the loss \"logistic\" is of one output, the network has " +
                    std::to_string(problem.network.outputs()),
                reader.place("loss"), "give it one, or use \"cross_entropy\"");
  static const Json nothing = Json::object();
  const Json* data = reader.find("data");
  Json full;
  const Json& described = data == nullptr ? nothing : *data;
  ObjectReader samples(described, reader.place("data"));
  if (samples.has("table")) {
    const TableShape shape{.inputs = static_cast<std::size_t>(problem.network.inputs()),
                           .outputs = static_cast<std::size_t>(problem.network.outputs()),
                           .classes = problem.loss == LossKind::cross_entropy};
    problem.data = parse_tabled(samples, shape, folder, full);
  } else if (samples.has("inputs") && described["inputs"] == "clusters") {
    problem.data = parse_clusters(samples, problem.loss, full);
  } else {
    problem.data = parse_data(described, reader.place("data"), problem.network, model, full);
  }
  reader.finish();
  resolved = {{"model", model}, {"loss", loss_names()[loss]}, {"data", full}};
  return problem;
}

Plan parse_plan(const Json& value, const std::string& where, const Problem& problem,
                Json& resolved) {
  ObjectReader reader(value, where);
  Plan plan;
  Json optimizer;
  Json learning_rate;
  plan.optimizer =
      parse_optimizer(reader.require("optimizer"), reader.place("optimizer"), optimizer);
  plan.learning_rate =
      parse_schedule(reader.require("learning_rate"), reader.place("learning_rate"), learning_rate);
  reader.require("steps");
  plan.steps = static_cast<std::uint64_t>(reader.integer("steps", 1, 1, most_steps));
  plan.batch = static_cast<std::uint64_t>(reader.integer("batch", 1, 1, 1 << 20));
  plan.workers = static_cast<std::uint64_t>(reader.integer("workers", 1, 1, 1 << 20));
  if (plan.batch % plan.workers != 0)
    throw Error(counted(plan.workers, "worker") + " do not share a batch of " +
                    counted(plan.batch, "sample") + " evenly",
                reader.place("workers"), "make the batch a multiple of the workers");
  if (plan.optimizer.kind == OptimizerDescription::Kind::svrg && problem.data.samples == 0)
    throw Error("\"svrg\" takes the gradient over all samples, and here they are always fresh",
                reader.place("optimizer"), "say how many there are: problem/data/samples");
  plan.averaged = reader.number("averaged", 0.0, 0.0, 1.0);
  reader.finish();
  resolved = {{"optimizer", optimizer},  {"learning_rate", learning_rate},
              {"steps", plan.steps},     {"batch", plan.batch},
              {"workers", plan.workers}, {"averaged", plan.averaged}};
  return plan;
}

Measure parse_measure(const Json& value, const std::string& where, std::uint64_t steps,
                      Json& resolved) {
  ObjectReader reader(value, where);
  Measure measure;
  measure.gradient_error =
      static_cast<std::uint64_t>(reader.integer("gradient_error", 0, 0, most_steps));
  measure.loss =
      static_cast<std::uint64_t>(reader.integer("loss", usual_interval(steps), 0, most_steps));
  measure.places = static_cast<std::uint64_t>(reader.integer("places", 0, 0, most_steps));
  reader.finish();
  resolved = {{"gradient_error", measure.gradient_error},
              {"loss", measure.loss},
              {"places", measure.places}};
  return measure;
}

}  // namespace halfulp::experiments::training
