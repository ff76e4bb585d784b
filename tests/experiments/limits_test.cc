// SPDX-License-Identifier: MIT
//
// Documents that ask for more memory than there is are refused early, at a place.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "experiments/study/sweep.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

Json base() {
  return parse_json(R"({"experiment": "linear_regression",
    "problem": {"dimension": 8, "spectrum_exponent": 2}, "training": {"samples": 8}})",
                    "text");
}

void expect_error(const Json& document, const std::string& place, const std::string& part) {
  try {
    make_study(document, "d.json");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.location(), "d.json: " + place);
    EXPECT_NE(error.message().find(part), std::string::npos) << error.what();
    EXPECT_FALSE(error.hint().empty());
  }
}

Json numbers(int count) {
  Json list = Json::array();
  for (int i = 0; i < count; ++i) list.push_back(i);
  return list;
}

TEST(Limits, OfRepeats) {
  Json document = base();
  document["repeats"] = std::int64_t{1} << 32;
  expect_error(document, "/repeats", "a million repeats");
  document["repeats"] = 1'000'000;
  EXPECT_EQ(make_study(document, "d.json").points.size(), 1U);
  document["sweep"] = Json{{"/seed", {1, 2}}};
  expect_error(document, "/repeats", "a million repeats");
}

TEST(Limits, OfPoints) {
  Json document = base();
  document["sweep"] = Json{{"/seed", numbers(1000)}, {"/training/step_size", numbers(101)}};
  expect_error(document, "/sweep", "50,000 points");
}

TEST(Limits, OfSweptFields) {
  Json document = base();
  document["sweep"] = Json::object();
  for (int i = 0; i < 101; ++i)
    document["sweep"]["/policy/x" + std::to_string(i)] = Json::array({1});
  expect_error(document, "/sweep", "100 fields");
}

TEST(Limits, OfTheTextOfAllPoints) {
  Json document = base();
  document["name"] = std::string(1 << 20, 'x');
  document["sweep"] = Json{{"/seed", numbers(200)}};
  expect_error(document, "/sweep", "128 million characters");
}

TEST(Limits, OfTheDimensionsOfAllProblems) {
  Json document = base();
  document["problem"]["dimension"] = 1 << 24;
  document["problem"]["spectrum_exponent"] = 0;
  document["sweep"] = Json{{"/problem/noise_variance", numbers(20)}};
  expect_error(document, "/sweep", "64 million dimensions");
}

// 50,000 points take seconds; whoever asks to stop is heard at once.
TEST(Limits, LongExpansionsStop) {
  Json document = base();
  document["sweep"] = Json{{"/seed", numbers(1000)}, {"/training/step_size", numbers(50)}};
  std::atomic<bool> stop{false};
  std::chrono::steady_clock::time_point asked;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    asked = std::chrono::steady_clock::now();
    stop = true;
  });
  EXPECT_THROW(make_study(document, "d.json", &stop), Stopped);
  const auto ended = std::chrono::steady_clock::now();
  other.join();
  EXPECT_LT(ended - asked, std::chrono::seconds(1));
}

}  // namespace
}  // namespace halfulp::experiments
