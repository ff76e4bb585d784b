// SPDX-License-Identifier: MIT
#include "cli/block_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "formats/block.h"
#include "formats/presets.h"
#include "golden/words/format_facts.h"

namespace halfulp::cli {
namespace {

std::string extent(int elements) { return elements == 0 ? "all" : std::to_string(elements); }

// "16 x 16"
std::string block_of(const Level& level) {
  return extent(level.rows) + " x " + extent(level.columns);
}

std::string scale_text(const Level& level) {
  return level.scale.format.name + " over " + block_of(level) + ", " +
         std::string(name_of(level.rule));
}

// At most five decimals.
std::string bits_text(double bits) {
  std::string text = fmt::format("{:.5f}", bits);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// "nearest-even, saturate", with the axes in JSON where the overflow rule has no name.
std::string rounding_text(const Quantizer& q) {
  const Rounding& rounding = q.rounding;
  const Json overflow = to_json(rounding.overflow, q.format);
  return std::string(name_of(rounding.mode)) + ", overflow " +
         (overflow.is_string() ? overflow.get<std::string>() : overflow.dump());
}

BlockEntry entry_of(const BlockFormat& format) {
  for (const BlockEntry& entry : block_catalogue())
    if (entry.format == format) return entry;
  return {.format = format, .aliases = {}, .source = {}};
}

std::string line(std::string name, const std::string& value) {
  constexpr std::size_t width = 20;
  if (value.empty()) return "";
  name.resize(width, ' ');
  return name + "  " + value + "\n";
}

std::string level_text(const Level& level) {
  std::string text = scale_text(level);
  if (level.rule == ScaleRule::given)
    text += level.predicted ? " by prediction" : " " + number_json(level.given).dump();
  if (level.division != Division::exact) text += ", " + std::string(name_of(level.division));
  const auto unless_zero = [&](const std::string& what, double x) {
    if (x != 0) text += ", " + what + " " + number_json(x).dump();
  };
  unless_zero("epsilon", level.epsilon);
  unless_zero("least amax", level.least_amax);
  unless_zero("least", level.least_scale);
  unless_zero("largest counted as", level.largest_scale);
  return text + "; rounded " + rounding_text(level.scale);
}

}  // namespace

const std::vector<Column>& short_block_columns() {
  static const std::vector<Column> titles{
      {"name"}, {"bits", Align::right}, {"element"}, {"scales over"}, {"aliases"}};
  return titles;
}

std::vector<std::string> short_row_of(const BlockEntry& entry) {
  constexpr std::size_t most_aliases = 24;
  std::string blocks;
  for (const Level& level : entry.format.levels)
    blocks += (blocks.empty() ? "" : "; ") +
              (level.rows == 0 && level.columns == 0 ? "all" : block_of(level));
  return {entry.format.name, bits_text(bits_per_value(entry.format)),
          entry.format.element.format.name, blocks,
          words::joined_within(entry.aliases, most_aliases)};
}

const std::vector<Column>& block_columns() {
  static const std::vector<Column> titles{
      {"name"}, {"element"}, {"scales"}, {"bits a number", Align::right}, {"aliases"}};
  return titles;
}

std::vector<std::string> row_of(const BlockEntry& entry) {
  std::string scales;
  for (const Level& level : entry.format.levels)
    scales += (scales.empty() ? "" : "; ") + scale_text(level);
  return {entry.format.name, entry.format.element.format.name, scales,
          bits_text(bits_per_value(entry.format)), words::joined(entry.aliases)};
}

std::string block_text(const BlockFormat& format) {
  const BlockEntry entry = entry_of(format);
  std::string text = line("name", format.name);
  text += line("aliases", words::joined(entry.aliases));
  text += line("source", entry.source);
  text += line("kind", "block");
  text += line("bits a number", bits_text(bits_per_value(format)));
  const words::FormatFacts element = words::facts_of(format.element.format);
  text += line("element", element.name + ", " + element.lowest + " to " + element.largest +
                              "; rounded " + rounding_text(format.element));
  for (std::size_t i = 0; i < format.levels.size(); ++i)
    text += line("scale " + std::to_string(i + 1), level_text(format.levels[i]));
  if (format.arithmetic == Arithmetic::exact)
    text += line("division", std::string(name_of(format.division)));
  text += line("arithmetic", std::string(name_of(format.arithmetic)));
  if (format.arithmetic == Arithmetic::four_over_six)
    text += line("error of a block", std::string(name_of(format.four_over_six.error)) + ", of " +
                                         std::string(name_of(format.four_over_six.of)));
  text += line("scales of zero", std::string(name_of(format.zero_scale)));
  text += line("NaN and infinities", std::string(name_of(format.special)));
  return text + line("JSON", to_json(format).dump());
}

Json block_json(const BlockFormat& format) {
  const BlockEntry entry = entry_of(format);
  Json object = to_json(format);
  object["bits_per_value"] = bits_per_value(format);
  object["aliases"] = entry.aliases;
  object["source"] = entry.source;
  return object;
}

}  // namespace halfulp::cli
