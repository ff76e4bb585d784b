// SPDX-License-Identifier: MIT
//
// Comparisons as a picture, a band for each tensor: how far got is below and above want, and where
// in the matrix codes differ. SVG 1.1, without scripts or fonts of its own.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/compare.h"
#include "experiments/results/figure/map_script.h"
#include "experiments/results/page/html.h"

namespace halfulp::cli {
namespace {

using comparison::Buckets;
using comparison::Comparison;
using comparison::Tiles;

constexpr double band_height = 250, width = 900;
constexpr double bars_left = 30, bars_width = 430, map_left = 530, map_width = 340;
constexpr double top = 60, height = 150;

std::string text_at(double x, double y, const std::string& text, const char* anchor) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     experiments::html_escaped(text));
}

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
};

std::string rectangle(const Box& box, unsigned colour, const std::string& title) {
  return fmt::format(
      "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
      "fill=\"#{:06x}\"><title>{}</title></rect>\n",
      box.x, box.y, box.width, box.height, colour, experiments::html_escaped(title));
}

// One more than the last bucket that has a count.
std::size_t used_buckets(const Buckets& buckets) {
  std::size_t used = comparison::bucket_count;
  while (used > 0 && buckets.counts[used - 1] == 0) --used;
  return used;
}

struct Bar {
  std::string label;
  std::uint64_t count = 0;
  unsigned colour = 0;
};

std::string label_of(std::size_t bucket, char sign) {
  const comparison::BucketEnds ends = comparison::bucket_ends(bucket);
  if (bucket > 12) return fmt::format("{}2^{}", sign, bucket);
  return sign + std::to_string(ends.most);
}

// From the furthest below to the furthest above.
std::vector<Bar> bars_of(const comparison::Distances& distances) {
  constexpr unsigned below = 0x0072b2, equal = 0xb0b0b0, above = 0xd55e00;
  std::vector<Bar> bars;
  for (std::size_t i = used_buckets(distances.below); i-- > 0;)
    bars.push_back({label_of(i, '-'), distances.below.counts[i], below});
  bars.push_back({"0", distances.same_number, equal});
  for (std::size_t i = 0; i < used_buckets(distances.above); ++i)
    bars.push_back({label_of(i, '+'), distances.above.counts[i], above});
  return bars;
}

std::string histogram(const Comparison& found, double y) {
  const std::vector<Bar> bars = bars_of(found.differences.distances);
  std::uint64_t most = 1;
  for (const Bar& bar : bars) most = std::max(most, bar.count);
  const double slot = bars_width / static_cast<double>(bars.size());
  constexpr double narrowest = 28;  // in which a label has room
  const std::size_t every = slot >= narrowest ? 1 : static_cast<std::size_t>(narrowest / slot) + 1;
  std::string text = text_at(
      bars_left, y + top - 14,
      "pairs by distance in ulp, up to the number under the bar; heights are logarithms", "start");
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const double share = std::log2(1.0 + static_cast<double>(bar.count)) /
                         std::log2(1.0 + static_cast<double>(most));
    const double x = bars_left + slot * static_cast<double>(i);
    text += rectangle({x + slot * 0.1, y + top + height * (1 - share), slot * 0.8, height * share},
                      bar.colour, bar.label + ": " + std::to_string(bar.count));
    if (i % every == 0) text += text_at(x + slot / 2, y + top + height + 14, bar.label, "middle");
  }
  return text;
}

std::string map_of(const Tiles& tiles, double y) {
  std::string text = text_at(map_left, y + top - 14,
                             fmt::format("where codes differ: {} rows, {} columns",
                                         tiles.matrix.rows, tiles.matrix.columns),
                             "start");
  const double wide = map_width / static_cast<double>(std::max<std::uint64_t>(tiles.columns, 1));
  const double high = height / static_cast<double>(std::max<std::uint64_t>(tiles.rows, 1));
  for (std::uint64_t row = 0; row < tiles.rows; ++row) {
    for (std::uint64_t column = 0; column < tiles.columns; ++column) {
      const std::uint64_t count = tiles.counts[row * tiles.columns + column];
      const std::uint64_t all = tiles.elements(row, column);
      const double share = static_cast<double>(count) / static_cast<double>(all);
      // The least share is seen too.
      const unsigned colour = count == 0 ? 0xf7fafc : experiments::map_colour(0.3 + 0.7 * share);
      text += rectangle({map_left + wide * static_cast<double>(column),
                         y + top + high * static_cast<double>(row), wide, high},
                        colour, std::to_string(count) + " of " + std::to_string(all));
    }
  }
  return text + fmt::format(
                    "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" "
                    "stroke=\"#606060\"/>\n",
                    map_left, y + top, map_width, height);
}

}  // namespace

std::string picture_of(const std::vector<CompareAnswer>& answers) {
  const double all = band_height * static_cast<double>(std::max<std::size_t>(answers.size(), 1));
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" font-family=\"DejaVu Sans,Verdana,Arial,sans-serif\" "
      "font-size=\"11\" fill=\"#202020\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      width, all);
  double y = 0;
  for (const CompareAnswer& answer : answers) {
    const Comparison& found = answer.found;
    text += text_at(bars_left, y + 22, headline_of(answer), "start") + histogram(found, y) +
            map_of(found.differences.tiles, y);
    y += band_height;
  }
  return text + "</svg>\n";
}

}  // namespace halfulp::cli
