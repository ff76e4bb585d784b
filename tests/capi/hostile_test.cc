// SPDX-License-Identifier: MIT
//
// Texts that are no descriptions, through every function that takes one: each is refused with what
// is wrong, or describes something that can be used; none is a fault of the library's, and none
// opens a file.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "formats/catalogue.h"
#include "formats/json.h"
#include "golden/kernels/order.h"
#include "tests/capi/handles.h"

namespace halfulp {
namespace {

void expect_honest(halfulp_status status, const halfulp_error& error, const std::string& text) {
  EXPECT_TRUE(status == HALFULP_OK || status == HALFULP_BAD_DESCRIPTION)
      << status << " " << error.message << " of " << text.substr(0, 300);
  if (status != HALFULP_BAD_DESCRIPTION) return;
  EXPECT_NE(error.message[0], '\0') << text.substr(0, 300);
  EXPECT_LT(std::strlen(error.message), sizeof error.message);
}

void use(const halfulp_format* format) {
  double number = 0;
  halfulp_code code{};
  const std::uint32_t bits = halfulp_format_bits(format);
  if (bits < 64) code.low = (std::uint64_t{1} << (bits - 1)) | 1;
  EXPECT_EQ(halfulp_decode(format, code, &number, nullptr, nullptr), HALFULP_OK);
}

void use(const halfulp_quantizer* quantizer) {
  halfulp_code code{};
  halfulp_error error{};
  for (const double x : {0.3, -1e300, 5e-324, 1.0 / 0.0, -0.0}) {
    EXPECT_EQ(halfulp_round_f64(quantizer, x, 0, &code, nullptr, &error), HALFULP_OK)
        << error.message;
  }
  use(halfulp_quantizer_format(quantizer));
}

void use(const halfulp_operation* operation) {
  const halfulp_code operands[3] = {};
  halfulp_code result{};
  halfulp_error error{};
  EXPECT_EQ(halfulp_operate(operation, operands, halfulp_operation_arity(operation), 0, &result,
                            nullptr, &error),
            HALFULP_OK)
      << error.message;
}

void use(const halfulp_block_format* block) {
  const std::vector<double> in{1.0, -3.0, 0.0, 1e30};
  std::vector<double> out(4);
  halfulp_error error{};
  EXPECT_EQ(halfulp_block_quantize_f64(block, in.data(), 2, 2, 2, nullptr, out.data(), 2, nullptr,
                                       nullptr, &error),
            HALFULP_OK)
      << error.message;
}

// A product of one term; what the unit takes besides operands may be missing.
void use(const halfulp_unit* unit) {
  const std::uint64_t code = 0;
  const std::size_t shape[2] = {1, 1};
  std::uint64_t out = 0;
  const halfulp_tensor one{&code, HALFULP_U64, 2, shape, nullptr, nullptr};
  const halfulp_product product{&one, &one, nullptr, nullptr, nullptr, nullptr, 0, nullptr, 0, 1};
  const halfulp_result result{&out, HALFULP_U64, 2, shape, nullptr, nullptr};
  halfulp_error error{};
  const halfulp_status status = halfulp_multiply(unit, &product, &result, &error);
  EXPECT_TRUE(status == HALFULP_OK || status == HALFULP_BAD_ARGUMENT) << error.message;
}

template <typename Handle, typename Create>
void try_one(const std::string& text, void (*destroy)(const Handle*), const Create& create) {
  const Handle* made = nullptr;
  halfulp_error error;
  std::memset(&error, 'x', sizeof error);
  const halfulp_status status = create(&made, &error);
  expect_honest(status, error, text);
  EXPECT_EQ(made != nullptr, status == HALFULP_OK);
  if (made == nullptr) return;
  use(made);
  destroy(made);
}

// Every argument that is a text.
void try_all(const std::string& text) {
  const char* const t = text.c_str();
  const char* const half = "binary16";
  try_one<halfulp_format>(text, halfulp_format_destroy, [&](auto made, auto error) {
    return halfulp_format_create(t, made, error);
  });
  try_one<halfulp_quantizer>(text, halfulp_quantizer_destroy, [&](auto made, auto error) {
    return halfulp_quantizer_create(t, made, error);
  });
  try_one<halfulp_operation>(text, halfulp_operation_destroy, [&](auto made, auto error) {
    return halfulp_operation_create(t, &half, 1, half, made, error);
  });
  try_one<halfulp_operation>(text, halfulp_operation_destroy, [&](auto made, auto error) {
    return halfulp_operation_create("add", &t, 1, half, made, error);
  });
  try_one<halfulp_operation>(text, halfulp_operation_destroy, [&](auto made, auto error) {
    return halfulp_operation_create("multiply", &half, 1, t, made, error);
  });
  try_one<halfulp_block_format>(text, halfulp_block_format_destroy, [&](auto made, auto error) {
    return halfulp_block_format_create(t, made, error);
  });
  try_one<halfulp_unit>(text, halfulp_unit_destroy, [&](auto made, auto error) {
    return halfulp_unit_create(t, nullptr, nullptr, nullptr, made, error);
  });
  try_one<halfulp_unit>(text, halfulp_unit_destroy, [&](auto made, auto error) {
    return halfulp_unit_create("nv.hopper.wgmma.e4m3.f32", t, nullptr, nullptr, made, error);
  });
  try_one<halfulp_unit>(text, halfulp_unit_destroy, [&](auto made, auto error) {
    return halfulp_unit_create(nullptr, t, half, half, made, error);
  });
  try_one<halfulp_unit>(text, halfulp_unit_destroy, [&](auto made, auto error) {
    return halfulp_unit_create(nullptr, "exact:binary32", t, t, made, error);
  });
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(HostileTexts, NoDescriptions) {
  const std::vector<std::string> texts{
      "",
      " ",
      "{",
      "{}",
      "[]",
      "null",
      "\xff\xfe",
      "{\"\xff\": 1}",
      "\"e4m3fn\"",
      "%s%n%s%n",
      std::string(1 << 20, 'x'),
      "{\"kind\": " + repeated("[", 100000) + repeated("]", 100000) + "}",
      "{\"format\": " + repeated("{\"format\": ", 99) + "\"e4m3fn\"" + repeated("}", 99) + "}",
      "{\"kind\": \"float\", \"kind\": \"posit\"}",
      R"({"kind": "float", "exponent_bits": 1e999, "fraction_bits": 1})",
      R"({"kind": "float", "exponent_bits": 20, "fraction_bits": 107, "bias": -2097152})",
      R"({"kind": "float", "exponent_bits": 20, "fraction_bits": 0, "bias": 2097152})",
      R"({"kind": "float", "exponent_bits": 1, "fraction_bits": 0, "sign": false})",
      R"({"kind": "float", "exponent_bits": -3, "fraction_bits": 9223372036854775807})",
      R"({"kind": "posit", "bits": 128, "exponent_bits": 16})",
      R"({"kind": "takum", "bits": 2, "logarithmic": true})",
      R"({"kind": "fixed", "bits": 1, "fraction_bits": 1000})",
      R"({"kind": "affine", "bits": 64, "scale": 5e-324, "zero_point": 1099511627776})",
      R"({"kind": "log", "integer_bits": 21, "fraction_bits": 62})",
      R"({"kind": "codebook", "values": []})",
      R"({"kind": "codebook", "values": [1e308, -1e308], "bits": 16})",
      R"({"format": "e4m3fn", "random_bits": -1, "rounding": "stochastic"})",
      R"({"format": "e4m3fn", "scaling": "group:-1"})",
      R"({"format": "e4m3fn", "scaling": "block:999999999999x2"})",
      R"({"kind": "block", "element": "e2m1fn", "levels": []})",
      R"({"sums": [], "a": "e4m3fn", "b": "e4m3fn", "c": "binary32", "d": "binary32"})",
      "promote:0",
      "promote:99999999999999999999",
      "split-k:4:0",
      "stream-k:1:1x1",
      "tree:2:tree:2",
      "exact:" + repeated("e", 5000) + "5m10",
      repeated("promote:2,", 3000) + "plain",
      "bfp999999999_0",
      "e20m107",
      "posit99999999999",
      "q-1.-1"};
  for (const std::string& text : texts) try_all(text);
}

// Bytes of good descriptions changed, dropped, doubled, or cut.
TEST(HostileTexts, DamagedDescriptions) {
  std::vector<std::string> good{
      R"({"format": "e4m3fn", "rounding": "stochastic", "random_bits": 8, "overflow": "saturate"})",
      R"({"format": "e2m1fn", "scaling": "group:16", "rule": "floor"})",
      R"({"name": "order", "sums": [{"of": "runs", "size": 128, "quantizer": "binary32"}],)"
      R"( "epilogue": [{"what": "multiply", "factor": 2, "quantizer": "bfloat16"}]})",
      "split-k:4:64,promote:128:binary32", "tree:32:bfloat16"};
  for (const char* name : {"e4m3fn", "nf4", "posit16", "takum_log16"})
    good.push_back(to_json(find_format(name)).dump());
  good.push_back(to_json(find_block_format("nvfp4")).dump());
  good.push_back(to_json(find_matrix_unit("nv.hopper.wgmma.e4m3.f32")).dump());
  std::mt19937_64 bits(6);
  const std::string bytes = "{}[],:\"0123456789-+.eE\\ntf";
  for (const std::string& text : good) {
    for (int i = 0; i < 12; ++i) {
      std::string damaged = text;
      const std::size_t at = bits() % damaged.size();
      const std::uint64_t way = bits() % 4;
      if (way == 0) damaged[at] = bytes[bits() % bytes.size()];
      if (way == 1) damaged.erase(at, 1 + bits() % 4);
      if (way == 2) damaged.insert(at, damaged.substr(at, bits() % 20));
      if (way == 3) damaged.resize(at);
      try_all(damaged);
    }
  }
}

TEST(HostileTexts, NoFileIsOpened) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("halfulp-capi-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const std::string path = folder / "format.json";
  std::ofstream(path) << R"({"kind": "float", "exponent_bits": 4, "fraction_bits": 3})";
  // The library itself reads it: what is refused below is refused as a path.
  ASSERT_EQ(format_from_text(path).name, "format");
  const std::string dots = "format.json";
  std::vector<std::string> texts{
      path,
      dots,
      "promote:2:" + dots + ",plain",
      "exact:" + path,
      R"({"format": ")" + path + "\"}",
      R"({"format": "format.json"})",
      R"({"format": "\u002ftmp"})",
      R"({"element": ")" + path + R"(", "kind": "block", "levels": []})",
      R"({"sums": [{"of": "runs", "size": 2, "quantizer": ")" + path + "\"}]}",
      R"({"tree": {"left": ")" + path + "\"}}",
      R"({"what": [[{"deep": ")" + path + "\"}]]}"};
  for (const std::string& text : texts) {
    const halfulp_format* made = nullptr;
    halfulp_error error{};
    EXPECT_EQ(halfulp_format_create(text.c_str(), &made, &error), HALFULP_BAD_DESCRIPTION);
    EXPECT_NE(std::strstr(error.message, "names a file, and none is opened here"), nullptr)
        << text << ": " << error.message;
    try_all(text);
  }
  // Words for people may have slashes.
  const auto named =
      format_handle(R"({"name": "a/b", "kind": "float", "exponent_bits": 4, "fraction_bits": 3})");
  EXPECT_STREQ(halfulp_format_name(named.get()), "a/b");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace halfulp
