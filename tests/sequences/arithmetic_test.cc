// SPDX-License-Identifier: MIT
//
// Shipped kernels against loops that are written out by hand. In binary32 they are equal in every
// bit. And they lie as near to their formulas, computed in binary64 in another way, as the error
// analysis of those loops allows (number.h).
#include <gtest/gtest.h>

#include "golden/kernels/product.h"
#include "tests/sequences/loops.h"
#include "tests/sequences/support.h"

namespace halfulp::sequences {
namespace {

using loops::Row;

template <typename T>
std::vector<Row<T>> rows_of(const Array& array) {
  const auto length = static_cast<std::size_t>(array.shape.back());
  std::vector<Row<T>> rows;
  for (std::size_t i = 0; i < array.numbers.size(); ++i) {
    if (i % length == 0) rows.emplace_back();
    rows.back().push_back(T(array.numbers[i]));
  }
  return rows;
}

// One result beside its loop and its formula.
void expect(const std::string& what, double got, Float loop, Bounded bound, double exact) {
  ASSERT_TRUE(same(got, static_cast<double>(loop.x)))
      << what << ": " << got << " and by hand " << loop.x;
  ASSERT_LE(std::fabs(got - exact), bound.error) << what << ": " << got << " and exactly " << exact;
  // The bound itself must say something.
  ASSERT_LT(bound.error, 1e-3) << what;
}

double total_of(const std::vector<double>& x) {
  double total = 0;
  for (const double each : x) total += each;
  return total;
}

// softmax by its definition, without a maximum.
std::vector<double> exact_softmax(const Row<double>& x) {
  std::vector<double> y;
  for (const double each : x) y.push_back(std::exp(each));
  const double total = total_of(y);
  for (double& each : y) each /= total;
  return y;
}

class SoftmaxLike : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, SoftmaxLike,
                         testing::Values("softmax", "softmax.reciprocal", "softmax.online",
                                         "log_softmax"));
TEST_P(SoftmaxLike, IsItsLoop) {
  Stream stream(41);
  const std::string name = GetParam();
  const Array x = draw("binary32", {40, 57}, false, stream);
  const Array y = walk(kernel(name), {{"x", x}}, emulator::engine(), {})[0].array;
  for (std::size_t r = 0; r < 40; ++r) {
    const std::vector<Float> by_hand = loops::softmax(name, rows_of<Float>(x)[r]);
    const std::vector<Bounded> bounds = loops::softmax(name, rows_of<Bounded>(x)[r]);
    const std::vector<double> exact = exact_softmax(rows_of<double>(x)[r]);
    for (std::size_t i = 0; i < exact.size(); ++i)
      expect(name, y.numbers[r * 57 + i], by_hand[i], bounds[i],
             name == "log_softmax" ? std::log(exact[i]) : exact[i]);
  }
}

TEST(CrossEntropy, IsItsLoop) {
  Stream stream(42);
  const Array x = draw("binary32", {30, 19}, false, stream);
  Array label{.format = find_format("int64"), .shape = {30}, .numbers = {}};
  for (int i = 0; i < 30; ++i) label.numbers.push_back(static_cast<double>(stream.below(19)));
  const std::vector<Named> outputs =
      walk(kernel("cross_entropy"), {{"x", x}, {"label", label}}, emulator::engine(), {});
  Row<Float> losses;
  for (std::size_t r = 0; r < 30; ++r) {
    const auto at = static_cast<std::size_t>(label.numbers[r]);
    losses.push_back(-loops::softmax("log_softmax", rows_of<Float>(x)[r])[at]);
    const Bounded bound = -loops::softmax("log_softmax", rows_of<Bounded>(x)[r])[at];
    expect("loss", outputs[0].array.numbers[r], losses.back(), bound,
           -std::log(exact_softmax(rows_of<double>(x)[r])[at]));
  }
  EXPECT_EQ(outputs[1].array.shape, Shape{});
  EXPECT_EQ(outputs[1].array.numbers[0], static_cast<double>((loops::sum(losses) / Float(30.0)).x));
}

// (x - mean) / sqrt(variance + eps) with a variance of differences of pairs, no mean taken.
double exact_norm(const std::string& name, const Row<double>& x, std::size_t i) {
  const auto n = static_cast<double>(x.size());
  const double mean = name == "rmsnorm" ? 0 : total_of(x) / n;
  double squares = 0;
  for (const double a : x) {
    for (const double b : x) squares += name == "rmsnorm" ? a * a / n : (a - b) * (a - b) / (2 * n);
  }
  return (x[i] - mean) / std::sqrt(squares / n + 1e-5);
}

class EachNorm : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, EachNorm,
                         testing::Values("rmsnorm", "layernorm", "layernorm.moments",
                                         "layernorm.welford"));
TEST_P(EachNorm, IsItsLoop) {
  Stream stream(43);
  const std::string name = GetParam();
  const Array x = draw("binary32", {25, 70}, false, stream);
  const Array weight = draw("binary32", {70}, false, stream);
  const Array bias = draw("binary32", {70}, false, stream);
  Inputs inputs{{"x", x}, {"weight", weight}};
  if (name != "rmsnorm") inputs["bias"] = bias;
  const Array y = walk(kernel(name), inputs, emulator::engine(), {})[0].array;
  const auto by_hand = [&]<typename T>(T, std::size_t r) {
    return loops::norm(name, rows_of<T>(x)[r], rows_of<T>(weight)[0], rows_of<T>(bias)[0]);
  };
  for (std::size_t r = 0; r < 25; ++r) {
    const Row<Float> floats = by_hand(Float(), r);
    const Row<Bounded> bounds = by_hand(Bounded(), r);
    for (std::size_t i = 0; i < 70; ++i) {
      const double exact = exact_norm(name, rows_of<double>(x)[r], i) * weight.numbers[i] +
                           (name == "rmsnorm" ? 0 : bias.numbers[i]);
      expect(name, y.numbers[r * 70 + i], floats[i], bounds[i], exact);
    }
  }
}

// Without weight and bias nothing is multiplied or added that could change a bit, -0 included.
TEST(Norms, HaveNeutralWeightsAndBiases) {
  Stream stream(44);
  const Array x = draw("bfloat16", {6, 9}, true, stream);
  const Array ones{.format = find_format("binary32"), .shape = {9}, .numbers = Row<double>(9, 1)};
  const Array zeros{
      .format = find_format("binary32"), .shape = {9}, .numbers = Row<double>(9, -0.0)};
  for (const char* name : {"layernorm", "rmsnorm"}) {
    Inputs all{{"x", x}, {"weight", ones}};
    if (std::string(name) == "layernorm") all["bias"] = zeros;
    const Array with = walk(kernel(name), all, emulator::engine(), {})[0].array;
    const Array without = walk(kernel(name), {{"x", x}}, emulator::engine(), {})[0].array;
    for (std::size_t i = 0; i < with.numbers.size(); ++i)
      EXPECT_TRUE(same(with.numbers[i], without.numbers[i])) << name << i;
  }
}

class EachActivation : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, EachActivation, testing::Values("gelu.erf", "gelu.tanh", "silu"));
TEST_P(EachActivation, IsItsLoop) {
  Stream stream(45);
  const std::string name = GetParam();
  const Array x = draw("binary32", {500}, false, stream);
  const Array y = walk(kernel(name), {{"x", x}}, emulator::engine(), {})[0].array;
  for (std::size_t i = 0; i < 500; ++i) {
    const double v = x.numbers[i];
    const double exact =
        name == "silu" ? v * (0.5 + std::tanh(v / 2) / 2)
        : name == "gelu.erf"
            ? v * std::erfc(-v / std::sqrt(2.0)) / 2
            : v / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * v * (1 + 0.044715 * v * v)));
    expect(name, y.numbers[i], loops::activation(name, Float(v)),
           loops::activation(name, Bounded(v)), exact);
  }
}

// Where an operation of the engine has the whole function, the steps' bound holds against it too.
TEST(Activations, AreNearTheCorrectlyRoundedFunction) {
  Stream stream(46);
  const Array x = draw("binary32", {300}, false, stream);
  for (const auto& [name, op] : {std::pair{"gelu.erf", Op::gelu}, {"silu", Op::silu}}) {
    const Array y = walk(kernel(name), {{"x", x}}, emulator::engine(), {})[0].array;
    for (std::size_t i = 0; i < 300; ++i) {
      const double once = apply(op, Float(x.numbers[i])).x;
      const Bounded bound = loops::activation(name, Bounded(x.numbers[i]));
      EXPECT_LE(std::fabs(y.numbers[i] - once), bound.error + std::fabs(once) * 0x1p-23) << name;
    }
  }
}

// --- Attention.

constexpr std::size_t queries = 6;
constexpr std::size_t keys = 21;
constexpr std::size_t depth = 16;
constexpr std::size_t width = 5;

Inputs attention_inputs(Stream& stream) {
  return {{"q", draw("binary32", {queries, depth}, false, stream)},
          {"k", draw("binary32", {keys, depth}, false, stream)},
          {"v", draw("binary32", {keys, width}, false, stream)}};
}

struct Formula {
  std::vector<double> o;
  double lse = 0;
};
Formula exact_attention(const Inputs& inputs, std::size_t query, std::size_t seen) {
  const Row<double> q = rows_of<double>(inputs.at("q"))[query];
  Row<double> s;
  for (std::size_t j = 0; j < seen; ++j) {
    double score = 0;
    for (std::size_t i = 0; i < depth; ++i) score += q[i] * rows_of<double>(inputs.at("k"))[j][i];
    s.push_back(score / std::sqrt(static_cast<double>(depth)));
  }
  Formula formula{.o = std::vector<double>(width, 0.0)};
  const std::vector<double> p = exact_softmax(s);
  for (std::size_t j = 0; j < seen; ++j) {
    for (std::size_t i = 0; i < width; ++i)
      formula.o[i] += p[j] * rows_of<double>(inputs.at("v"))[j][i];
  }
  formula.lse = s[0] - std::log(p[0]);
  return formula;
}

template <typename T>
loops::Attended<T> by_hand(const std::string& name, const Inputs& inputs, std::size_t query,
                           std::size_t block, std::size_t seen) {
  const Row<T> q = rows_of<T>(inputs.at("q"))[query];
  const std::vector<Row<T>> k = rows_of<T>(inputs.at("k"));
  const std::vector<Row<T>> v = rows_of<T>(inputs.at("v"));
  if (name == "attention") return loops::attention(q, k, v);
  if (name == "attention.online") return loops::online(q, k, v, block);
  return loops::to_base_two(q, k, v, block, seen);
}

class EachAttention : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, EachAttention,
                         testing::Values("attention", "attention.online", "attention.exp2",
                                         "attention.causal"));
TEST_P(EachAttention, IsItsLoop) {
  const std::string name = GetParam();
  for (const std::size_t block : {1, 4, 7, 64}) {
    Stream stream(47);
    const Inputs inputs = attention_inputs(stream);
    const Json set = name == "attention" ? Json::object() : Json{{"block", block}};
    const std::vector<Named> outputs = walk(kernel(name, set), inputs, emulator::engine(), {});
    for (std::size_t query = 0; query < queries; ++query) {
      const std::size_t seen = name == "attention.causal" ? query + 1 + keys - queries : keys;
      const auto floats = by_hand<Float>(name, inputs, query, block, seen);
      const auto bounds = by_hand<Bounded>(name, inputs, query, block, seen);
      const Formula exact = exact_attention(inputs, query, seen);
      for (std::size_t i = 0; i < width; ++i)
        expect(name, outputs[0].array.numbers[query * width + i], floats.o[i], bounds.o[i],
               exact.o[i]);
      if (name != "attention")
        expect("lse", outputs[1].array.numbers[query], floats.lse, bounds.lse, exact.lse);
    }
  }
}

// One block has the maximum and the sum of plain attention; only the division moves behind the
// product with v.
TEST(Attention, OfOneBlockHasThePlainMaximumAndSum) {
  Stream stream(48);
  const Inputs inputs = attention_inputs(stream);
  const auto plain = steps_of(kernel("attention"), inputs, emulator::engine());
  const auto online = steps_of(kernel("attention.online"), inputs, emulator::engine());
  EXPECT_EQ(online.at("attend[0].m_next").numbers, plain.at("m").numbers);
  EXPECT_EQ(online.at("attend[0].l_next").numbers, plain.at("l").numbers);
  EXPECT_EQ(online.at("attend[0].e").numbers, plain.at("e").numbers);
  EXPECT_NE(online.at("o").numbers, plain.at("o").numbers);
  // Equal scores and a power of two of keys: every step is exact, and both are the mean.
  Inputs even = inputs;
  even["q"].numbers.assign(queries * depth, 0.0);
  even["k"] = slice(even["k"], 0, 0, 16);
  even["v"] = slice(even["v"], 0, 0, 16);
  const Array mean = walk(kernel("attention"), even, emulator::engine(), {})[0].array;
  const Array same_mean = walk(kernel("attention.online"), even, emulator::engine(), {})[0].array;
  for (std::size_t i = 0; i < width; ++i) {
    double total = 0;
    for (std::size_t j = 0; j < 16; ++j) total += even["v"].numbers[j * width + i];
    EXPECT_EQ(mean.numbers[i], total / 16);
    EXPECT_EQ(same_mean.numbers[i], total / 16);
  }
}

// By a matrix unit: the scores, and the products with v that go on from the accumulator.
TEST(Attention, ByAUnitHasTheProductsOfTheUnit) {
  Stream stream(50);
  const char* name = "nv.hopper.wgmma.bf16.f32";
  const Inputs inputs{{"q", draw("bfloat16", {7, 32}, false, stream)},
                      {"k", draw("bfloat16", {24, 32}, false, stream)},
                      {"v", draw("bfloat16", {24, 16}, false, stream)}};
  const Json set = {{"unit", name}, {"scores", "plain"}, {"values", "plain"}, {"block", 16}};
  const auto steps = steps_of(kernel("attention.exp2", set), inputs, emulator::engine());
  const auto product = [&](const Array& a, const Array& b, bool transposed, const Array* c) {
    const tensors::Tensor left = tensor_of(a, "");
    const tensors::Tensor right = tensor_of(b, "");
    const tensors::Tensor addend = c == nullptr ? left : tensor_of(*c, "");
    const kernels::ProductOperands operands{
        .a = &left, .b = &right, .c = c == nullptr ? nullptr : &addend, .b_transposed = transposed};
    return array_from(
        kernels::multiply(find_matrix_unit(name), {}, emulator::engine(), operands, {}));
  };
  for (const std::size_t block : {0, 1}) {
    const std::string at = "attend[" + std::to_string(block) + "].";
    const std::size_t begin = 16 * block;
    const Array k = slice(inputs.at("k"), 0, begin, std::min<std::size_t>(24, begin + 16));
    const Array v = slice(inputs.at("v"), 0, begin, std::min<std::size_t>(24, begin + 16));
    EXPECT_EQ(steps.at(at + "products").numbers, product(inputs.at("q"), k, true, nullptr).numbers);
    EXPECT_EQ(steps.at(at + "acc_next").numbers,
              product(steps.at(at + "p"), v, false, &steps.at(at + "acc_before")).numbers);
  }
}

// Heads that share keys and values: what each has with copies of its own.
TEST(Attention, OfGroupsIsThatOfCopies) {
  Stream stream(55);
  const Inputs shared{{"q", draw("bfloat16", {2, 3, 4, 8}, false, stream)},
                      {"k", draw("bfloat16", {2, 1, 9, 8}, false, stream)},
                      {"v", draw("bfloat16", {2, 1, 9, 5}, false, stream)}};
  Inputs copied = shared;
  copied["k"] = spread(copied["k"], {2, 3, 9, 8});
  copied["v"] = spread(copied["v"], {2, 3, 9, 5});
  for (const char* name : {"attention", "attention.online", "attention.causal"}) {
    const Kernel whole = kernel(name);
    const Array o = walk(whole, shared, emulator::engine(), {})[0].array;
    EXPECT_EQ(o.shape, (Shape{2, 3, 4, 5}));
    EXPECT_EQ(o, walk(whole, copied, emulator::engine(), {})[0].array) << name;
  }
}

// No keys: the sums are empty.
TEST(Attention, OfNoKeysIsNanOrZero) {
  Stream stream(49);
  Inputs inputs = attention_inputs(stream);
  inputs["k"] = slice(inputs["k"], 0, 0, 0);
  inputs["v"] = slice(inputs["v"], 0, 0, 0);
  const Array online = walk(kernel("attention.online"), inputs, emulator::engine(), {})[0].array;
  EXPECT_EQ(online.shape, (Shape{queries, width}));
  for (const double x : online.numbers) EXPECT_TRUE(std::isnan(x));
  const Array guarded = walk(kernel("attention.exp2"), inputs, emulator::engine(), {})[0].array;
  for (const double x : guarded.numbers) EXPECT_EQ(x, 0);
}

}  // namespace
}  // namespace halfulp::sequences
