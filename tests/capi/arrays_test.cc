// SPDX-License-Identifier: MIT
//
// Arrays: strides, stretches and layouts change no bit; each element is what the scalar call makes
// of it with the random bits of its index; sizes are checked.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "formats/random.h"
#include "tests/capi/handles.h"

namespace halfulp {
namespace {

// Numbers of all sizes, and what is none.
std::vector<double> drawn_numbers(std::size_t count) {
  std::mt19937_64 bits(3);
  std::vector<double> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t draw = bits();
    const std::uint64_t near = (draw & 0x800fffffffffffff) | (1010 + draw % 23) << 52;
    const std::uint64_t special = draw | std::uint64_t{0x7ff} << 52;
    numbers.push_back(std::bit_cast<double>(i % 16 == 0 ? special : i % 8 == 1 ? draw : near));
  }
  return numbers;
}

constexpr std::size_t count = 1100;  // more than two stretches, no whole ones

const std::vector<const char*> quantizers{
    "e4m3fn",   "e2m1fn",  "e2m3fn",
    "bfloat16", "posit16", "nf4",
    "binary64", "int8",    R"({"format": "e4m3fn", "rounding": "stochastic", "random_bits": 7})"};

std::vector<std::uint64_t> unpacked(const halfulp_format* format,
                                    const std::vector<std::uint8_t>& packed, std::size_t elements) {
  std::vector<std::uint64_t> all(elements);
  const halfulp_codes from{packed.data(), packed.size(), HALFULP_PACKED, 0};
  const halfulp_codes_out to{all.data(), 8 * elements, HALFULP_U64, 0};
  EXPECT_EQ(halfulp_repack(format, &from, elements, &to, nullptr), HALFULP_OK);
  return all;
}

TEST(Arrays, CodesAndFlagsAreThoseOfScalarCalls) {
  const std::vector<double> numbers = drawn_numbers(count);
  const Random stream{.seed = 5, .stream = 6, .offset = 7};
  const halfulp_random random{5, 6, 7, HALFULP_PHILOX4X32_10, 0};
  for (const char* text : quantizers) {
    const auto quantizer = quantizer_handle(text);
    const halfulp_format* const format = halfulp_quantizer_format(quantizer.get());
    std::size_t bytes = 0;
    ASSERT_EQ(halfulp_packed_bytes(format, count, &bytes, nullptr), HALFULP_OK);
    std::vector<std::uint8_t> packed(bytes), again(bytes), flags(count);
    halfulp_counts counts{1, 0, 0, 0};
    ASSERT_EQ(halfulp_encode_f64(quantizer.get(), numbers.data(), 1, count, &random, packed.data(),
                                 bytes, flags.data(), nullptr, nullptr),
              HALFULP_OK);
    ASSERT_EQ(halfulp_encode_f64(quantizer.get(), numbers.data(), 1, count, &random, again.data(),
                                 bytes, nullptr, &counts, nullptr),
              HALFULP_OK);
    EXPECT_EQ(packed, again) << text;
    EXPECT_EQ(counts.elements, count + 1);
    const std::vector<std::uint64_t> codes = unpacked(format, packed, count);
    const auto draws = static_cast<int>(halfulp_quantizer_random_bits(quantizer.get()));
    for (std::size_t i = 0; i < count; ++i) {
      std::uint64_t code = 0;
      std::uint32_t raised = 0;
      ASSERT_EQ(
          halfulp_round_f64_u64(quantizer.get(), numbers[i], draws == 0 ? 0 : stream.bits(i, draws),
                                &code, &raised, nullptr),
          HALFULP_OK);
      ASSERT_EQ(codes[i], code) << text << " " << i;
      ASSERT_EQ(flags[i], raised) << text << " " << i;
    }
  }
}

template <typename Real>
void expect_strides_without_effect(const char* text,
                                   halfulp_status (*round)(const halfulp_quantizer*, const Real*,
                                                           std::ptrdiff_t, Real*, std::ptrdiff_t,
                                                           std::size_t, const halfulp_random*,
                                                           halfulp_counts*, halfulp_error*)) {
  const auto quantizer = quantizer_handle(text);
  const halfulp_random random{1, 2, 3, HALFULP_SPLITMIX64, 0};
  std::vector<Real> numbers;
  for (const double x : drawn_numbers(count)) numbers.push_back(static_cast<Real>(x));
  std::vector<Real> plain(count);
  ASSERT_EQ(
      round(quantizer.get(), numbers.data(), 1, plain.data(), 1, count, &random, nullptr, nullptr),
      HALFULP_OK);
  std::vector<Real> spread(3 * count), reversed(count), of_spread(count);
  for (std::size_t i = 0; i < count; ++i) spread[3 * i] = numbers[i];
  ASSERT_EQ(round(quantizer.get(), spread.data(), 3, reversed.data() + count - 1, -1, count,
                  &random, nullptr, nullptr),
            HALFULP_OK);
  ASSERT_EQ(
      round(quantizer.get(), spread.data(), 3, spread.data(), 3, count, &random, nullptr, nullptr),
      HALFULP_OK);
  for (std::size_t i = 0; i < count; ++i) {
    of_spread[i] = spread[3 * i];
    if (i < count / 2) std::swap(reversed[i], reversed[count - 1 - i]);
  }
  EXPECT_EQ(std::memcmp(plain.data(), of_spread.data(), count * sizeof(Real)), 0) << text;
  EXPECT_EQ(std::memcmp(plain.data(), reversed.data(), count * sizeof(Real)), 0) << text;
}

TEST(Arrays, StridesChangeNoBit) {
  for (const char* text : quantizers) {
    expect_strides_without_effect<double>(text, halfulp_round_array_f64);
    if (std::string(text) != "binary64")
      expect_strides_without_effect<float>(text, halfulp_round_array_f32);
  }
}

TEST(Arrays, DecodingGivesTheNumbersThatEncodingTook) {
  for (const char* text : {"e4m3fn", "e2m1fn", "bfloat16", "posit16", "int8"}) {
    const auto format = format_handle(text);
    const auto quantizer = quantizer_handle(text);
    std::vector<double> numbers(count), thrice(3 * count);
    std::size_t bytes = 0;
    ASSERT_EQ(halfulp_packed_bytes(format.get(), count, &bytes, nullptr), HALFULP_OK);
    std::vector<std::uint8_t> packed(bytes), again(bytes);
    std::mt19937_64 bits(4);
    for (std::uint8_t& byte : packed) byte = static_cast<std::uint8_t>(bits());
    ASSERT_EQ(
        halfulp_decode_f64(format.get(), packed.data(), bytes, count, numbers.data(), 1, nullptr),
        HALFULP_OK);
    ASSERT_EQ(
        halfulp_decode_f64(format.get(), packed.data(), bytes, count, thrice.data(), 3, nullptr),
        HALFULP_OK);
    ASSERT_EQ(halfulp_encode_f64(quantizer.get(), thrice.data(), 3, count, nullptr, again.data(),
                                 bytes, nullptr, nullptr, nullptr),
              HALFULP_OK);
    const auto codes = unpacked(format.get(), packed, count);
    const auto back = unpacked(format.get(), again, count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(numbers[i]),
                std::bit_cast<std::uint64_t>(thrice[3 * i]));
      if (numbers[i] == numbers[i]) {
        EXPECT_EQ(codes[i], back[i]) << text;
      }
    }
  }
}

TEST(Arrays, OperationsTakeCodesInAnyLayout) {
  const auto add = operation_handle("add", "e2m3fn", "e2m3fn");  // 6 bits
  std::vector<std::uint8_t> a(count), b(count), bytes_out(count), flags(count);
  std::mt19937_64 bits(5);
  for (std::size_t i = 0; i < count; ++i) {
    a[i] = static_cast<std::uint8_t>(bits() & 63);
    b[i] = static_cast<std::uint8_t>(bits() & 63);
  }
  std::vector<std::uint8_t> packed(count), packed_out(count);
  const halfulp_codes of_a{a.data(), count, HALFULP_U8, 0};
  const halfulp_codes of_b{b.data(), count, HALFULP_U8, 0};
  const halfulp_codes_out to_packed{packed.data(), count, HALFULP_PACKED, 0};
  ASSERT_EQ(
      halfulp_repack(halfulp_operation_input(add.get(), 0), &of_a, count, &to_packed, nullptr),
      HALFULP_OK);
  const halfulp_codes operands[2] = {of_a, of_b};
  const halfulp_codes mixed[2] = {{packed.data(), count, HALFULP_PACKED, 0}, of_b};
  const halfulp_codes_out out{bytes_out.data(), count, HALFULP_U8, 0};
  const halfulp_codes_out out_packed{packed.data(), count, HALFULP_PACKED, 0};  // in its place
  ASSERT_EQ(
      halfulp_operate_array(add.get(), operands, 2, count, nullptr, &out, flags.data(), nullptr),
      HALFULP_OK);
  ASSERT_EQ(
      halfulp_operate_array(add.get(), mixed, 2, count, nullptr, &out_packed, nullptr, nullptr),
      HALFULP_OK);
  const auto again = unpacked(halfulp_operation_output(add.get()), packed, count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t two[2] = {a[i], b[i]};
    std::uint64_t want = 0;
    std::uint32_t raised = 0;
    ASSERT_EQ(halfulp_operate_u64(add.get(), two, 2, 0, &want, &raised, nullptr), HALFULP_OK);
    ASSERT_EQ(bytes_out[i], want);
    ASSERT_EQ(again[i], want);
    ASSERT_EQ(flags[i], raised);
  }
}

TEST(Arrays, SizesAreChecked) {
  const auto fp4 = quantizer_handle("e2m1fn");
  const auto posit = quantizer_handle("posit64");
  const halfulp_format* const format = halfulp_quantizer_format(fp4.get());
  std::vector<double> numbers(8);
  std::vector<std::uint8_t> codes(8);
  halfulp_error error{};
  const auto refused = [&](halfulp_status status, const char* place) {
    EXPECT_EQ(status, HALFULP_BAD_ARGUMENT);
    EXPECT_STREQ(error.place, place);
  };
  constexpr std::size_t huge = std::numeric_limits<std::size_t>::max();
  refused(halfulp_encode_f64(fp4.get(), numbers.data(), 1, 8, nullptr, codes.data(), 3, nullptr,
                             nullptr, &error),
          "codes");
  refused(halfulp_encode_f64(fp4.get(), numbers.data(), 1, huge, nullptr, codes.data(), huge,
                             nullptr, nullptr, &error),
          "count");
  refused(halfulp_decode_f64(format, codes.data(), 3, 8, numbers.data(), 1, &error), "codes");
  refused(halfulp_decode_f64(format, codes.data(), 4, 8, nullptr, 1, &error), "out");
  refused(halfulp_round_array_f64(posit.get(), numbers.data(), 1, numbers.data(), 1, 8, nullptr,
                                  nullptr, &error),
          "");
  EXPECT_NE(std::string(error.message).find("does not hold every number"), std::string::npos);
  const halfulp_random no_generator{0, 0, 0, 2, 0};
  refused(halfulp_round_array_f64(fp4.get(), numbers.data(), 1, numbers.data(), 1, 8, &no_generator,
                                  nullptr, &error),
          "random");
  const halfulp_codes as_floats{codes.data(), 8, HALFULP_F32, 0};
  const halfulp_codes_out out{codes.data(), 8, HALFULP_U8, 0};
  refused(halfulp_repack(format, &as_floats, 2, &out, &error), "from");
  const auto half = format_handle("binary16");
  const halfulp_codes words{codes.data(), 8, HALFULP_U16, 0};
  refused(halfulp_repack(half.get(), &words, 4, &out, &error), "to");
}

}  // namespace
}  // namespace halfulp
