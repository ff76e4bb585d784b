// SPDX-License-Identifier: MIT
#include "experiments/results/figure/axis.h"

#include <algorithm>
#include <cmath>

#include "experiments/results/figure/text_width.h"
#include "experiments/results/words.h"

namespace halfulp::experiments {
namespace {

constexpr double least = 1e-300, most = 1e300;

// floor(log10 x), for positive finite x.
int exponent_of(double x) { return static_cast<int>(std::floor(std::log10(x))); }

// "0.02", "10^{-5}", "2×10^{6}": m 10^exponent of at most `digits` digits.
std::string label(double mantissa, int exponent, int digits) {
  constexpr int lowest_plain = -3;
  constexpr int highest_plain = 4;
  if (exponent >= lowest_plain && exponent <= highest_plain)
    return number_words(mantissa * std::pow(10.0, exponent), digits);
  const std::string power = "10^{" + std::to_string(exponent) + "}";
  return mantissa == 1 ? power : number_words(mantissa, digits) + "×" + power;
}

// Equal steps of 1, 2 or 5 times a power of ten: four to nine of them.
std::vector<Tick> equal_steps(const Interval& range) {
  constexpr double wanted = 5;
  const double rough = (range.highest - range.lowest) / wanted;
  const int exponent = exponent_of(rough);
  const double power = std::pow(10.0, exponent);
  const double step = rough / power < 1.5 ? power : rough / power < 3.5 ? 2 * power : 5 * power;
  std::vector<Tick> list;
  const int digits = std::clamp(exponent_of(range.highest) - exponent + 1, 1, 12);
  const double first = std::ceil(range.lowest / step);
  constexpr int most_ticks = 12;
  for (int i = 0; i < most_ticks; ++i) {
    const double x = (first + i) * step;
    if (x > range.highest) break;
    const int own = exponent_of(x);
    list.push_back({x, label(x / std::pow(10.0, own), own, digits)});
  }
  return list;
}

}  // namespace

void Interval::add(double x) {
  if (!(x > 0) || !std::isfinite(x)) return;
  lowest = std::min(lowest, x);
  highest = std::max(highest, x);
}

void Interval::add(const Interval& other) {
  add(other.lowest);
  if (!other.empty()) add(other.highest);
}

double Interval::decades() const { return empty() ? 0 : std::log10(highest) - std::log10(lowest); }

Interval widened(const Interval& range, double margin_decades) {
  if (range.empty()) return {0.5, 2};
  constexpr double share = 0.06;
  const double margin = std::pow(10.0, std::max(margin_decades, range.decades() * share));
  return {std::clamp(range.lowest / margin, least, most),
          std::clamp(range.highest * margin, least, most)};
}

std::vector<Tick> ticks(const Interval& range) {
  constexpr double equal_decades = 0.5;
  constexpr double very_short_decades = 1.2;
  constexpr double short_decades = 2.2;
  constexpr int most_labels = 8;
  constexpr int most_marked = 12;
  const double decades = range.decades();
  if (decades < equal_decades) return equal_steps(range);
  const int stride = static_cast<int>(std::ceil(decades / most_labels));
  const int marks = decades < most_marked ? 9 : 1;  // digits of a decade that have a mark
  std::vector<Tick> list;
  const int first = exponent_of(range.lowest);
  const int last = exponent_of(range.highest);
  for (int exponent = first; exponent <= last; ++exponent) {
    for (int digit = 1; digit <= marks; ++digit) {
      const double x = digit * std::pow(10.0, exponent);
      if (x < range.lowest || x > range.highest) continue;
      const bool very_short = decades < very_short_decades && (digit == 3 || digit == 7);
      const bool labelled =
          digit == 1 ? exponent % stride == 0
                     : very_short || (decades < short_decades && (digit == 2 || digit == 5));
      list.push_back({x, labelled ? label(digit, exponent, 7) : ""});
    }
  }
  return list;
}

std::vector<Tick> ticks_at(const std::set<double>& values) {
  std::vector<Tick> list;
  for (const double x : values) list.push_back({x, number_words(x, 7)});
  return list;
}

std::vector<Tick> thinned(std::vector<Tick> ticks, const Interval& range, Along along,
                          double pixels) {
  constexpr double apart = 6;
  constexpr double line = 10;
  double taken = -HUGE_VAL;
  for (Tick& tick : ticks) {
    if (tick.label.empty()) continue;
    const double at = (std::log10(tick.x) - std::log10(range.lowest)) / range.decades() * pixels;
    const double half = (along == Along::x ? text_width(tick.label) : line) / 2;
    if (at - half > taken + apart) {
      taken = at + half;
    } else {
      tick.label.clear();
    }
  }
  return ticks;
}

std::string script_ticks(const std::vector<Tick>& ticks, bool labels) {
  std::string text;
  for (const Tick& tick : ticks) {
    text += text.empty() ? "" : ", ";
    text += quoted(labels ? tick.label : "") + " " + script_number(tick.x) +
            (tick.label.empty() ? " 1" : " 0");
  }
  return "(" + text + ")";
}

std::string script_number(double x) { return number_words(x, 10); }

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      result += ' ';
    } else {
      result += c;
      if (c == '\'') result += c;
    }
  }
  return result + "'";
}

}  // namespace halfulp::experiments
