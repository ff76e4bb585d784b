// SPDX-License-Identifier: MIT
#include "golden/tensors/element_scales.h"

#include <algorithm>

#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::tensors {
namespace {

// Of codes of at most 8 bits each number is worked out once.
std::vector<double> numbers_of(const Format& format, const std::vector<Code>& codes) {
  constexpr int few_bits = 8;
  std::vector<double> all;
  if (bits(format) <= few_bits && codes.size() >> bits(format) != 0) {
    for (Code code = 0; code >> bits(format) == 0; ++code)
      all.push_back(nearest_double(decode(format, code)));
  }
  std::vector<double> numbers;
  numbers.reserve(codes.size());
  for (const Code code : codes)
    numbers.push_back(all.empty() ? nearest_double(decode(format, code))
                                  : all[static_cast<std::size_t>(code)]);
  return numbers;
}

}  // namespace

ElementScales::ElementScales(const BlockFormat& format, const BlockCodes& codes, std::size_t rows,
                             std::size_t columns)
    : columns_(columns) {
  for (std::size_t i = 0; i < format.levels.size(); ++i)
    levels_.push_back({partition(format.levels[i], rows, columns),
                       numbers_of(format.levels[i].scale.format, codes.scales[i])});
}

// Of elements of one row.
void ElementScales::multiply(const OfLevel& level, std::size_t row, std::size_t column,
                             std::span<double> scales) {
  const Partition& blocks = level.blocks;
  const double* scale = level.numbers.data() + row / blocks.block_rows * blocks.across +
                        column / blocks.block_columns;
  std::size_t left = blocks.block_columns - column % blocks.block_columns;
  for (std::size_t i = 0; i < scales.size(); left = blocks.block_columns, ++scale) {
    const std::size_t end = std::min(i + left, scales.size());
    for (; i < end; ++i) scales[i] *= *scale;
  }
}

void ElementScales::find(std::size_t begin, std::span<double> scales) const {
  std::fill(scales.begin(), scales.end(), 1.0);
  while (!scales.empty()) {
    const std::size_t row = begin / columns_;
    const std::size_t column = begin % columns_;
    const std::size_t count = std::min(columns_ - column, scales.size());
    for (const OfLevel& level : levels_) multiply(level, row, column, scales.first(count));
    scales = scales.subspan(count);
    begin += count;
  }
}

}  // namespace halfulp::tensors
