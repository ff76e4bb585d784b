// SPDX-License-Identifier: MIT
//
// What figures and pages say of a result: ratios paired by repeat, points that diverged, curves
// that stand side by side, ticks that can be read, labels that are told apart.
#include "experiments/results/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/results/figure/axis.h"
#include "experiments/results/figure/gnuplot.h"
#include "experiments/results/figure/legend.h"
#include "experiments/results/figure/map_plots.h"
#include "experiments/results/figure/map_script.h"
#include "experiments/results/figure/text_width.h"
#include "experiments/results/page/metric_table.h"
#include "experiments/results/words.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::experiments {
namespace {

const char* const metric = "excess_clean_last";

Json point_of(const Json& set, const Json& mean, double error, const Json& repeats = nullptr) {
  Json point;
  point["set"] = set;
  point["metrics"][metric] = {{"mean", mean}, {"stderr", error}};
  if (!repeats.is_null()) point["metrics"][metric]["repeats"] = repeats;
  point["theory"] = Json::object();
  return point;
}

Json result_of(const std::vector<Json>& points) {
  Json result;
  result["halfulp"] = {{"version", "0"}};
  result["document"] = {{"name", "test"}};
  result["points"] = points;
  result["fits"] = Json::array();
  return result;
}

// Four sizes; one policy of twice the risk, one that diverges at the largest size.
Json three_policies() {
  std::vector<Json> points;
  for (const int size : {8, 16, 32, 64}) {
    const auto set = [&](const char* policy) {
      return Json{{"/problem/sketch_size", size}, {"/policy/feature", policy}};
    };
    const double mean = 1.0 / size;
    points.push_back(point_of(set("binary64"), mean, 0.01));
    points.push_back(point_of(set("int8"), 2 * mean, 0.01));
    points.push_back(point_of(set("int4"), size == 64 ? Json("inf") : Json(3 * mean), 0.01));
  }
  return result_of(points);
}

const Curve& curve_called(const Plot& plot, const Panel& panel, const std::string& label) {
  for (const Curve& curve : panel.curves) {
    if (plot.labels[curve.style] == label) return curve;
  }
  throw std::logic_error("no curve " + label);
}

TEST(Ratio, IsPairedByRepeat) {
  Quantiles quantiles;
  const Json set{{"/policy/feature", "int8"}};
  // y = 2 r in every repeat: the ratio has no error, however the repeats scatter.
  const Json r = point_of(set, 2.0, 0.5, {1.0, 2.0, 3.0});
  const Json y = point_of(set, 4.0, 1.0, {2.0, 4.0, 6.0});
  const auto exact = ratio_of(y, r, metric, quantiles);
  ASSERT_TRUE(exact);
  EXPECT_TRUE(exact->paired);
  EXPECT_EQ(exact->value, 2.0);
  EXPECT_NEAR(exact->low, 2.0, 1e-14);
  EXPECT_NEAR(exact->high, 2.0, 1e-14);
  // d = y - 2 r = (0.1, -0.2, 0.1): t 4.302653 * sqrt(0.06 / 2 / 3) / 2.
  const auto near = ratio_of(point_of(set, 4.0, 1.0, {2.1, 3.8, 6.1}), r, metric, quantiles);
  ASSERT_TRUE(near);
  EXPECT_NEAR(near->value, 2.0, 1e-14);
  EXPECT_NEAR(near->high - near->value, 4.302652729911275 * 0.1 / 2, 1e-7);
  // Without repeats the errors count as independent: 2 sqrt((1/4)^2 + (0.5/2)^2).
  const auto loose = ratio_of(point_of(set, 4.0, 1.0), r, metric, quantiles);
  ASSERT_TRUE(loose);
  EXPECT_FALSE(loose->paired);
  EXPECT_NEAR(loose->high - loose->value, 1.959963984540054 * 2 * std::sqrt(0.125), 1e-12);
  EXPECT_FALSE(ratio_of(point_of(set, "inf", 1.0), r, metric, quantiles));
  EXPECT_FALSE(ratio_of(r, point_of(set, 0.0, 1.0), metric, quantiles));
}

TEST(Pairing, FindsFullPrecisionAtTheSameSetting) {
  const auto policy = [](int size, const Json& value) {
    return point_of({{"/n", size}, {"/policy", value}}, 1.0, 0.1);
  };
  const Json act{{"act", "int8"}};
  const Pairing pairing =
      pairing_of(result_of({policy(1, act), policy(1, Json::object()), policy(2, act),
                            policy(2, {{"act", "binary64"}}), policy(3, act)}));
  EXPECT_EQ(pairing.partner, (std::vector<std::ptrdiff_t>{1, 1, 3, 3, -1}));
  // Scaled or noisy binary64 is no full precision; without binary64, binary32 is.
  const Json scaled{{"format", "binary64"}, {"scaling", "row"}};
  const Pairing single =
      pairing_of(result_of({policy(1, scaled), policy(1, {{"format", "binary32"}})}));
  EXPECT_EQ(single.partner, (std::vector<std::ptrdiff_t>{1, 1}));
  EXPECT_EQ(single.reference, "binary32");
  EXPECT_EQ(pairing_of(result_of({policy(1, scaled), policy(1, act)})).reference, "");
}

TEST(Plots, DivergedPointsStandAtTheEdge) {
  const Json result = three_policies();
  const std::vector<Plot> plots = natural_plots(result, {});
  ASSERT_EQ(plots.size(), 1U);
  ASSERT_EQ(plots[0].panels.size(), 1U);
  const Curve& diverged = curve_called(plots[0], plots[0].panels[0], "int4");
  EXPECT_EQ(diverged.measured.size(), 3U);
  EXPECT_EQ(diverged.above, std::vector<double>{64});
  EXPECT_NE(plots[0].caption.find("1 point diverged"), std::string::npos) << plots[0].caption;
  EXPECT_EQ(plots[0].ratio_label, "ratio to binary64");
  const Curve& twice = curve_called(plots[0], plots[0].panels[0], "int8");
  ASSERT_EQ(twice.ratio.size(), 4U);
  for (const PlotPoint& point : twice.ratio) EXPECT_EQ(point.y, 2.0);
  const std::string script = gnuplot_script(plots[0], "x.svg");
  EXPECT_NE(script.find("$above_1_"), std::string::npos);
  EXPECT_NE(script.find("'diverged or above the axis'"), std::string::npos);

  EXPECT_EQ(loss_words(result).substr(0, 25), "1 of 12 points diverged: ");
  const NamedResult named{"r.json", result};
  const std::string page = report_page(std::span(&named, 1), std::vector<std::vector<Plot>>{plots},
                                       std::vector<std::string>{"<svg/>"});
  EXPECT_NE(page.find("1 of 12 points diverged"), std::string::npos);
  EXPECT_NE(page.find("<td class=\"number\">diverged</td>"), std::string::npos);
}

TEST(Plots, OutliersDoNotHideTheOthers) {
  Json result = three_policies();
  result["points"][1]["metrics"][metric]["mean"] = 1e200;
  result["points"][4]["metrics"][metric]["mean"] = 0;
  result["points"][7]["metrics"][metric]["mean"] = -1;
  const std::vector<Plot> plots = natural_plots(result, {});
  ASSERT_EQ(plots.size(), 1U);
  const Curve& curve = curve_called(plots[0], plots[0].panels[0], "int8");
  EXPECT_EQ(curve.measured.size(), 1U);
  EXPECT_EQ(curve.above, std::vector<double>{8});
  EXPECT_EQ(curve.below, (std::vector<double>{16, 32}));
}

TEST(Plots, NothingButDivergedPointsIsSaid) {
  Json result = three_policies();
  for (Json& point : result["points"]) point["metrics"][metric]["mean"] = "nan";
  EXPECT_TRUE(natural_plots(result, {}).empty());
  EXPECT_NE(why_no_plot(result).find("diverged"), std::string::npos);
  EXPECT_EQ(metrics_of(result), std::vector<std::string>{metric});
  EXPECT_EQ(loss_words(result).substr(0, 26), "12 of 12 points diverged: ");
}

TEST(Plots, TwoSizesAreEnoughWhereThereAreNoMore) {
  Json result = three_policies();
  std::vector<Json> points(result["points"].begin(), result["points"].begin() + 6);
  EXPECT_EQ(natural_plots(result_of(points), {}).size(), 1U);
  points.resize(3);
  EXPECT_TRUE(natural_plots(result_of(points), {}).empty());
  EXPECT_EQ(why_no_plot(result_of(points)), "no swept number has two values or more");
}

// Policies of which the words are the same are two curves.
TEST(Plots, KeepCurvesApartThatHaveTheSameWords) {
  std::vector<Json> points;
  for (const int size : {8, 16, 32}) {
    for (const char* overflow : {"ieee", "saturate"})
      points.push_back(point_of({{"/problem/sketch_size", size},
                                 {"/policy/feature", {{"format", "int8"}, {"overflow", overflow}}}},
                                1.0 / size, 0.1));
  }
  const std::vector<Plot> plots = natural_plots(result_of(points), {});
  ASSERT_EQ(plots.size(), 1U);
  EXPECT_EQ(plots[0].panels[0].curves.size(), 2U);
  EXPECT_EQ(plots[0].labels,
            (std::vector<std::string>{"int8 (overflow ieee)", "int8 (overflow saturate)"}));
}

// Fits of effective sizes make a picture of three panels with axes of their own, ahead of the plot
// of the risk; full precision is the line on which sizes count as they are.
TEST(Plots, EffectiveSizesStandBesideTheRisk) {
  std::vector<Json> points;
  for (const int size : {8, 16, 32}) {
    for (const int samples : {100, 1000, 10000}) {
      for (const char* policy : {"binary64", "int8"})
        points.push_back(point_of({{"/problem/sketch_size", size},
                                   {"/training/samples", samples},
                                   {"/policy/feature", policy}},
                                  1.0 / size + 1.0 / samples, 0.01));
    }
  }
  Json result = result_of(points);
  const Json law{{"kind", "effective_sizes"},
                 {"model_size", "/problem/sketch_size"},
                 {"data_size", "/training/samples"},
                 {"y", metric},
                 {"group", {{"/policy/feature", "int8"}}}};
  result["fits"].push_back(law);
  for (const auto& [axis, size] : std::vector<std::pair<const char*, double>>{
           {"/problem/sketch_size", 8}, {"/problem/sketch_size", 16}, {"/training/samples", 100}}) {
    result["fits"].push_back({{"kind", "effective_sizes"},
                              {"axis", axis},
                              {"y", metric},
                              {"group", {{"/policy/feature", "int8"}}},
                              {"size", size},
                              {"effective_size", 0.5 * size},
                              {"effective_size_interval", {0.4 * size, 0.6 * size}},
                              {"theory", 0.55 * size}});
  }
  const std::vector<Plot> plots = natural_plots(result, {});
  ASSERT_EQ(plots.size(), 3U);
  const Plot& picture = plots[0];
  ASSERT_EQ(picture.panels.size(), 3U);
  EXPECT_TRUE(picture.ratio_label.empty());
  EXPECT_EQ(picture.panels[0].y_label, "excess risk");
  EXPECT_EQ(picture.panels[1].x_label, "model size M");
  EXPECT_EQ(picture.panels[1].y_label, "effective model size M");
  EXPECT_EQ(picture.panels[2].y_label, "effective samples N");
  const Curve& model = curve_called(picture, picture.panels[1], "int8");
  ASSERT_EQ(model.measured.size(), 2U);
  EXPECT_EQ(model.measured[1].x, 16);
  EXPECT_EQ(model.measured[1].y, 8);
  EXPECT_EQ(model.measured[1].low, 0.4 * 16);
  EXPECT_EQ(model.measured[1].high, 0.6 * 16);
  EXPECT_EQ(model.theory[0].y, 0.55 * 8);
  EXPECT_EQ(curve_called(picture, picture.panels[2], "int8").measured.size(), 1U);
  const Curve& full = curve_called(picture, picture.panels[1], "binary64");
  ASSERT_EQ(full.theory.size(), 2U);
  EXPECT_EQ(full.theory[1].y, 16);
  EXPECT_TRUE(full.measured.empty());
  const std::string script = gnuplot_script(picture, "x.svg");
  EXPECT_NE(script.find("'effective samples N'"), std::string::npos);
  const NamedResult named{"r.json", result};
  const std::string page = report_page(std::span(&named, 1), std::vector<std::vector<Plot>>{plots},
                                       std::vector<std::string>(3, "<svg/>"));
  EXPECT_NE(page.find("effective samples N. Points: means over the repeats with their standard "
                      "errors. At samples N = 10000. Lines: theory."),
            std::string::npos)
      << page;
  // Of a law that could not be fitted nothing is drawn.
  result["fits"][0]["error"] = "no points of the reference";
  EXPECT_EQ(natural_plots(result, {}).size(), 2U);
}

TEST(Plots, AFitIsDrawnWithItsMisfit) {
  Json result = three_policies();
  result["fits"].push_back({{"kind", "power_law"},
                            {"x", "/problem/sketch_size"},
                            {"y", metric},
                            {"group", {{"/policy/feature", "int8"}}},
                            {"slope", -1.0},
                            {"intercept", std::log(2.0)},
                            {"slope_interval", {-1.1, -0.9}},
                            {"chi_square", 30.0},
                            {"degrees_of_freedom", 2},
                            {"curvature", 0.2},
                            {"misfit", true}});
  const std::vector<Plot> plots = natural_plots(result, {});
  ASSERT_EQ(plots.size(), 1U);
  const Curve& curve = curve_called(plots[0], plots[0].panels[0], "int8");
  ASSERT_EQ(curve.fits.size(), 1U);
  EXPECT_TRUE(curve.fits[0].misfit);
  EXPECT_TRUE(curve_called(plots[0], plots[0].panels[0], "int4").fits.empty());
  const std::string script = gnuplot_script(plots[0], "x.svg");
  EXPECT_NE(script.find("'−1.00 [−1.10, −0.90]'"), std::string::npos);
  EXPECT_NE(script.find("'15 † bends up'"), std::string::npos);
  const NamedResult named{"r.json", result};
  const std::string page = report_page(std::span(&named, 1), std::vector<std::vector<Plot>>{plots},
                                       std::vector<std::string>{"<svg/>"});
  EXPECT_NE(page.find("Power law of the excess risk in the model size M"), std::string::npos);
  EXPECT_EQ(page.find(">slope_interval<"), std::string::npos);
  EXPECT_NE(page.find("<td class=\"number\">-1 [-1.1, -0.9]</td>"), std::string::npos);
}

// Rows are policies, columns pairs of fields that move together; a field that says nothing new
// makes no panels, and one that does makes them.
Json mapped() {
  std::vector<Json> points;
  for (const char* scale : {"none", "static"}) {
    for (const char* policy : {"FP32", "BF16", "INT8"}) {
      for (const int size : {8, 16}) {
        const double mean = std::string(policy) == "BF16" ? 3.0 / size : 1.0 / size;
        points.push_back(point_of({{"/policy", {{"schema", "policy/1"}, {"name", policy}}},
                                   {"/problem/sketch_size", size},
                                   {"/training/samples", 2 * size},
                                   {"/training/schedule", size == 8 ? "a" : "b"},
                                   {"/policy/loss_scale", scale}},
                                  mean, 0.01));
      }
    }
  }
  Json result = result_of(points);
  result["document"]["maps"] = parse_json(R"([{"name": "ours", "rows": "/policy",
      "columns": "/training/schedule+/problem/sketch_size", "value": "excess_clean_last",
      "relative_to": {"/policy": {"name": "FP32"}}, "logarithmic": true, "range": [1, 100]}])",
                                          "maps");
  return result;
}

TEST(Maps, HaveACellForEveryPoint) {
  Json result = mapped();
  result["points"][2]["metrics"]["first_stalled_step"] = {{"mean", 7.0}, {"stderr", 0.0}};
  result["points"][3]["metrics"]["first_nonfinite_step"] = {{"mean", 7.0}, {"stderr", 0.0}};
  result["points"][4]["metrics"][metric]["mean"] = "nan";
  result["points"][5].erase("metrics");
  result["points"][5]["error"] = "lost";
  const std::vector<Plot> plots = map_plots(result);
  ASSERT_EQ(plots.size(), 1U);
  const HeatMap& map = plots[0].map;
  EXPECT_EQ(plots[0].title, "ours: excess risk, times that of FP32");
  EXPECT_EQ(map.rows, (MapLabels{{"FP32"}, {"BF16"}, {"INT8"}}));
  EXPECT_EQ(map.columns, (MapLabels{{"a", "8"}, {"b", "16"}}));
  ASSERT_EQ(map.panels.size(), 2U);
  EXPECT_EQ(map.panels[0].title, "loss scale: none");
  ASSERT_EQ(map.panels[0].cells.size(), 6U);
  std::string marks;
  for (const MapCell& cell : map.panels[0].cells) marks += cell.marks + ",";
  EXPECT_EQ(marks, ",,S,N,D,F,");
  EXPECT_EQ(map.panels[0].cells[0].value, 1.0);
  EXPECT_EQ(map.panels[0].cells[2].value, 3.0);
  EXPECT_TRUE(std::isnan(map.panels[0].cells[4].value));

  const std::string script = gnuplot_script(plots[0], "x.svg");
  EXPECT_NE(script.find("$cells_2 << END"), std::string::npos);
  EXPECT_NE(script.find(" \"3 S\" "), std::string::npos) << script;
  for (const MapMark& mark : map_marks)
    EXPECT_NE(script.find(mark.words), std::string::npos) << mark.words;
  const NamedResult named{"r.json", result};
  const std::string page = report_page(std::span(&named, 1), std::vector<std::vector<Plot>>{plots},
                                       std::vector<std::string>{"<svg/>"});
  EXPECT_NE(page.find("ours: excess risk, times that of FP32. Means over"), std::string::npos);
}

TEST(Maps, OfChosenPointsAndTheirOwnRange) {
  Json result = mapped();
  Json& map = result["document"]["maps"][0];
  map.erase("range");
  map["at"] = {{"/policy/loss_scale", "static"}};
  const std::vector<Plot> plots = map_plots(result);
  ASSERT_EQ(plots.size(), 1U);
  EXPECT_EQ(plots[0].map.panels.size(), 1U);
  EXPECT_EQ(plots[0].map.panels[0].title, "");
  EXPECT_EQ(plots[0].map.lowest, 1.0);
  EXPECT_EQ(plots[0].map.highest, 3.0);
  const std::string script = gnuplot_script(plots[0], "x.svg");
  for (const MapMark& mark : map_marks) EXPECT_EQ(script.find(mark.words), std::string::npos);
  map["rows"] = "/nothing";
  EXPECT_TRUE(map_plots(result).empty());
}

// Lighter is less, for whatever eye.
TEST(Maps, ColoursAndNumbers) {
  double before = 256;
  for (int i = 0; i <= 20; ++i) {
    const unsigned colour = map_colour(i / 20.0);
    const double light =
        0.2126 * (colour >> 16U) + 0.7152 * (colour >> 8U & 255U) + 0.0722 * (colour & 255U);
    EXPECT_LT(light, before - 4) << i;
    before = light;
  }
  const std::vector<std::pair<double, std::string>> cases{
      {1, "1"},       {0.998, "1.0"}, {0.96, "0.96"},  {9.94, "9.9"},    {37.4, "37"},
      {999, "999"},   {1234, "1e3"},  {0.02, "0.020"}, {4.4e-5, "4e-5"}, {3e120, "3e120"},
      {-2.5, "-2.5"}, {0, "0"},       {NAN, ""}};
  for (const auto& [x, words] : cases) EXPECT_EQ(short_number(x), words);
}

TEST(Ticks, AreFewAndThereOnEveryAxis) {
  for (const double low : {1e-300, 1e-30, 1e-5, 0.02, 0.98, 1.0, 7.0, 1e5, 1e290}) {
    for (const double factor : {1.02, 1.2, 2.0, 5.0, 10.0, 30.0, 1e3, 1e9, 1e10, 1e20, 1e200}) {
      if (low * factor > 1e300) continue;
      Interval range;
      range.add(low);
      range.add(low * factor);
      const std::vector<Tick> list = ticks(range);
      std::set<std::string> labels;
      std::size_t labelled = 0;
      for (const Tick& tick : list) {
        EXPECT_GE(tick.x, low * (1 - 1e-12));
        EXPECT_LE(tick.x, low * factor * (1 + 1e-12));
        if (tick.label.empty()) continue;
        ++labelled;
        labels.insert(tick.label);
      }
      EXPECT_LE(list.size(), 250U) << low << " " << factor;
      EXPECT_GE(labelled, 2U) << low << " " << factor;
      EXPECT_LE(labelled, 14U) << low << " " << factor;
      EXPECT_EQ(labels.size(), labelled) << low << " " << factor;
    }
  }
}

TEST(TextWidth, IsThatOfTheFont) {
  EXPECT_NEAR(text_width("binary64"), 4.435 * 11, 1e-9);  // the sum of the advances
  EXPECT_EQ(text_width(""), 0);
  EXPECT_GT(text_width("ε = 0.01"), text_width("e = 0.0"));
  EXPECT_GT(text_width("\xff\xff"), 0);
  const std::vector<std::string> lines = wrapped("int4, scale per row, stochastic", 90, 3);
  EXPECT_EQ(lines, (std::vector<std::string>{"int4, scale per", "row, stochastic"}));
  for (const std::string& line : wrapped(std::string(300, 'x'), 80, 3))
    EXPECT_LE(text_width(line), 80 + text_width("…"));
}

TEST(Styles, AreAllDifferent) {
  std::set<std::pair<std::string, int>> seen;
  for (std::size_t i = 0; i < 40; ++i) {
    const Style style = style_of(i);
    EXPECT_TRUE(seen.emplace(style.colour, style.mark).second) << i;
    EXPECT_NE(style.mark, 9);  // a filled triangle stands for a diverged point
    EXPECT_NE(style.mark, 11);
  }
}

TEST(WithError, HasTheDigitsThatTheErrorLeaves) {
  EXPECT_EQ(with_error(0.30012, 0.0012), "0.3001 ± 0.0012");
  EXPECT_EQ(with_error(1e308, 5e-324), "1e+308 ± 4.9e-324");
  EXPECT_EQ(with_error(0, 1), "0");
  EXPECT_EQ(with_error(1.5, 0), "1.5");
}

}  // namespace
}  // namespace halfulp::experiments
