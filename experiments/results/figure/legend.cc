// SPDX-License-Identifier: MIT
#include "experiments/results/figure/legend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "experiments/results/figure/text_width.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

constexpr double row_height = 17, line_height = 14, sample_width = 34, sample_gap = 8;
constexpr double column_gap = 26, slack = 1.04;
constexpr double axis_room = 74;  // left of a panel's axes
const char* const grey = "#606060";

using Item = LegendText::Item;

double room_for(const std::string& text) { return text_width(text) * slack; }

std::string fixed(double x, int places) {
  constexpr double most_fixed = 1e4;
  if (!(std::fabs(x) < most_fixed)) return (x < 0 ? "−" : "") + number_words(std::fabs(x), 3);
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", places, std::fabs(x));
  return (x < 0 ? "−" : "") + std::string(text);
}

std::string in_brackets(const std::string& low, const std::string& high) {
  return " [" + low + ", " + high + "]";
}

std::string slope_words(const FitLine& fit) {
  std::string text = fixed(fit.slope, 2);
  if (fit.slope_low < fit.slope_high)
    text += in_brackets(fixed(fit.slope_low, 2), fixed(fit.slope_high, 2));
  if (fit.law == FitLine::Law::power_and_floor) {
    text += " + " + number_words(fit.floor, 2);
    if (fit.floor_low < fit.floor_high)
      text += in_brackets(number_words(fit.floor_low, 2), number_words(fit.floor_high, 2));
  }
  if (fit.law == FitLine::Law::joint) text += " (joint)";
  if (fit.ranged) text += ", " + number_words(fit.lowest) + " to " + number_words(fit.highest);
  return text;
}

std::string goodness_number(double x) {
  constexpr double many = 99.5;
  constexpr double most = 1e6;
  return x > many && x < most ? number_words(std::round(x), 6) : number_words(x, 2);
}

// Chi-square a degree of freedom, and what is wrong.
std::string goodness_words(const FitLine& fit) {
  std::string text;
  if (fit.degrees > 0 && std::isfinite(fit.chi_square))
    text = goodness_number(fit.chi_square / fit.degrees);
  if (fit.misfit) {
    text += text.empty() ? "†" : " †";
    if (fit.curvature > 0) text += " bends up";
    if (fit.curvature < 0) text += " bends down";
  }
  return text;
}

// What stands in the legend for one curve of all panels.
struct Row {
  std::size_t style = 0;
  std::string label;
  bool level = false, marked = false;
  std::vector<std::vector<FitLine>> fits;  // by panel
};

std::vector<Row> rows_of(const Plot& plot) {
  std::vector<Row> rows;
  std::map<std::size_t, std::size_t> known;
  for (std::size_t p = 0; p < plot.panels.size(); ++p) {
    for (const Curve& curve : plot.panels[p].curves) {
      const auto [place, fresh] = known.try_emplace(curve.style, rows.size());
      if (fresh) {
        Row row{.style = curve.style, .label = plot.labels[curve.style], .fits = {}};
        if (row.label.empty()) row.label = "measured";
        row.fits.resize(plot.panels.size());
        rows.push_back(row);
      }
      Row& row = rows[place->second];
      row.level = row.level || curve.level;
      row.marked = row.marked || (!curve.level && !curve.measured.empty());
      row.fits[p] = curve.fits;
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.style < b.style; });
  return rows;
}

// Puts items one below the other.
class LegendMaker {
 public:
  LegendMaker(const Plot& plot, const LegendPlace& place)
      : plot_(plot), place_(place), rows_(rows_of(plot)), y_(place.top) {
    legend_.width = place.width;
  }

  LegendText make() {
    const bool fitted = std::any_of(rows_.begin(), rows_.end(), [](const Row& row) {
      return std::any_of(row.fits.begin(), row.fits.end(),
                         [](const auto& fits) { return !fits.empty(); });
    });
    if (fitted) {
      table();
    } else {
      columns();
    }
    keys();
    legend_.height = y_ - place_.top;
    return std::move(legend_);
  }

 private:
  void text(double x, double y, const std::string& words, const std::string& colour = "#202020") {
    if (words.empty()) return;
    legend_.width = std::max(legend_.width, x - place_.left + room_for(words));
    legend_.items.push_back({.text = words,
                             .how = "textcolor rgb '" + colour + "'",
                             .x = x,
                             .y = y,
                             .kind = Item::Kind::text});
  }
  void line(double x, double y, const std::string& how) {
    legend_.items.push_back({.text = "",
                             .how = how,
                             .x = x,
                             .y = y,
                             .x_end = x + sample_width,
                             .kind = Item::Kind::line});
  }
  void mark(double x, double y, const std::string& how) {
    legend_.items.push_back({.text = "", .how = how, .x = x, .y = y, .kind = Item::Kind::mark});
  }

  void sample(double x, double y, const Row& row) {
    const Style style = style_of(row.style);
    const std::string colour = "lc rgb '" + style.colour + "' ";
    line(x, y, colour + (row.level ? "lw 1.3 dt " + style.dashes : joined_line));
    if (row.marked)
      mark(x + sample_width / 2, y, colour + "pt " + std::to_string(style.mark) + " ps 1.1");
  }

  // The label on as many lines as it takes; answers the height.
  double label(double x, double y, const Row& row, double width) {
    constexpr std::size_t most_lines = 3;
    const std::vector<std::string> lines = wrapped(row.label, width, most_lines);
    for (std::size_t i = 0; i < lines.size(); ++i)
      text(x, y + line_height * static_cast<double>(i), lines[i]);
    return row_height + line_height * static_cast<double>(lines.size() - 1);
  }

  [[nodiscard]] double label_width(double most) const {
    double width = 0;
    for (const Row& row : rows_) width = std::max(width, room_for(row.label));
    return std::min(width, most);
  }

  // Without fits: the labels in as many columns as there is room for.
  void columns() {
    const double label_room = label_width(place_.width - sample_width - sample_gap);
    const double column = sample_width + sample_gap + label_room + column_gap;
    const auto across =
        std::max<std::size_t>(1, static_cast<std::size_t>((place_.width + column_gap) / column));
    const std::size_t down = (rows_.size() + across - 1) / across;
    double lowest = y_;
    for (std::size_t c = 0; c * down < rows_.size(); ++c) {
      const double x = place_.left + column * static_cast<double>(c);
      double y = y_ + row_height / 2;
      for (std::size_t i = c * down; i < std::min(rows_.size(), (c + 1) * down); ++i) {
        sample(x, y, rows_[i]);
        y += label(x + sample_width + sample_gap, y, rows_[i], label_room);
      }
      lowest = std::max(lowest, y - row_height / 2);
    }
    y_ = lowest;
  }

  // With fits: a row a curve, two columns a panel.
  void table() {
    constexpr double share = 0.5;
    const double label_room = label_width(std::max(place_.width * share, 260.0));
    double x = place_.left + sample_width + sample_gap + label_room + column_gap;
    struct Column {
      double slope, goodness;
    };
    std::vector<Column> at;
    const bool titles = plot_.panels.size() > 1;
    const double header = y_ + (titles ? row_height : 0) + row_height / 2;
    for (std::size_t p = 0; p < plot_.panels.size(); ++p) {
      x = std::max(x, place_.panel_width * static_cast<double>(p) + axis_room);
      double slopes = room_for(slope_title());
      double goodness = 0;
      for (const Row& row : rows_) {
        for (const FitLine& fit : row.fits[p]) {
          slopes = std::max(slopes, room_for(slope_words(fit)));
          goodness = std::max(goodness, room_for(goodness_words(fit)));
        }
      }
      at.push_back({x, x + slopes + column_gap / 2});
      if (titles) text(x, y_ + row_height / 2, plot_.panels[p].title, grey);
      text(x, header, slope_title(), grey);
      if (goodness > 0) {
        goodness = std::max(goodness, room_for("χ²/ν"));
        text(at[p].goodness, header, "χ²/ν", grey);
      }
      x = std::max(at[p].goodness + goodness, titles ? x + room_for(plot_.panels[p].title) : 0.0) +
          column_gap;
    }
    y_ = header + row_height / 2;
    for (const Row& row : rows_) {
      const double y = y_ + row_height / 2;
      sample(place_.left, y, row);
      double height = label(place_.left + sample_width + sample_gap, y, row, label_room);
      for (std::size_t p = 0; p < at.size(); ++p) {
        double down = y;
        for (const FitLine& fit : row.fits[p]) {
          text(at[p].slope, down, slope_words(fit));
          text(at[p].goodness, down, goodness_words(fit), fit.misfit ? "#B00000" : "#202020");
          down += line_height;
        }
        height = std::max(height, down - line_height + row_height - y);
      }
      y_ += height;
    }
  }

  [[nodiscard]] std::string slope_title() const {
    for (const Row& row : rows_) {
      for (const auto& fits : row.fits) {
        for (const FitLine& fit : fits) {
          if (fit.law == FitLine::Law::power_and_floor) return "slope + floor [95 % intervals]";
        }
      }
    }
    return "slope [95 % interval]";
  }

  // What lines and marks mean, for those that there are.
  void keys() {
    const char* theory = nullptr;
    bool fits = false;
    bool misfit = false;
    bool above = false;
    bool below = false;
    bool joined = false;
    for (const Panel& panel : plot_.panels) {
      for (const Curve& curve : panel.curves) {
        if (!curve.level && !curve.theory.empty()) theory = theory_style(curve);
        fits = fits || !curve.fits.empty();
        for (const FitLine& fit : curve.fits) misfit = misfit || fit.misfit;
        above = above || (!curve.level && !curve.above.empty());
        below = below || (!curve.level && !curve.below.empty());
        joined = joined || (!curve.level && is_joined(curve));
      }
    }
    y_ += row_height / 3;
    x_ = place_.left;
    const std::string line_colour = "lc rgb '" + std::string(grey) + "' ";
    if (joined) key_line(line_colour + joined_line, "joins the means");
    if (fits) key_line(line_colour + fit_line, "fitted law");
    if (theory != nullptr) key_line(line_colour + theory, "theory");
    if (above) key_mark(line_colour + "pt 9 " + edge_mark, "diverged or above the axis");
    if (below) key_mark(line_colour + "pt 11 " + edge_mark, "not positive or below the axis");
    if (misfit) key_text("† misfit: the points do not lie on the fitted law");
    if (x_ > place_.left) y_ += row_height;
  }

  double key_start(double width) {
    if (x_ > place_.left && x_ + width > place_.left + legend_.width) {
      x_ = place_.left;
      y_ += row_height;
    }
    const double start = x_;
    x_ += width + column_gap;
    return start;
  }
  void key_line(const std::string& how, const std::string& words) {
    const double x = key_start(sample_width + sample_gap + room_for(words));
    line(x, y_ + row_height / 2, how);
    text(x + sample_width + sample_gap, y_ + row_height / 2, words, grey);
  }
  void key_mark(const std::string& how, const std::string& words) {
    constexpr double mark_width = 10;
    const double x = key_start(mark_width + sample_gap + room_for(words));
    mark(x + mark_width / 2, y_ + row_height / 2, how);
    text(x + mark_width + sample_gap, y_ + row_height / 2, words, grey);
  }
  void key_text(const std::string& words) {
    text(key_start(room_for(words)), y_ + row_height / 2, words, grey);
  }

  const Plot& plot_;
  LegendPlace place_;
  std::vector<Row> rows_;
  LegendText legend_;
  double y_, x_ = 0;
};

}  // namespace

// Okabe and Ito's order with the yellow, faint on white, last and darker. Filled triangles are kept
// for what has no place on the axis.
Style style_of(std::size_t curve) {
  static const std::array<const char*, 8> colours{"#000000", "#D55E00", "#0072B2", "#009E73",
                                                  "#CC79A7", "#56B4E9", "#E69F00", "#8F8200"};
  static const std::array<int, 10> marks{7, 8, 5, 12, 10, 6, 13, 4, 2, 1};
  static const std::array<const char*, 4> dashes{"(9,3,2,3)", "(3,3)", "(14,4)", "(9,3,2,3,2,3)"};
  constexpr std::size_t shift = 3;
  const std::size_t round = curve / colours.size();
  return {colours[curve % colours.size()],
          marks[(curve % colours.size() + (shift + colours.size()) * round) % marks.size()],
          dashes[round % dashes.size()]};
}

const char* theory_style(const Curve& curve) { return curve.joined ? theory_line : joined_line; }

bool is_joined(const Curve& curve) {
  return curve.joined && curve.measured.size() > 1 &&
         std::all_of(curve.fits.begin(), curve.fits.end(),
                     [](const FitLine& fit) { return fit.misfit; });
}

LegendText legend_of(const Plot& plot, const LegendPlace& place) {
  return LegendMaker(plot, place).make();
}

}  // namespace halfulp::experiments
