// SPDX-License-Identifier: MIT
//
// `halfulp report` from outside: what diverged is said, outputs are no inputs, and what is missing
// on the machine is an error line.
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "program.h"

namespace halfulp::program {
namespace {

const char* const four_sizes = R"({
  "experiment": "linear_regression", "seed": 1, "repeats": 3,
  "problem": {"dimension": 64, "spectrum_exponent": 1.5, "sketch_size": 4},
  "training": {"samples": 64, "step_size": 0.1},
  "sweep": {"/problem/sketch_size": [4, 8, 16, 32], "/policy/feature": ["binary64", "int4"]}
})";

class Report : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    file("c.json", four_sizes);
    ASSERT_EQ(shell("halfulp run c.json -o r.json --quiet").status, 0);
  }

  // The result with one point's means replaced.
  void diverge(std::size_t point) {
    Json result = parse_json(text_of("r.json"), "r.json");
    for (Json& metric : result["points"][point]["metrics"]) {
      if (metric.is_object()) metric["mean"] = "inf";
    }
    file("d.json", result.dump());
  }
};

void expect_error_line(const Ran& ran, const std::string& part) {
  EXPECT_EQ(ran.status, 2) << ran.err;
  EXPECT_EQ(ran.err.rfind("halfulp: ", 0), 0U) << ran.err;
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  EXPECT_NE(ran.err.find(part), std::string::npos) << ran.err;
}

TEST_F(Report, SaysWhatDiverged) {
  diverge(3);
  const Ran ran = shell("halfulp report d.json -o d.html && halfulp report d.json -o d.svg");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_NE(ran.err.find("d.json: 1 of 8 points diverged"), std::string::npos) << ran.err;
  const std::string page = text_of("d.html");
  EXPECT_NE(page.find("1 of 8 points diverged"), std::string::npos);
  EXPECT_NE(page.find(">diverged"), std::string::npos);
  for (const char* name : {"d.html", "d.svg"})
    EXPECT_NE(text_of(name).find("diverged or above the axis"), std::string::npos) << name;
  EXPECT_EQ(shell("halfulp report r.json -o r.html").err, "");
}

TEST_F(Report, DrawsTheMapsOfADocument) {
  const Ran ran = shell(
      "halfulp run c.json -o m.json --quiet --set "
      "'/maps=[{\"rows\":\"/policy/feature\",\"columns\":"
      "\"/problem/sketch_size\",\"value\":\"excess_clean_last\",\"relative_to\":"
      "{\"/policy/feature\":\"binary64\"}}]' && halfulp report m.json -o m.svg --plot 1");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const std::string picture = text_of("m.svg");
  EXPECT_NE(picture.find("excess risk, times that of binary64"), std::string::npos);
  for (const char* label : {"binary64", "int4", ">32<"})
    EXPECT_NE(picture.find(label), std::string::npos) << label;
}

TEST_F(Report, DrawsRatiosPairedByRepeat) {
  ASSERT_EQ(shell("halfulp report r.json -o r.html").status, 0);
  const std::string page = text_of("r.html");
  EXPECT_NE(page.find(">ratio to binary64<"), std::string::npos);
  EXPECT_NE(page.find("paired by repeat"), std::string::npos);
}

TEST_F(Report, AnOutputIsNoInput) {
  const std::string before = text_of("r.json");
  std::filesystem::copy(work() / "r.json", work() / "r.html");
  std::filesystem::copy(work() / "r.json", work() / "s.gnuplot");
  std::filesystem::create_symlink("r.json", work() / "link.svg");
  expect_error_line(shell("halfulp report r.html -o r.html"), "r.html");
  expect_error_line(shell("halfulp report r.json -o link.svg"), "link.svg");
  expect_error_line(shell("halfulp report s.gnuplot -o s.html --keep-script"), "s.gnuplot");
  for (const char* name : {"r.json", "r.html", "s.gnuplot"}) EXPECT_EQ(text_of(name), before);
}

TEST_F(Report, WhatIsMissingIsAnErrorLine) {
  expect_error_line(shell("TMPDIR=/nowhere/at-all halfulp report r.json -o r.html"), "TMPDIR");
  const std::string own_path = "program=$(command -v halfulp); PATH=/nowhere \"$program\" ";
  expect_error_line(shell(own_path + "report r.json -o r.html"), "gnuplot-nox");
  std::filesystem::create_directory(work() / "bin");
  file("bin/gnuplot", "#!/bin/sh\necho 'no fonts' >&2\nexit 1\n");
  std::filesystem::permissions(work() / "bin/gnuplot", std::filesystem::perms::owner_all);
  expect_error_line(shell("PATH=\"$PWD/bin:$PATH\" halfulp report r.json -o r.html"), "no fonts");
  file("bin/gnuplot", "#!/bin/sh\nkill -9 $$\n");
  expect_error_line(shell("PATH=\"$PWD/bin:$PATH\" halfulp report r.json -o r.html"), "gnuplot");
  EXPECT_FALSE(std::filesystem::exists(work() / "r.html"));
  // The fonts are the viewer's: gnuplot needs none to write SVG.
  const Ran ran = shell(
      "FONTCONFIG_FILE=/nowhere XDG_CACHE_HOME=/nowhere halfulp report r.json -o "
      "r.html");
  EXPECT_EQ(ran.status, 0) << ran.err;
}

TEST_F(Report, WithoutAPlotSaysWhy) {
  Json result = parse_json(text_of("r.json"), "r.json");
  result["points"].erase(result["points"].begin() + 1, result["points"].end());
  file("one.json", result.dump());
  expect_error_line(shell("halfulp report one.json -o one.svg"), "no swept number has two values");
  EXPECT_EQ(shell("halfulp report one.json -o one.html").status, 0);
  result = parse_json(text_of("r.json"), "r.json");
  for (Json& point : result["points"]) {
    point["theory"] = Json::object();
    for (Json& metric : point["metrics"]) {
      if (metric.is_object()) metric["mean"] = "nan";
    }
  }
  file("all.json", result.dump());
  const Ran ran = shell("halfulp report all.json -o all.svg");
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("all diverged or failed"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace halfulp::program
