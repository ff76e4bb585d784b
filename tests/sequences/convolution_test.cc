// SPDX-License-Identifier: MIT
//
// Convolutions against a direct loop: with integers, whose sums are exact in every order; with a
// chain of fused steps in each of the two orders of terms; and against an explicit product of
// patches by a matrix unit.
#include <gtest/gtest.h>

#include <cmath>

#include "golden/kernels/product.h"
#include "golden/sequences/products.h"
#include "tests/sequences/support.h"
#include "tests/support/error_of.h"

namespace halfulp::sequences {
namespace {

struct Case {
  int stride_down, stride_across, padding_down, padding_across, dilation, groups;
};

// Of x and weights in n, c, h, w and k, c, r, s: an output as a chain of fused steps in float.
float direct(const Array& x, const Array& w, const Case& how, const std::string& terms,
             const std::array<std::int64_t, 4>& at) {
  const auto& [n, k, p, q] = at;
  const std::int64_t channels = w.shape[1];
  const std::int64_t first = k / (w.shape[0] / how.groups) * channels;
  float sum = 0;
  const auto add = [&](std::int64_t c, std::int64_t r, std::int64_t s) {
    const std::int64_t h = at[2] * how.stride_down - how.padding_down + r * how.dilation;
    const std::int64_t v = at[3] * how.stride_across - how.padding_across + s * how.dilation;
    const bool inside = h >= 0 && h < x.shape[2] && v >= 0 && v < x.shape[3];
    const std::int64_t from = ((at[0] * x.shape[1] + first + c) * x.shape[2] + h) * x.shape[3] + v;
    const std::int64_t weight = ((at[1] * channels + c) * w.shape[2] + r) * w.shape[3] + s;
    const auto number = static_cast<float>(inside ? x.numbers[static_cast<std::size_t>(from)] : 0);
    sum = std::fma(number, static_cast<float>(w.numbers[static_cast<std::size_t>(weight)]), sum);
  };
  if (terms == "crs") {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t r = 0; r < w.shape[2]; ++r) {
        for (std::int64_t s = 0; s < w.shape[3]; ++s) add(c, r, s);
      }
    }
  } else {
    for (std::int64_t r = 0; r < w.shape[2]; ++r) {
      for (std::int64_t s = 0; s < w.shape[3]; ++s) {
        for (std::int64_t c = 0; c < channels; ++c) add(c, r, s);
      }
    }
  }
  return sum;
}

// n, c, h, w as n, h, w, c.
Array channels_last(const Array& array) {
  const Shape& s = array.shape;
  Array moved{.format = array.format, .shape = {s[0], s[2], s[3], s[1]}, .numbers = {}};
  for (std::int64_t n = 0; n < s[0]; ++n) {
    for (std::int64_t place = 0; place < s[2] * s[3]; ++place) {
      for (std::int64_t c = 0; c < s[1]; ++c)
        moved.numbers.push_back(
            array.numbers[static_cast<std::size_t>((n * s[1] + c) * s[2] * s[3] + place)]);
    }
  }
  return moved;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all{{1, 1, 0, 0, 1, 1},
                                     {2, 1, 1, 2, 1, 1},
                                     {1, 3, 2, 0, 2, 2},
                                     {2, 2, 3, 3, 1, 4},
                                     {1, 1, 1, 1, 2, 1}};
  return all;
}

TEST(Convolution, IsADirectLoopInEitherOrderAndLayout) {
  Stream stream(51);
  for (const Case& how : cases()) {
    const Array x = draw("binary32", {2, 4, 7, 6}, false, stream);
    const Array w = draw("binary32", {8, 4 / how.groups, 3, 2}, false, stream);
    for (const char* terms : {"crs", "rsc"}) {
      const Json set = {{"stride", {how.stride_down, how.stride_across}},
                        {"padding", {how.padding_down, how.padding_across}},
                        {"dilation", how.dilation},
                        {"groups", how.groups},
                        {"terms", terms}};
      const Array y =
          walk(kernel("conv2d", set), {{"x", x}, {"weight", w}}, emulator::engine(), {})[0].array;
      const auto room = [&](std::int64_t extent, int padding, std::int64_t kernel, int stride) {
        return (extent + 2 * padding - (how.dilation * (kernel - 1) + 1)) / stride + 1;
      };
      const Shape shape{2, 8, room(7, how.padding_down, 3, how.stride_down),
                        room(6, how.padding_across, 2, how.stride_across)};
      ASSERT_EQ(y.shape, shape);
      std::size_t i = 0;
      for (std::int64_t n = 0; n < 2; ++n) {
        for (std::int64_t k = 0; k < 8; ++k) {
          for (std::int64_t p = 0; p < shape[2]; ++p) {
            for (std::int64_t q = 0; q < shape[3]; ++q)
              ASSERT_EQ(y.numbers[i++], direct(x, w, how, terms, {n, k, p, q})) << terms;
          }
        }
      }
      Json last = set;
      last["layout"] = "nhwc";
      const Inputs moved{{"x", channels_last(x)}, {"weight", channels_last(w)}};
      EXPECT_EQ(walk(kernel("conv2d", last), moved, emulator::engine(), {})[0].array,
                channels_last(y));
    }
  }
}

// Integers: every order and precision that holds the sums gives the same.
TEST(Convolution, OfIntegersIsTheSameInEveryOrder) {
  Stream stream(52);
  Array x{.format = find_format("bfloat16"), .shape = {1, 6, 8, 8}, .numbers = {}};
  Array w{.format = find_format("bfloat16"), .shape = {4, 6, 3, 3}, .numbers = {}};
  for (int i = 0; i < 6 * 64; ++i) x.numbers.push_back(static_cast<double>(stream.below(7)) - 3);
  for (int i = 0; i < 4 * 54; ++i) w.numbers.push_back(static_cast<double>(stream.below(7)) - 3);
  const auto result = [&](const char* order, const char* terms) {
    const Json set = {{"order", order}, {"terms", terms}, {"padding", 1}, {"store", "binary32"}};
    return walk(kernel("conv2d", set), {{"x", x}, {"weight", w}}, emulator::engine(), {})[0].array;
  };
  const Array exact = result("exact:binary32", "crs");
  for (const char* order : {"fma:binary32", "pairwise:binary32", "tree:8,sequential:binary32"}) {
    EXPECT_EQ(result(order, "crs"), exact) << order;
    EXPECT_EQ(result(order, "rsc"), exact) << order;
  }
  EXPECT_EQ(exact.numbers[0],
            direct(x, w, {1, 1, 1, 1, 1, 1}, "crs", std::array<std::int64_t, 4>{0, 0, 0, 0}));
}

// By a matrix unit: the product of the patches and the weights, written out.
TEST(Convolution, IsTheProductOfItsPatchesByAUnit) {
  Stream stream(53);
  const char* unit = "nv.ampere.mma.bf16.f32";
  const Array x = draw("bfloat16", {2, 5, 6, 6}, false, stream);
  const Array w = draw("bfloat16", {7, 5, 3, 3}, false, stream);
  const Json set = {{"unit", unit}, {"order", "plain"}, {"store", "binary32"}};
  const Array y =
      walk(kernel("conv2d", set), {{"x", x}, {"weight", w}}, emulator::engine(), {})[0].array;
  const Patches patches = patches_of({}, x, {3, 3});
  ASSERT_EQ(patches.array.shape, (Shape{1, 32, 45}));
  // A patch is what lies under the kernel: the first is the upper left corner of every channel.
  for (std::size_t c = 0; c < 5; ++c) {
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t s = 0; s < 3; ++s)
        EXPECT_EQ(patches.array.numbers[(c * 3 + r) * 3 + s], x.numbers[(c * 6 + r) * 6 + s]);
    }
  }
  const tensors::Tensor a = tensor_of({x.format, {32, 45}, patches.array.numbers}, "");
  const tensors::Tensor b = tensor_of({w.format, {7, 45}, w.numbers}, "");
  const Array d = array_from(kernels::multiply(find_matrix_unit(unit), {}, emulator::engine(),
                                               {.a = &a, .b = &b, .b_transposed = true}, {}));
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t k = 0; k < 7; ++k) {
      for (std::size_t place = 0; place < 16; ++place)
        EXPECT_EQ(y.numbers[(n * 7 + k) * 16 + place], d.numbers[(n * 16 + place) * 7 + k]);
    }
  }
}

TEST(Convolution, RefusesShapesThatDoNotFit) {
  Stream stream(54);
  const auto error = [&](const Json& set, const Shape& x, const Shape& w) {
    const Inputs inputs{{"x", draw("binary32", x, false, stream)},
                        {"weight", draw("binary32", w, false, stream)}};
    return error_of([&] { walk(kernel("conv2d", set), inputs, emulator::engine(), {}); });
  };
  EXPECT_EQ(error({}, {1, 3, 5, 5}, {2, 4, 3, 3}),
            "/steps/0/of/1: weights of 2 outputs of 4 channels, and x has 3 channels in 1 groups; "
            "give as many channels as a group of x has, and outputs that groups part evenly");
  EXPECT_EQ(error({}, {1, 3, 5, 5}, {2, 3, 7, 3}),
            "/steps/0/of/1: a kernel that reaches over 7, and x has 5 with padding of 0; give "
            "smaller weights, or more padding");
  EXPECT_EQ(error({{"padding", 1}}, {1, 3, 5, 5}, {2, 3, 7, 3}), "no error");
  EXPECT_EQ(error({{"groups", 2}}, {1, 3, 5, 5}, {2, 3, 3, 3}),
            "/steps/0/of/1: weights of 2 outputs of 3 channels, and x has 3 channels in 2 groups; "
            "give as many channels as a group of x has, and outputs that groups part evenly");
}

}  // namespace
}  // namespace halfulp::sequences
