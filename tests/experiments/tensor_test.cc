// SPDX-License-Identifier: MIT
//
// Documents that round a tensor or a product: what they draw and measure, worked out by hand or by
// short loops; the same bits on both engines; and blocks of squares, which a transpose leaves.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/models/tensor/document.h"
#include "experiments/models/tensor/measure.h"
#include "experiments/policy/tensor_rounder.h"
#include "experiments/runs/run.h"
#include "experiments/study/sweep.h"
#include "reference/engine.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

Json document(const char* members) {
  Json whole = parse_json(members, "members");
  whole["experiment"] = "tensor";
  return whole;
}

Json metrics_of(const char* members, const Engine& engine = emulator::engine()) {
  const Json result = run(document(members), "d", engine, {}).result;
  EXPECT_FALSE(result["points"][0].contains("error")) << result["points"][0]["error"];
  return result["points"][0]["metrics"];
}

double mean(const Json& metrics, const char* name) {
  return metrics[name].is_object() ? metrics[name]["mean"].get<double>() : NAN;
}

TEST(Tensor, DocumentsStandInFull) {
  const Json full = make_study(document(R"({"problem": {"columns": 8, "law": "uniform",
      "product": {"columns": 2, "outliers": {"share": 0.5}}}, "policy": {"acc": "binary16"}})"),
                               "d")
                        .document;
  EXPECT_EQ(full["problem"].dump(),
            R"({"rows":1,"columns":8,"law":{"kind":"uniform","low":0.0,"high":1.0},)"
            R"("outliers":{"share":0.0,"factor":1.0},"product":{"columns":2,)"
            R"("law":{"kind":"uniform","low":0.0,"high":1.0},)"
            R"("outliers":{"share":0.5,"factor":1.0}}})");
  EXPECT_EQ(make_study(full, "d").document, full);
  const Json second = make_study(document(R"({"problem": {"columns": 8, "law": {"kind": "normal",
      "mean": 5}, "product": {"columns": 2, "law": "normal"}}})"),
                                 "d")
                          .document;
  EXPECT_EQ(second["problem"]["product"]["law"]["mean"], 0.0);
  const Json alone = make_study(document(R"({"problem": {"columns": 8}})"), "d").document;
  EXPECT_EQ(alone["problem"]["block"], 32);
  EXPECT_EQ(alone["problem"]["law"]["deviation"], 1.0);
}

TEST(Tensor, DocumentsAreRefusedWithPlaceAndRemedy) {
  for (const auto& [members, error] : std::vector<std::pair<const char*, const char*>>{
           {R"({"problem": {"rows": 2}})", "/problem: \"columns\" is missing"},
           {R"({"problem": {"columns": 2, "law": "cauchy"}})", "/problem/law/kind"},
           {R"({"problem": {"columns": 2, "law": {"kind": "uniform", "low": 2}}})",
            "/problem/law/high"},
           {R"({"problem": {"columns": 2, "law": {"kind": "ones", "mean": 2}}})",
            "/problem/law/mean"},
           {R"({"problem": {"columns": 65536, "rows": 65536}})", "64 million"},
           {R"({"problem": {"columns": 2}, "policy": {"a": "int8"}})", "/policy/a"},
           {R"({"problem": {"columns": 24, "product": {"columns": 1}}, "policy": {"a": {"format":
               "int8", "transform": {"hadamard": 16}}, "b": {"format": "int8", "transform":
               {"hadamard": 16}}}})",
            "/policy/a: rows of 24 numbers"},
           {R"({"problem": {"columns": 16}, "policy": {"x": {"format": "int8", "transform":
               {"hadamard": 16}}}})",
            "/policy/x/transform/hadamard"},
           {R"({"problem": {"columns": 2}, "training": {}})", "/training"}}) {
    const std::string found = error_of([text = members] { make_study(document(text), "d"); });
    EXPECT_NE(found.find(error), std::string::npos) << found;
  }
}

TEST(Tensor, MeasuresByHand) {
  Matrix<double> x(2, 4);
  x << 4, -1, 0.25, 0, 0, 0, 0, 0;
  Matrix<double> q(2, 4);
  q << 3, -1, 0, 0, 0, 0, 0, 0;
  const Metrics metrics = tensor::measure_tensor(x, q, 2, {.elements = 8, .saturated = 2});
  const double squares = 16 + 1 + 0.0625;
  EXPECT_EQ(*find_metric(metrics, "relative_mse"), (1 + 0.0625) / squares);
  EXPECT_EQ(*find_metric(metrics, "projection"), 13 / squares);
  EXPECT_EQ(*find_metric(metrics, "mean_error"), -1.25 / 5.25);
  EXPECT_EQ(*find_metric(metrics, "block_max_bias"), (-0.25 - 1) / 2);
  EXPECT_EQ(*find_metric(metrics, "zero_share"), 1.0 / 3);
  EXPECT_EQ(*find_metric(metrics, "saturated_share"), 0.25);
  EXPECT_EQ(*find_metric(metrics, "largest_error"), 0.25);
  EXPECT_EQ(find_metric(tensor::measure_tensor<double>(q * 0.0, q * 0.0, 2, {}), "projection"),
            nullptr);

  Matrix<double> y(1, 2);
  y << 3, 1;
  Matrix<double> exact(1, 2);
  exact << 2, 2;
  const Metrics sums = tensor::measure_product(exact, y);
  EXPECT_EQ(*find_metric(sums, "product_relative_mse"), 0.25);
  EXPECT_EQ(*find_metric(sums, "product_projection"), 1.0);
  EXPECT_EQ(*find_metric(sums, "product_mean"), 2.0);
  EXPECT_EQ(*find_metric(sums, "sum_error"), 0.0);
  EXPECT_EQ(*find_metric(sums, "sum_error_rms"), 0.5);
  exact << 2, -2;
  EXPECT_EQ(find_metric(tensor::measure_product(exact, y), "sum_error"), nullptr);
}

TEST(Tensor, DrawsWhatItSays) {
  // Rounding to sign and 2^n shows the law: log2 of the numbers is normal.
  const auto zeros = [](const char* law, const char* scale) {
    return mean(metrics_of((R"({"problem": {"rows": 64, "columns": 64, "law": )" +
                            std::string(law) + R"(}, "policy": {"x": {"format": "int8", "scaling":
                            {"scale": )" +
                            scale + "}}}}")
                               .c_str()),
                "zero_share");
  };
  EXPECT_NEAR(zeros(R"({"kind": "log2_normal", "mean": 3})", "16"), 0.5, 0.03);
  EXPECT_NEAR(zeros(R"({"kind": "log2_normal", "mean": 3, "deviation": 2})", "4"), 0.1587, 0.02);
  EXPECT_NEAR(zeros(R"({"kind": "uniform", "low": -1, "high": 3})", "1"), 0.25, 0.03);
  EXPECT_NEAR(zeros(R"("normal")", "2"), 0.6827, 0.03);
  EXPECT_EQ(zeros(R"("ones")", "2"), 1.0);  // a tie to even
  const Json normal = metrics_of(R"({"problem": {"rows": 64, "columns": 64},
      "policy": {"x": {"format": "int2", "overflow": "saturate"}}})");
  EXPECT_NEAR(mean(normal, "saturated_share"), 0.0668 + 0.0062, 0.02);  // above 1.5, below -2.5
  // An outlier at every second number: ones and threes.
  const Json ones = metrics_of(R"({"problem": {"columns": 4096, "law": "ones", "outliers":
      {"share": 0.5, "factor": 3}}, "policy": {"x": {"format": "int8", "scaling": {"scale": 2}}}})");
  EXPECT_NEAR(mean(ones, "zero_share"), 0.5, 0.03);
}

TEST(Tensor, SumsOfOnesStallAndProductsAreExactWithoutAPolicy) {
  const Json ones = metrics_of(R"({"problem": {"columns": 64, "law": "ones", "product":
      {"columns": 3}}, "policy": {"acc": "float8_e4m3fn"}})");
  EXPECT_EQ(mean(ones, "product_mean"), 16.0);
  EXPECT_EQ(mean(ones, "sum_error"), -0.75);
  const Json exact = metrics_of(R"({"problem": {"rows": 3, "columns": 64, "product": {"columns":
      2}}})");
  EXPECT_EQ(mean(exact, "product_relative_mse"), 0.0);
  EXPECT_TRUE(exact["relative_mse"].is_null());
  const Json x = metrics_of(R"({"problem": {"rows": 3, "columns": 64}})");
  EXPECT_EQ(mean(x, "relative_mse"), 0.0);
  EXPECT_TRUE(x["product_mean"].is_null());
}

// Both operands of a product with outliers behind Hadamard matrices, and sums in an accumulator.
TEST(Tensor, EnginesAgree) {
  const char* members =
      R"({"seed": 3, "repeats": 2, "problem": {"rows": 3, "columns": 32, "outliers":
      {"share": 0.1, "factor": 20}, "product": {"columns": 2}}, "policy": {"base": {"native":
      "binary32", "use": {"a": {"format": "mxfp4", "rounding": "sr", "transform": {"hadamard": 16,
      "random_signs": true, "pre_factor": 0.75}}, "b": {"format": "mxfp4", "transform":
      {"hadamard": 16, "random_signs": true}}, "acc": {"format": "binary16", "rounding": "sr"}}}}})";
  const Json emulated = run(document(members), "d", emulator::engine(), {}).result;
  EXPECT_EQ(run(document(members), "d", reference::engine(), {}).result["points"],
            emulated["points"]);
}

// Square blocks commute with the transpose, bit by bit; blocks along rows do not (arXiv
// 2509.25149).
TEST(Tensor, SquareBlocksCommuteWithTheTranspose) {
  Matrix<float> x(64, 64);
  for (Eigen::Index i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(std::sin(1.7 * double(i)) * std::exp(std::cos(double(i))));
  const auto rounded = [](const char* format, Matrix<float> values) {
    TensorRounder rounder(emulator::engine(), parse_rule(Json(format), "", PlaceKind::tensor),
                          Carrier::binary32);
    const MutableView view = view_of(values);
    rounder.apply(as_const(view), {}, view, nullptr);
    return values;
  };
  const auto commutes = [&](const char* format) {
    const Matrix<float> first = rounded(format, x).transpose();
    return (first == rounded(format, x.transpose())).all();
  };
  EXPECT_TRUE(commutes("nvfp4_2d"));
  EXPECT_FALSE(commutes("nvfp4"));
  EXPECT_FALSE(commutes("mxfp4"));
}

}  // namespace
}  // namespace halfulp::experiments
