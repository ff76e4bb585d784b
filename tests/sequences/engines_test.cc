// SPDX-License-Identifier: MIT
//
// Every shipped kernel makes the same bits, step by step, on both engines and on any number of
// threads, of numbers of usual size and of any codes.
#include <gtest/gtest.h>

#include "reference/engine.h"
#include "tests/sequences/support.h"

namespace halfulp::sequences {
namespace {

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const ShippedKernel& shipped : shipped_kernel_texts()) all.emplace_back(shipped.name);
  return all;
}

void expect_same(const std::map<std::string, Array>& got,
                 const std::map<std::string, Array>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (const auto& [name, array] : want) {
    const Array& other = got.at(name);
    ASSERT_EQ(other.shape, array.shape) << name;
    EXPECT_TRUE(other.format.kind == array.format.kind) << name;
    ASSERT_EQ(array.numbers.size(), tensors::element_count(array.shape)) << name;
    for (std::size_t i = 0; i < array.numbers.size(); ++i)
      ASSERT_TRUE(same(other.numbers[i], array.numbers[i]))
          << name << "[" << i << "]: " << other.numbers[i] << " and " << array.numbers[i];
  }
}

class Shipped : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, Shipped, testing::ValuesIn(names()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name) c = c == '.' ? '_' : c;
  return name;
});

TEST_P(Shipped, IsTheSameOnBothEnginesStepByStep) {
  Stream stream(31);
  const Kernel whole = kernel(GetParam());
  EXPECT_EQ(whole.name, GetParam());
  EXPECT_FALSE(whole.about.empty());
  EXPECT_FALSE(whole.source.empty());
  for (const char* format : {"binary32", "bfloat16", "binary16"}) {
    for (std::size_t i = 0; i < sampling::draws(4); ++i) {
      const Inputs inputs = inputs_of(GetParam(), format, i % 2 == 1, stream);
      const auto want = steps_of(whole, inputs, reference::engine());
      expect_same(steps_of(whole, inputs, emulator::engine()), want);
      if (HasFatalFailure()) FAIL() << format << " " << i;
    }
  }
}

TEST_P(Shipped, DoesNotDependOnThreads) {
  Stream stream(32);
  const Kernel whole = kernel(GetParam());
  const Inputs inputs = inputs_of(GetParam(), "bfloat16", false, stream);
  expect_same(steps_of(whole, inputs, emulator::engine(), 3),
              steps_of(whole, inputs, emulator::engine(), 1));
}

// Parameters that say how kernels compute: narrower arithmetic, other orders, blocks, stochastic
// rounding.
TEST(Parameters, AreTheSameOnBothEngines) {
  Stream stream(33);
  const Json stochastic = {{"format", "bfloat16"}, {"rounding", "stochastic"}, {"random_bits", 8}};
  const std::vector<std::pair<std::string, Json>> cases{
      {"softmax", {{"compute", "bfloat16"}, {"order", "pairwise:bfloat16"}}},
      {"softmax", {{"compute", stochastic}, {"store", stochastic}}},
      {"softmax.online", {{"block", 5}, {"order", "exact:binary32"}}},
      {"rmsnorm", {{"normed", "bfloat16"}, {"eps", 0.001}}},
      {"layernorm", {{"order", "tree:4,sequential:binary32"}, {"squares", "pairwise:binary32"}}},
      {"attention.online", {{"block", 4}, {"scores", "fma:bfloat16"}, {"order", "exact:bfloat16"}}},
      {"attention.exp2", {{"block", 3}, {"compute", "binary16"}, {"values", "fma:binary16"}}},
      {"attention.causal", {{"block", 2}}},
      {"attention",
       {{"unit", "nv.ampere.mma.bf16.f32"}, {"scores", "plain"}, {"values", "promote:4"}}},
      {"conv2d", {{"groups", 2}, {"padding", {1, 2}}, {"stride", {2, 1}}, {"dilation", 2}}}};
  for (const auto& [name, parameters] : cases) {
    const Kernel whole = kernel(name, parameters);
    Inputs inputs = inputs_of(name, "bfloat16", false, stream);
    if (name == "conv2d") inputs["weight"] = draw("bfloat16", {6, 2, 3, 2}, false, stream);
    const Random random{.seed = 5};
    const auto want = steps_of(whole, inputs, reference::engine(), 0, random);
    SCOPED_TRACE(name + parameters.dump());
    expect_same(steps_of(whole, inputs, emulator::engine(), 1, random), want);
  }
}

// Of the n-th step that is executed the random bits are those of stream n, at the element's index,
// however the array is split; the blocks of a loop go on counting.
TEST(Random, HasAStreamForEveryStep) {
  const Json json = parse_json(R"({
    "inputs": {"x": {"shape": ["rows", "n"]}},
    "to": {"format": "bfloat16", "rounding": "stochastic", "random_bits": 12},
    "steps": [
      {"name": "a", "what": "cast", "of": "x"},
      {"name": "b", "what": "exp", "of": "x"},
      {"name": "c", "what": "sum", "of": "x", "order": {"tree": {"sums": [{"quantizer":
        {"format": "bfloat16", "rounding": "stochastic", "random_bits": 12}}]}}},
      {"name": "loop", "what": "blocks", "size": 200, "slices": {"part": {"of": "x", "axis": 0}},
       "carried": {"last": {"from": "a", "next": "same"}},
       "steps": [{"name": "d", "what": "cast", "of": "part"},
                 {"name": "same", "what": "add", "of": ["last", 0]}]}
    ],
    "outputs": ["c", "last"]})",
                               "");
  const Kernel whole = kernel_from_json(json, "");
  Stream stream(35);
  const Array x = draw("binary32", {400, 90}, false, stream);
  const Engine& engine = emulator::engine();
  const Random random{.seed = 9, .stream = 100};
  const auto steps = steps_of(whole, {{"x", x}}, engine, 2, random);
  const Quantizer to = whole.steps[0].to->quantizer;
  const auto mapped = [&](Op op, const Array& of, std::uint64_t n) {
    Random own = random;
    own.stream += n;
    std::vector<double> out(of.numbers.size());
    const View in = view_of(std::span<const double>(of.numbers));
    engine.map(op, std::span(&in, 1), engine.prepare(to), own, view_of(std::span(out)), nullptr);
    return out;
  };
  EXPECT_EQ(steps.at("a").numbers, mapped(Op::convert, x, 0));
  EXPECT_EQ(steps.at("b").numbers, mapped(Op::exp, x, 1));
  EXPECT_EQ(steps.at("loop[0].d").numbers, mapped(Op::convert, slice(x, 0, 0, 200), 3));
  EXPECT_EQ(steps.at("loop[1].d").numbers, mapped(Op::convert, slice(x, 0, 200, 400), 5));
  const std::vector<double> ones(90, 1.0);
  std::vector<double> sums(400);
  Random own = random;
  own.stream += 2;
  engine.multiply(view_of(x.numbers.data(), 400, 90), view_of(ones.data(), 90, 1),
                  engine.prepare_dot(*std::get<Dot>(whole.steps[2].what).order.tree), own,
                  view_of(sums.data(), 400, 1));
  EXPECT_EQ(steps.at("c").numbers, sums);
}

// A thousand rows, which threads share.
TEST(Threads, ShareLargeArrays) {
  Stream stream(34);
  const Json stochastic = {{"format", "binary16"}, {"rounding", "stochastic"}, {"random_bits", 8}};
  const Kernel whole = kernel("softmax", {{"compute", stochastic}});
  const Inputs inputs{{"x", draw("bfloat16", {1000, 61}, false, stream)}};
  expect_same(steps_of(whole, inputs, emulator::engine(), 4, {.seed = 1}),
              steps_of(whole, inputs, emulator::engine(), 1, {.seed = 1}));
}

}  // namespace
}  // namespace halfulp::sequences
