// SPDX-License-Identifier: MIT
//
// halfulp blame from outside: the table, the page, the picture, JSON, and what is kept.
#include <nlohmann/json.hpp>

#include "program.h"

namespace halfulp::program {
namespace {

using nlohmann::json;

const char* const planted = R"({
  "experiment": "training", "name": "one <bad> place", "seed": 5, "repeats": 3,
  "problem": {"model": {"kind": "mlp", "widths": [6, 12, 1]}, "data": {"validation_samples": 64}},
  "training": {"optimizer": {"kind": "adam"}, "learning_rate": {"kind": "constant", "value": 0.03},
               "steps": 40, "batch": 8},
  "policy": {"base": {"native": "binary32", "use": {
    "weight": "bfloat16", "activation": "bfloat16", "gradient": "bfloat16",
    "matmul/g.wgrad": "int4", "matmul/w.fwd": "int4"}}}
})";

class BlameVerb : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    file("c.json", planted);
  }
};

TEST_F(BlameVerb, PrintsATableAndDrawsAPage) {
  const Ran ran = shell("halfulp blame c.json -o b.html");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const std::vector<std::string> lines = lines_of(ran.out);
  ASSERT_EQ(lines.size(), 11U) << ran.out;
  EXPECT_TRUE(lines[0].starts_with("use             places  alone low / full")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("matmul/g.wgrad       2  ")) << lines[1];
  EXPECT_TRUE(lines[2].starts_with("matmul/w.fwd         2  ")) << lines[2];
  EXPECT_NE(lines[10].find("restore the run together: matmul/g.wgrad, matmul/w.fwd;"),
            std::string::npos)
      << lines[10];
  const std::string page = text_of("b.html");
  EXPECT_NE(page.find("one &lt;bad&gt; place"), std::string::npos);
  EXPECT_EQ(page.find("<bad>"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("font-weight=\"bold\">matmul/g.wgrad</text>"), std::string::npos);
  EXPECT_NE(page.find("font-weight=\"normal\">matmul/dx</text>"), std::string::npos);
  // Two marks a row, and two in the legend.
  const Ran picture =
      shell("halfulp blame c.json -o b.svg --quiet > table && grep -c '<circle' b.svg");
  EXPECT_EQ(picture.out, "18\n") << picture.err;
  if (shell("command -v xmllint").status == 0) {
    EXPECT_EQ(shell("xmllint --noout b.svg").status, 0);
  }
}

TEST_F(BlameVerb, JsonIsTheSameWithAnyNumberOfThreads) {
  const Ran one =
      shell("halfulp blame c.json --json --threads 1 --by layer --repeats 2 --set /seed=6");
  ASSERT_EQ(one.status, 0) << one.err;
  EXPECT_EQ(
      one.out,
      shell("halfulp blame c.json --json --threads 3 --by layer --repeats 2 --set /seed=6").out);
  const json found = json::parse(one.out);
  EXPECT_EQ(found["by"], "layer");
  EXPECT_EQ(found["document"]["seed"], 6);
  EXPECT_EQ(found["full"]["repeats"].size(), 2U);
  ASSERT_EQ(found["parts"].size(), 2U);
  EXPECT_TRUE(found["parts"][0]["part"] == "layers.0" || found["parts"][0]["part"] == "layers.1");
}

TEST_F(BlameVerb, GoesOnFromWhatItKept) {
  const Ran first = shell("halfulp blame c.json --keep runs");
  ASSERT_EQ(first.status, 0) << first.err;
  const Ran listed = shell("ls runs | sed 's/-.*/-/' | sort | uniq -c | awk '{print $2}'");
  EXPECT_EQ(listed.out, "parts.json\nset-\n");
  // Nothing is run again: the files stay as they are.
  const std::string stamps = "stat -c '%n %i %Y' runs/*";
  const std::string before = shell(stamps).out;
  const Ran again = shell("halfulp blame c.json --keep runs");
  EXPECT_EQ(again.out, first.out);
  EXPECT_EQ(again.err, "");
  EXPECT_EQ(shell(stamps).out, before);
  EXPECT_EQ(shell("halfulp blame c.json").out, first.out);
}

// docs/blame.md: the document, the call and all that it prints.
TEST_F(BlameVerb, ExampleOfTheManualRunsAsItIsPrinted) {
  const std::string manual = read_text(std::string(HALFULP_SOURCE_DIR) + "/docs/blame.md");
  const auto between = [&](const std::string& first, const std::string& last) {
    const std::size_t start = manual.find(first) + first.size();
    return manual.substr(start, manual.find(last, start) - start);
  };
  file("fp8.json", between("```json\n", "```"));
  const std::string call = between("```\n$ ", "\n");
  const Ran ran = shell(call + " --quiet --json && cp blame.html quiet.html");
  EXPECT_EQ(json::parse(ran.out)["minimal"]["parts"].size(), 3U) << ran.err;
  EXPECT_EQ(shell(call).out, between(call + "\n", "```"));
  EXPECT_EQ(text_of("blame.html"), text_of("quiet.html"));
}

TEST_F(BlameVerb, RefusesWhatItCannotDo) {
  const auto said = [&](const std::string& arguments) {
    const Ran ran = shell("halfulp blame " + arguments);
    EXPECT_EQ(ran.status, 2) << arguments;
    EXPECT_EQ(ran.out, "") << arguments;
    return ran.err;
  };
  EXPECT_NE(said("c.json --by layers").find("did you mean \"layer\"?"), std::string::npos);
  EXPECT_NE(said("c.json --tolerance much").find("--tolerance"), std::string::npos);
  EXPECT_NE(said("c.json -o b.pdf").find("end its name in .html or .svg"), std::string::npos);
  EXPECT_NE(said("c.json --point 1").find("the points are 0 to 0"), std::string::npos);
  EXPECT_NE(said("c.json --metric loss").find("--metric"), std::string::npos);
  EXPECT_NE(said("c.json --set /policy={}").find("no place of the policy is in low precision"),
            std::string::npos);
}

}  // namespace
}  // namespace halfulp::program
