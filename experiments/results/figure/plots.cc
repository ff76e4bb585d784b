// SPDX-License-Identifier: MIT
#include "experiments/results/figure/plots.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/results/figure/effective.h"
#include "experiments/results/figure/fit_lines.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t most_colours = 8;  // that several fields may share out
constexpr std::size_t most_panels = 6;
constexpr std::size_t most_curves = 20;
constexpr std::size_t most_plots = 24;
constexpr double least_number = 1e-290, largest_number = 1e290;  // that an axis reaches
constexpr double axis_decades = 10;                              // to both sides of the median
// The members of fits that name what stands on an axis.
constexpr std::array<const char*, 4> fit_axes{"x", "axis", "model_size", "data_size"};

bool drawable(double x) { return x >= least_number && x <= largest_number; }

// Points over which plots are drawn. Those that do not depend on the axis have no value there.
struct View {
  Swept swept;
  std::vector<std::size_t> axes;  // fields
};

// How the fields other than x are shown; all are places in the list of fields.
struct Roles {
  std::size_t x = 0;
  std::vector<std::size_t> colours, facets, fixed;
};

bool is_size(const std::string& pointer) {
  const std::string last = pointer.substr(pointer.find_last_of('/') + 1);
  return last == "sketch_size" || last == "samples" || last == "dimension" || last == "batch";
}

bool is_axis(const Field& field, std::size_t fewest_values) {
  return field.numeric && field.values.size() >= fewest_values &&
         std::all_of(field.values.begin(), field.values.end(),
                     [](const Json& value) { return drawable(value.get<double>()); });
}

const Json* noise_of(const Json& value) {
  const Json* noise = member_of(value, "noise");
  if (noise == nullptr) return nullptr;
  return drawable(number_or(*noise, "eps", 0)) ? noise : nullptr;
}

// The points whose field holds noises of several strengths, seen as a sweep over the strength; no
// axis where the strengths are fewer than three.
View noise_view(const std::vector<Setting>& settings, const std::string& pointer) {
  std::set<double> strengths;
  const std::string axis = pointer + "/noise/eps";
  std::vector<Setting> seen = settings;
  for (Setting& setting : seen) {
    Json strength;
    for (auto& [key, value] : setting.set) {
      if (key != pointer || noise_of(value) == nullptr) continue;
      strength = value["noise"]["eps"];
      value["noise"].erase("eps");
    }
    if (strength.is_null()) continue;
    strengths.insert(strength.get<double>());
    setting.set.emplace_back(axis, strength);
  }
  constexpr std::size_t fewest_strengths = 3;
  if (strengths.size() < fewest_strengths) return {};
  View view{.swept = swept_of(seen), .axes = {}};
  for (std::size_t i = 0; i < view.swept.fields.size(); ++i) {
    if (view.swept.fields[i].pointer == axis) view.axes = {i};
  }
  return view;
}

// Fields that move together with x say nothing of their own.
bool follows(const Swept& swept, std::size_t field, std::size_t x) {
  std::vector<int> seen(swept.fields[x].values.size(), -1);
  for (const SweptPoint& point : swept.points) {
    if (point.value[x] < 0 || point.value[field] < 0) return false;
    int& known = seen[static_cast<std::size_t>(point.value[x])];
    if (known >= 0 && known != point.value[field]) return false;
    known = point.value[field];
  }
  return true;
}

// The number of values that a field takes at points which depend on x.
std::size_t count_values(const Swept& swept, std::size_t field, std::size_t x) {
  std::set<int> values;
  for (const SweptPoint& point : swept.points) {
    if (point.value[x] >= 0 && point.value[field] >= 0) values.insert(point.value[field]);
  }
  return values.size();
}

void share_out(const Swept& swept, Roles& roles) {
  for (std::vector<std::size_t>* spare : {&roles.facets, &roles.fixed}) {
    if (!roles.colours.empty() || spare->empty()) continue;
    roles.colours.push_back(spare->front());
    spare->erase(spare->begin());
  }
  const auto values = [&](std::size_t field) { return swept.fields[field].values.size(); };
  const auto combinations = [&] {
    double count = 1;
    for (const std::size_t field : roles.colours) count *= static_cast<double>(values(field));
    return count;
  };
  while (roles.colours.size() > 1 && combinations() > most_colours) {
    const auto fewest =
        std::min_element(roles.colours.begin(), roles.colours.end(),
                         [&](std::size_t a, std::size_t b) { return values(a) < values(b); });
    roles.facets.push_back(*fewest);
    roles.colours.erase(fewest);
  }
}

Roles roles_for(const Swept& swept, std::size_t x) {
  Roles roles{.x = x, .colours = {}, .facets = {}, .fixed = {}};
  for (std::size_t i = 0; i < swept.fields.size(); ++i) {
    const Field& field = swept.fields[i];
    const bool noise_kind = swept.fields[x].pointer == field.pointer + "/noise/eps";
    if (i == x || (count_values(swept, i, x) < 2 && !noise_kind)) continue;
    if (!noise_kind && follows(swept, i, x)) continue;
    if (!field.numeric) {
      roles.colours.push_back(i);
    } else if (is_size(field.pointer)) {
      roles.fixed.push_back(i);
    } else {
      roles.facets.push_back(i);
    }
  }
  share_out(swept, roles);
  return roles;
}

// "spectrum exponent a = 1.5, batch B = 4" of the fields at a point.
std::string setting_words(const Swept& swept, const SweptPoint& point,
                          const std::vector<std::size_t>& fields) {
  std::string text;
  for (const std::size_t field : fields) {
    if (point.value[field] < 0) continue;
    const std::string& words =
        swept.fields[field].words[static_cast<std::size_t>(point.value[field])];
    text += text.empty() ? "" : ", ";
    text += swept.fields[field].numeric ? field_words(swept.fields[field].pointer) + " = " + words
                                        : words;
  }
  return text;
}

int largest_value(const Field& field) {
  const auto largest = std::max_element(
      field.values.begin(), field.values.end(),
      [](const Json& a, const Json& b) { return a.get<double>() < b.get<double>(); });
  return static_cast<int>(largest - field.values.begin());
}

void sort_points(std::vector<PlotPoint>& points) {
  std::stable_sort(points.begin(), points.end(),
                   [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
}

// Makes the panels of one plot.
class PlotMaker {
 public:
  PlotMaker(const Json& result, const View& view, const Roles& roles, const std::string& metric,
            const Pairing& pairing)
      : result_(result),
        swept_(view.swept),
        roles_(roles),
        metric_(metric),
        pairing_(pairing),
        x_(swept_.fields[roles.x]) {
    for (const std::size_t field : roles.fixed)
      largest_.push_back(largest_value(swept_.fields[field]));
  }

  Plot make() {
    plot_.x_label = field_words(x_.pointer);
    plot_.y_label = metric_words(metric_);
    plot_.title = plot_.y_label + " against " + plot_.x_label;
    find_window();
    for (const SweptPoint& point : swept_.points) {
      if (at_fixed(point)) add(point);
    }
    for (auto& [curve, sample] : samples_)
      finish(plot_.panels[curve.first].curves[curve.second], *sample);
    const bool compared = std::any_of(plot_.panels.begin(), plot_.panels.end(), [](const Panel& p) {
      return std::any_of(p.curves.begin(), p.curves.end(),
                         [](const Curve& curve) { return !curve.ratio.empty(); });
    });
    if (compared) plot_.ratio_label = "ratio to " + pairing_.reference;
    caption();
    return plot_;
  }

 private:
  [[nodiscard]] bool at_fixed(const SweptPoint& point) const {
    for (std::size_t i = 0; i < roles_.fixed.size(); ++i) {
      if (point.value[roles_.fixed[i]] != largest_[i]) return false;
    }
    return true;
  }

  // The numbers that the y axis reaches: those of a point that trained badly must not hide the
  // others.
  void find_window() {
    std::vector<double> means;
    for (const SweptPoint& point : swept_.points) {
      if (!at_fixed(point)) continue;
      const double mean = measured_of(*point.record, metric_).mean;
      if (drawable(mean)) means.push_back(mean);
    }
    if (means.empty()) return;
    const auto middle = means.begin() + static_cast<std::ptrdiff_t>(means.size() / 2);
    std::nth_element(means.begin(), middle, means.end());
    const double factor = std::pow(10.0, axis_decades);
    lowest_ = std::max(least_number, *middle / factor);
    highest_ = std::min(largest_number, *middle * factor);
  }

  [[nodiscard]] bool in_window(double y) const { return y >= lowest_ && y <= highest_; }

  Curve& curve_of(const SweptPoint& point) {
    std::vector<int> facet;
    std::vector<int> colour;
    for (const std::size_t field : roles_.facets) facet.push_back(point.value[field]);
    for (const std::size_t field : roles_.colours) colour.push_back(point.value[field]);
    const auto [panel, new_panel] = panels_.try_emplace(facet, plot_.panels.size());
    if (new_panel)
      plot_.panels.push_back({.title = setting_words(swept_, point, roles_.facets),
                              .x_label = "",
                              .y_label = "",
                              .curves = {}});
    const auto [style, new_style] = styles_.try_emplace(colour, plot_.labels.size());
    if (new_style) plot_.labels.push_back(setting_words(swept_, point, roles_.colours));
    std::vector<Curve>& curves = plot_.panels[panel->second].curves;
    const auto [place, new_curve] =
        places_.try_emplace(std::pair(panel->second, style->second), curves.size());
    if (new_curve) {
      Curve curve;
      curve.style = style->second;
      curves.push_back(curve);
    }
    if (point.value[roles_.x] >= 0)
      samples_.try_emplace(std::pair(panel->second, place->second), &point);
    return curves[place->second];
  }

  void add(const SweptPoint& point) {
    Curve& curve = curve_of(point);
    const int at = point.value[roles_.x];
    curve.level = at < 0;
    const double x = at < 0 ? 1 : x_.values[static_cast<std::size_t>(at)].get<double>();
    const Measured measured = measured_of(*point.record, metric_);
    ++points_;
    if (measured.standing == Standing::failed) ++failed_;
    if (measured.standing == Standing::diverged) {
      ++diverged_;
      curve.above.push_back(x);
    } else if (measured.standing == Standing::finite) {
      add_mean(measured, x, curve);
    }
    if (in_window(measured.theory))
      curve.theory.push_back({x, measured.theory, measured.theory, measured.theory});
    add_ratio(point, x, curve);
  }

  void add_mean(const Measured& measured, double x, Curve& curve) {
    if (in_window(measured.mean)) {
      const double error = std::isfinite(measured.error) ? std::fabs(measured.error) : 0;
      curve.measured.push_back({x, measured.mean, measured.mean - error, measured.mean + error});
    } else if (measured.mean > 0) {
      ++beyond_;
      (measured.mean > highest_ ? curve.above : curve.below).push_back(x);
    } else {
      ++not_positive_;
      curve.below.push_back(x);
    }
  }

  void add_ratio(const SweptPoint& point, double x, Curve& curve) {
    const std::ptrdiff_t partner = pairing_.partner[point.index];
    if (partner < 0) return;
    if (static_cast<std::size_t>(partner) == point.index) {
      curve.reference = true;
      return;
    }
    const Json& reference = result_["points"][static_cast<std::size_t>(partner)];
    constexpr double most = 1e10;  // as far as any axis reaches
    const auto shown = [](double ratio) { return ratio > 1 / most && ratio < most; };
    const std::optional<Ratio> ratio = ratio_of(*point.record, reference, metric_, quantiles_);
    if (ratio && shown(ratio->value)) {
      curve.ratio.push_back({x, ratio->value, ratio->low, ratio->high});
      (ratio->paired ? paired_ : unpaired_) = true;
    }
    const double theory =
        measured_of(*point.record, metric_).theory / measured_of(reference, metric_).theory;
    if (shown(theory)) curve.ratio_theory.push_back({x, theory, theory, theory});
  }

  void finish(Curve& curve, const SweptPoint& sample) const {
    sort_points(curve.measured);
    sort_points(curve.theory);
    sort_points(curve.ratio);
    sort_points(curve.ratio_theory);
    std::sort(curve.above.begin(), curve.above.end());
    std::sort(curve.below.begin(), curve.below.end());
    curve.fits = fit_lines(result_, x_.pointer, metric_, *sample.record, curve.measured);
    curve.effective = effective_sizes(result_, x_.pointer, metric_, *sample.record);
  }

  void say(const std::string& sentence) {
    plot_.caption += (plot_.caption.empty() ? "" : " ") + sentence;
  }

  void caption() {
    const auto counted = [](std::size_t count, const std::string& one, const std::string& many) {
      return std::to_string(count) + (count == 1 ? " point " + one : " points " + many);
    };
    if (!roles_.fixed.empty()) {
      const auto sample = std::find_if(swept_.points.begin(), swept_.points.end(),
                                       [&](const SweptPoint& point) { return at_fixed(point); });
      if (sample != swept_.points.end())
        say("At " + setting_words(swept_, *sample, roles_.fixed) + ".");
    }
    plot_.caption_of_risk = plot_.caption;
    if (paired_)
      say("The ratio is paired by repeat, as repeat r of every point draws the same samples; its "
          "bars are 95 % intervals.");
    if (unpaired_)
      say("The result keeps no repeats, so the ratio's 95 % intervals take errors as independent.");
    if (diverged_ > 0)
      say(counted(diverged_, "diverged and stands", "diverged and stand") +
          " at the upper edge (▲).");
    if (beyond_ > 0)
      say(counted(beyond_, "is", "are") + " beyond the axis, marked at its edge (▲, ▼).");
    if (not_positive_ > 0)
      say(counted(not_positive_, "is not positive and stands", "are not positive and stand") +
          " at the lower edge (▼).");
    if (failed_ > 0) say(counted(failed_, "failed.", "failed."));
  }

  const Json& result_;
  const Swept& swept_;
  const Roles& roles_;
  const std::string& metric_;
  const Pairing& pairing_;
  const Field& x_;
  std::vector<int> largest_;  // value of every fixed field
  double lowest_ = least_number, highest_ = largest_number;
  Plot plot_;
  std::map<std::vector<int>, std::size_t> panels_, styles_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> places_;         // by panel and style
  std::map<std::pair<std::size_t, std::size_t>, const SweptPoint*> samples_;  // by panel and curve
  std::size_t points_ = 0, diverged_ = 0, beyond_ = 0, not_positive_ = 0, failed_ = 0;
  Quantiles quantiles_;
  bool paired_ = false, unpaired_ = false;
};

bool is_empty(const Curve& curve) { return curve.measured.empty() && curve.theory.empty(); }

// Removes what cannot be drawn and says what is left out; false where no curve has two points.
bool tidy(Plot& plot) {
  bool worth_it = false;
  std::size_t left_out = 0;
  for (Panel& panel : plot.panels) {
    // Curves that diverged everywhere keep their marks, if there is an axis to put them on.
    const bool axis = std::any_of(panel.curves.begin(), panel.curves.end(), [](const Curve& curve) {
      return !curve.level && !is_empty(curve);
    });
    std::erase_if(panel.curves, [&](const Curve& curve) {
      return !axis || (is_empty(curve) && curve.above.empty() && curve.below.empty());
    });
    std::stable_partition(panel.curves.begin(), panel.curves.end(),
                          [](const Curve& curve) { return curve.reference; });
    if (panel.curves.size() > most_curves) {
      left_out += panel.curves.size() - most_curves;
      panel.curves.resize(most_curves);
    }
    for (const Curve& curve : panel.curves)
      worth_it = worth_it || curve.measured.size() > 1 || curve.theory.size() > 1;
  }
  std::erase_if(plot.panels, [](const Panel& panel) { return panel.curves.empty(); });
  const auto say = [&](std::size_t count, const std::string& what) {
    plot.caption += (plot.caption.empty() ? "" : " ") + std::to_string(count) + " further " + what +
                    (count == 1 ? " is" : "s are") + " left out; the tables have every point.";
  };
  if (left_out > 0) say(left_out, "curve");
  if (plot.panels.size() > most_panels) {
    say(plot.panels.size() - most_panels, "panel");
    plot.panels.resize(most_panels);
  }
  return worth_it;
}

std::vector<std::string> metrics_for(const Json& result, const std::string& x,
                                     const std::vector<std::string>& wanted) {
  if (!wanted.empty()) return wanted;
  const std::vector<std::string> known = metrics_of(result);
  const auto is_known = [&](const std::string& metric) {
    return std::find(known.begin(), known.end(), metric) != known.end();
  };
  std::vector<std::string> metrics;
  if (const Json* fits = member_of(result, "fits"); fits != nullptr && fits->is_array()) {
    for (const Json& fit : *fits) {
      const Json* y = member_of(fit, "y");
      if (y == nullptr || !y->is_string()) continue;
      const bool along_x = std::any_of(fit_axes.begin(), fit_axes.end(), [&](const char* key) {
        const Json* axis = member_of(fit, key);
        return axis != nullptr && *axis == x;
      });
      if (!along_x) continue;
      const auto metric = y->get<std::string>();
      if (is_known(metric) && std::find(metrics.begin(), metrics.end(), metric) == metrics.end())
        metrics.push_back(metric);
    }
  }
  if (!metrics.empty() || known.empty()) return metrics;
  const Json* document = member_of(result, "document");
  for (const std::string& name : metrics_by_interest(document == nullptr ? Json() : *document)) {
    if (is_known(name)) return {name};
  }
  return {known.front()};
}

// The sweeps over a number of at least so many values, or over the strength of a noise.
std::vector<View> views_of(const std::vector<Setting>& settings, std::size_t fewest_values) {
  View all{.swept = swept_of(settings), .axes = {}};
  std::vector<View> views;
  for (std::size_t i = 0; i < all.swept.fields.size(); ++i) {
    const Field& field = all.swept.fields[i];
    if (is_axis(field, fewest_values)) {
      const bool joined = std::any_of(all.axes.begin(), all.axes.end(),
                                      [&](std::size_t x) { return follows(all.swept, i, x); });
      if (!joined) all.axes.push_back(i);
    } else if (!field.numeric) {
      View view = noise_view(settings, field.pointer);
      if (!view.axes.empty()) views.push_back(std::move(view));
    }
  }
  // A sweep over sizes shows noises of several strengths as curves; else the strength is the axis.
  if (!all.axes.empty()) views.insert(views.begin(), std::move(all));
  return views;
}

}  // namespace

std::vector<Plot> natural_plots(const Json& result, const std::vector<std::string>& metrics) {
  const std::vector<Setting> settings = settings_of(result);
  constexpr std::size_t enough_values = 3;
  std::vector<View> views = views_of(settings, enough_values);
  if (views.empty()) views = views_of(settings, 2);
  const Pairing pairing = pairing_of(result);
  std::vector<Plot> plots;
  for (const View& view : views) {
    for (const std::size_t x : view.axes) {
      const Roles roles = roles_for(view.swept, x);
      for (const std::string& metric : metrics_for(result, view.swept.fields[x].pointer, metrics)) {
        if (plots.size() >= most_plots) return plots;
        Plot plot = PlotMaker(result, view, roles, metric, pairing).make();
        if (!tidy(plot)) continue;
        for (Plot& law : law_plots(plot)) plots.push_back(std::move(law));
        plots.push_back(std::move(plot));
      }
    }
  }
  return plots;
}

std::string why_no_plot(const Json& result) {
  const std::vector<Setting> settings = settings_of(result);
  if (views_of(settings, 2).empty()) return "no swept number has two values or more";
  bool finite = false;
  for (const std::string& metric : metrics_of(result)) {
    for (const Json& point : result["points"])
      finite = finite || measured_of(point, metric).standing == Standing::finite;
  }
  return finite ? "no curve has two points with a positive number"
                : "no point has a finite number: all diverged or failed";
}

}  // namespace halfulp::experiments
