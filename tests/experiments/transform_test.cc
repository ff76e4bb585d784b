// SPDX-License-Identifier: MIT
//
// Transforms about a rounding: what documents of them resolve to, and what they make of tensors
// that can be worked out by hand.
#include "experiments/policy/transform.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/networks/arithmetic.h"
#include "experiments/networks/rounding_gradient.h"
#include "reference/engine.h"
#include "tests/experiments/layered_network.h"
#include "tests/support/error_of.h"

namespace halfulp::experiments {
namespace {

// The places of one product, under what a policy says of them.
template <typename Real>
struct Product {
  explicit Product(const std::string& use, const Engine& engine = emulator::engine())
      : machine{.engine = &engine, .seed = 7, .repeat = 0} {
    for (const char* name : {"g.wgrad", "x.wgrad", "x.fwd", "w.fwd", "dx"})
      list.add("l", "matmul", name);
    const std::string native = sizeof(Real) == 4 ? "binary32" : "binary64";
    policy = parse(R"({"base": {"native": ")" + native + R"(", "use": )" + use + "}}",
                   std::make_shared<const Places>(list.places()));
    arithmetic = std::make_unique<Arithmetic<Real>>(machine, policy);
  }
  Matrix<Real> round(const char* use, Matrix<Real> x, std::uint64_t step = 0,
                     Purpose purpose = Purpose::training) {
    arithmetic->begin({.step = step, .steps = 100}, purpose);
    for (std::size_t i = 0; i < policy.places->size(); ++i)
      if ((*policy.places)[i].use == use) arithmetic->round(i, x);
    return x;
  }

  Machine machine;
  PlaceList list;
  LayeredPolicy policy;
  std::unique_ptr<Arithmetic<Real>> arithmetic;
};

template <typename Real>
Matrix<Real> row(std::initializer_list<double> numbers) {
  Matrix<Real> x(1, static_cast<Eigen::Index>(numbers.size()));
  std::copy(numbers.begin(), numbers.end(), x.data());
  return x;
}

template <typename Real>
Matrix<Real> waves(Eigen::Index rows, Eigen::Index columns, double start) {
  Matrix<Real> x(rows, columns);
  for (Eigen::Index i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<Real>(std::sin(start + 2.3 * double(i)) * (i % 17 == 0 ? 9 : 1));
  return x;
}

TEST(Transforms, StandInRecordsWithEveryDefault) {
  for (const auto& [written, full] : std::vector<std::pair<const char*, const char*>>{
           {R"({"pre_factor": 0.75, "hadamard": 4})",
            R"({"hadamard":4,"random_signs":false,"pre_factor":0.75})"},
           {R"({"clamp_quantile": 0.99, "normalize": "l2"})",
            R"({"clamp_quantile":0.99,"residual":"none","normalize":"l2","over":"tensor"})"},
           {R"({"normalize": "delayed", "margin": 2})",
            R"({"normalize":"delayed","history":1024,"margin":2,"amax":"max"})"},
           {R"({"hadamard": 1, "random_signs": true, "pre_factor": 1, "clamp_quantile": 1})",
            "{}"}}) {
    const Transform transform = parse_transform(parse_json(written, "text"), "");
    EXPECT_EQ(to_json(transform).dump(), full);
    EXPECT_EQ(parse_transform(to_json(transform), ""), transform);
  }
  const LayeredPolicy policy = parse(R"({"rules": [{"match": {"layer": "*.w1"}, "use": {
      "w.dgrad": {"format": "mxfp4", "transform": {"hadamard": 4}},
      "gradient": {"format": "mxfp4", "transform": {"hadamard": 4, "pre_factor": 0.5}},
      "g.wgrad": "int8", "dw": {"format": "int8", "transform": {"pre_factor": 1}}}}]})");
  EXPECT_EQ(parse_layered_policy(to_json(policy), "", network()), policy);
  const auto at = [&](const char* use) {
    for (std::size_t i = 0; i < policy.base.size(); ++i)
      if ((*network())[i].layer == "blocks.0.w1" && (*network())[i].use == use)
        return to_json(policy.base[i].transform).dump();
    return std::string();
  };
  EXPECT_EQ(at("g.dgrad"), R"({"hadamard":4,"random_signs":false,"pre_factor":0.5})");
  EXPECT_EQ(at("dx"), R"({"pre_factor":0.5})");  // no operand: the matrix does not count
  EXPECT_EQ(at("dw"), "{}");
}

TEST(Transforms, AreRefusedWithPlaceAndRemedy) {
  struct Case {
    const char* policy;
    const char* begins;
    const char* contains;
  };
  for (
      const Case& one : std::vector<Case>{
          {R"({"dx": {"format": "int8", "transform": {"hadamard": 4}}})",
           "/policy/dx/transform/hadamard: ", "\"x.wgrad\" and \"g.wgrad\""},
          {R"({"x.fwd": {"format": "int8", "transform": {"hadamard": 4}}})",
           "/policy/x.fwd: ", "at \"x.fwd\" and \"w.fwd\""},
          {R"({"base": {"use": {"x.fwd": {"format": "int8", "transform": {"hadamard": 4}},
                                 "w.fwd": {"format": "int8", "transform": {"hadamard": 2}}}}})",
           "/policy/base/use/", "has one of 2 without random signs"},
          {R"({"rules": [{"match": {"layer": "head"}, "use": {
                "weight": {"format": "int8", "transform": {"hadamard": 4}}, "x.fwd": {"format":
                "int8", "transform": {"hadamard": 4}}, "w.dgrad": "int8"}}],
                "phases": [{"when": {"step": [0, 1]}, "use": {"x.fwd": "int8"}}]})",
           "/policy/phases/0/use/x.fwd: ", "\"head/matmul/x.fwd\" has none"},
          {R"({"x.fwd": {"format": "int8", "transform": {"hadamard": 4}}, "w.fwd": {"format":
               "int8", "transform": {"hadamard": 4}}, "w.dgrad": {"reuse": "forward_copy"}})",
           "/policy/w.dgrad: ", "requantize"},
          {R"({"weight": {"format": "int8", "reuse": "forward_copy", "transform": {"hadamard":
               4}}})",
           "/policy/weight/transform/hadamard: ", "requantize"},
          {R"({"w.dgrad": {"format": "int8", "transform": {"hadamard": 16}}, "g.dgrad": {"format":
               "int8", "transform": {"hadamard": 16}}})",
           "/policy/", "rows of 8 numbers at \"blocks.0.w1/matmul/"},
          {R"({"dx": {"format": "int8", "transform": {"hadamard": 12}}})",
           "/policy/dx/transform/hadamard: ", "power of two"},
          {R"({"dx": {"format": "int8", "transform": {"random_signs": true}}})",
           "/policy/dx/transform/random_signs: ", "\"hadamard\": 16"},
          {R"({"dx": {"format": "int8", "transform": {"residual": "none"}}})",
           "/policy/dx/transform/residual: ", "clamp_quantile"},
          {R"({"dx": {"format": "int8", "transform": {"normalize": "l2", "margin": 1}}})",
           "/policy/dx/transform/margin: ", "delayed"},
          {R"({"dx": {"format": "int8", "transform": {"over": "row"}}})",
           "/policy/dx/transform/over: ", "l2"},
          {R"({"dx": {"format": "int8", "transform": {"clamp": 1}}})",
           "/policy/dx/transform/clamp: ", "unknown"},
          {R"({"dx": {"format": "mxfp4", "transform": {"normalize": "delayed"}}})",
           "/policy/dx/transform/normalize: ", "scalar format"},
          {R"({"dx": {"format": "nvfp4", "preset": "torchao", "transform": {"pre_factor": 0.5}}})",
           "/policy/dx/transform/pre_factor: ", "order of steps"},
          {R"({"dx": {"format": "binary64", "transform": {"pre_factor": 0.5}}})",
           "/policy/dx/transform: ", "format"},
          {R"({"dx": {"noise": {"kind": "additive", "eps": 1}, "transform": {"pre_factor": 0.5}}})",
           "/policy/dx/transform: ", "format"},
          {R"({"acc.fwd": {"format": "binary16", "transform": {"pre_factor": 0.5}}})",
           "/policy/acc.fwd/transform: ", "one by one"},
          {R"({"dx": [{"format": "int8", "transform": {"pre_factor": 0.5}}, "int8"]})",
           "/policy/dx/0", "transform"},
          {R"({"w.fwd": {"format": "int8", "gradient": "dge", "transform": {"pre_factor": 0.5}}})",
           "/policy/w.fwd/gradient: ", "no transform"}}) {
    const std::string error = error_of([&] { parse(one.policy); });
    EXPECT_TRUE(error.starts_with(one.begins)) << error;
    EXPECT_NE(error.find(one.contains), std::string::npos) << error;
  }
}

TEST(Transforms, HadamardCancelsInTheProduct) {
  const std::string use = R"({"format": {"kind": "float", "exponent_bits": 11, "fraction_bits": 51},
      "transform": {"hadamard": 16, "random_signs": true}})";
  Product<double> product(R"({"g.wgrad": )" + use + R"(, "x.wgrad": )" + use + "}");
  const Matrix<double> a = waves<double>(3, 32, 0.4);
  const Matrix<double> b = waves<double>(5, 32, 1.1);
  for (const std::uint64_t step : {0U, 1U}) {
    const Matrix<double> g = product.round("g.wgrad", a, step);
    const Matrix<double> x = product.round("x.wgrad", b, step);
    EXPECT_FALSE((g == a).any());
    for (Eigen::Index i = 0; i < 3; ++i)
      for (Eigen::Index j = 0; j < 5; ++j)
        EXPECT_NEAR((g.row(i) * x.row(j)).sum(), (a.row(i) * b.row(j)).sum(), 1e-12);
  }
  // Another step has other signs, and rows of no whole blocks are an error of the place.
  EXPECT_FALSE((product.round("g.wgrad", a, 0) == product.round("g.wgrad", a, 1)).all());
  EXPECT_NE(error_of([&] {
              product.round("g.wgrad", waves<double>(3, 24, 0), 0);
            }).find("rows of 24 numbers at the place l/matmul/g.wgrad"),
            std::string::npos);
}

// Each phase goes with the base, but not with the other.
TEST(Transforms, PhasesInForceTogetherKeepBothOperandsAlike) {
  const std::string four = R"({"format": "int8", "transform": {"hadamard": 4}})";
  PlaceList list;
  for (const char* use : {"g.wgrad", "x.wgrad"}) list.add("l", "matmul", use);
  const LayeredPolicy policy = parse(
      R"({"phases": [{"when": {"step": [0, 2]}, "use": {"g.wgrad": )" + four + R"(, "x.wgrad": )" +
          four + R"(}}, {"when": {"step": [1, 3]}, "use": {"x.wgrad": "int4"}}]})",
      std::make_shared<const Places>(list.places()));
  const Machine machine{.engine = &emulator::engine(), .seed = 0, .repeat = 0};
  Arithmetic<double> arithmetic(machine, policy);
  arithmetic.begin({.step = 2, .steps = 3});
  const std::string error = error_of([&] { arithmetic.begin({.step = 1, .steps = 3}); });
  EXPECT_TRUE(error.starts_with("/policy/phases: ")) << error;
  EXPECT_NE(error.find("\"l/matmul/x.wgrad\" has none"), std::string::npos) << error;
}

TEST(Transforms, HadamardWithoutSignsIsSylvesters) {
  const std::string use = R"({"format": "int32", "transform": {"hadamard": 4}})";
  Product<double> product(R"({"x.fwd": )" + use + R"(, "w.fwd": )" + use + "}");
  const Matrix<double> x = product.round("x.fwd", row<double>({2, 4, 6, 10, 2, 0, 0, 0}));
  EXPECT_TRUE((x == row<double>({11, -3, -5, 1, 1, 1, 1, 1})).all()) << x;
}

TEST(Transforms, ClampKeepsTheRestWhereItIsToldTo) {
  // Five numbers: the quantile of 0.75 is the fourth of the sorted row, that of 0.25 the second.
  const Matrix<float> x = row<float>({100.25, 1.25, -7.75, 2.25, 3.25});
  const auto under = [&](const char* residual) {
    return Product<float>(R"({"dx": {"format": "int8", "transform": {"clamp_quantile": 0.75,
        "residual": ")" + std::string(residual) +
                          R"("}}})")
        .round("dx", x);
  };
  EXPECT_TRUE((under("none") == row<float>({3, 1, 1, 2, 3})).all());
  EXPECT_TRUE((under("high_precision") == row<float>({100, 1, -8, 2, 3})).all());
  // Between numbers of the row quantiles are straight, and rows with an infinity stay.
  Product<double> two(R"({"dx": {"format": "q20.10", "transform": {"clamp_quantile": 0.75}}})");
  EXPECT_TRUE((two.round("dx", row<double>({0, 8})) == row<double>({2, 6})).all());
  EXPECT_EQ(two.round("dx", row<double>({0, 8, -INFINITY}))(0, 1), 8.0);
  EXPECT_EQ(two.round("dx", row<double>({5}))(0, 0), 5.0);
}

TEST(Transforms, FactorStandsBetweenScaleAndElement) {
  // The scale of MXFP4 is 2^(floor(log2 7) - 2) = 1: 7 becomes 6, or with 3/4 round(5.25) = 6, of
  // 4/3 each. A block of zeros stays.
  const Matrix<float> x = row<float>({7, -1, 0, 0});
  const std::string format = R"({"dx": {"kind": "block", "element": "float4_e2m1fn", "columns": 2,
      "scale": "float8_e8m0fnu", "rule": "floor")";
  EXPECT_TRUE((Product<float>(format + "}}").round("dx", x) == row<float>({6, -1, 0, 0})).all());
  Product<float> less(format + R"(, "transform": {"pre_factor": 0.75}}})");
  less.arithmetic->count(true);
  const Matrix<float> y = less.round("dx", x);
  EXPECT_EQ(y(0, 0), 8.0F);
  EXPECT_FLOAT_EQ(y(0, 1), -4.0F / 3.0F);  // 0.75 ties to the even 1
  EXPECT_TRUE((y.rightCols(2) == 0.0F).all());
  EXPECT_EQ(less.arithmetic->counts(4).elements, 4U);
  Product<float> scalar(R"({"dx": {"format": "int8", "scaling": {"scale": 0.5}, "transform":
      {"pre_factor": 4}}})");
  EXPECT_EQ(scalar.round("dx", row<float>({0.3F}))(0, 0), 0.25F);  // round(2.4) / 8
}

TEST(Transforms, NormsAreOfTheTensorOrOfRows) {
  Matrix<double> x(2, 2);
  x << 3, 4, 0, 0;
  const auto under = [&](const char* over) {
    return Product<double>(
               R"({"dx": {"format": "q1.2", "transform": {"normalize": "l2", "over": ")" +
               std::string(over) + R"("}}})")
        .round("dx", x);
  };
  // 3 / 5 is nearest to 2 / 4, 4 / 5 to 3 / 4; a norm of zero divides by 1.
  EXPECT_TRUE((under("tensor").row(0) == row<double>({2.5, 3.75})).all());
  EXPECT_TRUE((under("row") == under("tensor")).all());
  x(1, 0) = 12;
  EXPECT_TRUE((under("tensor") == (Matrix<double>(2, 2) << 3.25, 3.25, 13, 0).finished()).all());
  EXPECT_TRUE((under("row") == (Matrix<double>(2, 2) << 2.5, 3.75, 12, 0).finished()).all());
}

TEST(Transforms, DelayedScalesFollowFromTheStepsBefore) {
  const auto scales = [](const char* members) {
    Product<float> product(R"({"dx": {"format": "int8", "overflow": "saturate", "transform":
        {"normalize": "delayed")" +
                           std::string(members) + "}}}");
    std::vector<float> found;
    std::uint64_t step = 0;
    for (const float amax : {127.0F, 508.0F, 0.0F, 254.0F, 254.0F, 254.0F}) {
      product.round("dx", row<float>({amax / 4, amax}), step);
      // What is only looked at counts for nothing.
      const float probe =
          product.round("dx", row<float>({1e30F}), ++step, Purpose::validation)(0, 0);
      found.push_back(probe / 127);
    }
    return found;
  };
  EXPECT_EQ(scales(""), (std::vector<float>{1, 4, 4, 4, 4, 4}));
  EXPECT_EQ(scales(R"(, "history": 2)"), (std::vector<float>{1, 4, 4, 2, 2, 2}));
  EXPECT_EQ(scales(R"(, "amax": "most_recent", "margin": 1)"),
            (std::vector<float>{2, 8, 8, 4, 4, 4}));
  // The first step has the scale 1, and a step does not see its own tensor.
  Product<float> product(R"({"dx": {"format": "int8", "overflow": "saturate", "transform":
      {"normalize": "delayed"}}})");
  EXPECT_EQ(product.round("dx", row<float>({254}), 0)(0, 0), 127.0F);
  EXPECT_EQ(product.round("dx", row<float>({508}), 1)(0, 0), 254.0F);
  ASSERT_EQ(product.arithmetic->amax_histories().size(), 1U);
  EXPECT_EQ(product.arithmetic->amax_histories().at(4).entries(),
            (std::vector<AmaxHistory::Entry>{{.step = 0, .amax = 254}, {.step = 1, .amax = 508}}));
}

TEST(Transforms, RunningRangesAreForLookingAtTheResult) {
  Product<float> product(R"({"dx": {"format": "int3", "scaling": {"rows": 0, "columns": 0,
      "rule": "range"}, "transform": {"running_range": 0.5}}})");
  const Matrix<float> x = row<float>({0.4, 3.5});
  const auto look = [&](const Matrix<float>& at) {
    return product.round("dx", at, 9, Purpose::validation);
  };
  EXPECT_EQ(look(x)(0, 1), 3.5F) << "before any training its own range counts";
  product.round("dx", row<float>({0, 7}), 0);
  EXPECT_TRUE((look(x) == row<float>({0, 4})).all()) << look(x);  // 3.5 ties to the even 4
  EXPECT_TRUE((look(row<float>({9, -1})) == row<float>({7, 0})).all());
  EXPECT_EQ(product.round("dx", row<float>({0, 21}), 1)(0, 1), 21.0F);
  EXPECT_EQ(look(row<float>({99}))(0, 0), 14.0F);
  product.round("dx", row<float>({0, INFINITY}), 2);
  EXPECT_EQ(look(row<float>({99}))(0, 0), 14.0F) << "what is not finite is not remembered";
  EXPECT_THROW(Product<float>(R"({"dx": {"format": "int3", "transform": {"running_range": 0.5}}})"),
               Error);
}

TEST(Transforms, EnginesAgreeAndOtherPlacesDoNotCount) {
  const std::string use = R"({"format": "nvfp4", "rounding": "stochastic", "transform": {"hadamard":
      16, "random_signs": true, "clamp_quantile": 0.9, "residual": "high_precision", "normalize":
      "l2", "pre_factor": 0.75}})";
  const std::string both = R"({"g.wgrad": )" + use + R"(, "x.wgrad": )" + use;
  Product<float> reference(both + "}", reference::engine());
  Product<float> emulator(both + "}");
  Product<float> more(both + R"(, "dx": {"format": "int8", "rounding": "stochastic"}})");
  const Matrix<float> x = waves<float>(4, 48, 0.2);
  for (const char* place : {"g.wgrad", "x.wgrad"}) {
    const Matrix<float> y = emulator.round(place, x, 3);
    EXPECT_TRUE((reference.round(place, x, 3) == y).all());
    more.round("dx", x, 3);
    EXPECT_TRUE((more.round(place, x, 3) == y).all());
    EXPECT_FALSE((emulator.round(place, x, 3, Purpose::validation) == y).all());
  }
  EXPECT_FALSE((emulator.round("g.wgrad", x) == emulator.round("x.wgrad", x)).all());
}

// Ties toward +infinity, and the soft step's derivative in rows with scales (arXiv 2501.17116 and
// its released kernel): positions t between 0 and 1/2 of the grid.
TEST(Transforms, Fp4OfRowsAsReleased) {
  Product<double> product(R"({"w.fwd": {"format": "float4_e2m1fn", "rounding": "nearest-up",
      "scaling": "row", "gradient": "dge", "dge": {"k": 5, "cap": 3}}})");
  const Matrix<double> ties = row<double>({0.25, -0.25, 2.5, 5, 1.25, 6});
  EXPECT_TRUE((product.round("w.fwd", ties) == row<double>({0.5, 0, 3, 6, 1.5, 6})).all());
  const std::vector<double> expected{0.2, 0.239, 0.348, 0.725, 1.262, 3};
  Matrix<double> x = row<double>({0, 0.1, 0.25, 0.4, 0.45, 0.5, -12, 12}) / 2.0;
  x *= 1.7;  // a scale that binary32 rounds
  Matrix<double> gradient = Matrix<double>::Ones(1, 8);
  product.arithmetic->begin({});
  multiply_by_derivative(3, x, *product.arithmetic, gradient);
  for (Eigen::Index i = 0; i < 6; ++i)
    EXPECT_NEAR(gradient(0, i), expected[static_cast<std::size_t>(i)], 0.0005) << i;
  // At the ends, not beyond them, whatever the scale's rounding leaves.
  EXPECT_NEAR(gradient(0, 6), 0.2, 1e-6);
  EXPECT_NEAR(gradient(0, 7), 0.2, 1e-6);
}

}  // namespace
}  // namespace halfulp::experiments
