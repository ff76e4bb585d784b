// SPDX-License-Identifier: MIT
//
// Checkpoints: codes with scales under the names of those who write them become the products of the
// numbers, in the stated steps; what does not go together is refused.
#include <bit>
#include <cmath>

#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "golden/tensors/checkpoint/scaled.h"
#include "golden/tensors/scale_tiles.h"
#include "support.h"

namespace halfulp::tensors {
namespace {

FoundTensor part(const std::string& name, const char* type, const Shape& shape, Bytes data) {
  FoundTensor tensor = stored({name, element_type("uint8"), {}, std::move(data)});
  tensor.type = type;
  tensor.element = type_of_safetensors_name(type);
  tensor.shape = shape;
  tensor.close = tensor.element && lies_close(*tensor.element);
  return tensor;
}

FoundTensor floats(const std::string& name, const Shape& shape, const std::vector<float>& numbers) {
  Bytes data(4 * numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    store_little(std::bit_cast<std::uint32_t>(numbers[i]), data.data() + 4 * i, 4);
  return part(name, "F32", shape, data);
}

Bytes codes(std::size_t count, unsigned factor = 37) {
  Bytes data(count);
  for (std::size_t i = 0; i < count; ++i) data[i] = static_cast<std::uint8_t>(i * factor % 256);
  return data;
}

float number(const char* format, std::uint64_t code) {
  return nearest_float(decode(element_type(format).format, code));
}

std::vector<float> values(const FoundFile& file, const PairOptions& options = {},
                          const char* to = "float32") {
  const Checkpoint found = checkpoint_of(file, options);
  EXPECT_EQ(found.scaled.size(), 1U);
  return floats_of(collected(values_of(found.scaled.front(), ValueEncoder(element_type(to)))));
}

std::string said(const FoundFile& file, const PairOptions& options = {}) {
  try {
    const Checkpoint found = checkpoint_of(file, options);
    for (const ScaledTensor& tensor : found.scaled)
      collected(values_of(tensor, ValueEncoder(element_type("float32"))));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void expect_same(float got, float want, std::size_t i) {
  if (std::isnan(want)) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(got), 0x7fc00000U) << i;
  } else {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(got), std::bit_cast<std::uint32_t>(want)) << i;
  }
}

// Blocks of 128 x 128 that do not divide the matrix, as DeepSeek-V3 has them.
TEST(Checkpoint, MultipliesFp8ByInverseScales) {
  constexpr std::size_t rows = 130;
  constexpr std::size_t columns = 257;
  const Bytes data = codes(rows * columns);
  const std::vector<float> scales{0.1F, 3, 1e-30F, 7, 1e38F, 0.7F};
  const std::vector<float> got = values({.tensors = {part("w", "F8_E4M3", {rows, columns}, data),
                                                     floats("w_scale_inv", {2, 3}, scales)},
                                         .metadata = {}});
  ASSERT_EQ(got.size(), rows * columns);
  for (std::size_t i = 0; i < got.size(); ++i) {
    const float scale = scales[i / columns / 128 * 3 + i % columns / 128];
    expect_same(got[i], number("float8_e4m3fn", data[i]) * scale, i);
  }
}

TEST(Checkpoint, TakesScalesOfEveryGrain) {
  const Bytes data = codes(2 * 4 * 8);
  const std::vector<std::pair<Shape, std::size_t>> cases{
      {{}, 64}, {{1}, 64}, {{2}, 32}, {{2, 1, 1}, 32}, {{2, 4, 1}, 8}, {{2, 4}, 8}, {{2, 4, 2}, 4}};
  for (const auto& [shape, grain] : cases) {
    std::vector<float> scales;
    for (std::size_t i = 0; i < 64 / grain; ++i) scales.push_back(static_cast<float>(i) + 1.5F);
    for (const char* type : {"F8_E5M2", "I8"}) {
      const std::vector<float> got = values({.tensors = {part("a.weight", type, {2, 4, 8}, data),
                                                         floats("a.weight_scale", shape, scales)},
                                             .metadata = {}});
      for (std::size_t i = 0; i < got.size(); ++i)
        expect_same(got[i],
                    number(*type == 'I' ? "int8" : "float8_e5m2", data[i]) * scales[i / grain], i);
    }
  }
}

TEST(Checkpoint, RoundsOnceToTheTypeAsked) {
  const FoundFile file{.tensors = {part("w", "F8_E4M3", {4}, {0x39, 0x7e, 0x01, 0x7f}),
                                   floats("w_scale", {}, {1.0F + 0x1p-20F})},
                       .metadata = {}};
  const std::vector<float> got = values(file, {}, "bfloat16");
  EXPECT_EQ(got[0], 1.125F);
  EXPECT_EQ(got[1], 448);
  EXPECT_EQ(got[2], 0x1p-9F);
  EXPECT_TRUE(std::isnan(got[3]));
  const Checkpoint found = checkpoint_of(file, {});
  const Tensor wide =
      collected(values_of(found.scaled.front(), ValueEncoder(element_type("float64"))));
  EXPECT_EQ(doubles_of(wide)[0], 1.125 * (1 + 0x1p-20));
}

// Two codes a byte, 32 numbers a scale, as gpt-oss has them.
TEST(Checkpoint, ReadsMxfp4InBlocks) {
  const Bytes data = codes(2 * 3 * 16);
  const Bytes scales{127, 128, 1, 0, 254, 255};
  const FoundFile file{
      .tensors = {part("w_blocks", "U8", {2, 3, 16}, data), part("w_scales", "U8", {2, 3}, scales)},
      .metadata = {}};
  for (const bool high_first : {false, true}) {
    const std::vector<float> got = values(
        file, {.nibbles = high_first ? Nibbles::high_first : Nibbles::low_first, .block = {}});
    ASSERT_EQ(got.size(), 2U * 96);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const unsigned byte = data[i / 2];
      const unsigned code = (i % 2 == 1) == high_first ? byte & 15U : byte >> 4U;
      expect_same(got[i], number("float4_e2m1fn", code) * number("float8_e8m0fnu", scales[i / 32]),
                  i);
    }
  }
}

TEST(Checkpoint, MultipliesOrDividesByTheScaleOverAll) {
  const Bytes data = codes(4 * 16);
  const Bytes scales = codes(4 * 2, 19);
  const float global = 3.3F;
  for (const bool divides : {false, true}) {
    const std::string codes_name = divides ? "w_packed" : "w";
    const std::string global_name = divides ? "w_global_scale" : "w_scale_2";
    const FoundFile file{
        .tensors = {part(codes_name, "U8", {4, 16}, data),
                    part("w_scale", "F8_E4M3", {4, 2}, scales), floats(global_name, {1}, {global})},
        .metadata = {}};
    const std::vector<float> got = values(file);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const unsigned code = i % 2 == 0 ? data[i / 2] & 15U : data[i / 2] >> 4U;
      const float block = number("float8_e4m3fn", scales[i / 16]);
      const float scale = divides ? block / global : block * global;
      expect_same(got[i], number("float4_e2m1fn", code) * scale, i);
    }
    EXPECT_EQ(checkpoint_of(file, {}).scaled.front().name, "w");
    EXPECT_TRUE(checkpoint_of(file, {}).others.empty());
  }
}

TEST(Checkpoint, ReadsScalesInTiles) {
  constexpr std::size_t rows = 200;
  constexpr std::size_t columns = 96;
  const Bytes data = codes(2 * rows * columns / 2);
  const Bytes scales = codes(2 * rows * columns / 16, 11);
  Bytes tiles;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t size = rows * columns / 16;
    const Bytes one = to_scale_tiles(ByteView(scales).subspan(i * size, size), rows, columns / 16);
    tiles.insert(tiles.end(), one.begin(), one.end());
  }
  const auto file = [&](const Bytes& of, const Shape& shape) {
    return FoundFile{.tensors = {part("w", "U8", {2, rows, columns / 2}, data),
                                 part("w_scale", "F8_E4M3", shape, of)},
                     .metadata = {}};
  };
  const auto flat = static_cast<std::int64_t>(tiles.size());
  EXPECT_EQ(values(file(tiles, {flat}), {.tiled_scales = true, .block = {}}).size(),
            2 * rows * columns);
  const std::vector<float> got = values(file(tiles, {flat}), {.tiled_scales = true, .block = {}});
  const std::vector<float> want = values(file(scales, {2, rows, columns / 16}));
  for (std::size_t i = 0; i < got.size(); ++i) expect_same(got[i], want[i], i);
  EXPECT_NE(said(file(scales, {2, rows, columns / 16}), {.tiled_scales = true, .block = {}})
                .find("tiles"),
            std::string::npos);
}

TEST(Checkpoint, LeavesOtherTensorsAsTheyAre) {
  const Checkpoint found = checkpoint_of(
      {.tensors = {floats("norm", {2}, {1, 2}), part("plain", "F8_E4M3", {3}, codes(3)),
                   floats("input_scale", {}, {1}), part("zp", "U8", {3}, codes(3))},
       .metadata = {}},
      {});
  EXPECT_TRUE(found.scaled.empty());
  ASSERT_EQ(found.others.size(), 4U);
  const Tensor plain = collected(as_it_is(found.others[1]));
  EXPECT_EQ(plain.data, codes(3));
  EXPECT_EQ(plain.type.name, "float8_e4m3fn");
}

TEST(Checkpoint, RefusesWhatDoesNotGoTogether) {
  const auto one = [](const char* type, const Shape& shape, std::size_t size, FoundTensor scales) {
    return FoundFile{.tensors = {part("w", type, shape, codes(size)), std::move(scales)},
                     .metadata = {}};
  };
  const std::vector<std::pair<FoundFile, std::string>> cases{
      {one("U8", {2, 16}, 32, floats("w_scale", {2}, {1, 2})), "MXFP4"},
      {one("U8", {2, 16}, 32, part("w_scale", "F8_E4M3", {2, 3}, codes(6))), "--block"},
      {one("U8", {2, 16}, 32, part("w_scale", "U8", {2, 2}, codes(4))), "--block"},
      {one("F8_E4M3", {4, 6}, 24, floats("w_scale", {3}, {1, 2, 3})), "--block"},
      {one("F8_E4M3", {4, 6}, 24, floats("w_scale", {4, 4}, std::vector<float>(16))), "--block"},
      {one("F8_E4M3", {4, 6}, 24, part("w_scale", "I32", {4}, codes(16))), "floats"},
      {one("F8_E4M3", {4, 6}, 23, floats("w_scale", {}, {1})), "24"},
      {one("F8_E4M3", {4, 6}, 24, part("w_scale", "F32", {}, codes(3))), "4"},
      {one("F8_E4M3", {4, 6}, 24, part("w_scale", "C64", {}, codes(8))), "C64"},
      {one("F8_E4M3", {2, 2}, 4, floats("w_scale", {1, 1, 1, 2}, {1, 2})), "--block"}};
  for (const auto& [file, words] : cases)
    EXPECT_NE(said(file).find(words), std::string::npos) << words << ": " << said(file);
  // Said outright, the block is what it is.
  EXPECT_EQ(said(one("F8_E4M3", {4, 6}, 24, floats("w_scale", {2, 2}, {1, 2, 3, 4})),
                 {.block = {{3, 5}}}),
            "");
}

}  // namespace
}  // namespace halfulp::tensors
