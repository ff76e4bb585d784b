// SPDX-License-Identifier: MIT
//
// Results changed at random, drawn and written as a page: an error line or an answer, never a crash
// or a loop without end. Every mutant has twenty seconds. HALFULP_DRAWS=100 tries a hundred times
// as many.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>

#include "experiments/results/figure/draw.h"
#include "experiments/results/figure/gnuplot.h"
#include "experiments/results/figure/map_plots.h"
#include "experiments/results/report.h"
#include "formats/error.h"
#include "tests/support/sampling.h"

namespace halfulp::experiments {
namespace {

Json fits_of_every_kind(const std::vector<Json>& policies) {
  Json fits = Json::array();
  for (const Json& policy : policies) {
    Json fit{{"kind", "power_law"},
             {"x", "/problem/sketch_size"},
             {"y", "excess_clean_last"},
             {"group", {{"/policy/feature", policy}}},
             {"range", {8, 64}},
             {"x_scale", "over_log"},
             {"slope", -1.0},
             {"intercept", 0.1},
             {"slope_interval", {-1.1, -0.9}},
             {"chi_square", 5.0},
             {"degrees_of_freedom", 2},
             {"curvature", 0.1},
             {"misfit", true}};
    fits.push_back(fit);
    fit["kind"] = "power_law_floor";
    fit["amplitude"] = 1.0;
    fit["exponent"] = 1.0;
    fit["floor"] = 0.01;
    fits.push_back(fit);
  }
  fits.push_back({{"kind", "joint_power_law"},
                  {"model_size", "/problem/sketch_size"},
                  {"data_size", "/problem/spectrum_exponent"},
                  {"y", "floor"},
                  {"data_scale", "over_log"},
                  {"model_amplitude", 1.0},
                  {"model_exponent", 1.0},
                  {"data_amplitude", 0.1},
                  {"data_exponent", 0.5},
                  {"floor", 0.01}});
  fits.push_back({{"kind", "effective_size"},
                  {"axis", "/problem/sketch_size"},
                  {"y", "floor"},
                  {"size", 8},
                  {"effective_size", nullptr}});
  for (const double size : {0.0, 8.0, 16.0}) {
    Json fit{{"kind", "effective_sizes"}, {"y", "floor"}, {"group", Json::object()}};
    if (size > 0) {
      fit["axis"] = size > 8 ? "/problem/spectrum_exponent" : "/problem/sketch_size";
      fit["size"] = size;
      fit["effective_size"] = 0.5 * size;
      fit["effective_size_interval"] = {0.4 * size, 0.6 * size};
      fit["theory"] = 0.45 * size;
    } else {
      fit["model_size"] = "/problem/sketch_size";
      fit["data_size"] = "/problem/spectrum_exponent";
    }
    fits.push_back(fit);
  }
  return fits;
}

// Three sizes, three policies, two panels, with repeats and fits of every kind.
Json small_result() {
  Json result;
  result["halfulp"] = {{"version", "0.1.0"}, {"schema", 1}};
  result["document"] = {{"name", "small"}, {"repeats", 3}, {"training", {{"averaging", "none"}}}};
  result["points"] = Json::array();
  const std::vector<Json> policies{
      "binary64",
      {{"format", {{"kind", "float"}, {"exponent_bits", 3}, {"fraction_bits", 2}}}},
      {{"noise", {{"kind", "additive"}, {"eps", 0.01}}}}};
  for (const double a : {1.5, 2.0}) {
    for (const double size : {8, 16, 32, 64}) {
      for (const Json& policy : policies) {
        const double mean = 1 / size / a;
        Json point;
        point["set"] = {{"/problem/spectrum_exponent", a},
                        {"/problem/sketch_size", size},
                        {"/policy/feature", policy}};
        for (const char* metric : {"excess_clean_last", "floor"}) {
          point["metrics"][metric] = {
              {"mean", mean}, {"stderr", 0.1 * mean}, {"repeats", {0.8 * mean, mean, 1.2 * mean}}};
          point["theory"][metric] = 1.1 * mean;
        }
        result["points"].push_back(point);
      }
    }
  }
  result["fits"] = fits_of_every_kind(policies);
  result["document"]["maps"] = parse_json(
      R"([{"rows": "/policy/feature", "columns": "/problem/sketch_size", "value": "floor",
           "logarithmic": true, "relative_to": {"/policy/feature": {"format": "int8"}},
           "range": [0.5, 20]},
          {"rows": "/problem/sketch_size+/policy/feature", "columns": "/problem/spectrum_exponent",
           "name": "m", "value": "excess_clean_last", "at": {"/problem/sketch_size": 8}}])",
      "maps");
  return result;
}

void collect(const Json& value, const Json::json_pointer& at,
             std::vector<Json::json_pointer>& all) {
  all.push_back(at);
  if (value.is_object()) {
    for (const auto& member : value.items()) collect(member.value(), at / member.key(), all);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) collect(value[i], at / i, all);
  }
}

std::string nested(const std::string& open, const std::string& close, int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  text += "1";
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

// What stands in the place of a value, as JSON text.
const std::vector<std::string>& replacements() {
  static const std::vector<std::string> texts{
      "0",
      "-0.0",
      "1",
      "-1",
      "5e-324",
      "-5e-324",
      "2.2250738585072014e-308",
      "1e-300",
      "1e-17",
      "1e308",
      "-1e308",
      "1.7976931348623157e308",
      "1e999",
      "1e17",
      "9007199254740993",
      "18446744073709551616",
      "123456789012345678901234567890123456789012345678901234567890",
      "\"nan\"",
      "\"inf\"",
      "\"-inf\"",
      "\"\"",
      "\"x\"",
      "\"'\\\"<&\\n\\u0000\"",
      "\"\\ud83d\\ude00\"",
      "null",
      "true",
      "false",
      "[]",
      "{}",
      "[1]",
      "[1,2]",
      "[null,\"nan\",1e308]",
      "{\"a\":1}",
      "{\"format\":\"int8\"}",
      "{\"noise\":{\"kind\":\"additive\",\"eps\":5e-324}}",
      "{\"noise\":{\"eps\":\"x\"}}",
      "{\"kind\":\"float\"}",
      "{\"kind\":\"block\",\"levels\":[1]}",
      nested("[", "]", 60),
      nested("{\"a\":", "}", 60),
      nested("[", "]", 3000)};
  return texts;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string mutant() {
    Json result = small_result();
    std::vector<std::pair<std::string, std::string>> texts;
    const std::uint64_t changes = 1 + below(5);
    for (std::uint64_t i = 0; i < changes; ++i) {
      std::vector<Json::json_pointer> all;
      collect(result, Json::json_pointer(), all);
      const Json::json_pointer at = all[1 + below(all.size() - 1)];
      switch (below(5)) {
        case 0:
          erase(result, at);
          break;
        case 1:  // a copy of something else in its place
          result[at] = Json(result[all[below(all.size())]]);
          break;
        case 2: {  // the same change at all points
          replace_everywhere(result, at.back(), "@" + std::to_string(i) + "@");
          break;
        }
        default:
          result[at] = "@" + std::to_string(i) + "@";
      }
      texts.emplace_back("\"@" + std::to_string(i) + "@\"",
                         replacements()[below(replacements().size())]);
    }
    std::string text = result.dump();
    for (const auto& [mark, value] : texts) {
      for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at))
        text.replace(at, mark.size(), value);
    }
    return text;
  }

 private:
  std::uint64_t below(std::uint64_t count) { return random_.below(count); }

  static void erase(Json& result, const Json::json_pointer& at) {
    Json& parent = result[at.parent_pointer()];
    if (parent.is_object()) parent.erase(at.back());
    if (parent.is_array()) parent.erase(static_cast<std::size_t>(std::stoul(at.back())));
  }

  static void replace_everywhere(Json& value, const std::string& key, const std::string& mark) {
    if (!value.is_structured()) return;
    for (auto& member : value.items()) {
      if (member.key() == key) {
        member.value() = mark;
      } else {
        replace_everywhere(member.value(), key, mark);
      }
    }
  }

  sampling::Stream random_;
};

// A mutant that does not end is the end of the test program.
void too_long(int) {
  const char* text = "a mutant of report_fuzz_test does not end\n";
  [[maybe_unused]] const auto count = ::write(2, text, std::strlen(text));
  ::_exit(99);
}

// Everything that `halfulp report` does but the drawing; false where the result is refused.
bool report(const std::string& text, bool drawn) {
  NamedResult named{"mutant.json", {}};
  try {
    named.result = parse_json(text, "mutant.json");
    check_result(named.result, "mutant.json");
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()), "");
    return false;
  }
  std::vector<std::vector<Plot>> plots{natural_plots(named.result, {})};
  EXPECT_LE(plots[0].size(), 24U);
  for (const Plot& plot : map_plots(named.result)) plots[0].push_back(plot);
  std::vector<std::string> pictures;
  for (const Plot& plot : plots[0]) {
    const std::string script = gnuplot_script(plot, "plot.svg");
    EXPECT_LT(script.size(), 1000000U);
    for (const char* bad : {" nan", " inf", " -nan", "[nan", "[inf"})
      EXPECT_EQ(script.find(bad), std::string::npos) << bad;
    pictures.emplace_back("<svg></svg>");
  }
  if (drawn) pictures = draw(plots[0]);
  const std::string page = report_page(std::span(&named, 1), plots, pictures);
  EXPECT_NE(page.find("</html>"), std::string::npos);
  EXPECT_LT(page.size(), 10000000U);
  loss_words(named.result);
  return true;
}

TEST(ReportFuzz, MutantsEnd) {
  std::signal(SIGALRM, too_long);
  Mutator mutator(20260101);
  const std::size_t mutants = sampling::draws(600);
  std::size_t reported = 0;
  for (std::size_t i = 0; i < mutants; ++i) {
    const std::string text = mutator.mutant();
    constexpr unsigned seconds = 20;  // of a machine under load
    ::alarm(seconds);
    constexpr std::size_t every = 60;
    bool good = false;
    EXPECT_NO_THROW(good = report(text, i % every == 0)) << text;
    reported += good ? 1 : 0;
    ::alarm(0);
    if (HasFailure()) {
      ADD_FAILURE() << "mutant " << i << ": " << text;
      return;
    }
  }
  EXPECT_GT(reported, mutants / 3);
}

// Each of the numbers that a result holds, at all points at once and at one.
TEST(ReportFuzz, EveryNumberInEveryPlace) {
  std::signal(SIGALRM, too_long);
  for (const char* place : {"mean", "stderr", "theory", "x", "slope", "intercept", "repeats"}) {
    for (const std::string& value : replacements()) {
      for (const bool everywhere : {false, true}) {
        Json result = small_result();
        for (Json& point : result["points"]) {
          const std::string where = place;
          Json& measured = point["metrics"]["excess_clean_last"];
          if (where == "theory") point["theory"]["excess_clean_last"] = "@";
          if (where == "x") point["set"]["/problem/sketch_size"] = "@";
          if (where == "repeats") measured["repeats"] = {"@", "@", "@"};
          if (where == "mean" || where == "stderr") measured[where] = "@";
          if (!everywhere) break;
        }
        for (Json& fit : result["fits"]) {
          if (std::string(place) == "slope" || std::string(place) == "intercept") fit[place] = "@";
          if (!everywhere) break;
        }
        std::string text = result.dump();
        for (std::size_t at = text.find("\"@\""); at != std::string::npos;
             at = text.find("\"@\"", at))
          text.replace(at, 3, value);
        ::alarm(20);
        EXPECT_NO_THROW(report(text, false)) << place << " " << value;
        ::alarm(0);
      }
    }
  }
}

// Sizes that a result may have: the cost grows with them and no faster.
TEST(ReportFuzz, ManyPointsPoliciesMetricsAndFits) {
  std::signal(SIGALRM, too_long);
  Json result = small_result();
  result["points"] = Json::array();
  constexpr int many = 4000;
  for (int i = 0; i < many; ++i) {
    Json point;
    point["set"] = {{"/problem/sketch_size", i + 1}, {"/policy/feature", {{"format", i}}}};
    point["metrics"]["excess_clean_last"] = {{"mean", 1.0 / (i + 1)}, {"stderr", 0.001}};
    result["points"].push_back(point);
    result["fits"].push_back(result["fits"][0]);
  }
  ::alarm(60);
  EXPECT_TRUE(report(result.dump(), false));
  for (Json& point : result["points"]) point["set"]["/policy/feature"] = {{"format", "int8"}};
  EXPECT_TRUE(report(result.dump(), false));
  for (int i = 0; i < 200; ++i) result["points"][0]["set"]["/field/" + std::to_string(i)] = i;
  EXPECT_FALSE(report(result.dump(), false));  // no sweep has so many fields
  ::alarm(0);
}

}  // namespace
}  // namespace halfulp::experiments
