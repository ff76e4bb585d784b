// SPDX-License-Identifier: MIT
//
// What halfulp bench says: names, ratios and yardsticks; how large the ratios are is no matter of
// right and wrong.
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "formats/json.h"
#include "program.h"

namespace halfulp::program {
namespace {

class Bench : public Program {
 protected:
  [[nodiscard]] std::vector<Json> lines(const std::string& arguments) const {
    const Ran ran = shell("halfulp bench --json --rounds 1 " + arguments);
    EXPECT_EQ(ran.status, 0) << ran.err;
    std::vector<Json> all;
    std::istringstream text(ran.out);
    for (std::string line; std::getline(text, line);) all.push_back(parse_json(line, "line"));
    return all;
  }
};

TEST_F(Bench, AnObjectALine) {
  const std::vector<Json> all = lines("round/bfloat16/rne/l2/1 encode4 scalar/binary16/add");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0]["name"], "round/bfloat16/rne/l2/1");
  EXPECT_EQ(all[0]["against"], "memcpy");
  EXPECT_GT(all[0]["ratio"].get<double>(), 0);
  EXPECT_GT(all[0]["elements_per_second"].get<double>(), 0);
  EXPECT_FALSE(all[0].contains("value"));
  EXPECT_EQ(all[1]["name"], "encode4/float4_e2m1fn/rne/l2/1");
  EXPECT_TRUE(all[2]["against"].is_null());
  EXPECT_TRUE(all[2]["ratio"].is_null());
  EXPECT_GT(all[2]["value"].get<double>(), 0);
}

// OpenBLAS need not be there: then there is no ratio, and the rest stands.
TEST_F(Bench, ProductsBesideSgemm) {
  const std::vector<Json> all = lines("matmul/float8_e4m3fn/accumulate/256");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["against"], "sgemm");
  EXPECT_TRUE(all[0].contains("ratio"));
}

TEST_F(Bench, NamesThatAreNone) {
  const Ran ran = shell("halfulp bench round/binary17");
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.err.find("no figure is or begins with \"round/binary17\""), std::string::npos)
      << ran.err;
}

}  // namespace
}  // namespace halfulp::program
