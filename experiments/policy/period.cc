// SPDX-License-Identifier: MIT
#include "experiments/policy/period.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <utility>

#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::int64_t most_steps = std::int64_t{1} << 53;
constexpr int most_bits = 64;

Period parse_ends(const Json& ends, const std::string& place, Period::Kind kind) {
  if (!ends.is_array() || ends.size() != 2)
    throw Error("a list of two numbers is needed", place, "from the first to before the second");
  const auto end = [&](std::size_t i) {
    const std::string here = place + "/" + std::to_string(i);
    if (kind == Period::Kind::shares) return number_from(ends[i], here, 0.0, 1.0);
    return static_cast<double>(integer_from(ends[i], here, 0, most_steps));
  };
  Period period;
  period.kind = kind;
  period.first = end(0);
  period.last = end(1);
  if (period.first >= period.last)
    throw Error("a phase that ends before it begins", place, "write the earlier end first");
  return period;
}

std::vector<Period> parse_cyclic(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Period period;
  period.kind = Period::Kind::cyclic;
  reader.require("cycles");
  period.cyclic.cycles = static_cast<std::uint64_t>(reader.integer("cycles", 1, 1, most_steps));
  const Json& range = reader.require("bits");
  const std::string place = reader.place("bits");
  if (!range.is_array() || range.size() != 2)
    throw Error("a list of two numbers of bits is needed", place, "for example [3, 8]");
  period.cyclic.least = static_cast<int>(integer_from(range[0], place + "/0", 1, most_bits));
  period.cyclic.most =
      static_cast<int>(integer_from(range[1], place + "/1", period.cyclic.least, most_bits));
  int first = period.cyclic.least;
  int last = period.cyclic.most;
  if (reader.has("at")) first = last = static_cast<int>(reader.integer("at", first, first, last));
  reader.finish();
  std::vector<Period> periods;
  for (period.value = first; period.value <= last; ++period.value) periods.push_back(period);
  return periods;
}

Period parse_plateau(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Period period;
  period.kind = Period::Kind::plateau;
  Plateau& rule = period.plateau;
  reader.require("every");
  reader.require("stage");
  rule.every = static_cast<std::uint64_t>(reader.integer("every", 1, 1, most_steps));
  rule.threshold = reader.number("threshold", rule.threshold, 0.0, 1e6);
  rule.decay = reader.number("decay", rule.decay, 0.0, 1.0);
  rule.history = static_cast<std::uint64_t>(reader.integer("history", 5, 2, 1000));
  rule.decays = static_cast<std::uint64_t>(reader.integer("decays", 2, 0, 1000));
  period.value = static_cast<int>(reader.integer("stage", 0, 0, most_bits));
  reader.finish();
  return period;
}

Period parse_diversity(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  Period period;
  period.kind = Period::Kind::diversity;
  Diversity& rule = period.diversity;
  reader.require("every");
  reader.require("stage");
  const auto count = [&](const char* name, std::uint64_t otherwise) {
    return static_cast<std::uint64_t>(
        reader.integer(name, static_cast<std::int64_t>(otherwise), 1, most_steps));
  };
  rule.every = count("every", rule.every);
  rule.resolution = count("resolution", rule.resolution);
  rule.patience = count("patience", rule.patience);
  rule.factor = reader.number("factor", rule.factor, 0.0, 1e6);
  rule.decay = reader.number("decay", rule.decay, 0.0, 1e6);
  period.value = static_cast<int>(reader.integer("stage", 0, 0, most_bits));
  reader.finish();
  return period;
}

// Of the watch over this rule; 0 where there is none.
template <typename Watch, typename Rule>
int stage_of(const std::vector<Watch>* watches, const Rule& rule) {
  if (watches == nullptr) return 0;
  for (const Watch& watch : *watches) {
    if (watch.rule() == rule) return watch.stage();
  }
  return 0;
}

// Answers how many texts were changed.
std::size_t substitute(Json& value, const std::string& bits) {
  std::size_t count = 0;
  if (value.is_string()) {
    auto text = value.get<std::string>();
    const std::string mark = "{bits}";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
      text.replace(at, mark.size(), bits);
      ++count;
    }
    value = text;
  }
  if (value.is_structured()) {
    for (Json& part : value) count += substitute(part, bits);
  }
  return count;
}

}  // namespace

// Rounded to 2^-40 first: libraries of mathematics differ in the cosine's last bit, which would
// decide halves.
int Cyclic::bits(std::uint64_t step, std::uint64_t steps) const {
  const double length = static_cast<double>(steps) / static_cast<double>(cycles);
  // What is computed after the last step is computed as in that step.
  const double last = static_cast<double>(std::min(step, steps - 1));
  const double within = std::fmod(last, length) / length;
  const double wave = (1.0 + std::cos(std::numbers::pi * within + std::numbers::pi)) / 2.0;
  constexpr double grid = 0x1p40;
  return static_cast<int>(
      std::nearbyint(std::nearbyint((least + (most - least) * wave) * grid) / grid));
}

bool Period::holds(const Moment& moment) const {
  const auto step = static_cast<double>(moment.step);
  if (kind == Kind::steps) return step >= first && step < last;
  if (kind == Kind::shares) {
    // The quotient, rounded once, is the decimal fraction as it was read, where it is that number.
    const double share = step / static_cast<double>(moment.steps);
    return share >= first && (share < last || last == 1.0);
  }
  if (kind == Kind::cyclic) return cyclic.bits(moment.step, moment.steps) == value;
  if (kind == Kind::plateau) return stage_of(moment.plateaus, plateau) == value;
  return stage_of(moment.diversities, diversity) == value;
}

std::vector<Period> parse_periods(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  const Json* steps = reader.find("step");
  const Json* shares = reader.find("fraction");
  const Json* cyclic = reader.find("cyclic");
  const Json* plateau = reader.find("plateau");
  const Json* diversity = reader.find("gradient_diversity");
  reader.finish();
  if (value.size() != 1)
    throw Error(
        R"(one of "step", "fraction", "cyclic", "plateau" and "gradient_diversity" is needed)",
        where, R"(for example {"fraction": [0.9, 1]})");
  if (steps != nullptr) return {parse_ends(*steps, reader.place("step"), Period::Kind::steps)};
  if (shares != nullptr)
    return {parse_ends(*shares, reader.place("fraction"), Period::Kind::shares)};
  if (plateau != nullptr) return {parse_plateau(*plateau, reader.place("plateau"))};
  if (diversity != nullptr)
    return {parse_diversity(*diversity, reader.place("gradient_diversity"))};
  return parse_cyclic(*cyclic, reader.place("cyclic"));
}

Json to_json(const Period& period) {
  switch (period.kind) {
    case Period::Kind::steps:
      return {{"step", Json::array({static_cast<std::uint64_t>(period.first),
                                    static_cast<std::uint64_t>(period.last)})}};
    case Period::Kind::shares:
      return {{"fraction", Json::array({period.first, period.last})}};
    case Period::Kind::cyclic:
      return {{"cyclic",
               {{"cycles", period.cyclic.cycles},
                {"bits", Json::array({period.cyclic.least, period.cyclic.most})},
                {"at", period.value}}}};
    case Period::Kind::plateau: {
      const Plateau& rule = period.plateau;
      return {{"plateau",
               {{"every", rule.every},
                {"threshold", rule.threshold},
                {"decay", rule.decay},
                {"history", rule.history},
                {"decays", rule.decays},
                {"stage", period.value}}}};
    }
    case Period::Kind::diversity:
      break;
  }
  const Diversity& rule = period.diversity;
  return {{"gradient_diversity",
           {{"every", rule.every},
            {"resolution", rule.resolution},
            {"patience", rule.patience},
            {"factor", rule.factor},
            {"decay", rule.decay},
            {"stage", period.value}}}};
}

Json with_bits(const Json& value, int bits, const std::string& where) {
  Json result = value;
  if (substitute(result, std::to_string(bits)) == 0)
    throw Error("no format says \"{bits}\"", where,
                R"(write for example "int{bits}", or fix the bits with "at")");
  return result;
}

}  // namespace halfulp::experiments
