// SPDX-License-Identifier: MIT
//
// Logarithmic axes: how far they reach and where their ticks stand.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace halfulp::experiments {

// An interval of positive numbers; empty until a number is added.
struct Interval {
  double lowest = 1e308, highest = 0;
  void add(double x);  // anything but a positive finite number is passed over
  void add(const Interval& other);
  [[nodiscard]] bool empty() const { return highest < lowest; }
  [[nodiscard]] double decades() const;  // 0 of an empty one
};

// The interval with a margin at both ends, inside [1e-300, 1e300]; [0.5, 2] for an empty one.
Interval widened(const Interval& range, double margin_decades);

struct Tick {
  double x = 0;
  std::string label;  // empty: a minor tick
};

// Decades, or every so many of them on long axes; 1, 2 and 5 of each on short ones; equal steps
// where the axis is shorter than half a decade. At most about 12 have labels, whatever the range.
// lowest, highest: positive and finite.
std::vector<Tick> ticks(const Interval& range);
// Ticks at the values themselves; values: positive and finite.
std::vector<Tick> ticks_at(const std::set<double>& values);

// Takes labels away where they would touch the one before, on an axis of so many pixels.
enum class Along { x, y };
std::vector<Tick> thinned(std::vector<Tick> ticks, const Interval& range, Along along,
                          double pixels);
// As gnuplot has them: "('1' 1 0, '' 2 1, ...)".
std::string script_ticks(const std::vector<Tick>& ticks, bool labels);

// A number as scripts have it, to ten digits.
std::string script_number(double x);
// A gnuplot string in which nothing is expanded: single quotes, doubled inside; control characters
// are blanks.
std::string quoted(const std::string& text);

}  // namespace halfulp::experiments
