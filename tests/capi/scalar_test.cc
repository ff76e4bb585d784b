// SPDX-License-Identifier: MIT
//
// Scalar calls: the outcomes of the engine, whatever the kind of format; what is refused.
#include <gtest/gtest.h>

#include <random>
#include <span>
#include <vector>

#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "reference/engine.h"
#include "tests/capi/handles.h"

namespace halfulp {
namespace {

Code drawn(std::mt19937_64& bits, const Format& format) {
  const Code code = static_cast<Code>(bits()) << 64 | bits();
  return halfulp::bits(format) == 128 ? code : code & ((Code{1} << halfulp::bits(format)) - 1);
}
halfulp_code words(Code code) {
  return {static_cast<std::uint64_t>(code), static_cast<std::uint64_t>(code >> 64)};
}
Code whole(halfulp_code code) { return static_cast<Code>(code.high) << 64 | code.low; }

const std::vector<const char*> formats{"e4m3fn",  "bfloat16", "binary64", "binary128", "posit32",
                                       "takum16", "log4.3",   "nf4",      "int8",      "q3.4"};

TEST(Scalar, OperationsDeliverWhatTheReferenceDelivers) {
  std::mt19937_64 bits(1);
  for (const char* name : formats) {
    for (const Op op : {Op::add, Op::multiply, Op::divide, Op::fused_multiply_add}) {
      const auto handle = operation_handle(std::string(name_of(op)).c_str(), name, name);
      const Format format = format_from_text(name);
      const std::vector<Format> inputs(static_cast<std::size_t>(arity(op)), format);
      const Quantizer output{.format = format, .rounding = {}};
      for (int i = 0; i < 40; ++i) {
        std::vector<Code> operands;
        std::vector<halfulp_code> as_words;
        for (std::size_t k = 0; k < inputs.size(); ++k) {
          operands.push_back(drawn(bits, format));
          as_words.push_back(words(operands.back()));
        }
        halfulp_code result{};
        std::uint32_t flags = 0;
        ASSERT_EQ(halfulp_operate(handle.get(), as_words.data(), as_words.size(), 0, &result,
                                  &flags, nullptr),
                  HALFULP_OK);
        const Outcome want =
            reference::engine().apply({.op = op, .inputs = inputs, .output = &output}, operands, 0);
        ASSERT_TRUE(whole(result) == want.code && flags == want.flags)
            << name << " " << name_of(op);
      }
    }
  }
}

TEST(Scalar, ConversionsDeliverWhatTheReferenceDelivers) {
  std::mt19937_64 bits(2);
  for (const char* to : formats) {
    const auto quantizer = quantizer_handle(
        std::string(R"({"rounding": "stochastic", "random_bits": 5, "format": ")") + to + "\"}");
    const Quantizer described{
        .format = format_from_text(to),
        .rounding = {.mode = Mode::stochastic, .overflow = {}, .random_bits = 5}};
    const Plan plan = reference::engine().prepare(described);
    for (const char* name : formats) {
      const auto from = format_handle(name);
      const Format format = format_from_text(name);
      for (int i = 0; i < 20; ++i) {
        const Code code = drawn(bits, format);
        const std::uint64_t random = bits() >> 59;
        halfulp_code result{};
        std::uint32_t flags = 0;
        ASSERT_EQ(halfulp_convert(quantizer.get(), from.get(), words(code), random, &result, &flags,
                                  nullptr),
                  HALFULP_OK);
        const Outcome want = reference::engine().convert(format, code, plan, random);
        ASSERT_TRUE(whole(result) == want.code && flags == want.flags) << name << " to " << to;
      }
    }
  }
}

TEST(Scalar, WordsOfAnyNumberAreItsPattern) {
  const auto quantizer = quantizer_handle("binary64");
  for (const double x : {0.0, -0.0, 1.5, -1e300, 5e-324, 0x1p-1074 * 3}) {
    halfulp_code code{};
    std::uint64_t word = 0;
    double back = 1;
    ASSERT_EQ(halfulp_round_f64(quantizer.get(), x, 0, &code, nullptr, nullptr), HALFULP_OK);
    ASSERT_EQ(halfulp_round_f64_u64(quantizer.get(), x, 0, &word, nullptr, nullptr), HALFULP_OK);
    EXPECT_EQ(code.low, std::bit_cast<std::uint64_t>(x));
    EXPECT_EQ(word, code.low);
    ASSERT_EQ(
        halfulp_decode(halfulp_quantizer_format(quantizer.get()), code, &back, nullptr, nullptr),
        HALFULP_OK);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back), word);
  }
}

TEST(Scalar, WhatIsNoArgumentIsRefused) {
  const auto fp8 = quantizer_handle("e4m3fn");
  const auto add = operation_handle("add", "e4m3fn", "e4m3fn");
  const halfulp_format* const format = halfulp_quantizer_format(fp8.get());
  halfulp_code code{};
  const halfulp_code high{.low = 0, .high = 1};
  const halfulp_code two[2] = {{.low = 1, .high = 0}, {.low = 256, .high = 0}};
  double number = 0;
  halfulp_error error{};
  const auto refused = [&](halfulp_status status, const char* place) {
    EXPECT_EQ(status, HALFULP_BAD_ARGUMENT);
    EXPECT_STREQ(error.place, place);
  };
  refused(halfulp_round_f64(nullptr, 1, 0, &code, nullptr, &error), "quantizer");
  refused(halfulp_round_f64(fp8.get(), 1, 0, nullptr, nullptr, &error), "code");
  refused(halfulp_decode(format, high, &number, nullptr, &error), "code");
  refused(halfulp_decode(format, {}, nullptr, nullptr, &error), "number");
  refused(halfulp_convert(fp8.get(), nullptr, {}, 0, &code, nullptr, &error), "from");
  refused(halfulp_operate(add.get(), two, 2, 0, &code, nullptr, &error), "code");
  refused(halfulp_operate(add.get(), nullptr, 2, 0, &code, nullptr, &error), "operands");
  refused(halfulp_operate(nullptr, two, 2, 0, &code, nullptr, &error), "operation");
}

}  // namespace
}  // namespace halfulp
