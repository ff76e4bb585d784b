// SPDX-License-Identifier: MIT
//
// The legend of a plot: one for all its panels, a table of what the curves are and how their fits
// went, laid out by measured widths.
#pragma once

#include <string>

#include "experiments/results/figure/plot.h"

namespace halfulp::experiments {

// Colour and mark of a curve; every pair occurs once among the first 40.
struct Style {
  std::string colour;  // "#0072B2"
  int mark = 0;        // gnuplot's number
  std::string dashes;  // of a horizontal line, which has no marks
};
Style style_of(std::size_t curve);

// gnuplot's words for the lines of a figure.
inline constexpr const char* joined_line = "lw 1.1 dt 1";
inline constexpr const char* theory_line = "lw 1.3 dt (2,3)";
inline constexpr const char* fit_line = "lw 1.4 dt (8,4)";
inline constexpr const char* misfit_line = "lw 0.7 dt (8,4)";
inline constexpr const char* edge_mark = "ps 1.1";

// How a curve's theory is drawn: as a full line where no other line is.
const char* theory_style(const Curve& curve);
// Curves whose points no fitted law leads the eye along are joined by lines.
bool is_joined(const Curve& curve);

// Where the legend stands, in pixels from the picture's upper left corner.
struct LegendPlace {
  double left = 0, top = 0, width = 0;
  double panel_width = 0;  // of panels side by side, under which their fits stand; 0: anywhere
};

struct LegendText {
  double width = 0, height = 0;  // what it takes, at least the place's width
  // gnuplot commands in pixels from the upper left corner; scaled by the caller's screen.
  struct Item {
    std::string text;     // empty: a mark or a line
    std::string how;      // colour and the like
    double x = 0, y = 0;  // of the text's left middle, the mark, or the line's left end
    double x_end = 0;     // of a line
    enum class Kind { text, mark, line } kind = Kind::text;
  };
  std::vector<Item> items;
};
LegendText legend_of(const Plot& plot, const LegendPlace& place);

}  // namespace halfulp::experiments
