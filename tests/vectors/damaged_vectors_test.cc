// SPDX-License-Identifier: MIT
//
// Any bytes whatever give cases or an Error of one line: files of every style and of several
// layouts, damaged a fixed number of times from a fixed seed.
#include <gtest/gtest.h>

#include "promise.h"
#include "tests/tensors/damage.h"

namespace halfulp::vectors {
namespace {

// Cases whose codes go through all widths; of FPgen's style numbers alone, as it has them.
std::vector<Case> some_cases(Style style, const Layout& layout, tensors::Damage& damage) {
  std::vector<Case> cases(12);
  const std::vector<Field> fields = fields_of(layout);
  for (Case& c : cases) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::uint64_t drawn = damage.below(std::size_t{1} << 62);
      const int width = style == Style::fptest ? fields[i].bits - 3 : fields[i].bits;
      set_field_value(layout, c, i, drawn & ((Code{1} << std::max(width, 1)) - 1));
    }
    if (style == Style::fptest) {
      c.flags &= 31U;
      c.mode = Mode::nearest_even;
    }
  }
  return cases;
}

void read_damaged(Style style, std::size_t count) {
  tensors::Damage damage(20261125);
  std::vector<tensors::Bytes> files;
  std::vector<std::size_t> choices;
  for (std::size_t choice = 0; choice < 14; ++choice) {
    const Layout layout = some_layout(style, choice);
    const std::string text = written(style, layout, some_cases(style, layout, damage));
    ASSERT_EQ(read_all(text, style, layout, false).errors, 0U) << text;
    files.emplace_back(text.begin(), text.end());
    choices.push_back(choice);
  }
  std::size_t with_cases = 0;
  std::size_t with_errors = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = damage.below(files.size());
    const tensors::Bytes bytes = damage.damaged(files[place], files[damage.below(files.size())]);
    const std::string text(bytes.begin(), bytes.end());
    ASSERT_EQ(broken_promise(text, style, choices[place]), "") << text;
    const ReadAll read =
        read_all(text, style, some_layout(style, choices[place]), choices[place] % 2 == 1);
    with_cases += read.cases.empty() ? 0 : 1;
    with_errors += read.errors == 0 ? 0 : 1;
  }
  // The damage must reach lines, and leave some.
  EXPECT_GT(with_cases, count / 100);
  EXPECT_GT(with_errors, count / 4);
}

TEST(DamagedVectors, OfTestFloat) { read_damaged(Style::testfloat, 20'000); }
TEST(DamagedVectors, OfReadmemh) { read_damaged(Style::readmemh, 20'000); }
TEST(DamagedVectors, OfFpgen) { read_damaged(Style::fptest, 20'000); }
TEST(DamagedVectors, OfCommas) { read_damaged(Style::csv, 20'000); }
TEST(DamagedVectors, OfJson) { read_damaged(Style::json, 10'000); }
TEST(DamagedVectors, OfArchives) { read_damaged(Style::npz, 4'000); }

}  // namespace
}  // namespace halfulp::vectors
