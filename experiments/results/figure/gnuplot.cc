// SPDX-License-Identifier: MIT
#include "experiments/results/figure/gnuplot.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/results/figure/axis.h"
#include "experiments/results/figure/fit_lines.h"
#include "experiments/results/figure/legend.h"
#include "experiments/results/figure/map_script.h"
#include "experiments/results/figure/screen.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

// Pixels.
constexpr double plot_width = 400, plot_height = 290;
constexpr double narrow_width = 300;  // of panels that have axes of their own
constexpr double stacked_height = 250, ratio_height = 140, between = 16;
constexpr double left_margin = 74, right_margin = 20, top_margin = 30, axis_height = 54;
constexpr double legend_left = 20, bottom_margin = 10;

struct Frame {
  double left = 0, top = 0, width = plot_width, height = 0;
  [[nodiscard]] double bottom() const { return top + height; }
};

bool has_own_axes(const Plot& plot) {
  return std::any_of(plot.panels.begin(), plot.panels.end(),
                     [](const Panel& panel) { return !panel.y_label.empty(); });
}

struct Layout {
  double width = 0, height = 0;
  std::vector<Frame> risk, ratio;  // by panel; no ratios: empty
  bool stacked = false;            // the ratio stands below the risk, under the same x axis
  LegendText legend;
};

Layout layout_of(const Plot& plot) {
  Layout layout;
  const std::size_t panels = plot.panels.size();
  const bool ratios = !plot.ratio_label.empty();
  layout.stacked = ratios && panels > 1;
  const std::size_t columns = panels == 1 ? 1 : panels == 3 || panels > 4 ? 3 : 2;
  const double width = has_own_axes(plot) ? narrow_width : plot_width;
  const double cell_width = left_margin + width + right_margin;
  const double height = layout.stacked ? stacked_height : plot_height;
  const double cell_height =
      top_margin + height + (layout.stacked ? between + ratio_height : 0) + axis_height;
  for (std::size_t i = 0; i < panels; ++i) {
    const double left = static_cast<double>(i % columns) * cell_width + left_margin;
    const double top = static_cast<double>(i / columns) * cell_height + top_margin;
    layout.risk.push_back({.left = left, .top = top, .width = width, .height = height});
    if (layout.stacked)
      layout.ratio.push_back({.left = left, .top = top + height + between, .height = ratio_height});
    else if (ratios)
      layout.ratio.push_back({.left = left + cell_width, .top = top, .height = height});
  }
  const double across = static_cast<double>(ratios && !layout.stacked ? 2 : columns);
  const auto rows = static_cast<double>((panels + columns - 1) / columns);
  layout.width = across * cell_width;
  const LegendPlace place{.left = legend_left,
                          .top = rows * cell_height,
                          .width = layout.width - legend_left - right_margin,
                          .panel_width = rows > 1 || panels == 1 ? 0 : cell_width};
  layout.legend = legend_of(plot, place);
  layout.width = std::max(layout.width, legend_left + layout.legend.width + right_margin);
  layout.height = place.top + layout.legend.height + bottom_margin;
  return layout;
}

std::string legend_commands(const LegendText& legend, const Screen& screen) {
  std::string text;
  for (const LegendText::Item& item : legend.items) {
    const std::string at = screen.at(item.x, item.y);
    switch (item.kind) {
      case LegendText::Item::Kind::text:
        text += "set label " + quoted(item.text) + " at " + at + " left noenhanced " + item.how;
        break;
      case LegendText::Item::Kind::mark:
        text += "set label '' at " + at + " point " + item.how;
        break;
      case LegendText::Item::Kind::line:
        text +=
            "set arrow from " + at + " to " + screen.at(item.x_end, item.y) + " nohead " + item.how;
        break;
    }
    text += "\n";
  }
  return text;
}

std::set<double> x_values(const Panel& panel) {
  std::set<double> values;
  for (const Curve& curve : panel.curves) {
    if (curve.level) continue;
    for (const auto* points : {&curve.measured, &curve.theory}) {
      for (const PlotPoint& point : *points) values.insert(point.x);
    }
    values.insert(curve.above.begin(), curve.above.end());
    values.insert(curve.below.begin(), curve.below.end());
  }
  return values;
}

// The ends of error bars count where they do not reach far beyond the point itself.
void add_bar(const PlotPoint& point, double factor, Interval& range) {
  range.add(point.y);
  range.add(std::max(point.low, point.y / factor));
  range.add(std::min(point.high, point.y * factor));
}

Interval y_range(const Panel& panel) {
  constexpr double far = 10;
  Interval range;
  for (const Curve& curve : panel.curves) {
    for (const PlotPoint& point : curve.measured) add_bar(point, far, range);
    for (const PlotPoint& point : curve.theory) range.add(point.y);
  }
  return range;
}

Interval ratio_range(const Panel& panel) {
  constexpr double far = 1.5;
  Interval range;
  range.add(1);
  for (const Curve& curve : panel.curves) {
    for (const PlotPoint& point : curve.ratio) add_bar(point, far, range);
  }
  return range;
}

// An x axis with room for curves that stand side by side.
struct HorizontalAxis {
  Interval range;
  std::set<double> values;
  double step = 0;  // pixels from curve to curve; 0: there is no room
  std::size_t curves = 0;
  double width = plot_width;
  // The factor by which the x of the k-th curve is moved.
  [[nodiscard]] double shift(std::size_t k) const {
    const double pixels = step * (static_cast<double>(k) - (static_cast<double>(curves) - 1) / 2);
    return std::pow(10.0, pixels * range.decades() / width);
  }
};

HorizontalAxis horizontal_axis(const Panel& panel, double width) {
  constexpr double margin = 14;
  constexpr double widest_step = 8;
  constexpr double widest_group = 90;
  constexpr double share = 0.6;  // of the way from one value to the next
  constexpr double least_decades = 0.1;
  HorizontalAxis axis;
  axis.width = width;
  axis.values = x_values(panel);
  for (const Curve& curve : panel.curves) axis.curves += curve.level ? 0 : 1;
  Interval bare;
  double nearest = 1;  // of the values' distances, as a share of the axis
  for (const double x : axis.values) bare.add(x);
  const double decades = std::max(bare.decades(), least_decades);
  for (auto x = axis.values.begin(); x != axis.values.end() && std::next(x) != axis.values.end();
       ++x)
    nearest = std::min(nearest, (std::log10(*std::next(x)) - std::log10(*x)) / decades);
  // On axes of sizes against sizes a curve that is moved would be worth another size.
  if (axis.curves > 1 && panel.y_label.empty()) {
    const double gaps = static_cast<double>(axis.curves - 1);
    const double free = width - 2 * margin;
    const double step = std::min({widest_step, widest_group / gaps, share * nearest * free / gaps});
    axis.step = step < 1 ? 0 : step;
  }
  const double group = axis.curves > 1 ? axis.step * static_cast<double>(axis.curves - 1) : 0;
  const double edge = margin + group / 2;
  axis.range = widened(bare, decades * edge / (width - 2 * edge));
  return axis;
}

std::vector<Tick> x_ticks(const HorizontalAxis& axis) {
  constexpr std::size_t most_values = 12;
  const bool whole = std::all_of(axis.values.begin(), axis.values.end(),
                                 [](double x) { return x == std::floor(x) && x < 1e7; });
  const bool named = whole && !axis.values.empty() && axis.values.size() <= most_values;
  return thinned(named ? ticks_at(axis.values) : ticks(axis.range), axis.range, Along::x,
                 axis.width);
}

std::string y_ticks(const Interval& range, const Frame& frame) {
  return script_ticks(thinned(ticks(range), range, Along::y, frame.height), true);
}

// The data blocks and the plot command of one set of axes.
class PanelText {
 public:
  PanelText(const Panel& panel, const std::string& name, const HorizontalAxis& x, const Interval& y)
      : panel_(panel), name_(name), x_(x), y_(y) {}

  std::string risk() {
    each([&](const Curve& curve, double shift) {
      if (curve.level) {
        level(curve, curve.measured.empty() ? curve.theory : curve.measured);
        return;
      }
      lines("theory", curve, shifted(curve.theory, shift), theory_style(curve));
      for (const FitLine& fit : curve.fits)
        lines("fit", curve, fit_points(fit, shift), fit.misfit ? misfit_line : fit_line);
      if (is_joined(curve)) lines("joined", curve, shifted(curve.measured, shift), joined_line);
      bars("measured", curve, shifted(curve.measured, shift));
      edge("above", curve, curve.above, shift, y_.highest, 9);
      edge("below", curve, curve.below, shift, y_.lowest, 11);
    });
    return finished();
  }

  std::string ratio() {
    constexpr const char* even = "lw 1.2 lc rgb '#909090'";
    element("one", {{x_.range.lowest, 1, 1, 1}, {x_.range.highest, 1, 1, 1}},
            std::string("using 1:2 with lines ") + even);
    each([&](const Curve& curve, double shift) {
      if (curve.level) {
        level(curve, curve.ratio.empty() ? curve.ratio_theory : curve.ratio);
        return;
      }
      lines("ratio_theory", curve, shifted(curve.ratio_theory, shift), theory_line);
      if (curve.ratio.size() > 1)
        lines("ratio_joined", curve, shifted(curve.ratio, shift), "lw 0.8 dt 1");
      bars("ratio", curve, shifted(curve.ratio, shift));
      edge("ratio_above", curve, curve.above, shift, y_.highest, 9);
    });
    return finished();
  }

 private:
  template <typename Draw>
  void each(const Draw& draw) {
    std::size_t k = 0;
    for (const Curve& curve : panel_.curves) {
      draw(curve, x_.shift(k));
      k += curve.level ? 0 : 1;
    }
  }

  static std::vector<PlotPoint> shifted(std::vector<PlotPoint> points, double factor) {
    for (PlotPoint& point : points) point.x *= factor;
    return points;
  }

  // Straight on logarithmic axes, but for floors and laws in x / ln x.
  [[nodiscard]] static std::vector<PlotPoint> fit_points(const FitLine& line, double shift) {
    constexpr int bends = 32;
    const bool straight = !line.over_log && line.law == FitLine::Law::power;
    const int pieces = straight ? 1 : bends;
    std::vector<PlotPoint> points;
    for (int i = 0; i <= pieces; ++i) {
      const double x = line.lowest * std::pow(line.highest / line.lowest, double(i) / pieces);
      const double y = fit_at(line, x);
      if (y > 0 && std::isfinite(y)) points.push_back({x * shift, y, y, y});
    }
    return points;
  }

  [[nodiscard]] static std::string colour(const Curve& curve) {
    return "lc rgb '" + style_of(curve.style).colour + "' ";
  }

  [[nodiscard]] static std::string point_style(const Curve& curve) {
    return "pt " + std::to_string(style_of(curve.style).mark) + " ps 0.9";
  }

  void lines(const std::string& what, const Curve& curve, const std::vector<PlotPoint>& points,
             const std::string& how) {
    element(what, points, "using 1:2 with lines " + colour(curve) + how);
  }

  void bars(const std::string& what, const Curve& curve, const std::vector<PlotPoint>& points) {
    element(what, points,
            "using 1:2:3:4 with yerrorbars " + colour(curve) + "lw 1.1 " + point_style(curve));
  }

  void level(const Curve& curve, const std::vector<PlotPoint>& at) {
    if (at.empty()) return;
    const double y = at.front().y;
    lines("level", curve, {{x_.range.lowest, y, y, y}, {x_.range.highest, y, y, y}},
          "lw 1.3 dt " + style_of(curve.style).dashes);
  }

  void edge(const std::string& what, const Curve& curve, const std::vector<double>& x, double shift,
            double y, int mark) {
    std::vector<PlotPoint> points;
    for (const double at : x) points.push_back({at * shift, y, y, y});
    element(
        what, points,
        "using 1:2 with points " + colour(curve) + "pt " + std::to_string(mark) + " " + edge_mark);
  }

  void element(const std::string& what, const std::vector<PlotPoint>& points,
               const std::string& how) {
    if (points.empty()) return;
    const std::string name = "$" + what + "_" + name_ + "_" + std::to_string(++count_);
    blocks_ += name + " << END\n";
    for (const PlotPoint& p : points) {
      // Both ends of a bar must stay on a logarithmic axis.
      const double low = p.low > 0 ? std::max(p.low, y_.lowest / 2) : y_.lowest / 2;
      const double high = std::min(p.high, y_.highest * 2);
      blocks_ += script_number(p.x) + " " + script_number(p.y) + " " +
                 script_number(std::min(low, p.y)) + " " + script_number(std::max(high, p.y)) +
                 "\n";
    }
    blocks_ += "END\n";
    elements_ += (elements_.empty() ? "" : ", \\\n     ") + (name + " " + how + " notitle");
  }

  [[nodiscard]] std::string finished() const {
    return elements_.empty() ? "plot NaN notitle\n" : blocks_ + "plot " + elements_ + "\n";
  }

  const Panel& panel_;
  const std::string& name_;
  const HorizontalAxis& x_;
  const Interval& y_;
  std::string blocks_, elements_;
  int count_ = 0;
};

std::string preamble(const Screen& screen, const std::string& output) {
  return "# Drawn with gnuplot 5.4: gnuplot THIS_FILE. For a paper, replace the terminal by, "
         "e.g.,\n"
         "#   set terminal pdfcairo enhanced font 'DejaVu Sans,9' size 16cm, 9cm\n"
         "# Data blocks: x (curves stand side by side), y, and the ends of its error bar.\n" +
         picture_commands(screen) + "set output " + quoted(output) +
         "\nset multiplot\nset logscale xy\nset border 3 lc rgb '#404040'\n"
         "set tics nomirror scale 0.8,0.4\nunset key\n"
         "set grid xtics ytics lc rgb '#e4e4e4' lw 0.6 dt 1\nset errorbars small\n";
}

std::string frame_commands(const Frame& frame, const Screen& screen) {
  return margin_commands(screen, frame.left, frame.top, frame.width, frame.height);
}

std::string range_command(const char* axis, const Interval& range) {
  return std::string("set ") + axis + "range [" + script_number(range.lowest) + ":" +
         script_number(range.highest) + "]\n";
}

// At one distance from the axis, however wide the ticks' labels are.
std::string y_label(const std::string& words, const Frame& frame, const Screen& screen) {
  constexpr double apart = 52;
  return "set label " + quoted(words) + " at " +
         screen.at(frame.left - apart, frame.top + frame.height / 2) +
         " center rotate by 90 noenhanced\n";
}

// The ranges of y that panels share where they are alike, or each panel's own.
std::vector<Interval> vertical_ranges(const Plot& plot, Interval (*range_of)(const Panel&),
                                      double most_shared, double margin) {
  Interval all;
  for (const Panel& panel : plot.panels) all.add(range_of(panel));
  std::vector<Interval> ranges;
  const bool shared = all.decades() <= most_shared && !has_own_axes(plot);
  for (const Panel& panel : plot.panels)
    ranges.push_back(widened(shared ? all : range_of(panel), margin));
  return ranges;
}

}  // namespace

std::string gnuplot_script(const Plot& plot, const std::string& output) {
  if (!plot.map.empty()) return map_script(plot.map, output);
  const Layout layout = layout_of(plot);
  const Screen screen{layout.width, layout.height};
  std::string text = preamble(screen, output);
  text += legend_commands(layout.legend, screen);
  const std::vector<Interval> risks = vertical_ranges(plot, y_range, 2.5, 0.04);
  const std::vector<Interval> ratios = vertical_ranges(plot, ratio_range, 0.7, 0.004);
  for (std::size_t i = 0; i < plot.panels.size(); ++i) {
    const Panel& panel = plot.panels[i];
    const std::string name = std::to_string(i + 1);
    const HorizontalAxis x = horizontal_axis(panel, layout.risk[i].width);
    const bool first = layout.risk[i].left == left_margin;
    const std::string x_label = "set xlabel " +
                                quoted(panel.x_label.empty() ? plot.x_label : panel.x_label) +
                                " noenhanced offset 0,0.2\n";
    text += "\n" + frame_commands(layout.risk[i], screen);
    text += "set title " + quoted(panel.title) + " noenhanced offset 0,-0.4\n";
    if (!panel.y_label.empty())
      text += y_label(panel.y_label, layout.risk[i], screen);
    else if (first)
      text += y_label(plot.y_label, layout.risk[i], screen);
    text += layout.stacked ? "unset xlabel\n" : x_label;
    text += range_command("x", x.range) + range_command("y", risks[i]);
    text += "set xtics " + script_ticks(x_ticks(x), !layout.stacked) + "\nset ytics " +
            y_ticks(risks[i], layout.risk[i]) + "\n";
    text += PanelText(panel, name, x, risks[i]).risk();
    text += "unset label\nunset arrow\n";
    if (layout.ratio.empty()) continue;
    text += "\n" + frame_commands(layout.ratio[i], screen) + "unset title\n" + x_label;
    if (first || !layout.stacked) text += y_label(plot.ratio_label, layout.ratio[i], screen);
    text += "set xtics " + script_ticks(x_ticks(x), true) + "\n";
    text += range_command("y", ratios[i]);
    text += "set ytics " + y_ticks(ratios[i], layout.ratio[i]) + "\n";
    text += PanelText(panel, name, x, ratios[i]).ratio() + "unset label\n";
  }
  return text + "unset multiplot\nunset output\n";
}

}  // namespace halfulp::experiments
