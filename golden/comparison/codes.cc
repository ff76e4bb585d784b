// SPDX-License-Identifier: MIT
#include "golden/comparison/codes.h"

#include <algorithm>
#include <vector>

#include "formats/error.h"

namespace halfulp::comparison {

ComparedCodes compare_codes(const Format& format, std::span<const std::uint64_t> got,
                            std::span<const std::uint64_t> want, const Tolerance& tolerance,
                            const Strictness& strictness, std::uint64_t shown) {
  HALFULP_REQUIRE(got.size() == want.size(), "compare_codes: arrays of different lengths");
  const Judge judge(format, tolerance, strictness);
  const Matrix row{.rows = 1, .columns = got.size()};
  ComparedCodes all;
  all.differences.tiles = Tiles(row);
  const auto elements = [&](std::span<const std::uint64_t> codes, std::size_t begin) {
    const auto part = codes.subspan(begin, std::min(stretch, codes.size() - begin));
    return judge.elements({part.begin(), part.end()}, tolerance.takes_numbers());
  };
  const std::vector<bool> none;
  for (std::size_t begin = 0; begin < got.size(); begin += stretch) {
    const Elements of_got = elements(got, begin);
    const Elements of_want = elements(want, begin);
    all.differences.add(
        differences_of({.got = of_got, .want = of_want, .begin = begin, .skipped = none}, judge,
                       row, shown),
        shown);
    all.tally.add(judge.tally(of_got, of_want));
  }
  return all;
}

}  // namespace halfulp::comparison
