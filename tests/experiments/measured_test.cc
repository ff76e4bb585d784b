// SPDX-License-Identifier: MIT
//
// Every term of the theory against training itself: 400 repeats, every metric of the mean within
// four standard errors.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/runs/run.h"

namespace halfulp::experiments {
namespace {

struct Case {
  const char* name;
  const char* problem;
  const char* training;
  const char* policy;
};

const char* const small = R"({"dimension": 16, "spectrum_exponent": 1.5})";
const char* const sketched =
    R"({"dimension": 60, "spectrum_exponent": 1.5, "sketch_size": 8, "teacher": {"kind": "gaussian"}})";
const char* const short_run = R"({"samples": 256, "step_size": 0.15})";
// Multiplied features have heavier tails: a smaller step keeps the fourth moments of the weights,
// and with them the standard errors, finite.
const char* const gentle_run = R"({"samples": 512, "step_size": 0.06})";

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Measured : public testing::TestWithParam<Case> {};

TEST_P(Measured, WithinFourStandardErrorsOfTheory) {
  const Case& c = GetParam();
  Json document{{"experiment", "linear_regression"}, {"seed", 11}, {"repeats", 400}};
  document["problem"] = parse_json(c.problem, "problem");
  document["training"] = parse_json(c.training, "training");
  document["policy"] = parse_json(c.policy, "policy");
  RunOptions options;
  options.threads = 1;
  const Json result = run(document, "test", emulator::engine(), options).result;
  const Json& point = result["points"][0];
  for (const char* metric : {"excess_clean_last", "excess_clean_average", "excess_quantized_last",
                             "excess_quantized_average"}) {
    const Json& expected = point["theory"][metric];
    ASSERT_TRUE(expected.is_number()) << metric;
    const double mean = point["metrics"][metric]["mean"].get<double>();
    const double error = point["metrics"][metric]["stderr"].get<double>();
    EXPECT_NEAR(mean, expected.get<double>(), 4 * error) << metric;
    EXPECT_LT(error, 0.1 * mean) << metric;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Terms, Measured,
    testing::Values(
        Case{"base", small, R"({"samples": 512, "schedule": "geometric_decay"})", "{}"},
        Case{"batch", small, R"({"samples": 1024, "batch": 4, "step_size": 0.2})", "{}"},
        Case{"initial", sketched, R"({"samples": 64, "step_size": 0.1, "initial": 0.7})", "{}"},
        Case{"feature", sketched, short_run,
             R"({"feature": {"noise": {"kind": "additive", "eps": 0.05}}})"},
        Case{"scalars", small, short_run,
             R"({"label": {"noise": {"kind": "additive", "eps": 0.5, "law": "uniform"}},
                 "act": {"noise": {"kind": "additive", "eps": 0.5, "law": "two_point"}},
                 "out_grad": {"noise": {"kind": "additive", "eps": 0.5}}})"},
        Case{"param", small, R"({"samples": 512, "batch": 2, "step_size": 0.15})",
             R"({"param": {"noise": {"kind": "additive", "eps": 0.3, "law": "two_point"}}})"},
        Case{"param_rank1", sketched, R"({"samples": 512, "batch": 2, "step_size": 0.1})",
             R"({"param": {"noise": {"kind": "multiplicative_rank1", "eps": 0.3}}})"},
        Case{"label_rank1", small, short_run,
             R"({"label": {"noise": {"kind": "multiplicative_rank1", "eps": 0.3}}})"},
        Case{"act_rank1", small, short_run,
             R"({"act": {"noise": {"kind": "multiplicative_rank1", "eps": 0.3}}})"},
        Case{"out_grad_rank1", small, short_run,
             R"({"out_grad": {"noise": {"kind": "multiplicative_rank1", "eps": 0.5}}})"},
        Case{"weight", small, short_run,
             R"({"weight": {"noise": {"kind": "additive", "eps": 0.0005}}})"},
        Case{"weight_rank1", small, short_run,
             R"({"weight": {"noise": {"kind": "multiplicative_rank1", "eps": 0.001}}})"},
        Case{"data_rank1_gaussian", sketched, gentle_run,
             R"({"data": {"noise": {"kind": "multiplicative_rank1", "eps": 0.2}}})"},
        Case{
            "data_rank1_uniform", small, R"({"samples": 512, "batch": 4, "step_size": 0.2})",
            R"({"data": {"noise": {"kind": "multiplicative_rank1", "eps": 0.3, "law": "uniform"}}})"},
        Case{
            "data_rank1_two_point", small, short_run,
            R"({"data": {"noise": {"kind": "multiplicative_rank1", "eps": 0.3, "law": "two_point"}}})"},
        Case{"two_rank1", sketched, gentle_run,
             R"({"feature": {"noise": {"kind": "multiplicative_rank1", "eps": 0.2}},
                 "data": {"noise": {"kind": "multiplicative_rank1", "eps": 0.1, "law": "uniform"}}})"},
        Case{"all_rank1", small, R"({"samples": 512, "batch": 2, "step_size": 0.08})",
             R"({"data": {"noise": {"kind": "multiplicative_rank1", "eps": 0.1}},
                 "label": {"noise": {"kind": "multiplicative_rank1", "eps": 0.2}},
                 "param": {"noise": {"kind": "multiplicative_rank1", "eps": 0.1}},
                 "act": {"noise": {"kind": "multiplicative_rank1", "eps": 0.2}},
                 "out_grad": {"noise": {"kind": "multiplicative_rank1", "eps": 0.2}}})"},
        Case{"all_additive", small, R"({"samples": 512, "batch": 2, "step_size": 0.15})",
             R"({"data": {"noise": {"kind": "additive", "eps": 0.05}},
                 "label": {"noise": {"kind": "additive", "eps": 0.2}},
                 "param": {"noise": {"kind": "additive", "eps": 0.1}},
                 "act": {"noise": {"kind": "additive", "eps": 0.2}},
                 "out_grad": {"noise": {"kind": "additive", "eps": 0.2}}})"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace halfulp::experiments
