// SPDX-License-Identifier: MIT
//
// A matrix through the reference in a block format, for tests on cases worked out by hand.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "reference/blocks/block.h"
#include "reference/engine.h"

namespace halfulp::reference {

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline const double nan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double one_ulp = 0x1p-52;  // of binary64 numbers in [1, 2)

struct Result {
  std::vector<double> out;
  BlockCodes codes;
  Counts counts;
  BlockFormat format;

  [[nodiscard]] double scale(std::size_t level = 0, std::size_t block = 0) const {
    const Code code = codes.scales.at(level).at(block);
    return to_double(decode(format.levels[level].scale.format, code));
  }
};

inline Result quantized(const BlockFormat& format, const std::vector<double>& x,
                        std::size_t rows = 1, const Random& random = {}) {
  Result result{.out = std::vector<double>(x.size()), .codes = {}, .counts = {}, .format = format};
  const std::size_t columns = rows == 0 ? 0 : x.size() / rows;
  const BlockPlan plan = engine().prepare_block(format);
  engine().quantize(view_of(x.data(), rows, columns), plan, random,
                    view_of(result.out.data(), rows, columns), &result.codes, &result.counts);
  std::vector<double> back(x.size());
  engine().dequantize(result.codes, plan, view_of(back.data(), rows, columns));
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back[i]), std::bit_cast<std::uint64_t>(result.out[i]))
        << "element " << i << " from codes is " << back[i] << ", not " << result.out[i];
  }
  return result;
}

inline BlockFormat described(const std::string& text) {
  return block_format_from_json(parse_json(text, "test"), "");
}

}  // namespace halfulp::reference
