// SPDX-License-Identifier: MIT
//
// Blocks and products through the C library: the bits of the library's own functions, from any
// layout; what does not go together is refused by its name.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "emulator/engine.h"
#include "formats/json.h"
#include "golden/kernels/product.h"
#include "tests/capi/handles.h"

namespace halfulp {
namespace {

std::vector<double> drawn_numbers(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 bits(seed);
  std::vector<double> numbers;
  for (std::size_t i = 0; i < count; ++i)
    numbers.push_back((static_cast<double>(bits() % 2001) - 1000) / 64);
  return numbers;
}

constexpr std::size_t rows = 5, columns = 70;

// Codes and scales of a matrix in the caller's arrays, each level's in its own.
struct Arrays {
  Arrays(const halfulp_block_format* block, std::uint32_t element) : elements(8 * rows * columns) {
    for (std::size_t level = 0; level < halfulp_block_levels(block); ++level) {
      std::size_t down = 0, across = 0;
      EXPECT_EQ(halfulp_block_scale_count(block, level, rows, columns, &down, &across, nullptr),
                HALFULP_OK);
      levels.emplace_back(down * across);
    }
    std::size_t down = 0, across = 0;
    halfulp_block_scale_count(block, levels.size() - 1, rows, columns, &down, &across, nullptr);
    zero_points.resize(down * across);
    for (std::vector<std::uint64_t>& level : levels) {
      scales_out.push_back({level.data(), 8 * level.size(), HALFULP_U64, 0});
      scales_in.push_back({level.data(), 8 * level.size(), HALFULP_U64, 0});
    }
    out = {{elements.data(), elements.size(), element, 0},
           scales_out.data(),
           levels.size(),
           zero_points.data(),
           zero_points.size()};
    in = {{elements.data(), elements.size(), element, 0},
          scales_in.data(),
          levels.size(),
          zero_points.data(),
          zero_points.size()};
  }
  std::vector<std::uint8_t> elements;
  std::vector<std::vector<std::uint64_t>> levels;
  std::vector<std::int64_t> zero_points;
  std::vector<halfulp_codes_out> scales_out;
  std::vector<halfulp_codes> scales_in;
  halfulp_block_codes_out out{};
  halfulp_block_codes in{};
};

TEST(Blocks, ValuesAndCodesAreTheEngines) {
  const std::vector<double> numbers = drawn_numbers(rows * columns, 1);
  for (const char* text : {"mxfp4", "nvfp4", "mxfp6_e2m3", "mxint8",
                           R"({"format": "int8", "scaling": {"columns": 32, "rule": "range"}})"}) {
    const auto block = block_handle(text);
    const auto format = std::get<BlockFormat>(any_quantizer_from_text(text));
    const BlockPlan plan = emulator::engine().prepare_block(format);
    std::vector<double> want(rows * columns), values(rows * columns), back(rows * columns);
    BlockCodes codes;
    Counts found;
    emulator::engine().quantize(view_of(numbers.data(), rows, columns), plan, {.seed = 3},
                                view_of(want.data(), rows, columns), &codes, &found);
    const halfulp_random random{3, 0, 0, HALFULP_PHILOX4X32_10, 0};
    for (const std::uint32_t element : {HALFULP_PACKED, HALFULP_U8, HALFULP_U32}) {
      Arrays arrays(block.get(), element);
      halfulp_counts counts{};
      halfulp_error error{};
      ASSERT_EQ(
          halfulp_block_quantize_f64(block.get(), numbers.data(), rows, columns, columns, &random,
                                     values.data(), columns, &arrays.out, &counts, &error),
          HALFULP_OK)
          << error.place << error.message;
      EXPECT_EQ(std::memcmp(want.data(), values.data(), want.size() * sizeof(double)), 0) << text;
      EXPECT_EQ(counts.inexact, found.inexact);
      if (element == HALFULP_PACKED) {
        EXPECT_EQ(std::memcmp(codes.elements.data(), arrays.elements.data(), codes.elements.size()),
                  0)
            << text;
      }
      for (std::size_t level = 0; level < arrays.levels.size(); ++level) {
        for (std::size_t i = 0; i < arrays.levels[level].size(); ++i)
          ASSERT_TRUE(arrays.levels[level][i] == codes.scales[level][i]) << text;
      }
      ASSERT_EQ(halfulp_block_dequantize_f64(block.get(), &arrays.in, rows, columns, back.data(),
                                             columns, &error),
                HALFULP_OK)
          << error.message;
      EXPECT_EQ(std::memcmp(want.data(), back.data(), want.size() * sizeof(double)), 0) << text;
    }
  }
}

TEST(Blocks, FloatsAreAsDoublesThatAreFloats) {
  const auto block = block_handle("mxfp4");
  const std::vector<double> numbers = drawn_numbers(rows * columns, 2);
  const std::vector<float> narrow(numbers.begin(), numbers.end());
  std::vector<double> wide(rows * columns);
  std::vector<float> values(rows * columns), back(rows * columns);
  Arrays arrays(block.get(), HALFULP_PACKED);
  ASSERT_EQ(halfulp_block_quantize_f64(block.get(), numbers.data(), rows, columns, columns, nullptr,
                                       wide.data(), columns, nullptr, nullptr, nullptr),
            HALFULP_OK);
  ASSERT_EQ(halfulp_block_quantize_f32(block.get(), narrow.data(), rows, columns, columns, nullptr,
                                       values.data(), columns, &arrays.out, nullptr, nullptr),
            HALFULP_OK);
  ASSERT_EQ(halfulp_block_dequantize_f32(block.get(), &arrays.in, rows, columns, back.data(),
                                         columns, nullptr),
            HALFULP_OK);
  EXPECT_EQ(values, std::vector<float>(wide.begin(), wide.end()));
  EXPECT_EQ(values, back);
  EXPECT_STREQ(halfulp_format_name(halfulp_block_element(block.get())), "float4_e2m1fn");
  EXPECT_EQ(halfulp_format_bits(halfulp_block_scale(block.get(), 0)), 8U);
  EXPECT_EQ(halfulp_block_scale(block.get(), 1), nullptr);
}

TEST(Blocks, WhatDoesNotGoTogetherIsRefused) {
  const auto block = block_handle("nvfp4");
  const std::vector<double> numbers(rows * columns);
  Arrays arrays(block.get(), HALFULP_PACKED);
  halfulp_error error{};
  const auto refused = [&](const char* place) {
    EXPECT_EQ(halfulp_block_quantize_f64(block.get(), numbers.data(), rows, columns, columns,
                                         nullptr, nullptr, 0, &arrays.out, nullptr, &error),
              HALFULP_BAD_ARGUMENT);
    EXPECT_STREQ(error.place, place);
  };
  arrays.out.levels = 1;
  refused("levels");
  arrays.out.levels = 2;
  arrays.scales_out[1].bytes = 8;
  refused("scales");
  arrays.scales_out[1].bytes = 8 * arrays.levels[1].size();
  arrays.out.elements.bytes = rows * columns / 2 - 1;
  refused("elements");
  EXPECT_EQ(halfulp_block_quantize_f64(block.get(), numbers.data(), SIZE_MAX / 4, 8, 8, nullptr,
                                       nullptr, 0, nullptr, nullptr, &error),
            HALFULP_BAD_ARGUMENT);
  EXPECT_EQ(halfulp_block_quantize_f64(block.get(), numbers.data(), rows, columns, columns - 1,
                                       nullptr, nullptr, 0, nullptr, nullptr, &error),
            HALFULP_BAD_ARGUMENT);
  const auto affine =
      block_handle(R"({"format": "int8", "scaling": {"columns": 32, "rule": "range"}})");
  Arrays with_points(affine.get(), HALFULP_U8);
  with_points.zero_points[1] = 1000;
  std::vector<double> out(rows * columns);
  EXPECT_EQ(halfulp_block_dequantize_f64(affine.get(), &with_points.in, rows, columns, out.data(),
                                         columns, &error),
            HALFULP_BAD_ARGUMENT);
  EXPECT_STREQ(error.place, "zero_points");
}

// The matrices of the tests below: 3 x 40 by 40 x 4.
constexpr std::size_t height = 3, terms = 40, width = 4;

std::vector<std::uint8_t> drawn_codes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 bits(seed);
  std::vector<std::uint8_t> codes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto code = static_cast<std::uint8_t>(bits());
    codes.push_back((code & 0x7f) == 0x7f ? 0x38 : code);
  }
  return codes;
}

struct Product {
  std::vector<std::uint8_t> a = drawn_codes(height * terms, 7), b = drawn_codes(terms * width, 8);
  std::size_t a_shape[2] = {height, terms}, b_shape[2] = {terms, width}, shape[2] = {height, width};
  halfulp_tensor of_a{a.data(), HALFULP_U8, 2, a_shape, nullptr, nullptr};
  halfulp_tensor of_b{b.data(), HALFULP_PACKED, 2, b_shape, nullptr, nullptr};
  halfulp_product operands{&of_a, &of_b, nullptr, nullptr, nullptr, nullptr, 0, nullptr, 0, 1};
  std::vector<float> results = std::vector<float>(height * width, 7.0F);
  halfulp_result out{results.data(), HALFULP_F32, 2, shape, nullptr, nullptr};
};

const char* const hopper = "nv.hopper.wgmma.e4m3.f32";

std::vector<float> made_by_library(const Product& p, const char* order) {
  const MatrixUnit& unit = find_matrix_unit(hopper);
  const tensors::ElementType type = tensors::element_type("float8_e4m3fn");
  const tensors::Tensor a{"", type, {height, terms}, p.a};
  const tensors::Tensor b{"", type, {terms, width}, p.b};
  kernels::ProductOperands operands;
  operands.a = &a;
  operands.b = &b;
  return tensors::floats_of(
      kernels::multiply(unit, kernels::order_from_text(order), emulator::engine(), operands, {}));
}

TEST(Products, AreTheLibrarysInEveryLayout) {
  for (const char* order : {"plain", "promote:16", "split-k:2"}) {
    Product p;
    const auto unit = unit_handle(hopper, order);
    const std::vector<float> want = made_by_library(p, order);
    halfulp_error error{};
    ASSERT_EQ(halfulp_multiply(unit.get(), &p.operands, &p.out, &error), HALFULP_OK)
        << error.place << error.message;
    EXPECT_EQ(std::memcmp(want.data(), p.results.data(), want.size() * sizeof(float)), 0) << order;
    // A by columns, B transposed, the results by columns and as codes.
    std::vector<std::uint8_t> turned(height * terms), b_turned(terms * width);
    for (std::size_t i = 0; i < height; ++i)
      for (std::size_t k = 0; k < terms; ++k) turned[k * height + i] = p.a[i * terms + k];
    for (std::size_t k = 0; k < terms; ++k)
      for (std::size_t j = 0; j < width; ++j) b_turned[j * terms + k] = p.b[k * width + j];
    const std::ptrdiff_t strides[2] = {1, height};
    p.of_a.data = turned.data();
    p.of_a.strides = strides;
    p.of_b.data = b_turned.data();
    p.of_b.element = HALFULP_U8;
    std::swap(p.b_shape[0], p.b_shape[1]);
    p.operands.b_transposed = 1;
    std::vector<std::uint32_t> codes(height * width);
    p.out.data = codes.data();
    p.out.element = HALFULP_U32;
    p.out.strides = strides;
    ASSERT_EQ(halfulp_multiply(unit.get(), &p.operands, &p.out, &error), HALFULP_OK)
        << error.place << error.message;
    for (std::size_t i = 0; i < height; ++i)
      for (std::size_t j = 0; j < width; ++j)
        EXPECT_EQ(codes[j * height + i], std::bit_cast<std::uint32_t>(want[i * width + j]));
  }
}

TEST(Products, NumbersAreTakenAsTheyAre) {
  Product p;
  const auto unit = unit_handle(nullptr, "exact:binary64", "binary32", "binary32");
  const std::vector<float> ones(height * terms, 1.0F);
  const std::vector<double> twos(terms * width, 2.0);
  p.of_a.data = ones.data();
  p.of_a.element = HALFULP_F32;
  p.of_b.data = twos.data();
  p.of_b.element = HALFULP_F64;
  std::vector<double> results(height * width);
  p.out.data = results.data();
  p.out.element = HALFULP_F64;
  halfulp_error error{};
  ASSERT_EQ(halfulp_multiply(unit.get(), &p.operands, &p.out, &error), HALFULP_OK)
      << error.place << error.message;
  EXPECT_EQ(results, std::vector<double>(height * width, 2.0 * terms));
  const std::vector<double> tenths(terms * width, 0.1);
  p.of_b.data = tenths.data();
  ASSERT_EQ(halfulp_multiply(unit.get(), &p.operands, &p.out, &error), HALFULP_BAD_ARGUMENT);
  EXPECT_EQ(std::string(error.place).rfind("b", 0), 0U) << error.place;
}

TEST(Products, UnitsSayTheirFormats) {
  const auto unit = unit_handle(hopper, nullptr);
  EXPECT_STREQ(halfulp_format_name(halfulp_unit_a(unit.get())), "float8_e4m3fn");
  EXPECT_STREQ(halfulp_format_name(halfulp_unit_b(unit.get())), "float8_e4m3fn");
  EXPECT_STREQ(halfulp_format_name(halfulp_unit_c(unit.get())), "binary32");
  EXPECT_STREQ(halfulp_format_name(halfulp_unit_d(unit.get())), "binary32");
}

TEST(Products, WhatDoesNotGoTogetherIsRefused) {
  const auto unit = unit_handle(hopper, nullptr);
  halfulp_error error{};
  const auto refused = [&](const Product& p, const std::string& place) {
    EXPECT_EQ(halfulp_multiply(unit.get(), &p.operands, &p.out, &error), HALFULP_BAD_ARGUMENT);
    EXPECT_EQ(std::string(error.place).rfind(place, 0), 0U)
        << place << ": " << error.place << ": " << error.message;
  };
  Product other_terms;
  other_terms.b_shape[0] = terms - 1;
  refused(other_terms, "b");
  Product no_shape;
  no_shape.of_a.shape = nullptr;
  refused(no_shape, "a");
  Product huge;
  huge.a_shape[0] = SIZE_MAX;
  refused(huge, "a");
  Product empty;
  empty.operands.b = nullptr;
  refused(empty, "b");
  Product narrow;
  narrow.out.element = HALFULP_U16;
  refused(narrow, "result");
  Product square;
  square.shape[1] = height;
  refused(square, "result");
  Product scaled;
  scaled.operands.a_scales = &scaled.of_a;
  scaled.operands.b_scales = &scaled.of_a;
  scaled.operands.scales = 1;
  refused(scaled, "a_scales");
  Product one_dimension;
  one_dimension.of_a.dimensions = 1;
  refused(one_dimension, "a");
  Product threadless;
  threadless.operands.threads = -1;
  refused(threadless, "threads");
}

}  // namespace
}  // namespace halfulp
