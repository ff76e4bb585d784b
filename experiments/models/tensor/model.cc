// SPDX-License-Identifier: MIT
#include "experiments/models/tensor/model.h"

#include <any>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "experiments/data/variates.h"
#include "experiments/hash.h"
#include "experiments/models/tensor/document.h"
#include "experiments/models/tensor/measure.h"
#include "experiments/networks/arithmetic.h"
#include "formats/error.h"

namespace halfulp::experiments::tensor {
namespace {

constexpr std::array<std::string_view, 3> independent_fields{"/problem/rows", "/problem/columns",
                                                             "/problem/block"};

const Rounding& rounding_of(const ModelSetting& setting) {
  return std::any_cast<const Rounding&>(setting.own);
}

ModelSetting read(ObjectReader& reader, const std::string& folder, std::any&, Json& resolved) {
  Rounding rounding;
  Json problem;
  rounding.problem = parse_problem(reader.require("problem"), "/problem", problem);
  const Json* policy = reader.find("policy");
  static const Json nothing = Json::object();
  rounding.policy =
      parse_layered_policy(policy == nullptr ? nothing : load_policy(*policy, "/policy", folder),
                           "/policy", places_of(rounding.problem));
  reader.finish();
  resolved["problem"] = std::move(problem);
  resolved["policy"] = to_json(rounding.policy);
  ModelSetting setting;
  setting.own = std::move(rounding);
  return setting;
}

double dimensions(const Json& problem) {
  if (!problem.is_object() || !problem.contains("columns")) return 0;
  return problem["columns"].is_number() ? problem["columns"].get<double>() : 0;
}

std::string shared_part(const ModelSetting&, const Json& resolved) { return resolved.dump(); }

Work work(const ModelSetting& setting) {
  const Problem& problem = rounding_of(setting).problem;
  const auto elements = static_cast<double>(problem.rows * problem.columns);
  return {
      .steps = 1,
      .cost = problem.second ? elements * static_cast<double>(problem.second->columns) : elements};
}

// Numbers of one operand, by their names: the streams of their bits.
template <typename Real>
class Drawing {
 public:
  Drawing(const Machine& machine, Arithmetic<Real>& arithmetic)
      : machine_(machine), arithmetic_(arithmetic) {}

  Matrix<Real> draw(const std::string& name, Eigen::Index rows, Eigen::Index columns,
                    const Distribution& numbers) {
    Matrix<Real> x = Matrix<Real>::Ones(rows, columns);
    const auto variates = [&](Law law, const char* what) {
      std::vector<double> all(static_cast<std::size_t>(x.size()));
      fill_variates(law, machine_.random("data", name + what, 0), 0, all);
      return all;
    };
    using Kind = Distribution::Kind;
    if (numbers.kind == Kind::uniform) {
      fill(x, variates(Law::uniform, ""),
           [&](double v) { return numbers.low + (numbers.high - numbers.low) * unit(v); });
    } else if (numbers.kind != Kind::ones) {
      fill(x, variates(Law::gaussian, ""),
           [&](double v) { return numbers.mean + numbers.deviation * v; });
    }
    if (numbers.kind == Kind::log2_normal) {
      x = arithmetic_.map(Op::exp2, x);
      multiply(x, variates(Law::two_point, "/sign"), [](double v) { return v; });
    }
    if (numbers.outlier_share > 0.0)
      multiply(x, variates(Law::uniform, "/outlier"), [&](double v) {
        return unit(v) < numbers.outlier_share ? numbers.outlier_factor : 1.0;
      });
    return x;
  }

 private:
  // A uniform variate of mean 0 and variance 1, moved to (0, 1).
  static double unit(double v) {
    constexpr double root_12 = 0x1.bb67ae8584caap+1;
    return 0.5 + v / root_12;
  }
  template <typename Function>
  static void fill(Matrix<Real>& x, const std::vector<double>& variates, const Function& number) {
    for (std::size_t i = 0; i < variates.size(); ++i)
      x.data()[i] = static_cast<Real>(number(variates[i]));
  }
  template <typename Function>
  static void multiply(Matrix<Real>& x, const std::vector<double>& variates,
                       const Function& factor) {
    for (std::size_t i = 0; i < variates.size(); ++i)
      x.data()[i] = static_cast<Real>(static_cast<double>(x.data()[i]) * factor(variates[i]));
  }

  Machine machine_;
  Arithmetic<Real>& arithmetic_;
};

template <typename Real>
RepeatOutcome round_once(const Rounding& rounding, const Machine& machine) {
  const Problem& problem = rounding.problem;
  Arithmetic<Real> arithmetic(machine, rounding.policy);
  Drawing<Real> drawing(machine, arithmetic);
  RepeatOutcome outcome;
  if (!problem.second) {
    const Matrix<Real> x = drawing.draw("x", problem.rows, problem.columns, problem.numbers);
    Matrix<Real> q = x;
    arithmetic.count(true);
    arithmetic.round(0, q);
    outcome.metrics = measure_tensor(x, q, problem.block, arithmetic.counts(0));
    outcome.digest = fnv1a(numbers_of(q), fnv_start);
    return outcome;
  }
  // Both operands have their sums along rows: b as it is transposed.
  Matrix<Real> a = drawing.draw("a", problem.rows, problem.columns, problem.numbers);
  Matrix<Real> b =
      drawing.draw("b", problem.second->columns, problem.columns, problem.second->numbers);
  const Matrix<double> exact = exact_product(a, b);
  arithmetic.round(0, a);
  arithmetic.round(1, b);
  Matrix<Real> y;
  arithmetic.product(2, a, b.transpose(), y);
  outcome.metrics = measure_product(exact, y);
  outcome.digest = fnv1a(numbers_of(y), fnv_start);
  return outcome;
}

std::vector<RepeatOutcome> run(std::span<const ModelSetting* const> group, const Machine& machine,
                               const Keeper& keeper) {
  std::vector<RepeatOutcome> outcomes;
  for (const ModelSetting* setting : group) {
    const Rounding& rounding = rounding_of(*setting);
    RepeatOutcome& outcome = outcomes.emplace_back();
    try {
      outcome = rounding.policy.native == Carrier::binary32 ? round_once<float>(rounding, machine)
                                                            : round_once<double>(rounding, machine);
    } catch (const std::exception& error) {
      outcome.error = error.what();
    }
    if (!keeper.watch(1)) return {};
  }
  return outcomes;
}

Metrics theory(const ModelSetting&) { return {}; }

}  // namespace

constinit const Model model{.name = "tensor",
                            .metrics = metric_names,
                            .independent_fields = independent_fields,
                            .read = read,
                            .dimensions = dimensions,
                            .shared_part = shared_part,
                            .work = work,
                            .run = run,
                            .theory = theory};

}  // namespace halfulp::experiments::tensor
