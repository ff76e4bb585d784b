// SPDX-License-Identifier: MIT
//
// Documents of kernels: what is wrong in one is an Error with its place and a remedy, and no
// document, however damaged, does anything else.
#include <gtest/gtest.h>

#include <set>

#include "golden/sequences/step_words.h"
#include "tests/sequences/support.h"
#include "tests/support/error_of.h"

namespace halfulp::sequences {
namespace {

// What is said of a kernel of one input x: [..., n] with these steps.
std::string error_of_steps(const std::string& steps, const Shape& shape = {2, 3}) {
  return error_of([&] {
    const Json document = parse_json(
        R"({"inputs": {"x": {"shape": ["...", "n"]}}, "outputs": ["y"], "steps": )" + steps + "}",
        "test");
    Stream stream(61);
    walk(kernel_from_json(document, ""), {{"x", draw("binary32", shape, false, stream)}},
         emulator::engine(), {});
  });
}

TEST(Documents, ErrorsNameThePlaceAndTheRemedy) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"([{"name": "y", "what": "exp", "of": "x"}])", "no error"},
      {R"([{"name": "y", "what": "epx", "of": "x"}])",
       "/steps/0/what: \"epx\" is no step; did you mean \"exp\"?"},
      {R"([{"name": "y", "what": "exp", "of": "z"}, {"name": "z", "what": "exp", "of": "x"}])",
       "/steps/0/of: \"z\" is no array that stands before this; a step takes what stands before "
       "it"},
      {R"([{"name": "y", "what": "exp", "of": "y"}])",
       "/steps/0/of: \"y\" is no array that stands before this; a step takes what stands before "
       "it"},
      {R"([{"name": "x", "what": "exp", "of": "x"}])",
       "/steps/0/name: \"x\" stands for something already; choose another name"},
      {R"([{"name": "n", "what": "exp", "of": "x"}])",
       "/steps/0/name: \"n\" stands for something already; choose another name"},
      {R"([{"name": "y", "what": "add", "of": "x"}])", "/steps/0/of: 1 operands; the step takes 2"},
      {R"([{"name": "y", "what": "to_int", "of": "x"}])",
       "/steps/0/what: \"to_int\" makes an integer; write \"rint\", which rounds to an integer of "
       "the same format"},
      {R"([{"name": "y", "what": "sum", "of": "x", "order": "promote:4"}])",
       "/steps/0/order: the order says only what lies around a unit; give one with an arithmetic "
       "and no epilogue, such as sequential:binary32"},
      {R"([{"name": "y", "what": "sum", "of": "x", "order": "deepgemm:2,exact:binary32"}])",
       "/steps/0/order: scales or a bias, which a step does not take; multiply and add in steps of "
       "their own"},
      {R"([{"name": "y", "what": "product", "of": ["x", "x"], "unit": "nv.blackwell.nvf4.f32"}])",
       "/steps/0/unit: scales or a bias, which a step does not take; multiply and add in steps of "
       "their own"},
      {R"([{"name": "y", "what": "product", "of": ["x", "x"], "unit": "x86.vdpbf16ps"}])",
       "/steps/0/of/1: it has 2 terms, and the first operand has 3"},
      {R"([{"name": "y", "what": "product", "of": ["x", "x"], "unit": "x86.vdpbf16ps",
           "transposed": true}])",
       "/steps/0/of/0: the tensor is of float32, and the unit takes bfloat16"},
      {R"([{"name": "y", "what": "product", "of": ["x", "x"], "transposed": true,
           "order": {"tree": {"sums": [{"quantizer": "binary32", "alignment": {"bits": 8}}]}}}])",
       "/steps/0/order/tree/sums/0/alignment: aligned products of unknown formats"},
      {R"([{"name": "y", "what": "sum", "of": "x", "axis": 2}])",
       "/steps/0: no axis 2 in a tensor of 2 dimensions; axes are 0 to 1, the last also -1"},
      {R"([{"name": "y", "what": "sum", "of": 3}])",
       "/steps/0/of: a number stands here; the name of an array is needed"},
      {R"([{"name": "y", "what": "product", "of": ["x", "x"]}])",
       "/steps/0/of/1: it has 2 terms, and the first operand has 3; \"transposed\" says whether it "
       "is terms x columns (false) or columns x terms"},
      {R"([{"name": "y", "what": "exp", "of": "x", "to": "binary128"}])",
       "/steps/0/to: a double holds not all numbers of \"binary128\"; choose a narrower format"},
      {R"([{"name": "y", "what": "exp", "of": "x", "axis": 0}])", "/steps/0/axis: unknown key"},
      {R"([{"name": "y", "what": "fill", "shape": ["n", 1152921504606846976], "value": 0}])",
       "/steps/0: the shape has more than 2^60 elements"},
      {R"([{"name": "y", "what": "fill", "shape": [2147483648], "value": 0}])",
       "/steps/0: the result would have 2147483648 elements; at most 1073741824 are possible"},
      {R"([{"name": "y", "what": "fill", "shape": ["m"], "value": 0}])",
       "/steps/0/shape/0: \"m\" is no dimension of an input; a step takes what stands before it"},
      {R"([{"name": "y", "what": "reshape", "of": "x", "shape": [5]}])",
       "/steps/0: an array of shape [2, 3] as [5]; both must have as many elements"},
      {R"([{"name": "y", "what": "gather", "of": ["x", "x"]}])",
       "/steps/0/of/1: places of shape [2, 3]; one place a line is needed: [2, 1]"},
      {"[]", "/steps: no steps; write [{\"name\": \"y\", \"what\": \"exp\", \"of\": \"x\"}]"}};
  for (const auto& [steps, error] : cases)
    EXPECT_EQ(error_of_steps(steps).substr(0, error.size()), error) << steps;
}

TEST(Documents, LoopsAreChecked) {
  const auto loop = [](const std::string& members) {
    return error_of_steps(
        R"([{"name": "z", "what": "fill", "shape": ["...", 1], "value": 0}, {"name": "l", "what":
        "blocks", "slices": {"s": {"of": "x"}}, "carried": {"y": {"from": "z", "next": "t"}}, )" +
        members + "}]");
  };
  const std::string steps =
      R"("steps": [{"name": "u", "what": "sum", "of": "s"}, {"name": "t", "what": "add", "of": ["y", "u"]}])";
  EXPECT_EQ(loop(R"("size": 2, )" + steps), "no error");
  EXPECT_EQ(loop(R"("size": 1152921504606846976, )" + steps), "no error");
  EXPECT_EQ(loop(R"("size": 0, )" + steps),
            "/steps/1/size: 0 is out of range; 1 to 1152921504606846976 is possible");
  EXPECT_EQ(loop(R"("size": 2, "steps": [{"name": "u", "what": "sum", "of": "s"}])"),
            "/steps/1/carried/y/next: \"t\" is no array that stands before this; a step takes what "
            "stands before it");
  EXPECT_EQ(loop(R"("size": 2, "steps": [{"name": "t", "what": "exp", "of": "s"}])"),
            "/steps/1/carried/y: it is [2, 2] of binary32 behind a block, and [2, 1] of binary32 "
            "before the first; what is carried keeps its shape and format");
  // What a loop makes inside stays inside.
  EXPECT_EQ(error_of_steps(R"([{"name": "z", "what": "fill", "shape": ["...", 1], "value": 0},
      {"name": "l", "what": "blocks", "size": 1, "slices": {"s": {"of": "x"}}, "carried": {"c":
      {"from": "z", "next": "t"}}, "steps": [{"name": "t", "what": "add", "of": ["c", "s"]}]},
      {"name": "y", "what": "exp", "of": "t"}])"),
            "/steps/2/of: \"t\" is no array that stands before this; a step takes what stands "
            "before it");
}

TEST(Documents, ParametersAndInputsAreChecked) {
  Stream stream(62);
  const Array x = draw("binary32", {2, 3}, false, stream);
  const auto error = [&](const Json& document, const Inputs& inputs) {
    return error_of([&] { walk(kernel_from_json(document, ""), inputs, emulator::engine(), {}); });
  };
  Json unused = kernel_document("softmax");
  unused["parameters"]["eps"] = 1;
  EXPECT_EQ(error(unused, {{"x", x}}),
            "/parameters/eps: nothing uses the parameter; write \"$eps\" where its value is to "
            "stand, or leave it out");
  Json misspelt = kernel_document("softmax");
  misspelt["steps"][3]["order"] = "$ordre";
  EXPECT_EQ(error(misspelt, {{"x", x}}),
            "/steps/3/order: \"$ordre\" is no parameter; did you mean \"order\"?");
  const Json softmax = kernel_document("softmax");
  EXPECT_EQ(error(softmax, {}), "x: the input is missing; give it");
  EXPECT_EQ(error(softmax, {{"x", x}, {"z", x}}),
            "z: is no input of the kernel; its first is \"x\"");
  EXPECT_EQ(error(softmax, {{"x", {x.format, {}, {1.0}}}}),
            "x: it has shape []; the kernel takes [..., n]");
  EXPECT_EQ(error(softmax, {{"x", {x.format, {2, 0}, {}}}}),
            "/steps/0: the axis is empty, and nothing has no maximum; give at least one element "
            "along it");
  EXPECT_EQ(error(softmax, {{"x", {x.format, {0, 3}, {}}}}), "no error");
  EXPECT_EQ(error(kernel_document("rmsnorm"), {{"x", x}, {"weight", {x.format, {2}, {1, 1}}}}),
            "weight: it has 2 along \"n\"; 3 is needed, as of inputs before it");
  EXPECT_EQ(error(kernel_document("attention"),
                  {{"q", x}, {"k", x}, {"v", {x.format, {2, 2, 1}, {1, 1, 1, 1}}}}),
            "no error");
  EXPECT_EQ(error(kernel_document("attention"), {{"q", {x.format, {2, 1, 1}, {1, 1}}},
                                                 {"k", {x.format, {3, 1, 1}, {1, 1, 1}}},
                                                 {"v", {x.format, {1, 1}, {1}}}}),
            "k: shapes that do not join: [2] and [3]; dimensions must be equal or 1, counted from "
            "the last");
  EXPECT_EQ(error_of([] { kernel_document("sotfmax"); }),
            "\"sotfmax\" is no kernel; did you mean \"softmax\"?");
  const Array label{x.format, {2}, {0, 3}};
  EXPECT_EQ(error(kernel_document("cross_entropy"), {{"x", x}, {"label", label}}),
            "/steps/5/of/1: place [1] is none of the 3 along the axis; places are integers from 0 "
            "on");
}

TEST(Documents, AreSaidInWords) {
  for (const ShippedKernel& shipped : shipped_kernel_texts()) {
    const Kernel whole = kernel(std::string(shipped.name));
    for (const std::string& line : words_of(whole.steps)) EXPECT_FALSE(line.empty());
  }
  const std::vector<std::string> words = words_of(kernel("softmax").steps);
  EXPECT_EQ(words[0], "largest = fold maximum of x along -1; binary32, nearest-even");
  EXPECT_EQ(words[3], "total = sum of e along -1, sequential:binary32");
  EXPECT_EQ(words[5], "y = cast(quotient); in the format of x");
}

// --- Damage.

// The places of all members of a document, inner ones first.
void collect(const Json& value, const std::string& at, std::vector<std::string>& places) {
  if (value.is_object()) {
    for (const auto& entry : value.items()) collect(entry.value(), at + "/" + entry.key(), places);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      collect(value[i], at + "/" + std::to_string(i), places);
  }
  if (!at.empty()) places.push_back(at);
}

std::vector<Json> replacements() {
  return {Json(),
          0,
          -1,
          1,
          std::int64_t{1} << 60,
          1e300,
          0.5,
          true,
          "",
          "x",
          "...",
          "$none",
          "binary16",
          "pairwise:binary32",
          Json::array(),
          Json::array({1, "x"}),
          Json::object(),
          Json{{"like", "x"}}};
}

class Damaged : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, Damaged,
                         testing::Values("softmax.online", "cross_entropy", "rmsnorm", "conv2d",
                                         "layernorm.welford", "attention"));

TEST_P(Damaged, IsAnErrorOrAnotherKernel) {
  const Json whole = kernel_document(GetParam());
  std::vector<std::string> places;
  collect(whole, "", places);
  Stream stream(63);
  const Inputs inputs = inputs_of(GetParam(), "bfloat16", false, stream);
  std::size_t errors = 0;
  std::size_t tried = 0;
  const auto walk_it = [&](const Json& damaged, const std::string& what) {
    ++tried;
    try {
      const Kernel made = kernel_from_json(damaged, "");
      const auto outputs = walk(made, inputs, emulator::engine(), {.threads = 1});
      EXPECT_EQ(outputs.size(), made.outputs.size());
    } catch (const Error& error) {
      ++errors;
      EXPECT_FALSE(error.message().empty()) << what;
      const bool lacks_member = error.message().ends_with("is missing");
      EXPECT_TRUE(!error.location().empty() || lacks_member) << what << ": " << error.what();
    } catch (const std::exception& exception) {
      ADD_FAILURE() << what << ": " << exception.what();
    }
  };
  for (const std::string& place : places) {
    for (const Json& value : replacements()) {
      Json damaged = whole;
      damaged[Json::json_pointer(place)] = value;
      walk_it(damaged, place + " = " + value.dump());
    }
    Json less = whole;
    const std::size_t last = place.rfind('/');
    Json& around = less[Json::json_pointer(place.substr(0, last))];
    const std::string key = place.substr(last + 1);
    around.is_array() ? around.erase(std::stoul(key)) : static_cast<void>(around.erase(key));
    walk_it(less, "without " + place);
  }
  EXPECT_GT(errors, tried / 2);
  EXPECT_LT(errors, tried);
}

}  // namespace
}  // namespace halfulp::sequences
