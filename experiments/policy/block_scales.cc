// SPDX-License-Identifier: MIT
#include "experiments/policy/block_scales.h"

#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::experiments {

std::vector<double> scales_of(const BlockFormat& format, const BlockCodes& codes, std::size_t rows,
                              std::size_t columns) {
  std::vector<double> scales(rows * columns, 1.0);
  for (std::size_t l = 0; l < format.levels.size(); ++l) {
    const Level& level = format.levels[l];
    const Partition blocks = partition(level, rows, columns);
    std::vector<double> decoded;
    for (const Code code : codes.scales[l])
      decoded.push_back(to_double(decode(level.scale.format, code)));
    for (std::size_t r = 0; r < rows; ++r) {
      const double* row = decoded.data() + r / blocks.block_rows * blocks.across;
      for (std::size_t c = 0; c < columns; ++c)
        scales[r * columns + c] *= row[c / blocks.block_columns];
    }
  }
  return scales;
}

}  // namespace halfulp::experiments
