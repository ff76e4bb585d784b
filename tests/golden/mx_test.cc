// SPDX-License-Identifier: MIT
//
// MX blocks of microxcaling (120 blocks of 32 numbers, seven elements, three roundings), as values.
// The preset `microxcaling` must give its bits; where its logarithm in binary32 is wrong, the
// scale is twice ours, and that is what a difference is checked to be.
#include <bit>
#include <cmath>
#include <utility>

#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "tests/golden/engines.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

constexpr std::size_t block_size = 32;
constexpr std::size_t first_column = 4;

struct Column {
  std::string element, rounding;
  std::vector<float> peer;
};

struct Table {
  std::vector<float> inputs;
  std::vector<Column> columns;
};

float as_float(std::string_view digits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(parse_hex(digits)));
}

Table read_table(const std::string& file) {
  Table table;
  for_each_row(file, [&](const Fields& row) {
    if (row[0] == "block") {
      for (std::size_t i = first_column; i < row.size(); ++i) {
        const std::size_t end = row[i].rfind('_');
        table.columns.push_back(
            {std::string(row[i].substr(0, end)), std::string(row[i].substr(end + 1)), {}});
      }
      return;
    }
    table.inputs.push_back(as_float(row[3]));
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      table.columns[i].peer.push_back(as_float(row[first_column + i]));
  });
  return table;
}

BlockFormat format_of(const Column& column) {
  static const std::map<std::string, std::string> known{
      {"fp8_e4m3", "mxfp8_e4m3"}, {"fp8_e5m2", "mxfp8_e5m2"}, {"fp6_e3m2", "mxfp6_e3m2"},
      {"fp6_e2m3", "mxfp6_e2m3"}, {"fp4_e2m1", "mxfp4"},      {"int8", "mxint8"}};
  static const std::map<std::string, Mode> modes{
      {"nearest", Mode::nearest_away}, {"even", Mode::nearest_even}, {"floor", Mode::toward_zero}};
  BlockFormat format = find_block_format("mxint8");
  if (column.element == "int4") {
    format.element.format = {"mxint4_element", Fixed{.bits = 4, .fraction_bits = 2}};
  } else {
    format = find_block_format(known.at(column.element));
  }
  format = find_block_preset("microxcaling").apply(std::move(format));
  if (column.rounding != "nearest")  // the preset's own
    format.element.rounding.mode = modes.at(column.rounding);
  return format;
}

std::vector<float> quantized(const Engine& engine, const BlockFormat& format,
                             const std::vector<float>& inputs) {
  std::vector<float> out(inputs.size());
  const std::size_t rows = inputs.size() / block_size;
  engine.quantize(view_of(inputs.data(), rows, block_size), engine.prepare_block(format), {},
                  view_of(out.data(), rows, block_size), nullptr, nullptr);
  return out;
}

bool same(float a, float b) { return identical(from_double(a), from_double(b)); }

// Properties of a case that explained.json asks for.
std::string input_of(float x) {
  if (same(x, -0.0F)) return "negative_zero";
  constexpr std::uint32_t fraction = 0x7fffff;
  constexpr std::uint32_t ulps = 4;
  const bool below = (std::bit_cast<std::uint32_t>(x) & fraction) > fraction - ulps;
  return below ? "below_power_of_two" : "";
}

std::string peer_of(float peer, float ours, float with_doubled_scale) {
  if (same(peer, with_doubled_scale)) return "scale_doubled";
  if (same(peer, 0)) return "zero";
  return std::fabs(peer) < std::fabs(ours) ? "smaller" : "";
}

using Microxcaling = GoldenTest;

TEST_P(Microxcaling, QuantizesBlocks) {
  const std::string file = "formats/mx/microxcaling_blocks.csv.gz";
  Comparison comparison(engine(), file);
  const Table table = read_table(file);
  ASSERT_EQ(table.inputs.size(), 120 * block_size);
  ASSERT_EQ(table.columns.size(), 21U);
  for (const Column& column : table.columns) {
    BlockFormat format = format_of(column);
    const std::vector<float> ours = quantized(engine(), format, table.inputs);
    // With the scale of the next power of two: what a logarithm that is rounded up gives.
    format.levels[0].rule = ScaleRule::ceil;
    const std::vector<float> doubled = quantized(engine(), format, table.inputs);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      comparison.check(same(ours[i], column.peer[i]), [&] {
        return Difference{.format = column.element,
                          .column = column.rounding,
                          .operands = "block " + std::to_string(i / block_size) + " " +
                                      hexadecimal_text(from_double(table.inputs[i])),
                          .peer = hexadecimal_text(from_double(column.peer[i])),
                          .ours = hexadecimal_text(from_double(ours[i])),
                          .facts = {{"input", input_of(table.inputs[i])},
                                    {"peer", peer_of(column.peer[i], ours[i], doubled[i])}}};
      });
    }
  }
}

HALFULP_ON_ALL_ENGINES(Microxcaling);

}  // namespace
}  // namespace halfulp::golden
