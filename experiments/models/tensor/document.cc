// SPDX-License-Identifier: MIT
#include "experiments/models/tensor/document.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/networks/arithmetic.h"
#include "formats/error.h"

namespace halfulp::experiments::tensor {
namespace {

constexpr std::int64_t most_elements = std::int64_t{1} << 26;
constexpr double largest = 1e30;
const std::vector<std::string> law_names{"normal", "uniform", "log2_normal", "ones"};

void parse_law(const Json& value, const std::string& where, Distribution& numbers, Json& resolved) {
  const Json object = value.is_string() ? Json{{"kind", value}} : value;
  ObjectReader reader(object, where);
  reader.require("kind");
  const std::size_t kind = reader.choice("kind", 0, law_names);
  numbers = {.kind = static_cast<Distribution::Kind>(kind),
             .outlier_share = numbers.outlier_share,
             .outlier_factor = numbers.outlier_factor};
  resolved = Json{{"kind", law_names[kind]}};
  if (numbers.kind == Distribution::Kind::uniform) {
    numbers.low = reader.number("low", numbers.low, -largest, largest);
    numbers.high = reader.number("high", numbers.high, -largest, largest);
    if (numbers.high < numbers.low)
      throw Error("\"high\" is " + Json(numbers.high).dump() + " and below \"low\"",
                  reader.place("high"), "give a number from \"low\" on");
    resolved["low"] = numbers.low;
    resolved["high"] = numbers.high;
  } else if (numbers.kind != Distribution::Kind::ones) {
    numbers.mean = reader.number("mean", numbers.mean, -largest, largest);
    numbers.deviation = reader.number("deviation", numbers.deviation, 0.0, largest);
    resolved["mean"] = numbers.mean;
    resolved["deviation"] = numbers.deviation;
  }
  reader.finish();
}

void parse_outliers(const Json& value, const std::string& where, Distribution& numbers,
                    Json& resolved) {
  ObjectReader reader(value, where);
  numbers.outlier_share = reader.number("share", numbers.outlier_share, 0.0, 1.0);
  numbers.outlier_factor = reader.number("factor", numbers.outlier_factor, -largest, largest);
  reader.finish();
  resolved = Json{{"share", numbers.outlier_share}, {"factor", numbers.outlier_factor}};
}

// The members "law" and "outliers"; `usual` where they are missing, with its texts in `resolved`.
Distribution parse_numbers(ObjectReader& reader, Distribution usual, Json& resolved) {
  if (const Json* law = reader.find("law"))
    parse_law(*law, reader.place("law"), usual, resolved["law"]);
  if (const Json* outliers = reader.find("outliers"))
    parse_outliers(*outliers, reader.place("outliers"), usual, resolved["outliers"]);
  return usual;
}

void require_room(std::int64_t rows, std::int64_t columns, const std::string& where) {
  if (columns <= most_elements / rows) return;
  throw Error("a matrix of " + std::to_string(rows) + " x " + std::to_string(columns) +
                  " has more than 64 million numbers",
              where, "take fewer, and more \"repeats\"");
}

}  // namespace

Problem parse_problem(const Json& value, const std::string& where, Json& resolved) {
  ObjectReader reader(value, where);
  Problem problem;
  reader.require("columns");
  problem.rows = reader.integer("rows", problem.rows, 1, most_elements);
  problem.columns = reader.integer("columns", problem.columns, 1, most_elements);
  require_room(problem.rows, problem.columns, where);
  problem.block = reader.integer("block", problem.block, 1, most_elements);
  Json described{{"law", {{"kind", "normal"}, {"mean", 0.0}, {"deviation", 1.0}}},
                 {"outliers", {{"share", 0.0}, {"factor", 1.0}}}};
  problem.numbers = parse_numbers(reader, {}, described);
  resolved = {{"rows", problem.rows}, {"columns", problem.columns}};
  resolved.update(described);
  if (const Json* product = reader.find("product")) {
    ObjectReader second(*product, reader.place("product"));
    problem.second.emplace();
    second.require("columns");
    problem.second->columns = second.integer("columns", 1, 1, most_elements);
    require_room(problem.columns, problem.second->columns, second.place("columns"));
    require_room(problem.rows, problem.second->columns, second.place("columns"));
    problem.second->numbers = parse_numbers(second, problem.numbers, described);
    second.finish();
    resolved["product"] = {{"columns", problem.second->columns}};
    resolved["product"].update(described);
  } else {
    resolved["block"] = problem.block;
  }
  reader.finish();
  return problem;
}

std::shared_ptr<const Places> places_of(const Problem& problem) {
  PlaceList list;
  const auto columns = static_cast<std::size_t>(problem.columns);
  if (problem.second) {
    list.add("", "product", "a", PlaceKind::tensor, columns);
    list.add("", "product", "b", PlaceKind::tensor, columns);
    list.add("", "product", "acc", PlaceKind::accumulator);
  } else {
    list.add("", "tensor", "x", PlaceKind::tensor, columns);
  }
  return std::make_shared<const Places>(list.places());
}

}  // namespace halfulp::experiments::tensor
