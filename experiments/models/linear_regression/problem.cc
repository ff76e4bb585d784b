// SPDX-License-Identifier: MIT
#include "experiments/models/linear_regression/problem.h"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/data/variates.h"
#include "experiments/models/linear_regression/places.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments::linear_regression {
namespace {

constexpr double largest = 1e300;
constexpr std::int64_t largest_dimension = std::int64_t{1} << 24;
constexpr std::int64_t most_samples = std::int64_t{1} << 40;

std::vector<double> parse_list(const Json& value, const std::string& where, std::size_t length,
                               double lowest) {
  if (!value.is_array() || value.size() != length)
    throw Error(value.is_array() ? "the list has " + counted(value.size(), "number")
                                 : "no list stands here",
                where, "a list of " + counted(length, "number") + " (the dimension) is needed");
  std::vector<double> list;
  list.reserve(length);
  for (std::size_t i = 0; i < length; ++i)
    list.push_back(number_from(value[i], where + "/" + std::to_string(i), lowest, largest));
  return list;
}

void parse_spectrum(ObjectReader& reader, Problem& problem, Json& resolved) {
  const Json* list = reader.find("spectrum");
  if (list != nullptr && reader.has("spectrum_exponent"))
    throw Error("\"spectrum\" and \"spectrum_exponent\" both stand here", reader.place("spectrum"),
                "keep one of them");
  if (list != nullptr) {
    problem.spectrum = parse_list(*list, reader.place("spectrum"), problem.dimension, 1e-300);
    resolved["spectrum"] = *list;
    return;
  }
  reader.require("spectrum_exponent");
  const double exponent = reader.number("spectrum_exponent", 0.0, 0.0, 20.0);
  problem.spectrum.reserve(problem.dimension);
  for (std::size_t i = 1; i <= problem.dimension; ++i)
    problem.spectrum.push_back(reference::power(static_cast<double>(i), -exponent));
  resolved["spectrum_exponent"] = exponent;
}

Teacher parse_teacher(const Json* value, const std::string& where, std::size_t dimension,
                      Json& resolved) {
  Teacher teacher;
  resolved = Json{{"kind", "constant"}, {"value", 1.0}};
  if (value == nullptr) return teacher;
  if (value->is_array()) {
    teacher.kind = Teacher::Kind::list;
    teacher.list = parse_list(*value, where, dimension, -largest);
    resolved = *value;
    return teacher;
  }
  ObjectReader reader(*value, where);
  reader.require("kind");
  const std::vector<std::string> kinds{"constant", "gaussian", "source"};
  const std::size_t kind = reader.choice("kind", 0, kinds);
  teacher.kind = static_cast<Teacher::Kind>(kind);
  resolved = Json{{"kind", kinds[kind]}};
  if (teacher.kind == Teacher::Kind::constant)
    resolved["value"] = teacher.value = reader.number("value", 1.0, -largest, largest);
  if (teacher.kind == Teacher::Kind::source) {
    reader.require("exponent");
    resolved["exponent"] = teacher.exponent = reader.number("exponent", 0.0, -20.0, 20.0);
  }
  reader.finish();
  return teacher;
}

void parse_sketch(ObjectReader& reader, Problem& problem, Json& resolved) {
  const Json* size = reader.find("sketch_size");
  if (size != nullptr && !size->is_null())
    problem.sketch_size = static_cast<std::size_t>(
        reader.integer("sketch_size", 1, 1, static_cast<std::int64_t>(problem.dimension)));
  resolved["sketch_size"] = problem.sketch_size == 0 ? Json() : Json(problem.sketch_size);
  reader.choice("sketch", 0, {"gaussian"});
  resolved["sketch"] = "gaussian";
}

}  // namespace

std::size_t Training::stage_length() const {
  const std::size_t total = steps();
  if (schedule == Schedule::constant || total < 2) return std::max<std::size_t>(total, 1);
  const auto t = static_cast<double>(total);
  const double log_2 = std::has_single_bit(total)
                           ? static_cast<double>(std::bit_width(total) - 1)
                           : reference::logarithm(t) / reference::logarithm(2.0);
  return static_cast<std::size_t>(std::floor(t / log_2));
}

std::size_t Training::first_averaged() const {
  if (averaging != Averaging::tail) return 0;
  const std::size_t total = steps();
  const auto count =
      static_cast<std::size_t>(std::floor(tail_fraction * static_cast<double>(total)));
  return total - std::max<std::size_t>(std::min(count, total), total == 0 ? 0 : 1);
}

Problem parse_problem(const Json& value, const std::string& where, Json& resolved) {
  ObjectReader reader(value, where);
  Problem problem;
  reader.require("dimension");
  problem.dimension =
      static_cast<std::size_t>(reader.integer("dimension", 0, 1, largest_dimension));
  resolved = Json::object();
  resolved["dimension"] = problem.dimension;
  parse_spectrum(reader, problem, resolved);
  Json teacher;
  problem.teacher =
      parse_teacher(reader.find("teacher"), reader.place("teacher"), problem.dimension, teacher);
  resolved["teacher"] = teacher;
  problem.noise_variance = reader.number("noise_variance", 1.0, 0.0, largest);
  resolved["noise_variance"] = problem.noise_variance;
  parse_sketch(reader, problem, resolved);
  problem.test_samples =
      static_cast<std::size_t>(reader.integer("test_samples", 4096, 1, std::int64_t{1} << 32));
  resolved["test_samples"] = problem.test_samples;
  reader.finish();
  return problem;
}

Training parse_training(const Json& value, const std::string& where, Json& resolved) {
  const std::vector<std::string> schedules{"constant", "geometric_decay"};
  const std::vector<std::string> averagings{"none", "uniform", "tail"};
  ObjectReader reader(value, where);
  Training training;
  reader.require("samples");
  training.samples = static_cast<std::size_t>(reader.integer("samples", 0, 0, most_samples));
  training.batch = static_cast<std::size_t>(reader.integer("batch", 1, 1, std::int64_t{1} << 20));
  if (training.samples % training.batch != 0)
    throw Error(counted(training.samples, "sample makes", "samples make") +
                    " no whole number of batches of " + std::to_string(training.batch),
                reader.place("samples"), "give a multiple of the batch");
  training.step_size = reader.number("step_size", 0.1, 0.0, largest);
  const std::size_t schedule = reader.choice("schedule", 0, schedules);
  training.schedule = static_cast<Training::Schedule>(schedule);
  const std::size_t averaging = reader.choice("averaging", 1, averagings);
  training.averaging = static_cast<Training::Averaging>(averaging);
  if (reader.has("tail_fraction") && training.averaging != Training::Averaging::tail)
    throw Error("\"tail_fraction\" has no meaning here", reader.place("tail_fraction"),
                "set \"averaging\" to \"tail\" or leave it out");
  training.tail_fraction = reader.number("tail_fraction", 0.5, 0.0, 1.0);
  training.initial = reader.number("initial", 0.0, -largest, largest);
  reader.finish();
  resolved = Json::object();
  resolved["samples"] = training.samples;
  resolved["batch"] = training.batch;
  resolved["step_size"] = training.step_size;
  resolved["schedule"] = schedules[schedule];
  resolved["averaging"] = averagings[averaging];
  if (training.averaging == Training::Averaging::tail)
    resolved["tail_fraction"] = training.tail_fraction;
  resolved["initial"] = training.initial;
  return training;
}

std::vector<double> teacher_second_moments(const Problem& problem) {
  const Teacher& teacher = problem.teacher;
  std::vector<double> squares(problem.dimension, 1.0);
  for (std::size_t i = 0; i < squares.size(); ++i) {
    if (teacher.kind == Teacher::Kind::constant) squares[i] = teacher.value * teacher.value;
    if (teacher.kind == Teacher::Kind::list) squares[i] = teacher.list[i] * teacher.list[i];
    if (teacher.kind == Teacher::Kind::source)
      squares[i] =
          reference::power(static_cast<double>(i + 1), -teacher.exponent) / problem.spectrum[i];
  }
  return squares;
}

std::vector<double> draw_teacher(const Problem& problem, const Machine& machine) {
  const Teacher& teacher = problem.teacher;
  if (teacher.kind == Teacher::Kind::list) return teacher.list;
  std::vector<double> w(problem.dimension, teacher.value);
  if (teacher.kind == Teacher::Kind::constant) return w;
  fill_variates(Law::gaussian, random_of(machine, Site::teacher), 0, w);
  if (teacher.kind == Teacher::Kind::gaussian) return w;
  const std::vector<double> squares = teacher_second_moments(problem);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] *= std::sqrt(squares[i]);
  return w;
}

}  // namespace halfulp::experiments::linear_regression
