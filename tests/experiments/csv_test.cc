// SPDX-License-Identifier: MIT
#include "experiments/results/csv.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace halfulp::experiments {
namespace {

std::string text_of(void (*write)(std::span<const NamedResult>, const TextSink&),
                    const std::vector<NamedResult>& results) {
  std::string text;
  write(results, [&](std::string_view part) { text += part; });
  return text;
}

NamedResult result(const std::string& points) {
  const Json record = {{"halfulp", Json::object()},
                       {"document", {{"repeats", 2}}},
                       {"points", parse_json(points, "points")}};
  check_result(record, "r.json");
  return {"r.json", record};
}

const char* const two_points = R"([
  {"set": {"/problem/sketch_size": null, "/policy/feature": "bfloat16"},
   "metrics": {"floor": {"mean": 0.5, "stderr": 0.25, "repeats": [0.25, 0.75]},
               "approximation": null,
               "excess_clean_last": {"mean": "inf", "stderr": "nan", "repeats": ["inf", "-inf"]}},
   "theory": {"floor": 0.4375, "excess_clean_last": null}, "digest": "0"},
  {"set": {"/problem/sketch_size": 8, "/policy/feature": {"format": {"name": "a \"b\", c"}}},
   "error": "repeat 1: no, none"}])";

TEST(Csv, HasARowAPointMetricAndRepeat) {
  EXPECT_EQ(text_of(write_repeats_csv, {result(two_points)}),
            "result,point,sketch_size,feature,metric,repeat,value\n"
            "r.json,0,,bfloat16,floor,0,0.25\n"
            "r.json,0,,bfloat16,floor,1,0.75\n"
            "r.json,0,,bfloat16,excess_clean_last,0,Inf\n"
            "r.json,0,,bfloat16,excess_clean_last,1,-Inf\n");
}

TEST(Csv, HasARowAPointAndMetricOfTheMeans) {
  EXPECT_EQ(text_of(write_means_csv, {result(two_points)}),
            "result,point,sketch_size,feature,metric,mean,stderr,theory,repeats,error\n"
            "r.json,0,,bfloat16,floor,0.5,0.25,0.4375,2,\n"
            "r.json,0,,bfloat16,excess_clean_last,Inf,NaN,,2,\n"
            "r.json,1,8,\"a \"\"b\"\", c\",,,,,,\"repeat 1: no, none\"\n");
}

TEST(Csv, TellsFieldsAndValuesApart) {
  const std::string text = text_of(write_means_csv, {result(R"([
    {"set": {"/policy/feature/noise/eps": 0.1, "/policy/label/noise/eps": 1e-300, "/problem/mean": 3,
             "/policy/weight": {"format": "int8", "random_bits": 3}}, "error": "x"},
    {"set": {"/policy/weight": {"format": "int8", "random_bits": 4}}, "error": "x"}])")});
  EXPECT_EQ(text,
            "result,point,feature_noise_eps,label_noise_eps,problem_mean,weight,metric,mean,stderr,"
            "theory,repeats,error\n"
            "r.json,0,0.1,1e-300,3,\"{\"\"format\"\":\"\"int8\"\",\"\"random_bits\"\":3}\",,,,,,x\n"
            "r.json,1,,,,\"{\"\"format\"\":\"\"int8\"\",\"\"random_bits\"\":4}\",,,,,,x\n");
}

// Results of other versions, or that somebody has edited.
TEST(Csv, TakesWhateverStandsInAResult) {
  const NamedResult odd = result(R"([{"set": {}}, {"set": {"": [1]}, "metrics": 7},
    {"set": {"x": true}, "metrics": {"m": {"repeats": [null, {}, "x"]}, "n": [1]}, "theory": 3},
    {"set": {"/repeats": 5}, "metrics": {"m": {"mean": 1}}, "error": null}])");
  const std::string repeats = text_of(write_repeats_csv, {odd, odd});
  EXPECT_NE(repeats.find("r.json,2,,true,,m,0,\n"), std::string::npos) << repeats;
  EXPECT_NE(text_of(write_means_csv, {odd}).find("r.json,3,,,5,,,,,,null\n"), std::string::npos);
  EXPECT_EQ(text_of(write_repeats_csv, {}), "result,point,metric,repeat,value\n");
}

}  // namespace
}  // namespace halfulp::experiments
