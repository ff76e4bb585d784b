// SPDX-License-Identifier: MIT
//
// A map of a sweep as numbers and words: a cell a point, rows and columns what was swept. Nothing
// here knows how it is drawn.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace halfulp::experiments {

struct MapCell {
  std::size_t row = 0, column = 0;
  double value = 0;   // NaN where there is none
  std::string marks;  // of map_marks, what became of the point beside its value
};

struct MapPanel {
  std::string title;
  std::vector<MapCell> cells;
};

// What stands along a side: of every line one text for each of the fields that make it, the outer
// ones first.
using MapLabels = std::vector<std::vector<std::string>>;

struct HeatMap {
  MapLabels rows, columns;
  std::string value_label;
  bool compared = false;  // values are ratios
  bool logarithmic = false;
  double lowest = 0, highest = 1;  // of the colours; positive where they are logarithmic
  std::vector<MapPanel> panels;
  [[nodiscard]] bool empty() const { return panels.empty(); }
};

struct MapMark {
  char letter;
  const char* words;
};
inline constexpr MapMark map_marks[] = {
    {'F', "failed"},
    {'D', "diverged: the value is not finite, in one repeat or more"},
    {'N', "numbers on the way were not finite, in every repeat"},
    {'S', "stalled: no weight with an update moved for 100 steps, in every repeat"},
};

}  // namespace halfulp::experiments
