// SPDX-License-Identifier: MIT
//
// The verbs from outside: what they print, that they stream, that every example of every --help
// does what it says, and that hostile texts stay texts in a report.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/fields.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "program.h"

namespace halfulp::program {
namespace {

const std::vector<std::string>& verbs() {
  static const std::vector<std::string> names{
      "formats",  "cast",       "explain", "op",     "vectors",    "check", "compare",
      "quantize", "dequantize", "units",   "gemm",   "kernel",     "probe", "verify",
      "policy",   "run",        "status",  "report", "completion", "help"};
  return names;
}

struct Example {
  std::string command;
  std::string output;
  bool open = false;  // "..." stands for the rest
};

// The lines "$ COMMAND" of a help text and what stands below them.
std::vector<Example> examples_of(const std::string& help) {
  std::vector<Example> examples;
  std::istringstream lines(help.substr(std::min(help.find("Examples:"), help.size())));
  std::string line;
  bool inside = false;
  while (std::getline(lines, line)) {
    const std::string text = line.size() > 2 ? line.substr(2) : "";
    if (text.rfind("$ ", 0) == 0) {
      examples.push_back({text.substr(2), "", false});
      inside = true;
    } else if (text.empty()) {
      inside = false;
    } else if (inside && text == "...") {
      examples.back().open = true;
    } else if (inside) {
      examples.back().output += text + "\n";
    }
  }
  return examples;
}

class Help : public Program, public ::testing::WithParamInterface<std::string> {};

TEST_P(Help, ExamplesAreTrue) {
  file("config.json", small_config);
  ASSERT_EQ(shell("halfulp run config.json -o result.json --quiet").status, 0);
  file("weights.raw", std::string(16, '\x3f') + std::string(240, '\x3e'));
  ASSERT_EQ(shell("halfulp quantize weights.raw --dtype float32 --shape 2,32 --to binary32 "
                  "-o weights.npy --quiet")
                .status,
            0);
  const Ran help = shell("halfulp " + GetParam() + " --help");
  ASSERT_EQ(help.status, 0);
  EXPECT_EQ(help.err, "");
  const std::vector<Example> examples = examples_of(help.out);
  EXPECT_GE(examples.size(), 2U);
  for (const Example& example : examples) {
    const Ran ran = shell(example.command);
    EXPECT_EQ(ran.status, 0) << example.command << "\n" << ran.err;
    const std::string out = example.open ? ran.out.substr(0, example.output.size()) : ran.out;
    EXPECT_EQ(out, example.output) << example.command;
  }
}

INSTANTIATE_TEST_SUITE_P(Verbs, Help, ::testing::ValuesIn(verbs()),
                         [](const auto& info) { return info.param; });

TEST_F(Program, TheOverviewNamesEveryVerb) {
  const Ran ran = shell("halfulp --help");
  EXPECT_EQ(ran.status, 0);
  for (const std::string& verb : verbs())
    EXPECT_NE(ran.out.find("\n  " + verb + " "), std::string::npos) << verb;
  EXPECT_EQ(shell("halfulp --version").out.rfind("halfulp 0.", 0), 0U);
}

// The catalogue and every kind beside it, by what the program is given.
std::vector<std::string> short_formats() {
  std::vector<std::string> list{"posit8",
                                "posit7es0",
                                "takum9",
                                "takum_log8",
                                "log4.3",
                                "ulog3.2",
                                R"({"kind": "affine", "bits": 6, "scale": 0.1, "zero_point": 5})",
                                R"({"kind": "codebook", "values": [-1, 0, 0.5], "bits": 4})",
                                R"({"kind": "codebook", "values": [2, 3]})"};
  for (const CatalogueEntry& entry : catalogue()) {
    if (bits(entry.format) <= 16) list.push_back(entry.format.name);
  }
  return list;
}

TEST_F(Program, FormatsCountsWhatTheCodesAre) {
  for (const std::string& name : short_formats()) {
    const Format format = format_from_text(name);
    std::size_t nans = 0;
    std::size_t infinities = 0;
    for (Code code = 0; code < Code{1} << bits(format); ++code) {
      nans += classify(format, code) == CodeClass::nan ? 1 : 0;
      infinities += classify(format, code) == CodeClass::infinite ? 1 : 0;
    }
    const Json facts = parse_json(shell("halfulp formats '" + name + "' --json").out, name);
    EXPECT_EQ(facts["nans"], std::to_string(nans)) << name;
    EXPECT_EQ(facts["infinities"], infinities) << name;
    EXPECT_EQ(facts["largest_finite"], value_text(format, encode(format, largest_finite(format))));
    EXPECT_EQ(facts["kind"], to_json(format)["kind"]);
    const Ran text = shell("halfulp formats '" + name + "'");
    EXPECT_EQ(text.status, 0) << text.err;
    EXPECT_NE(text.out.find("\nNaNs                  " + std::to_string(nans) + "\n"),
              std::string::npos)
        << text.out;
  }
}

// Of tapered formats the significand's bits follow from the fraction, or mantissa, of each code.
TEST_F(Program, FormatsCountsTheBitsOfTaperedSignificands) {
  for (const char* name : {"posit8", "posit16", "posit9es1", "posit6es0", "takum12", "takum16"}) {
    const Format format = find_format(name);
    std::size_t fewest = 99;
    std::size_t most = 0;
    for (Code code = 1; code < Code{1} << (bits(format) - 1); ++code) {
      const std::vector<BitField> fields = bit_fields(format, code);
      const bool fraction = fields.back().name == "fraction" || fields.back().name == "mantissa";
      const std::size_t length = 1 + (fraction ? fields.back().bits.size() : 0);
      fewest = std::min(fewest, length);
      most = std::max(most, length);
    }
    const Json facts =
        parse_json(shell("halfulp formats " + std::string(name) + " --json").out, name);
    EXPECT_EQ(facts["fewest_significand_bits"], fewest) << name;
    EXPECT_EQ(facts["significand_bits"], most) << name;
  }
}

TEST_F(Program, TheFormatsPageIsTheOneInTheTree) {
  const Ran page = shell("halfulp formats --markdown");
  EXPECT_EQ(page.status, 0) << page.err;
  EXPECT_TRUE(page.out == read_text(HALFULP_SOURCE_DIR "/docs/formats.md"))
      << "docs/formats.md is not what the program says. Write it anew:\n"
         "build/halfulp formats --markdown > docs/formats.md";
}

TEST_F(Program, FormatsListsBothCatalogues) {
  const auto lines = [](const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  };
  const std::size_t entries = catalogue().size() + block_catalogue().size();
  // Two tables, each with its titles, and a blank line between them.
  EXPECT_EQ(lines(shell("halfulp formats").out), entries + 3);
  EXPECT_EQ(lines(shell("halfulp formats --json").out), entries);
  EXPECT_EQ(lines(shell("halfulp formats --presets --json").out),
            rounding_presets().size() + block_presets().size());
}

TEST_F(Program, FormatsDescribesBlockFormats) {
  for (const BlockEntry& entry : block_catalogue()) {
    const std::string& name = entry.format.name;
    const Ran text = shell("halfulp formats " + name);
    EXPECT_EQ(text.status, 0) << text.err;
    const Json facts = parse_json(shell("halfulp formats " + name + " --json").out, name);
    EXPECT_EQ(block_format_from_json(to_json(entry.format), ""), entry.format) << name;
    EXPECT_EQ(facts["bits_per_value"], bits_per_value(entry.format));
    EXPECT_EQ(facts["source"], entry.source);
  }
  EXPECT_EQ(shell("halfulp formats mxfp4 --codes").status, 2);
}

TEST_F(Program, CastAnswersLikeItsReference) {
  const std::string tokens =
      "0.1 -1.5 -inf nan 448 464 464.0001 1e-9 -1e-9 0x1.8p-3 -.5 1e400 -1e-400 0";
  for (const char* format :
       {"float8_e4m3fn", "bf16", "e5m10", "int8", "e8m0", "binary64", "uq3.4"}) {
    for (const char* how : {"", " --rounding rup --overflow saturate", " --rounding sr --seed 7",
                            " --rounding to-odd --tininess before --flush-outputs"}) {
      const std::string call = std::string("halfulp cast --to ") + format + how + " " + tokens;
      const Ran fast = shell(call);
      EXPECT_EQ(fast.status, 0) << fast.err;
      EXPECT_EQ(fast.out, shell(call + " --reference").out) << call;
      EXPECT_EQ(std::count(fast.out.begin(), fast.out.end(), '\n'), 14);
    }
  }
}

TEST_F(Program, CastReadsTheSameFromStandardInput) {
  const std::string here = shell("halfulp cast --to fp16 --rounding sr --hex 0.1 0.2 0.3 0.4").out;
  EXPECT_EQ(
      shell("printf '0.1 0.2\\n\\n\\t0.3\\r\\n0.4' | halfulp cast --to fp16 --rounding sr --hex")
          .out,
      here);
  EXPECT_EQ(shell("echo 0.2 0.3 | halfulp cast --to fp16 --rounding sr --hex 0.1 - 0.4").out, here);
}

// The reader at the other end waits for an answer before it writes more.
TEST_F(Program, CastAnswersBeforeTheEndOfInput) {
  const Ran ran = shell(
      "mkfifo in out\n"
      "halfulp cast --to bf16 < in > out &\n"
      "exec 3> in 4< out\n"
      "echo 1 >&3; read first <&4; echo \"$first\"\n"
      "echo 2 >&3; read second <&4; echo \"$second\"\n"
      "exec 3>&-; wait");
  EXPECT_EQ(ran.out, "0x3f80 1 00\n0x4000 2 00\n");
}

TEST_F(Program, VerifyFindsNothingInItsShortForm) {
  const Ran ran = shell("halfulp verify --short --quiet --json");
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  std::istringstream lines(ran.out);
  std::string line;
  std::map<std::string, std::size_t> rows;
  while (std::getline(lines, line)) {
    const Json row = parse_json(line, "row");
    EXPECT_EQ(row["mismatches"], 0) << line;
    EXPECT_GT(row["cases"], 0) << line;
    ++rows[row["operation"]];
  }
  const auto carried = std::count_if(catalogue().begin(), catalogue().end(),
                                     [](const auto& e) { return fits_binary64(e.format); });
  EXPECT_EQ(rows["codes"], static_cast<std::size_t>(carried));
  for (const char* operation :
       {"cast", "cast binary32", "cast binary64", "add", "sub", "mul", "div", "fma", "sqrt"})
    EXPECT_EQ(rows[operation], catalogue().size()) << operation;
  for (const char* operation : {"quantize", "dequantize"})
    EXPECT_EQ(rows[operation], block_catalogue().size()) << operation;
}

// Texts that would run or break as HTML, SVG, gnuplot or shell.
TEST_F(Program, HostileTextsStayTexts) {
  const std::string evil =
      "</title><script>alert(1)</script><!-- `touch owned` '.system(\"touch owned\").' $(touch "
      "owned) ${x}\\n\"&";
  Json result;
  result["halfulp"] = {{"version", evil}};
  result["document"] = {{"name", evil}, {"key" + evil, evil}};
  result["points"] = Json::array();
  for (int i = 1; i <= 3; ++i) {
    Json point;
    point["set"] = {{"/problem/" + evil, i}, {"/policy/feature", evil}};
    point["metrics"] = {{evil, {{"mean", 1.0 / i}, {"stderr", 0.01}}}};
    point["theory"] = {{evil, 1.1 / i}};
    result["points"].push_back(point);
  }
  result["fits"] = Json::array({{{"kind", evil}, {evil, evil}}});
  file("evil.json", result.dump());
  const Ran ran = shell(
      "halfulp report evil.json -o evil.html --keep-script && halfulp report evil.json -o "
      "evil.svg");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(names(),
            (std::vector<std::string>{"evil.gnuplot", "evil.html", "evil.json", "evil.svg"}));
  for (const char* name : {"evil.html", "evil.svg"}) {
    const std::string text = text_of(name);
    EXPECT_NE(text.find("</svg>"), std::string::npos) << name;
    EXPECT_EQ(text.find("<script"), std::string::npos) << name;
    EXPECT_EQ(text.find("<!-- `"), std::string::npos) << name;
  }
}

TEST_F(Program, AReportStandsAlone) {
  file("config.json", small_config);
  const Ran ran = shell(
      "halfulp run config.json -o r.json --quiet && halfulp report r.json -o r.html --keep-script "
      "&& "
      "halfulp report r.json -o r.svg --metric excess_clean_last && gnuplot r.gnuplot");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const std::string page = text_of("r.html");
  EXPECT_NE(page.find("model size M"), std::string::npos);
  EXPECT_NE(page.find("slope"), std::string::npos);
  EXPECT_NE(page.find("&quot;sketch_size&quot;"), std::string::npos);
  for (const char* outside : {"src=", "href=\"http", "@import", "url(http"})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  EXPECT_NE(text_of("r.svg").find("</svg>"), std::string::npos);
}

// Whoever adds figures adds their experiment and its row.
TEST(Experiments, WithFiguresAreListed) {
  namespace fs = std::filesystem;
  const fs::path source = HALFULP_SOURCE_DIR;
  std::ifstream file(source / "docs" / "experiments.md");
  const std::string list{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(source / "data" / "expected")) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(fs::exists(source / "data" / "experiments" / name)) << name;
    EXPECT_NE(list.find("(../data/experiments/" + name + ")"), std::string::npos) << name;
    ++count;
  }
  EXPECT_GE(count, 12U);
}

// Rules that differ in their scales alone have curves and rows of their own.
TEST_F(Program, AReportNamesBlockFormats) {
  const Ran ran = shell("halfulp run " HALFULP_SOURCE_DIR
                        "/data/experiments/block-formats.json --set /repeats=2 --set "
                        "/sweep/~1training~1samples=[64,128,256] -o r.json --quiet && halfulp "
                        "report r.json -o r.html --keep-script");
  ASSERT_EQ(ran.status, 0) << ran.err;
  const Json result = parse_json(text_of("r.json"), "r.json");
  ASSERT_EQ(result["points"].size(), 24U);
  for (const Json& point : result["points"]) {
    const Json& excess = point["metrics"]["excess_quantized_last"]["mean"];
    EXPECT_TRUE(excess.is_number() && excess > 0 && excess < 10) << point.dump();
    const bool native = point["set"]["/policy/feature"] == "binary64";
    EXPECT_EQ(point["theory"]["excess_quantized_last"].is_null(), !native);
    EXPECT_EQ(point["metrics"]["excess_clean_last"] == point["metrics"]["excess_quantized_last"],
              native);
  }
  const std::string page = text_of("r.html");
  for (const char* label :
       {"flexpoint", "mxfp8_e4m3", "nvfp4", "mxfp4", "mxfp4, stochastic",
        "int4, scale per row, stochastic", "int4, scale per tensor, stochastic"}) {
    EXPECT_NE(page.find("<td>" + std::string(label) + "</td>"), std::string::npos) << label;
    EXPECT_NE(text_of("r.gnuplot").find("'" + std::string(label) + "'"), std::string::npos)
        << label;
  }
}

}  // namespace
}  // namespace halfulp::program
