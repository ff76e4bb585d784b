// SPDX-License-Identifier: MIT
//
// `halfulp report --csv`.
#include <nlohmann/json.hpp>

#include "program.h"

namespace halfulp::program {
namespace {

using Csv = Program;

TEST_F(Csv, TablesHoldWhatTheResultHolds) {
  file("c.json", small_config);
  ASSERT_EQ(shell("halfulp run c.json -o r.json --quiet").status, 0);
  const Ran ran = shell("halfulp report r.json --csv t.csv");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.err + ran.out, "");
  EXPECT_EQ(names(), (std::vector<std::string>{"c.json", "r.json", "t-means.csv", "t.csv"}));
  const nlohmann::json result = nlohmann::json::parse(text_of("r.json"));
  std::size_t metrics = 0;
  std::size_t values = 0;
  const std::string means = text_of("t-means.csv");
  const std::string repeats = text_of("t.csv");
  for (std::size_t i = 0; i < result["points"].size(); ++i) {
    for (const auto& [name, metric] : result["points"][i]["metrics"].items()) {
      if (metric.is_null()) continue;
      ++metrics;
      values += metric["repeats"].size();
      EXPECT_NE(means.find(name + "," + metric["mean"].dump() + "," + metric["stderr"].dump()),
                std::string::npos);
      EXPECT_NE(repeats.find(name + ",3," + metric["repeats"][3].dump() + "\n"), std::string::npos);
    }
  }
  EXPECT_GT(metrics, 96U);
  EXPECT_EQ(lines_of(means).size(), metrics + 1);
  EXPECT_EQ(lines_of(repeats).size(), values + 1);
  EXPECT_EQ(lines_of(repeats)[0], "result,point,sketch_size,samples,feature,metric,repeat,value");
}

TEST_F(Csv, IsRefusedWhereItWouldDestroy) {
  file("c.json", small_config);
  ASSERT_EQ(
      shell("halfulp run c.json -o r.csv --quiet --no-repeats --set '/sweep={}' --set '/fits=[]'")
          .status,
      0);
  const std::string before = text_of("r.csv");
  for (const char* call : {"halfulp report r.csv --csv r.csv", "halfulp report r.csv",
                           "halfulp report r.csv -o t-means.csv.html --csv no/t.csv",
                           "cp r.csv x-means.csv; halfulp report x-means.csv --csv x.csv"}) {
    const Ran ran = shell(call);
    EXPECT_EQ(ran.status, 2) << call;
    EXPECT_TRUE(ran.err.starts_with("halfulp: ")) << ran.err;
    EXPECT_EQ(lines_of(ran.err).size(), 1U) << ran.err;
  }
  EXPECT_EQ(text_of("r.csv"), before);
  EXPECT_EQ(names(), (std::vector<std::string>{"c.json", "r.csv", "x-means.csv"}));
  // Nothing to write is said.
  const Ran ran = shell("halfulp report r.csv --csv -");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "result,point,metric,repeat,value\n");
  EXPECT_NE(ran.err.find("has no repeats"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace halfulp::program
