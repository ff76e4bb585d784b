// SPDX-License-Identifier: MIT
//
// The law of arXiv 2602.19241: in low precision a model of size M that saw N samples is as good as
// one of full precision, of size M_eff, that saw N_eff:
//   y = floor + model_amplitude M_eff^-model_exponent + data_amplitude N_eff^-data_exponent.
// or, coupled, as what is left to learn of more weights is more, with the data's term times
// M_eff^coupling. The reference, whose sizes count as they are, and the points of one precision are
// fitted at once, with an effective size for every M and one share N_eff / N as parameters; so
// intervals hold what is not known of the reference too. An error that does not fall with M counts
// as lost model size: one precision alone cannot tell the two apart.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/results/fits/kinds.h"
#include "experiments/results/fits/law.h"
#include "experiments/results/fits/select.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t fewest_sizes = 3;
constexpr const char* data_share = "data_share";

// Where a law has its shapes. Without a precision there are neither a share nor sizes.
struct ShapePlaces {
  static constexpr std::size_t model_exponent = 0, data_exponent = 1, coupling = 2;
  std::size_t share = 2;
  explicit ShapePlaces(bool coupled) : share(coupled ? 3 : 2) {}
  [[nodiscard]] std::size_t size(std::size_t index) const { return share + 1 + index; }
};

std::vector<double> distinct(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

std::size_t place_of(double value, const std::vector<double>& sorted) {
  return static_cast<std::size_t>(std::lower_bound(sorted.begin(), sorted.end(), value) -
                                  sorted.begin());
}

// The parameters of sizes, told apart from those that end up in the law's record.
constexpr const char* size_prefix = "effective model size ";

std::string size_name(std::size_t index) { return size_prefix + std::to_string(index); }

// The points of the reference, then those of the precision.
struct Sides {
  std::vector<double> log_model, log_data;
  std::size_t references = 0;
  std::vector<double> sizes;         // distinct, of the precision
  std::vector<std::size_t> size_at;  // by point of the precision: its place in sizes
  bool coupled = false, with_floor = true;
};

Sides sides_of(const Json& fit, const Selection& reference) {
  return {.log_model = reference.log_x[0],
          .log_data = reference.log_x[1],
          .references = reference.y.size(),
          .sizes = {},
          .size_at = {},
          .coupled = fit["coupled"].get<bool>(),
          .with_floor = fit["with_floor"].get<bool>()};
}

void add_precision(const Selection& precision, Sides& sides) {
  sides.log_model.insert(sides.log_model.end(), precision.log_x[0].begin(),
                         precision.log_x[0].end());
  sides.log_data.insert(sides.log_data.end(), precision.log_x[1].begin(), precision.log_x[1].end());
  sides.sizes = distinct(precision.x[0]);
  for (const double size : precision.x[0]) sides.size_at.push_back(place_of(size, sides.sizes));
}

// The middles of the points, where amplitudes are counted from; a coupling counts from M = 1.
struct Centres {
  double model = 0.0, data = 0.0;
};

Terms terms_of(const Sides& sides, const Centres& centres, std::span<const double> shapes) {
  using Places = ShapePlaces;
  const Places places(sides.coupled);
  const std::size_t count = sides.log_model.size();
  std::vector<std::vector<double>> value(2, std::vector<double>(count));
  std::vector<std::vector<double>> by_model(shapes.size(), std::vector<double>(count));
  std::vector<std::vector<double>> by_data = by_model;
  std::vector<double> log_shape;
  for (const double shape : shapes) log_shape.push_back(reference::logarithm(shape));
  const double coupling = sides.coupled ? shapes[Places::coupling] : 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool low = i >= sides.references;
    const std::size_t at = low ? places.size(sides.size_at[i - sides.references]) : 0;
    const double size = low ? log_shape[at] : sides.log_model[i];
    const double samples = sides.log_data[i] + (low ? log_shape[places.share] : 0.0) - centres.data;
    const double of_model =
        reference::exponential(-shapes[Places::model_exponent] * (size - centres.model));
    const double of_data =
        reference::exponential(coupling * size - shapes[Places::data_exponent] * samples);
    value[0][i] = of_model;
    value[1][i] = of_data;
    by_model[Places::model_exponent][i] =
        -shapes[Places::model_exponent] * (size - centres.model) * of_model;
    by_data[Places::data_exponent][i] = -shapes[Places::data_exponent] * samples * of_data;
    if (sides.coupled) by_data[Places::coupling][i] = coupling * size * of_data;
    if (!low) continue;
    by_model[at][i] = -shapes[Places::model_exponent] * of_model;
    by_data[at][i] = coupling * of_data;
    by_data[places.share][i] = -shapes[Places::data_exponent] * of_data;
  }
  Terms terms{.value = std::move(value), .slope = {std::move(by_model), std::move(by_data)}};
  if (sides.with_floor) {
    terms.value.emplace_back(count, 1.0);
    terms.slope.emplace_back(shapes.size());
  }
  return terms;
}

// The law of the reference alone.
FittedLaw law_of(const Sides& sides) {
  const Centres centres{mean_of(sides.log_model), mean_of(sides.log_data)};
  FittedLaw law{.amplitudes = {{.name = "model_amplitude", .exponent = 0, .centre = centres.model},
                               {.name = "data_amplitude", .exponent = 1, .centre = centres.data}},
                .shapes = {{.name = "model_exponent", .low = 0.05, .high = 5.0},
                           {.name = "data_exponent", .low = 0.05, .high = 5.0}},
                .terms = [sides, centres](std::span<const double> shapes) {
                  return terms_of(sides, centres, shapes);
                }};
  if (sides.coupled) law.shapes.push_back({.name = "coupling", .low = 0.05, .high = 5.0});
  if (sides.with_floor) law.amplitudes.push_back({.name = "floor"});
  return law;
}

// Where the law of the reference has the risk that a size shows at its most samples, taken as seen
// by the precision; the size itself where it has it nowhere.
std::vector<double> first_sizes(const Json& known, const Selection& precision,
                                const std::vector<double>& sizes) {
  constexpr double farthest = 100.0;
  std::vector<double> starts = sizes;
  std::vector<double> most(sizes.size(), 0.0);
  for (std::size_t i = 0; i < precision.y.size(); ++i) {
    const std::size_t at = place_of(precision.x[0][i], sizes);
    if (precision.x[1][i] < most[at]) continue;
    most[at] = precision.x[1][i];
    const double of_data =
        known["data_amplitude"].get<double>() *
        reference::exponential(known.value("coupling", 0.0) * precision.log_x[0][i] -
                               known["data_exponent"].get<double>() * precision.log_x[1][i]);
    const double of_model = mean_of(*precision.y[i]) - known.value("floor", 0.0) - of_data;
    if (!(of_model > 0.0)) continue;
    const double log_size = (reference::logarithm(known["model_amplitude"].get<double>()) -
                             reference::logarithm(of_model)) /
                            known["model_exponent"].get<double>();
    starts[at] =
        std::clamp(reference::exponential(log_size), sizes[at] / farthest, sizes[at] * farthest);
  }
  return starts;
}

// The law of both sides; known: that of the reference, where the search starts.
FittedLaw law_of(const Sides& sides, const Json& known, const std::vector<double>& starts) {
  FittedLaw law = law_of(sides);
  for (Shape& shape : law.shapes) shape.low = shape.high = known[shape.name].get<double>();
  law.shapes.push_back({.name = data_share, .low = 1.0, .high = 1.0, .needed = false});
  for (std::size_t k = 0; k < starts.size(); ++k)
    law.shapes.push_back(
        {.name = size_name(k), .low = starts[k], .high = starts[k], .needed = false});
  return law;
}

// The numbers of one precision beside its reference, effective sizes under their names; or "error".
Json numbers_of(const Json& fit, const Selection& reference, const Selection& precision) {
  Json known;
  Sides sides = sides_of(fit, reference);
  write_law(law_of(sides), reference.y, known);
  if (known.contains("error")) {
    known["error"] = "of the reference: " + known["error"].get<std::string>();
    if (known.contains("floor_below"))
      known["hint"] = "\"with_floor\": false fits the law without a floor";
    return known;
  }
  add_precision(precision, sides);
  std::vector<const std::vector<double>*> y = reference.y;
  y.insert(y.end(), precision.y.begin(), precision.y.end());
  Json numbers;
  write_law(law_of(sides, known, first_sizes(known, precision, sides.sizes)), y, numbers);
  return numbers;
}

// What theory says in place of the means; points without theory are as if they had failed.
std::vector<FitPoint> points_of_theory(const std::vector<FitPoint>& points, const std::string& y) {
  std::vector<FitPoint> seen = points;
  for (FitPoint& point : seen) {
    point.metrics.clear();
    if (const auto theory = point.theory.find(y); theory != point.theory.end())
      point.metrics[y] = {theory->second};
  }
  return seen;
}

// One fit: its axes, and the points as measured and as theory has them.
class Fitter {
 public:
  Fitter(const Json& fit, const std::vector<FitPoint>& points)
      : fit_(fit),
        y_(fit["y"].get<std::string>()),
        axes_{{.pointer = fit["model_size"].get<std::string>(),
               .range = fit.value("model_range", Json())},
              {.pointer = fit["data_size"].get<std::string>(),
               .range = fit.value("data_range", Json())}},
        points_(points),
        theory_(points_of_theory(points, y_)) {}

  void compute(Json& records) const {
    const std::vector<Members> groups =
        group_points(points_, swept_but(points_, {axes_[0].pointer, axes_[1].pointer}));
    for (const Members& members : groups) {
      if (is_reference(fit_["reference"], members.group)) continue;
      const auto reference = std::find_if(groups.begin(), groups.end(), [&](const Members& other) {
        return is_reference(fit_["reference"], other.group) &&
               key_beside(fit_["reference"], other.group) ==
                   key_beside(fit_["reference"], members.group);
      });
      add(members, reference == groups.end() ? Members() : *reference, records);
    }
  }

 private:
  void add(const Members& members, const Members& beside, Json& records) const {
    Json record = begin_record(fit_, members, {"kind", "model_size", "data_size", "y"},
                               {"model_range", "data_range", "coupled"});
    const Selection precision = select_points(points_, members, y_, axes_);
    const Selection reference = select_points(points_, beside, y_, axes_);
    record["points"] = reference.y.size() + precision.y.size();
    record["excluded"] = reference.excluded + precision.excluded;
    const std::vector<double> sizes = distinct(precision.x[0]);
    Json numbers;
    if (beside.points.empty()) {
      numbers["error"] = "no points of the reference";
    } else if (count_distinct(reference.x[0]) < fewest_sizes ||
               count_distinct(reference.x[1]) < fewest_sizes ||
               count_distinct(precision.x[1]) < 2) {
      numbers["error"] = "fewer than three sizes of the model or of the data";
    } else {
      numbers = numbers_of(fit_, reference, precision);
    }
    const Json theory = numbers.contains("error") ? Json() : theory_of(members, beside);
    for (const auto& member : numbers.items()) {
      if (!member.key().starts_with(size_prefix)) record[member.key()] = member.value();
    }
    if (!numbers.contains("error")) record["theory_data_share"] = theory.value(data_share, Json());
    records.push_back(std::move(record));
    if (numbers.contains("error")) return;
    for (std::size_t k = 0; k < sizes.size(); ++k)
      add_size(members, axes_[0].pointer, sizes[k], 1.0, numbers, theory, size_name(k), records);
    for (const double samples : distinct(precision.x[1]))
      add_size(members, axes_[1].pointer, samples, samples, numbers, theory, data_share, records);
  }

  // A record of one size: the parameter of that name times `unit`.
  void add_size(const Members& members, const std::string& axis, double size, double unit,
                const Json& numbers, const Json& theory, const std::string& name,
                Json& records) const {
    const auto scaled = [&](const Json& value) {
      return value.is_number() ? number_json(unit * value.get<double>()) : Json();
    };
    Json record{{"kind", fit_["kind"]}, {"axis", axis}, {"y", fit_["y"]}};
    record["group"] = members.group;
    record["size"] = number_json(size);
    record["effective_size"] = scaled(numbers[name]);
    const Json& interval = numbers[name + "_interval"];
    record["effective_size_interval"] =
        interval.is_null() ? Json() : Json::array({scaled(interval[0]), scaled(interval[1])});
    record["theory"] = scaled(theory.value(name, Json()));
    records.push_back(std::move(record));
  }

  // The same fit of what theory says at the same points; an empty object where it says nothing of
  // some of them.
  [[nodiscard]] Json theory_of(const Members& members, const Members& beside) const {
    const Selection precision = select_points(theory_, members, y_, axes_);
    const Selection reference = select_points(theory_, beside, y_, axes_);
    if (precision.excluded + reference.excluded > 0) return Json::object();
    return numbers_of(fit_, reference, precision);
  }

  const Json& fit_;
  std::string y_;
  std::vector<Axis> axes_;
  const std::vector<FitPoint>& points_;
  std::vector<FitPoint> theory_;
};

}  // namespace

Json check_effective_sizes(ObjectReader& reader, const FitScope& scope) {
  Json checked;
  checked["kind"] = "effective_sizes";
  for (const char* key : {"model_size", "data_size"})
    checked[key] = check_axis(reader, key, scope.swept);
  checked["y"] = check_metric(reader, scope.metrics);
  checked["reference"] = check_reference(reader, scope.swept);
  for (const char* key : {"model_range", "data_range"}) {
    const Json range = check_range(reader, key);
    if (!range.is_null()) checked[key] = range;
  }
  checked["coupled"] = reader.boolean("coupled", false);
  checked["with_floor"] = reader.boolean("with_floor", true);
  return checked;
}

void compute_effective_sizes(const Json& fit, const std::vector<FitPoint>& points, Json& records) {
  Fitter(fit, points).compute(records);
}

}  // namespace halfulp::experiments
