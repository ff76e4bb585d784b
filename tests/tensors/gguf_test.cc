// SPDX-License-Identifier: MIT
//
// GGUF: headers of every kind of value are read and bad ones refused, files that are written are
// read again, and blocks are those of ggml: digests of what ggml 0.13.1 makes of one sequence of
// numbers (tests/peers/gguf_test.py compares with it and with the package gguf).
#include <bit>
#include <cmath>

#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "golden/tensors/gguf/numbers.h"
#include "golden/tensors/gguf/tensors.h"
#include "support.h"

namespace halfulp::tensors::gguf {
namespace {

std::string text(const std::string& words) { return little(words.size(), 8) + words; }

std::string info(const std::string& name, const std::vector<std::uint64_t>& extents,
                 std::uint32_t type, std::uint64_t offset) {
  std::string bytes = text(name) + little(extents.size(), 4);
  for (const std::uint64_t extent : extents) bytes += little(extent, 8);
  return bytes + little(type, 4) + little(offset, 8);
}

std::string file_of(std::uint64_t tensors, std::uint64_t values, std::string rest,
                    std::size_t data = 0, std::uint32_t version = 3) {
  rest = "GGUF" + little(version, 4) + little(tensors, 8) + little(values, 8) + rest;
  rest.append((32 - rest.size() % 32) % 32, '\0');
  return rest + std::string(data, '\1');
}

Header header_of(const std::string& bytes) { return read_header(ByteSource(bytes_of(bytes))); }

std::string said(const std::string& bytes) {
  try {
    header_of(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Gguf, ReadsEveryKindOfValue) {
  std::string values;
  const auto value = [&](const std::string& key, unsigned kind, const std::string& bytes) {
    values += text(key) + little(kind, 4) + bytes;
  };
  value("u8", 0, little(200, 1));
  value("i8", 1, little(0xfe, 1));
  value("u16", 2, little(60000, 2));
  value("i16", 3, little(0xfffe, 2));
  value("u32", 4, little(4000000000, 4));
  value("i32", 5, little(0xfffffffe, 4));
  value("f32", 6, little(std::bit_cast<std::uint32_t>(0.1F), 4));
  value("bool", 7, little(1, 1));
  value("text", 8, text("words"));
  value("list", 9, little(4, 4) + little(3, 8) + std::string(12, 'x'));
  value("texts", 9, little(8, 4) + little(2, 8) + text("a") + text(""));
  value("u64", 10, little(~std::uint64_t{0}, 8));
  value("i64", 11, little(~std::uint64_t{0}, 8));
  value("f64", 12, little(std::bit_cast<std::uint64_t>(-1.5), 8));
  value("long text", 8, text(std::string(70000, 'l')));
  value("general.alignment", 4, little(64, 4));
  for (const unsigned version : {2U, 3U}) {
    std::string bytes = file_of(1, 16, values + info("w", {32, 2}, 2, 64), 0, version);
    bytes.append((64 - bytes.size() % 64) % 64 + 64 + 36, '\0');
    const Header header = header_of(bytes);
    EXPECT_EQ(header.version, version);
    EXPECT_EQ(header.alignment, 64U);
    const Metadata want{{"u8", "200"},
                        {"i8", "-2"},
                        {"u16", "60000"},
                        {"i16", "-2"},
                        {"u32", "4000000000"},
                        {"i32", "-2"},
                        {"f32", "0.1"},
                        {"bool", "true"},
                        {"text", "words"},
                        {"u64", "18446744073709551615"},
                        {"i64", "-1"},
                        {"f64", "-1.5"},
                        {"general.alignment", "64"}};
    EXPECT_EQ(header.metadata, want);
    ASSERT_EQ(header.tensors.size(), 1U);
    EXPECT_EQ(header.tensors[0].shape, (Shape{2, 32}));
    EXPECT_EQ(header.tensors[0].size, 36U);
    EXPECT_EQ(header.tensors[0].begin, bytes.size() - 36);
  }
}

TEST(Gguf, RefusesBadHeaders) {
  constexpr std::uint64_t huge = ~std::uint64_t{0};
  const std::string one = info("w", {32}, 2, 0);
  const std::vector<BadFile> cases{
      {"empty", "", "GGUF"},
      {"other", std::string("GGML") + std::string(60, '\0'), "GGUF"},
      {"version 1", file_of(0, 0, "", 0, 1), "version 1"},
      {"version 4", file_of(0, 0, "", 0, 4), "version 4"},
      {"big-endian", file_of(0, 0, "", 0, 0x03000000), "big-endian"},
      {"cut", file_of(0, 0, "").substr(0, 20), "whole"},
      {"tensors", file_of(huge, 0, ""), "cannot hold"},
      {"values", file_of(0, huge, ""), "cannot hold"},
      {"key", file_of(0, 1, little(huge, 8) + std::string(40, 'k')), "key"},
      {"long key", file_of(0, 1, little(60000, 8) + std::string(40, 'k')), "whole"},
      {"kind", file_of(0, 1, text("k") + little(13, 4) + std::string(8, '\0')), "kind 13"},
      {"list", file_of(0, 1, text("k") + little(9, 4) + little(12, 4) + little(huge / 4, 8)),
       "cannot hold"},
      {"lists", file_of(0, 1, text("k") + little(9, 4) + little(9, 4) + little(1, 8)), "lists"},
      {"text", file_of(0, 1, text("k") + little(8, 4) + little(huge, 8)), "whole"},
      {"list of text",
       file_of(0, 1, text("k") + little(9, 4) + little(8, 4) + little(1, 8) + little(huge, 8)),
       "whole"},
      {"key twice", file_of(0, 2, text("k") + little(0, 4) + "a" + text("k") + little(0, 4) + "a"),
       "twice"},
      {"alignment 0", file_of(0, 1, text("general.alignment") + little(4, 4) + little(0, 4)),
       "power of two"},
      {"alignment 24", file_of(0, 1, text("general.alignment") + little(4, 4) + little(24, 4)),
       "power of two"},
      {"alignment as text", file_of(0, 1, text("general.alignment") + little(0, 4) + "\x20"),
       "uint32"},
      {"dimensions", file_of(1, 0, info("w", {1, 1, 1, 1, 1}, 0, 0), 4), "at most 4"},
      {"extent", file_of(1, 0, info("w", {huge}, 0, 0), 4), "dimension"},
      {"elements", file_of(1, 0, info("w", {1U << 31U, 1U << 31U}, 0, 0), 4), "2^60"},
      {"no blocks", file_of(1, 0, info("w", {31}, 2, 0), 18), "whole blocks"},
      {"beyond", file_of(1, 0, info("w", {64}, 2, 0), 35), "whole"},
      {"offset", file_of(1, 0, info("w", {32}, 2, 1U << 20U), 18), "whole"},
      {"wide offset", file_of(1, 0, info("w", {32}, 2, huge - 31), 18), "whole"},
      {"unaligned", file_of(1, 0, info("w", {32}, 2, 16), 64), "multiple"},
      {"overlap", file_of(2, 0, one + info("v", {64}, 2, 0), 64), "overlap"},
      {"overlap behind", file_of(2, 0, info("w", {64}, 2, 0) + info("v", {32}, 2, 32), 64),
       "overlap"},
      {"name twice", file_of(2, 0, one + info("w", {32}, 2, 32), 64), "two tensors"}};
  for (const BadFile& bad : cases)
    EXPECT_NE(said(bad.bytes).find(bad.words), std::string::npos)
        << bad.name << ": " << said(bad.bytes);
  EXPECT_EQ(said(file_of(2, 0, one + info("v", {32}, 2, 32), 50)), "");
}

TEST(Gguf, KeepsPlainTensorsAndListsUnknownOnes) {
  const auto file = std::make_shared<const ByteSource>(
      bytes_of(file_of(4, 0,
                       info("f", {3}, 1, 0) + info("q", {256}, 16, 32) + info("x", {7}, 99, 128) +
                           info("s", {}, 28, 160),
                       168)));
  const GgufFile found = parted_tensors(file, ValueEncoder(element_type("float32")));
  ASSERT_EQ(found.tensors.size(), 4U);
  EXPECT_EQ(collected(found.tensors[0]).type.name, "float16");
  EXPECT_EQ(found.tensors[0].heading.shape, Shape{3});
  EXPECT_EQ(found.tensors[1].stored, "IQ2_XXS");
  EXPECT_EQ(found.tensors[1].stored_size, 66U);
  EXPECT_FALSE(found.tensors[1].give);
  EXPECT_EQ(found.tensors[2].stored, "type 99");
  EXPECT_FALSE(found.tensors[2].give);
  EXPECT_EQ(collected(found.tensors[3]).shape, Shape{});
}

TEST(Gguf, HalvesAreBinary16) {
  const Format half = element_type("float16").format;
  for (unsigned code = 0; code < 65536; ++code) {
    const float number = float_of_half(static_cast<std::uint16_t>(code));
    const float want = nearest_float(decode(half, code));
    if (std::isnan(want)) {
      EXPECT_TRUE(std::isnan(number));
      continue;
    }
    ASSERT_EQ(std::bit_cast<std::uint32_t>(number), std::bit_cast<std::uint32_t>(want)) << code;
    ASSERT_EQ(half_of(number), code);
    if (std::isinf(number) || (code & 0x7fffU) == 0x7bffU) continue;
    // Halfway to the next code: to the even one; a little off: to the nearer one.
    const float next = float_of_half(static_cast<std::uint16_t>(code + 1));
    const float middle = number / 2 + next / 2;
    ASSERT_EQ(half_of(middle), code % 2 == 0 ? code : code + 1) << code;
    ASSERT_EQ(half_of(std::nextafter(middle, number)), code) << code;
    ASSERT_EQ(half_of(std::nextafter(middle, next)), code + 1) << code;
  }
  EXPECT_EQ(half_of(65519.996F), 0x7bff);
  EXPECT_EQ(half_of(-65520.0F), 0xfc00);
  EXPECT_EQ(half_of(-std::nanf("")), 0xfe00);
}

// 64 times 256 numbers of several magnitudes.
std::vector<float> sequence() {
  std::uint64_t state = 1;
  std::vector<float> numbers(64 * 256);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const auto integer = static_cast<std::int64_t>(state >> 40U) - (1 << 23);
    const auto down = static_cast<int>((state >> 8U) % 7 + i / 256 % 5 * 3);
    numbers[i] = std::ldexp(static_cast<float>(integer), -20 - down);
  }
  return numbers;
}

std::uint64_t digest(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 1099511628211U;
  return hash;
}

struct Digests {
  const char* name;
  std::uint64_t blocks, numbers;
};

// Of ggml 0.13.1 (libggml-base.so of the wheel pywhispercpp 1.5.1, x86-64).
constexpr std::array<Digests, 16> of_ggml{{
    {"gguf_q4_0", 0x4d0eac2938cdf6a0, 0x471caaa959d581b2},
    {"gguf_q4_1", 0x05e9d8e4927c6776, 0x3c62fb4169fa0f7d},
    {"gguf_q5_0", 0xfee6616e1fd7e83e, 0xaabd5cebd7879418},
    {"gguf_q5_1", 0xd89b8a528bd2cc7a, 0x24f83988172b4e88},
    {"gguf_q8_0", 0x039efbe8be607142, 0x7f5503ca023df349},
    {"gguf_q2_k", 0xbb450e2f07f177d9, 0x8d3f5e6c671ed5cf},
    {"gguf_q3_k", 0x71311656c741e158, 0x1a024616a44ea2ab},
    {"gguf_q4_k", 0xaefc4c14aa2dda1d, 0x92bb621a8db3f0fb},
    {"gguf_q5_k", 0x36860949b31ac0de, 0x26570a36edd77271},
    {"gguf_q6_k", 0x5b0176d7042ebc10, 0x4979cc988b215589},
    {"gguf_q8_k", 0xa2937f37349860b2, 0xb0d51d3792d4ec73},
    {"gguf_tq1_0", 0x92e2d628b9d421df, 0xec107502e9837213},
    {"gguf_tq2_0", 0xd2a573135321abc6, 0xec107502e9837213},
    {"gguf_mxfp4", 0x2323e21a96248dc9, 0x1e2c02c6df774c0f},
    {"gguf_nvfp4", 0xa6a23a0cf229f3fb, 0xf3cfde4b8f2a02b7},
    {"gguf_q1_0", 0x9df9f308e96fbba2, 0x841521064e44d0a5},
}};

TEST(Gguf, BlocksAreThoseOfGgml) {
  const std::vector<float> numbers = sequence();
  const Heading heading{"x", element_type("float32"), {64, 256}};
  for (const Digests& want : of_ggml) {
    const BlockType& type = block_type_of_name(want.name);
    const Bytes blocks = quantized(type, heading, numbers);
    EXPECT_EQ(digest(blocks.data(), blocks.size()), want.blocks) << want.name;
    const std::vector<float> again = dequantized(type, blocks);
    Bytes bytes(4 * again.size());
    for (std::size_t i = 0; i < again.size(); ++i)
      store_little(std::bit_cast<std::uint32_t>(again[i]), bytes.data() + 4 * i, 4);
    EXPECT_EQ(digest(bytes.data(), bytes.size()), want.numbers) << want.name;
  }
}

TEST(Gguf, DividesByTheScaleBeforeItIsRounded) {
  std::vector<float> numbers(32, 0.5F);
  numbers[7] = -127.1F;
  const BlockType& type = block_type_of_name("gguf_q8_0");
  const Bytes block = quantized(type, {"", element_type("float32"), {32}}, numbers);
  EXPECT_EQ(load_half(block.data()), 1.0009765625F);  // 127.1 / 127 = 1.00079 in binary16
  EXPECT_EQ(static_cast<std::int8_t>(block[2 + 7]), -127);
  EXPECT_EQ(block[2], 0);  // 0.5 / 1.00079 is below a half
  EXPECT_EQ(dequantized(type, block)[7], -127 * 1.0009765625F);
}

TEST(Gguf, NamesHaveSuggestions) {
  EXPECT_EQ(std::string(block_type_of_name("gguf_q4_k").name), "Q4_K");
  for (const auto& [name, words] : std::vector<std::pair<std::string, std::string>>{
           {"gguf_q4k", "gguf_q4_k"}, {"gguf_iq2_xxs", "IQ2_XXS"}, {"gguf_f16", "number format"}}) {
    try {
      block_type_of_name(name);
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace halfulp::tensors::gguf
