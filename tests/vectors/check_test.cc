// SPDX-License-Identifier: MIT
//
// Cases and their checking, as another program calls them: what is generated is right, what is
// changed is found, and errors know nothing of the command line.
#include "golden/checks/check.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "golden/checks/wrong_ways.h"
#include "golden/vectors/coverage.h"
#include "golden/vectors/generator.h"
#include "reference/engine.h"
#include "tests/support/error_of.h"

namespace halfulp::checks {
namespace {

vectors::Calculation sum_of(const std::string& name, const Engine& engine) {
  const Format format = find_format(name);
  return {.op = Op::add,
          .inputs = {format, format},
          .output = {.format = format, .rounding = {}},
          .engine = &engine};
}

// A file that is gone when the test is.
class File {
 public:
  explicit File(const std::string& text) { std::ofstream(path(), std::ios::binary) << text; }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path()); }

  [[nodiscard]] std::string path() const {
    return (std::filesystem::temp_directory_path() /
            ("halfulp-check-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))))
        .string();
  }
};

struct Told {
  Summary summary;
  std::vector<std::string> mismatches, bad_lines;
};

Told check_text(const vectors::Calculation& calculation, const std::string& text,
                const CheckOptions& options = {}) {
  const File file(text);
  vectors::LineSource source(file.path());
  Told told;
  told.summary =
      check(calculation, source, options,
            {.mismatch =
                 [&](const Mismatch& wrong) {
                   told.mismatches.push_back(wrong.place.substr(file.path().size()));
                 },
             .bad_line = [&](const Error& error) { told.bad_lines.push_back(error.message()); }});
  return told;
}

TEST(Check, FindsWhatIsGeneratedRight) {
  const vectors::Calculation fast = sum_of("float8_e4m3fn", emulator::engine());
  const vectors::CaseGenerator generator(fast, 3, 3000);
  const vectors::LineWriter writer(vectors::Style::testfloat, fast.layout());
  std::string text;
  std::uint64_t last = 0;
  vectors::write_lines(generator, writer, 2, [&](const std::string& lines, std::uint64_t done) {
    text += lines;
    last = done;
  });
  EXPECT_EQ(last, 3000U);
  const Told told = check_text(sum_of("float8_e4m3fn", reference::engine()), text);
  EXPECT_EQ(told.summary.cases, 3000U);
  EXPECT_EQ(told.summary.mismatches, 0U);

  const File file(text);
  vectors::LineSource source(file.path());
  const vectors::Coverage coverage = vectors::coverage_of(fast, source);
  EXPECT_EQ(coverage.cases, 3000U);
  ASSERT_EQ(coverage.classes.front().name, "zero");
  EXPECT_GT(coverage.classes.front().cases, 0U);
}

TEST(Check, TellsOfWrongCasesInOrder) {
  const vectors::Calculation half = sum_of("binary16", emulator::engine());
  const std::string right = "3C00 3C00 4000 00\n";
  const std::string wrong = "3C00 1000 3C01 01\n";
  Told told = check_text(half, right + wrong + right + wrong);
  EXPECT_EQ(told.summary.cases, 4U);
  EXPECT_EQ(told.mismatches, (std::vector<std::string>{", line 2", ", line 4"}));
  told = check_text(half, wrong + wrong + wrong, {.shown = 1});
  EXPECT_EQ(told.summary.mismatches, 3U);
  EXPECT_EQ(told.mismatches.size(), 1U);
}

TEST(Check, EndsAtALineThatIsNoCaseUnlessItGoesOn) {
  const vectors::Calculation half = sum_of("binary16", emulator::engine());
  const std::string text = "3C00 3C00 4000 00\n3C00 oops\n3C00 3C00 4001 00\n";
  Told told = check_text(half, text);
  ASSERT_TRUE(told.summary.ended_by.has_value());
  EXPECT_EQ(told.summary.ended_by->message(), "b is \"oops\", not 4 hexadecimal digits");
  EXPECT_EQ(told.summary.cases, 1U);
  told = check_text(half, text, {.keep_going = true});
  EXPECT_FALSE(told.summary.ended_by.has_value());
  EXPECT_EQ(told.summary.bad_lines, 1U);
  EXPECT_EQ(told.bad_lines.size(), 1U);
  EXPECT_EQ(told.mismatches, (std::vector<std::string>{", line 3"}));
}

TEST(Judge, KnowsDistanceAndTheWrongWay) {
  const vectors::Calculation half = sum_of("binary16", emulator::engine());
  vectors::Case c;
  c.operands = {0x3c00, 0x1000};
  c.result = 0x3c01;
  c.flags = flags::inexact;
  const Judgement judgement = judge(half, {}, c);
  EXPECT_FALSE(judgement.good);
  ASSERT_TRUE(judgement.want.has_value());
  EXPECT_EQ(judgement.want->code, Code{0x3c00});
  EXPECT_EQ(distance(find_format("binary16"), c.result, judgement.want->code), Rank{1});
  EXPECT_EQ(wrong_ways(half, {}, c).front(), "rounded nearest-away");
}

TEST(Generator, SaysWhatIsWrongInItsOwnTerms) {
  const vectors::Calculation wide = sum_of("binary32", emulator::engine());
  EXPECT_EQ(error_of([&] { vectors::CaseGenerator(wide, 0, std::nullopt); }),
            "there are 2^64 combinations of operands; draw some of them");
}

}  // namespace
}  // namespace halfulp::checks
