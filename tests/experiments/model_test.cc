// SPDX-License-Identifier: MIT
//
// What surrounds a model knows it by its table alone: here a model that exists nowhere else goes
// through groups, units, the journal's text, results and fits.
#include "experiments/models/model.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "emulator/engine.h"
#include "experiments/models/table.h"
#include "experiments/results/fit.h"
#include "experiments/runs/result_file.h"
#include "experiments/runs/units.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::array<std::string_view, 3> metrics{"loss", "accuracy", "never"};

// A point is its size: the loss is 1 / size, the same in every repeat but for the seed.
std::vector<RepeatOutcome> run_toy(std::span<const ModelSetting* const> group,
                                   const Machine& machine, const Keeper& keeper) {
  std::vector<RepeatOutcome> outcomes;
  for (const ModelSetting* setting : group) {
    const int size = std::any_cast<int>(setting->own);
    RepeatOutcome& outcome = outcomes.emplace_back();
    outcome.metrics = {{"accuracy", static_cast<double>(machine.repeat)}, {"loss", 1.0 / size}};
    outcome.theory = {{"loss", 2.0}};
    outcome.digest = machine.seed;
    if (!keeper.watch(1)) return {};
  }
  return outcomes;
}

const Model toy{
    .name = "toy",
    .metrics = metrics,
    .independent_fields = {},
    .read = [](ObjectReader&, const std::string&, std::any&, Json&) { return ModelSetting(); },
    .dimensions = [](const Json&) { return 0.0; },
    .shared_part = [](const ModelSetting& setting,
                      const Json&) { return std::to_string(std::any_cast<int>(setting.own) % 2); },
    .work =
        [](const ModelSetting& setting) {
          return Work{.steps = 1, .cost = 1.0 * std::any_cast<int>(setting.own)};
        },
    .run = run_toy,
    .theory =
        [](const ModelSetting&) {
          return Metrics{{"accuracy", 0.5}, {"loss", 7}};
        }};

Study study() {
  Study study;
  study.model = &toy;
  for (const int size : {1, 2, 4, 8}) {
    Experiment experiment{.name = "",
                          .seed = 5,
                          .repeats = 2,
                          .model = &toy,
                          .setting = {.own = size, .policy = {}},
                          .resolved = Json::object()};
    study.points.push_back({.set = {{"/problem/size", size}}, .experiment = experiment});
  }
  const FitScope scope{.swept = {"/problem/size"}, .metrics = {metrics.begin(), metrics.end()}};
  study.fits = check_fits(
      {{{"kind", "power_law"}, {"x", "/problem/size"}, {"y", "loss"}, {"group_by", Json::array()}}},
      scope, Json::object());
  return study;
}

TEST(ModelTable, FindsModelsByTheirNames) {
  ASSERT_FALSE(all_models().empty());
  for (const Model* model : all_models()) {
    EXPECT_EQ(find_model(model->name), model);
    EXPECT_FALSE(model->metrics.empty());
  }
  EXPECT_NE(find_model("linear_regression"), nullptr);
  EXPECT_EQ(find_model("linear_regressions"), nullptr);
}

TEST(AnotherModel, GoesFromPointsToAResult) {
  const Study s = study();
  const std::vector<Group> groups = make_groups(s);
  ASSERT_EQ(groups.size(), 2U);  // the odd size, and the even ones
  EXPECT_EQ(groups[1].points, (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_EQ(groups[1].work.steps, 3);
  EXPECT_EQ(groups[1].work.cost, 14);
  std::vector<std::vector<RepeatOutcome>> outcomes(s.points.size());
  for (const Group& group : groups) {
    for (std::uint64_t repeat = 0; repeat < group.repeats; ++repeat) {
      const auto of_group =
          execute(s, group, repeat, emulator::engine(), {.watch = [](double) { return true; }});
      ASSERT_EQ(of_group.size(), group.points.size());
      for (std::size_t k = 0; k < of_group.size(); ++k) {
        // To the journal and back.
        const Json line = to_json(of_group[k]);
        EXPECT_EQ(to_json(outcome_from_json(line, toy.metrics)), line);
        outcomes[group.points[k]].push_back(of_group[k]);
      }
    }
    EXPECT_TRUE(
        execute(s, group, 0, emulator::engine(), {.watch = [](double) { return false; }}).empty());
  }
  const Json result = make_result(s, outcomes, false);
  EXPECT_EQ(result["points"][1]["metrics"].dump(),
            R"({"loss":{"mean":0.5,"stderr":0.0},"accuracy":{"mean":0.5,"stderr":0.5},)"
            R"("never":null})");
  EXPECT_EQ(result["points"][1]["theory"].dump(), R"({"loss":2.0,"accuracy":0.5,"never":null})");
  EXPECT_NEAR(result["fits"][0]["slope"].get<double>(), -1, 1e-9);
}

TEST(Outcomes, OfUnknownMetricsAreRefused) {
  RepeatOutcome outcome;
  outcome.metrics = {{"loss", 1.0}};
  EXPECT_EQ(to_json(outcome)["metrics"].dump(), R"({"loss":1.0})");
  constexpr std::array<std::string_view, 1> others{"accuracy"};
  EXPECT_THROW(outcome_from_json(to_json(outcome), others), Error);
}

TEST(Fits, NameTheMetricsOfTheModel) {
  const FitScope scope{.swept = {"/m"}, .metrics = {"loss", "accuracy"}};
  const Json sizes =
      check_fits({{{"kind", "effective_size"}, {"axis", "/m"}, {"reference", {{"/m", 1}}}}}, scope,
                 Json::object());
  EXPECT_EQ(sizes[0]["y"], "loss");
  EXPECT_THROW(check_fits({{{"kind", "power_law"}, {"x", "/m"}, {"y", "excess_clean_last"}}}, scope,
                          Json::object()),
               Error);
}

}  // namespace
}  // namespace halfulp::experiments
