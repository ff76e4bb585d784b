// SPDX-License-Identifier: MIT
#include "experiments/results/figure/map_script.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "experiments/results/figure/axis.h"
#include "experiments/results/figure/screen.h"
#include "experiments/results/figure/text_width.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

// Pixels.
constexpr double margin = 14, gap = 8, line_height = 13;
constexpr double label_most = 260, column_label_most = 200;
constexpr double cells_width = 720, narrowest_cell = 14, widest_cell = 64;
constexpr double row_height = 17;
constexpr double picture_width = 1100;  // that panels side by side may take together
constexpr double bar_width = 260, bar_height = 12;
constexpr double cell_font = 8.5;
constexpr double cell_share = cell_font / font_size;

// Labels of one level along a side, each over the lines that it is the label of.
struct Run {
  std::size_t first = 0, count = 0;
  std::string text;
};

std::vector<Run> runs_of(const MapLabels& labels, std::size_t level) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    bool fresh = runs.empty() || level + 1 == labels[i].size();
    for (std::size_t k = 0; !fresh && k <= level; ++k) fresh = labels[i][k] != labels[i - 1][k];
    if (fresh) runs.push_back({i, 0, labels[i][level]});
    ++runs.back().count;
  }
  return runs;
}

std::size_t levels_of(const MapLabels& labels) { return labels.empty() ? 0 : labels[0].size(); }

double widest(const MapLabels& labels, std::size_t level, double most) {
  double width = 0;
  for (const std::vector<std::string>& line : labels)
    width = std::max(width, std::min(most, text_width(line[level])));
  return width;
}

// Where everything stands.
class Layout {
 public:
  explicit Layout(const HeatMap& map)
      : rows(map.rows.size()),
        columns(map.columns.size()),
        cell(std::clamp(cells_width / static_cast<double>(map.columns.size()), narrowest_cell,
                        widest_cell)) {
    for (std::size_t level = 0; level < levels_of(map.rows); ++level) {
      label_widths.push_back(widest(map.rows, level, label_most));
      left += label_widths.back() + gap;
    }
    for (const std::vector<std::string>& line : map.rows) {
      for (const std::string& text : line) {
        const auto lines = static_cast<double>(wrapped(text, label_most, 3).size());
        row = std::max(row, 4 + line_height * lines);
      }
    }
    const std::size_t levels = levels_of(map.columns);
    const double inner = widest(map.columns, levels - 1, column_label_most);
    rotated = inner > cell - 4;
    const bool titled = std::any_of(map.panels.begin(), map.panels.end(),
                                    [](const MapPanel& panel) { return !panel.title.empty(); });
    title = titled ? line_height + gap : 0;
    head = margin + title + line_height * static_cast<double>(levels - 1) + gap;
    head += rotated ? inner + gap : line_height;
    width = left + cell * static_cast<double>(columns) + margin;
    height = head + row * static_cast<double>(rows) + margin;
    across = std::max<std::size_t>(1, static_cast<std::size_t>(picture_width / width));
    across = std::min(across, map.panels.size());
  }

  std::size_t rows, columns;
  double cell, row = row_height;
  std::vector<double> label_widths;
  double left = margin;  // of the cells in a panel
  double head = 0;       // above the cells
  double title = 0;      // of it
  bool rotated = false;
  double width = 0, height = 0;  // of a panel
  std::size_t across = 1;

  [[nodiscard]] double panel_left(std::size_t i) const {
    return width * static_cast<double>(i % across) + left;
  }
  [[nodiscard]] double panel_top(std::size_t i) const {
    return height * static_cast<double>(i / across) + head;
  }
};

std::string label_at(const Screen& screen, double x, double y, const std::string& text,
                     const std::string& how) {
  return "set label " + quoted(text) + " at " + screen.at(x, y) + " " + how + "\n";
}

std::string hexadecimal(unsigned colour) {
  char text[16];
  std::snprintf(text, sizeof text, "#%06x", colour);
  return text;
}

class Script {
 public:
  Script(const HeatMap& map, const std::string& output) : map_(map), layout_(map), output_(output) {
    const auto down =
        static_cast<double>((map.panels.size() + layout_.across - 1) / layout_.across);
    legend_top_ = layout_.height * down + gap;
    double width = layout_.width * static_cast<double>(layout_.across);
    width =
        std::max(width, 3 * margin + std::max(bar_width, text_width(map.value_label)) + 2 * gap);
    for (const MapMark& mark : map_marks)
      if (has(mark.letter)) width = std::max(width, 60 + text_width(mark.words));
    double height = legend_top_ + 4 * line_height + bar_height + margin;
    for (const MapMark& mark : map_marks) height += has(mark.letter) ? line_height + 2 : 0;
    screen_ = {.width = std::ceil(width), .height = std::ceil(height)};
  }

  std::string text() {
    std::string text =
        "# Drawn with gnuplot 5.4: gnuplot THIS_FILE. For a paper, replace the terminal by, e.g.,\n"
        "#   set terminal pdfcairo enhanced font 'DejaVu Sans,9' size 16cm, 20cm\n"
        "# Data blocks: column, row, value, colour of the cell, its text, colour of the text.\n" +
        picture_commands(screen_) + "set output " + quoted(output_) +
        "\nset multiplot\nunset key\nunset tics\nset border 15 lc rgb '#404040' lw 0.6\n";
    text += legend();
    for (std::size_t i = 0; i < map_.panels.size(); ++i) text += panel(i);
    return text + "unset multiplot\nunset output\n";
  }

 private:
  [[nodiscard]] bool has(char letter) const {
    return std::any_of(map_.panels.begin(), map_.panels.end(), [&](const MapPanel& panel) {
      return std::any_of(panel.cells.begin(), panel.cells.end(), [&](const MapCell& cell) {
        return cell.marks.find(letter) != std::string::npos;
      });
    });
  }

  [[nodiscard]] double share_of(double value) const {
    if (map_.logarithmic && !(value > 0)) return 0;
    const auto along = [&](double x) { return map_.logarithmic ? std::log(x) : x; };
    const double share =
        (along(value) - along(map_.lowest)) / (along(map_.highest) - along(map_.lowest));
    return std::clamp(share, 0.0, 1.0);
  }

  // The number and the letters where both have room, else the letters.
  [[nodiscard]] std::string cell_text(const MapCell& cell) const {
    std::string text = short_number(cell.value);
    if (!cell.marks.empty()) text += (text.empty() ? "" : " ") + cell.marks;
    return text_width(text) * cell_share <= layout_.cell - 3 ? text : cell.marks;
  }

  std::string panel(std::size_t i) {
    const MapPanel& panel = map_.panels[i];
    const double left = layout_.panel_left(i);
    const double top = layout_.panel_top(i);
    const double width = layout_.cell * static_cast<double>(layout_.columns);
    const double height = layout_.row * static_cast<double>(layout_.rows);
    const std::string name = "$cells_" + std::to_string(i + 1);
    std::string text = "\n" + margin_commands(screen_, left, top, width, height) +
                       "set xrange [0:" + std::to_string(layout_.columns) + "]\nset yrange [" +
                       std::to_string(layout_.rows) + ":0]\n";
    text += label_at(screen_, left + width / 2, top - layout_.head + margin, panel.title,
                     "center noenhanced");
    text += row_labels(left, top) + column_labels(left, top) + name + " << END\n";
    for (const MapCell& cell : panel.cells) text += data_line(cell);
    text += "END\nplot " + name +
            " using 1:2:(0.49):(0.47):4 with boxxyerror fc rgb variable fs solid 1 "
            "noborder, \\\n     " +
            name + " using 1:2:5:6 with labels noenhanced tc rgb variable font ',8.5'\n";
    return text + "unset label\nunset arrow\n";
  }

  [[nodiscard]] std::string data_line(const MapCell& cell) const {
    constexpr unsigned without_value = 0xffffff;
    constexpr unsigned diverged = 0x000000;
    constexpr double dark = 0.5;
    const bool known = std::isfinite(cell.value);
    const bool lost = cell.marks.find('D') != std::string::npos;
    const double share = known ? share_of(cell.value) : 0;
    const unsigned colour = known ? map_colour(share) : lost ? diverged : without_value;
    const bool light_text = lost || (known && share > dark);
    return number_words(static_cast<double>(cell.column) + 0.5) + " " +
           number_words(static_cast<double>(cell.row) + 0.5) + " " +
           (known ? script_number(cell.value) : "NaN") + " " + std::to_string(colour) + " \"" +
           cell_text(cell) + "\" " + (light_text ? "16777215" : "2105376") + "\n";
  }

  [[nodiscard]] std::string row_labels(double left, double top) const {
    std::string text;
    double x = left - layout_.left + margin;
    for (std::size_t level = 0; level < layout_.label_widths.size(); ++level) {
      const bool inner = level + 1 == layout_.label_widths.size();
      for (const Run& run : runs_of(map_.rows, level)) {
        const double middle = static_cast<double>(run.first) + static_cast<double>(run.count) / 2;
        const std::vector<std::string> lines = wrapped(run.text, label_most, 3);
        double y =
            top + layout_.row * middle - line_height * static_cast<double>(lines.size() - 1) / 2;
        for (const std::string& line : lines) {
          text += label_at(screen_, inner ? left - gap / 2 : x, y, line,
                           inner ? "right noenhanced" : "left noenhanced");
          y += line_height;
        }
        if (!inner && run.first > 0) text += separator(run.first, false);
      }
      x += layout_.label_widths[level] + gap;
    }
    return text;
  }

  [[nodiscard]] std::string column_labels(double left, double top) const {
    std::string text;
    const std::size_t levels = levels_of(map_.columns);
    for (std::size_t level = 0; level < levels; ++level) {
      const bool inner = level + 1 == levels;
      const double y =
          top - layout_.head + margin + layout_.title + line_height * static_cast<double>(level);
      for (const Run& run : runs_of(map_.columns, level)) {
        const double middle = static_cast<double>(run.first) + static_cast<double>(run.count) / 2;
        const double x = left + layout_.cell * middle;
        const double room = layout_.cell * static_cast<double>(run.count) - 2;
        if (inner && layout_.rotated)
          text += upright_label(x, top - gap / 2, run.text);
        else
          text += label_at(screen_, x, y, wrapped(run.text, room, 1)[0], "center noenhanced");
        if (!inner && run.first > 0) text += separator(run.first, true);
      }
    }
    return text;
  }

  // From the foot up, on as many lines as the column has room for.
  [[nodiscard]] std::string upright_label(double x, double foot, const std::string& label) const {
    const auto room = static_cast<std::size_t>(layout_.cell / line_height);
    const std::vector<std::string> lines =
        wrapped(label, column_label_most, std::clamp<std::size_t>(room, 1, 3));
    std::string text;
    x -= line_height * static_cast<double>(lines.size() - 1) / 2;
    for (const std::string& line : lines) {
      text += label_at(screen_, x, foot, line, "left rotate by 90 noenhanced");
      x += line_height;
    }
    return text;
  }

  // A line between groups of rows or columns.
  [[nodiscard]] std::string separator(std::size_t at, bool upright) const {
    const std::string place = std::to_string(at);
    const std::string end = std::to_string(upright ? layout_.rows : layout_.columns);
    return "set arrow from first " + (upright ? place + ",0" : "0," + place) + " to first " +
           (upright ? place + "," + end : end + "," + place) +
           " nohead front lc rgb '#404040' lw 1.2\n";
  }

  // The scale of colours, and what the letters mean.
  [[nodiscard]] std::string legend() const {
    constexpr int pieces = 40;
    const double left = 2 * margin;
    double y = legend_top_ + line_height / 2;
    std::string text = label_at(screen_, left, y, map_.value_label, "left noenhanced");
    const double top = legend_top_ + line_height + 2;
    for (int i = 0; i < pieces; ++i) {
      const double x = left + bar_width * i / pieces;
      text += "set object rectangle from " + screen_.at(x, top) + " to " +
              screen_.at(x + bar_width / pieces + 0.4, top + bar_height) + " fc rgb '" +
              hexadecimal(map_colour((i + 0.5) / pieces)) + "' fs solid noborder\n";
    }
    for (const Tick& tick : scale_ticks())
      text += label_at(screen_, left + bar_width * share_of(tick.x),
                       top + bar_height + line_height / 2 + 2, tick.label, "center");
    y = top + bar_height + 2 * line_height;
    text += label_at(screen_, left, y, "beyond the ends all colours are alike; white: no number",
                     "left noenhanced tc rgb '#606060'");
    for (const MapMark& mark : map_marks) {
      if (!has(mark.letter)) continue;
      y += line_height + 2;
      text += label_at(screen_, left, y, std::string(1, mark.letter) + ": " + mark.words,
                       "left noenhanced tc rgb '#606060'");
    }
    return text;
  }

  [[nodiscard]] std::vector<Tick> scale_ticks() const {
    std::vector<Tick> list;
    if (map_.logarithmic) {
      const Interval range{.lowest = map_.lowest, .highest = map_.highest};
      for (const Tick& tick : thinned(ticks(range), range, Along::x, bar_width))
        if (!tick.label.empty()) list.push_back(tick);
      return list;
    }
    constexpr int steps = 4;
    for (int i = 0; i <= steps; ++i) {
      const double x = map_.lowest + (map_.highest - map_.lowest) * i / steps;
      list.push_back({x, number_words(x, 3)});
    }
    return list;
  }

  const HeatMap& map_;
  Layout layout_;
  const std::string& output_;
  Screen screen_;
  double legend_top_ = 0;
};

}  // namespace

// From nearly white through the blues of Okabe and Ito, straight from one to the next.
unsigned map_colour(double share) {
  using Colour = std::array<double, 3>;
  constexpr std::array<Colour, 4> stops{
      {{247, 250, 252}, {144, 202, 236}, {0, 114, 178}, {6, 26, 56}}};
  const double along = std::clamp(share, 0.0, 1.0) * (stops.size() - 1);
  const auto first = std::min(static_cast<std::size_t>(along), stops.size() - 2);
  const double rest = along - static_cast<double>(first);
  unsigned colour = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    const double part = stops[first][k] + (stops[first + 1][k] - stops[first][k]) * rest;
    colour = colour << 8U | static_cast<unsigned>(std::lround(part));
  }
  return colour;
}

std::string short_number(double x) {
  if (!std::isfinite(x)) return "";
  if (x == 0) return "0";
  constexpr double least = 0.01;
  constexpr double most = 999.5;
  const double size = std::fabs(x);
  char text[40];
  if (size >= least && size < most) {
    const bool whole = x == std::floor(x);
    const int places = whole ? 0 : size < 0.095 ? 3 : size < 0.995 ? 2 : size < 9.95 ? 1 : 0;
    std::snprintf(text, sizeof text, "%.*f", places, x);
    return text;
  }
  std::snprintf(text, sizeof text, "%.0e", x);
  std::string words = text;
  const std::size_t power = words.find('e') + 1;
  if (words[power] == '+') words.erase(power, 1);
  const std::size_t digits = words.find_first_of("123456789", power);
  const std::size_t start = power + (words[power] == '-' ? 1 : 0);
  if (digits != std::string::npos && digits > start) words.erase(start, digits - start);
  return words;
}

std::string map_script(const HeatMap& map, const std::string& output) {
  return Script(map, output).text();
}

}  // namespace halfulp::experiments
