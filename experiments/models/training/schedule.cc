// SPDX-License-Identifier: MIT
#include "experiments/models/training/schedule.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "formats/catalogue/families.h"
#include "formats/error.h"

namespace halfulp::experiments::training {
namespace {

using Kind = Schedule::Kind;

const std::vector<std::string> kind_names{"constant", "linear", "cosine", "inverse_sqrt", "steps"};
constexpr double most = 1e6;

// By the engine, since libraries of mathematics differ in their last bit.
double rounded_cosine(double x, const Engine& engine) {
  const Plan plan = engine.prepare({.format = {"binary64", ieee(11, 52)}, .rounding = {}}, {});
  double y = 0;
  const std::array operands{view_of(std::span<const double>(&x, 1))};
  engine.map(Op::cos, operands, plan, {}, view_of(std::span<double>(&y, 1)), nullptr);
  return y;
}

std::vector<double> parse_shares(const Json& value, const std::string& where) {
  if (!value.is_array()) throw Error("a list of shares of the training is needed", where);
  std::vector<double> shares;
  for (std::size_t i = 0; i < value.size(); ++i)
    shares.push_back(number_from(value[i], where + "/" + std::to_string(i), 0.0, 1.0));
  return shares;
}

}  // namespace

double Schedule::value(std::uint64_t step, std::uint64_t steps, const Engine& engine) const {
  const auto t = static_cast<double>(step);
  const double share = t / static_cast<double>(steps);
  double h = from;
  if (kind == Kind::linear) h = from + (to - from) * share;
  if (kind == Kind::cosine)
    h = to + (from - to) * ((1.0 + rounded_cosine(std::numbers::pi * share, engine)) / 2.0);
  if (kind == Kind::inverse_sqrt) h = from / std::sqrt(t + 1.0);
  if (kind == Kind::steps) {
    for (const double s : at) {
      if (share >= s) h *= factor;
    }
  }
  if (step < warmup) h *= (t + 1.0) / static_cast<double>(warmup + 1);
  return h;
}

Schedule parse_schedule(const Json& value, const std::string& where, Json& resolved) {
  Schedule schedule;
  if (value.is_number()) {
    schedule.from = number_from(value, where, 0.0, most);
    resolved = schedule.from;
    return schedule;
  }
  ObjectReader reader(value, where);
  reader.require("kind");
  const std::size_t kind = reader.choice("kind", 0, kind_names);
  schedule.kind = static_cast<Kind>(kind);
  resolved["kind"] = kind_names[kind];
  const auto number = [&](const char* name, double& member) {
    reader.require(name);
    member = reader.number(name, 0.0, 0.0, most);
    resolved[name] = member;
  };
  const bool from_to = schedule.kind == Kind::linear || schedule.kind == Kind::cosine;
  number(from_to ? "from" : "value", schedule.from);
  if (from_to) number("to", schedule.to);
  if (schedule.kind == Kind::steps) {
    schedule.at = parse_shares(reader.require("at"), reader.place("at"));
    schedule.factor = reader.number("factor", 0.1, 0.0, 1.0);
    resolved["at"] = schedule.at;
    resolved["factor"] = schedule.factor;
  }
  constexpr std::int64_t most_steps = std::int64_t{1} << 40;
  schedule.warmup = static_cast<std::uint64_t>(reader.integer("warmup", 0, 0, most_steps));
  resolved["warmup"] = schedule.warmup;
  reader.finish();
  return schedule;
}

}  // namespace halfulp::experiments::training
