// SPDX-License-Identifier: MIT
#include "experiments/results/figure/map_plots.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "experiments/pointers.h"
#include "experiments/results/figure/swept.h"
#include "experiments/results/pattern.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t most_maps = 24, most_rows = 200, most_columns = 100, most_panels = 12;
constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

using Fields = std::vector<std::size_t>;  // places in the list of fields
using Tuple = std::vector<int>;           // of their values

Tuple tuple_of(const SweptPoint& point, const Fields& fields) {
  Tuple tuple;
  for (const std::size_t field : fields) tuple.push_back(point.value[field]);
  return tuple;
}

std::string text_at(const Json& map, const char* key) {
  const Json* value = member_of(map, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

// The fields that a side names; nothing where one is not swept.
std::optional<Fields> fields_of(const Swept& swept, const std::string& side) {
  Fields fields;
  for (const std::string& pointer : joined_pointers(side)) {
    const auto field = std::find_if(swept.fields.begin(), swept.fields.end(),
                                    [&](const Field& f) { return f.pointer == pointer; });
    if (field == swept.fields.end()) return std::nullopt;
    fields.push_back(static_cast<std::size_t>(field - swept.fields.begin()));
  }
  return fields;
}

std::string words_of(const Swept& swept, std::size_t field, int value) {
  return value < 0 ? "" : swept.fields[field].words[static_cast<std::size_t>(value)];
}

// Numbers for tuples in the order of their points, up to so many.
class Places {
 public:
  explicit Places(std::size_t most) : most_(most) {}
  std::optional<std::size_t> of(const Tuple& tuple) {
    const auto known = places_.find(tuple);
    if (known != places_.end()) return known->second;
    if (places_.size() == most_) {
      beyond_.insert(tuple);
      return std::nullopt;
    }
    tuples_.push_back(tuple);
    return places_.emplace(tuple, places_.size()).first->second;
  }
  [[nodiscard]] const std::vector<Tuple>& tuples() const { return tuples_; }
  [[nodiscard]] std::size_t beyond() const { return beyond_.size(); }

 private:
  std::size_t most_;
  std::map<Tuple, std::size_t> places_;
  std::vector<Tuple> tuples_;
  std::set<Tuple> beyond_;
};

// Makes one map.
class MapMaker {
 public:
  MapMaker(const Swept& swept, const Json& map)
      : swept_(swept), map_(map), metric_(text_at(map, "value")) {}

  // Nothing where it is not well formed or has no cell.
  std::optional<Plot> make() {
    const std::optional<Fields> rows = fields_of(swept_, text_at(map_, "rows"));
    const std::optional<Fields> columns = fields_of(swept_, text_at(map_, "columns"));
    if (!rows || !columns || metric_.empty()) return std::nullopt;
    row_fields_ = *rows;
    column_fields_ = *columns;
    choose_points();
    find_panel_fields();
    find_partners();
    for (const SweptPoint* point : points_) add(*point);
    if (heat_.panels.empty()) return std::nullopt;
    heat_.rows = labels(row_fields_, rows_);
    heat_.columns = labels(column_fields_, columns_);
    heat_.value_label =
        metric_words(metric_) + (compared_ ? ", times that of " + reference_words_ : "");
    heat_.compared = compared_;
    find_range();
    return finished();
  }

 private:
  // The values of every field that a pattern names and that meet it; nothing where one is not
  // swept.
  std::optional<std::map<std::size_t, std::set<int>>> values_at(const Json& pattern) const {
    std::map<std::size_t, std::set<int>> met;
    for (const auto& member : pattern.items()) {
      const std::optional<Fields> field = fields_of(swept_, member.key());
      if (!field || field->size() != 1) return std::nullopt;
      std::set<int>& values = met[field->front()];
      const std::vector<Json>& all = swept_.fields[field->front()].values;
      for (std::size_t i = 0; i < all.size(); ++i)
        if (contains(all[i], member.value())) values.insert(static_cast<int>(i));
    }
    return met;
  }

  static bool is_met(const SweptPoint& point, const std::map<std::size_t, std::set<int>>& values) {
    return std::all_of(values.begin(), values.end(), [&](const auto& entry) {
      return entry.second.count(point.value[entry.first]) > 0;
    });
  }

  void choose_points() {
    const Json* at = member_of(map_, "at");
    const auto chosen = at != nullptr && at->is_object() ? values_at(*at) : std::nullopt;
    for (const SweptPoint& point : swept_.points)
      if (!chosen || is_met(point, *chosen)) points_.push_back(&point);
  }

  // Does a field say nothing that these do not say?
  [[nodiscard]] bool follows(std::size_t field, const Fields& others) const {
    std::map<Tuple, int> known;
    return std::all_of(points_.begin(), points_.end(), [&](const SweptPoint* point) {
      const int value = point->value[field];
      return known.try_emplace(tuple_of(*point, others), value).first->second == value;
    });
  }

  void find_panel_fields() {
    Fields told = row_fields_;
    told.insert(told.end(), column_fields_.begin(), column_fields_.end());
    for (std::size_t field = 0; field < swept_.fields.size(); ++field) {
      if (std::count(told.begin(), told.end(), field) > 0 || follows(field, told)) continue;
      panel_fields_.push_back(field);
      told.push_back(field);
    }
  }

  // Points of one tuple of all fields but those that relative_to names are compared; so are fields
  // that move together with these left out.
  void find_partners() {
    const Json* pattern = member_of(map_, "relative_to");
    if (pattern == nullptr || !pattern->is_object() || pattern->empty()) return;
    const auto reference = values_at(*pattern);
    if (!reference) return;
    compared_ = true;
    Fields named;
    for (const auto& entry : *reference) named.push_back(entry.first);
    for (std::size_t field = 0; field < swept_.fields.size(); ++field)
      if (!follows(field, named)) beside_.push_back(field);
    for (const SweptPoint* point : points_) {
      if (!is_met(*point, *reference)) continue;
      partners_.try_emplace(tuple_of(*point, beside_), point);
      if (reference_words_.empty()) {
        for (const std::size_t field : named)
          reference_words_ +=
              (reference_words_.empty() ? "" : ", ") + words_of(swept_, field, point->value[field]);
      }
    }
  }

  void add(const SweptPoint& point) {
    const auto row = rows_.of(tuple_of(point, row_fields_));
    const auto column = columns_.of(tuple_of(point, column_fields_));
    const auto panel = panels_.of(tuple_of(point, panel_fields_));
    if (!row || !column || !panel) return;
    if (*panel == heat_.panels.size()) heat_.panels.push_back({panel_title(point), {}});
    const MapCell cell{*row, *column, value_of(point), marks_of(point)};
    heat_.panels[*panel].cells.push_back(cell);
  }

  [[nodiscard]] std::string panel_title(const SweptPoint& point) const {
    std::string title;
    for (const std::size_t field : panel_fields_) {
      const std::string words = words_of(swept_, field, point.value[field]);
      if (words.empty()) continue;
      title += (title.empty() ? "" : ", ") + field_words(swept_.fields[field].pointer) +
               (swept_.fields[field].numeric ? " = " : ": ") + words;
    }
    return title;
  }

  double value_of(const SweptPoint& point) {
    const Measured measured = measured_of(*point.record, metric_);
    if (measured.standing != Standing::finite) return not_known;
    if (!compared_) return measured.mean;
    const auto partner = partners_.find(tuple_of(point, beside_));
    if (partner == partners_.end()) return not_known;
    if (partner->second == &point) return 1;
    const auto ratio = ratio_of(*point.record, *partner->second->record, metric_, quantiles_);
    return ratio ? ratio->value : not_known;
  }

  [[nodiscard]] std::string marks_of(const SweptPoint& point) const {
    const Standing standing = measured_of(*point.record, metric_).standing;
    if (standing == Standing::failed) return "F";
    if (standing == Standing::diverged) return "D";
    const auto has = [&](const char* metric) {
      const Standing there = measured_of(*point.record, metric).standing;
      return there == Standing::finite || there == Standing::diverged;
    };
    return std::string(has("first_nonfinite_step") ? "N" : "") +
           (has("first_stalled_step") ? "S" : "");
  }

  [[nodiscard]] MapLabels labels(const Fields& fields, const Places& places) const {
    MapLabels labels;
    for (const Tuple& tuple : places.tuples()) {
      std::vector<std::string>& line = labels.emplace_back();
      for (std::size_t i = 0; i < fields.size(); ++i)
        line.push_back(words_of(swept_, fields[i], tuple[i]));
    }
    return labels;
  }

  void find_range() {
    const Json* logarithmic = member_of(map_, "logarithmic");
    heat_.logarithmic = logarithmic != nullptr && *logarithmic == true;
    const Json* range = member_of(map_, "range");
    if (range != nullptr && range->is_array() && range->size() == 2 && (*range)[0].is_number() &&
        (*range)[1].is_number()) {
      heat_.lowest = (*range)[0].get<double>();
      heat_.highest = (*range)[1].get<double>();
    } else {
      find_extremes();
    }
    constexpr double least = 1e-290;  // of an axis
    constexpr double most = 1e290;
    const bool good = heat_.lowest < heat_.highest && heat_.highest < most &&
                      heat_.lowest > (heat_.logarithmic ? least : -most);
    if (good) return;
    heat_.lowest = heat_.logarithmic ? 1 : 0;
    heat_.highest = heat_.logarithmic ? 10 : 1;
  }

  // Beyond four decades from the least value all colours are alike, as one that trained badly must
  // not hide the others.
  void find_extremes() {
    constexpr double most = 1e4;
    double lowest = HUGE_VAL;
    double highest = -HUGE_VAL;
    for (const MapPanel& panel : heat_.panels) {
      for (const MapCell& cell : panel.cells) {
        if (!std::isfinite(cell.value) || (heat_.logarithmic && !(cell.value > 0))) continue;
        lowest = std::min(lowest, cell.value);
        highest = std::max(highest, cell.value);
      }
    }
    if (heat_.logarithmic) highest = std::min(highest, lowest * most);
    if (lowest == highest) highest = heat_.logarithmic ? lowest * 10 : lowest + 1;
    heat_.lowest = lowest;
    heat_.highest = highest;
  }

  Plot finished() {
    Plot plot;
    const std::string name = text_at(map_, "name");
    plot.title = name.empty() ? heat_.value_label : name + ": " + heat_.value_label;
    plot.map = std::move(heat_);
    const auto say = [&](std::size_t count, const std::string& what) {
      if (count == 0) return;
      plot.caption += (plot.caption.empty() ? "" : " ") + std::to_string(count) + " further " +
                      what + (count == 1 ? " is" : "s are") +
                      " left out; the tables have every point.";
    };
    say(rows_.beyond(), "row");
    say(columns_.beyond(), "column");
    say(panels_.beyond(), "panel");
    return plot;
  }

  const Swept& swept_;
  const Json& map_;
  std::string metric_;
  Fields row_fields_, column_fields_, panel_fields_;
  Fields beside_;  // that a point and its partner agree in
  std::vector<const SweptPoint*> points_;
  std::map<Tuple, const SweptPoint*> partners_;
  bool compared_ = false;
  std::string reference_words_;
  Places rows_{most_rows}, columns_{most_columns}, panels_{most_panels};
  HeatMap heat_;
  Quantiles quantiles_;
};

}  // namespace

std::vector<Plot> map_plots(const Json& result) {
  std::vector<Plot> plots;
  const Json* document = member_of(result, "document");
  const Json* maps = document == nullptr ? nullptr : member_of(*document, "maps");
  if (maps == nullptr || !maps->is_array() || maps->empty()) return plots;
  const Swept swept = swept_of(settings_of(result));
  for (const Json& map : *maps) {
    if (plots.size() == most_maps) break;
    std::optional<Plot> plot = MapMaker(swept, map).make();
    if (plot) plots.push_back(std::move(*plot));
  }
  return plots;
}

}  // namespace halfulp::experiments
