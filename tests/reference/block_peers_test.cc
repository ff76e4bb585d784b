// SPDX-License-Identifier: MIT
//
// The steps of peers a second time, in the processor's own binary32 arithmetic and on bit patterns,
// as the peers compute them: the reference, which works on exact numbers, must give the same
// scales and elements on random matrices. Sources in formats/presets/block_presets.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "formats/random.h"
#include "reference/engine.h"

namespace halfulp::reference {
namespace {

constexpr float largest_float = std::numeric_limits<float>::max();

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

// Scalar rounding, which other tests hold against MPFR.
float rounded(float x, const std::string& format) {
  static std::map<std::string, Plan> plans;
  auto plan = plans.find(format);
  if (plan == plans.end()) {
    Quantizer q{.format = find_format(format), .rounding = {}};
    q.rounding.overflow = parse_overflow("saturate");
    plan = plans.emplace(format, engine().prepare(q)).first;
  }
  float out = 0;
  engine().round(as_const(view_of(&x, 1, 1)), plan->second, {}, view_of(&out, 1, 1), nullptr);
  return out;
}

// Numbers of many magnitudes, ties and zeros among them.
std::vector<float> random_numbers(std::size_t count, std::uint64_t stream) {
  std::vector<float> x(count);
  const Random random{.seed = 11, .stream = stream, .offset = 0};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t word = random.word(2 * i);
    const std::uint32_t kind = random.word(2 * i + 1);
    const int spread = stream % 2 == 0 ? 6 : 60;
    const int exponent = static_cast<int>(kind % static_cast<std::uint32_t>(spread)) - spread / 2;
    const std::uint32_t fraction = kind % 7 == 0 ? word & 0x700000 : word & 0x7fffff;
    x[i] = kind % 31 == 0 ? 0.0F : std::ldexp(float_of(0x3f800000U | fraction), exponent);
    if ((word >> 31) != 0) x[i] = -x[i];
  }
  return x;
}

struct Result {
  std::vector<float> out;
  BlockCodes codes;
};

Result quantized(const BlockFormat& format, const std::vector<float>& x) {
  Result result{.out = std::vector<float>(x.size()), .codes = {}};
  engine().quantize(view_of(x.data(), 1, x.size()), engine().prepare_block(format), {},
                    view_of(result.out.data(), 1, x.size()), &result.codes, nullptr);
  return result;
}

float largest_of(const float* x, std::size_t count) {
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(x[i]));
  return largest;
}

// ---- NVFP4 --------------------------------------------------------------------------------------

struct Nvfp4 {
  float outer;
  std::vector<float> inner, elements;
};

Nvfp4 transformer_engine(const std::vector<float>& x) {
  float encode = std::min(2688.0F / largest_of(x.data(), x.size()), largest_float);
  if (encode == 0) encode = 1;
  Nvfp4 result{.outer = 1.0F / encode, .inner = {}, .elements = {}};
  for (std::size_t block = 0; block < x.size(); block += 16) {
    const float wanted = largest_of(&x[block], 16) * (encode * (1.0F / 6.0F));
    const float scale = rounded(std::min(wanted, largest_float), "float8_e4m3fn");
    result.inner.push_back(scale);
    const float factor = std::min(1.0F / (scale * result.outer), largest_float);
    for (std::size_t i = block; i < block + 16; ++i)
      result.elements.push_back(rounded(x[i] * factor, "float4_e2m1fn"));
  }
  return result;
}

Nvfp4 torchao(const std::vector<float>& x) {
  Nvfp4 result{.outer = largest_of(x.data(), x.size()) / 2688.0F, .inner = {}, .elements = {}};
  for (std::size_t block = 0; block < x.size(); block += 16) {
    const float wanted = (largest_of(&x[block], 16) / 6.0F) / result.outer;
    const float scale = rounded(std::clamp(wanted, 0x1p-6F, 448.0F), "float8_e4m3fn");
    result.inner.push_back(scale);
    const float factor = (1.0F / result.outer) / scale;
    for (std::size_t i = block; i < block + 16; ++i)
      result.elements.push_back(rounded(x[i] * factor, "float4_e2m1fn"));
  }
  return result;
}

Nvfp4 modelopt(const std::vector<float>& x) {
  Nvfp4 result{.outer = largest_of(x.data(), x.size()) / 2688.0F, .inner = {}, .elements = {}};
  for (std::size_t block = 0; block < x.size(); block += 16) {
    float wanted = largest_of(&x[block], 16) / (6.0F * result.outer);
    if (wanted == 0) wanted = 1;
    const float scale = rounded(std::max(wanted, 0x1p-9F), "float8_e4m3fn");
    result.inner.push_back(scale);
    for (std::size_t i = block; i < block + 16; ++i)
      result.elements.push_back(rounded(x[i] / (scale * result.outer), "float4_e2m1fn"));
  }
  return result;
}

// ---- Four over six: Transformer Engine's CUDA kernel with its two ways to compare.

struct FourOverSixSteps {
  float largest_scale = 448;
  bool squared = false, scaled = false;
};

float block_error(const float* x, const std::vector<float>& q, float scale, float tensor_largest,
                  float encode, const FourOverSixSteps& steps) {
  float error = 0;
  for (std::size_t i = 0; i < q.size(); ++i) {
    // E2M1 times E4M3 is a number of binary16.
    const float difference =
        steps.scaled ? q[i] * scale - x[i] * encode
                     : ((q[i] * scale) * tensor_largest) / (6.0F * steps.largest_scale) - x[i];
    error += steps.squared ? difference * difference : std::fabs(difference);
  }
  return error;
}

Nvfp4 four_over_six(const std::vector<float>& x, const FourOverSixSteps& steps) {
  const float largest = largest_of(x.data(), x.size());
  float encode = std::min(steps.largest_scale * 6.0F / largest, largest_float);
  if (encode == 0) encode = 1;
  Nvfp4 result{.outer = 1.0F / encode, .inner = {}, .elements = {}};
  for (std::size_t block = 0; block < x.size(); block += 16) {
    const float base = largest_of(&x[block], 16) / 6.0F * encode;
    std::array<float, 2> scales{}, errors{};
    std::array<std::vector<float>, 2> elements;
    for (const int second : {0, 1}) {
      const float wanted = second == 1 ? base * 1.5F : base;
      scales[second] = rounded(std::min(wanted, 448.0F), "float8_e4m3fn");
      const float factor = std::min(1.0F / (scales[second] * result.outer), largest_float);
      for (std::size_t i = block; i < block + 16; ++i)
        elements[second].push_back(rounded(x[i] * factor, "float4_e2m1fn"));
      errors[second] =
          block_error(&x[block], elements[second], scales[second], largest, encode, steps);
    }
    const int picked = errors[1] < errors[0] ? 1 : 0;
    result.inner.push_back(scales[picked]);
    result.elements.insert(result.elements.end(), elements[picked].begin(), elements[picked].end());
  }
  return result;
}

float moved(float x, int ulps) { return float_of(bits_of(x) + static_cast<std::uint32_t>(ulps)); }

// Blocks whose scales, and elements, lie within three ulps of where their roundings turn.
std::vector<float> near_turns(std::uint64_t stream) {
  const Random random{.seed = 12, .stream = stream, .offset = 0};
  const auto ulps = [&](std::size_t i) { return static_cast<int>(random.word(i) % 7) - 3; };
  std::vector<float> x(512);
  x[0] = std::ldexp(float_of(0x3f800000U | (random.word(1000) & 0x7fffff)),
                    static_cast<int>(stream % 9) - 4);
  const float outer = x[0] / 2688.0F;
  for (std::size_t block = 16; block < x.size(); block += 16) {
    const std::uint32_t which = random.word(block + 1000);
    const float turn =
        std::ldexp(static_cast<float>(17 + 2 * (which % 8)), static_cast<int>(which / 8 % 8) - 4);
    x[block] = moved(turn * 6.0F * outer, ulps(block));
    const float scale = rounded(turn, "float8_e4m3fn");
    for (std::size_t i = block + 1; i < block + 16; ++i) {
      const float turns[] = {0.25F, 0.75F, 1.25F, 1.75F, 2.5F, 3.5F, 5.0F};
      const float y = moved(turns[random.word(i + 2000) % 7] * scale * outer, ulps(i));
      x[i] = std::min(y, x[block]);
    }
  }
  return x;
}

using Peer = Nvfp4 (*)(const std::vector<float>& x);

void expect_same(const BlockFormat& format, const std::string& preset,
                 const std::function<Nvfp4(const std::vector<float>&)>& peer) {
  const Format& scale = format.levels[1].scale.format;
  const Format& element = format.element.format;
  for (std::uint64_t stream = 0; stream < 80; ++stream) {
    const std::vector<float> x = stream < 40 ? random_numbers(256, stream) : near_turns(stream);
    const Result got = quantized(format, x);
    const Nvfp4 want = peer(x);
    ASSERT_EQ(got.codes.scales[0][0], Code{bits_of(want.outer)}) << preset << " " << stream;
    for (std::size_t i = 0; i < want.inner.size(); ++i)
      ASSERT_EQ(got.codes.scales[1][i], encode(scale, from_double(want.inner[i]))) << stream;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const int code = got.codes.elements[i / 2] >> (i % 2 * 4) & 0xf;
      ASSERT_EQ(code, static_cast<int>(encode(element, from_double(want.elements[i]))))
          << preset << " " << stream << ": " << x[i];
    }
  }
}

void expect_same(const std::string& preset, Peer peer) {
  expect_same(find_block_preset(preset).apply(find_block_format("nvfp4")), preset, peer);
}

TEST(Nvfp4Peers, FourOverSixByEveryErrorAndScale) {
  const BlockFormat te =
      find_block_preset("transformer-engine-4over6").apply(find_block_format("nvfp4"));
  int seconds = 0;
  for (const float largest_scale : {448.0F, 256.0F}) {
    for (const bool squared : {false, true}) {
      for (const bool scaled : {false, true}) {
        const FourOverSixSteps steps{
            .largest_scale = largest_scale, .squared = squared, .scaled = scaled};
        BlockFormat format = te;
        format.levels[1].largest_scale = largest_scale;
        if (squared) format.four_over_six.error = FourOverSix::Error::squared;
        if (scaled) format.four_over_six.of = FourOverSix::Of::scaled;
        expect_same(format, "four over six",
                    [&](const std::vector<float>& x) { return four_over_six(x, steps); });
        const std::vector<float> x = random_numbers(256, 0);
        if (four_over_six(x, steps).inner != four_over_six(x, {}).inner) ++seconds;
      }
    }
  }
  EXPECT_GT(seconds, 2);  // the choices matter
  const BlockFormat paper = find_block_preset("four-over-six").apply(find_block_format("nvfp4"));
  expect_same(paper, "four-over-six", [](const std::vector<float>& x) {
    return four_over_six(x, {.largest_scale = 256, .squared = true});
  });
}

TEST(Nvfp4Peers, TransformerEngine) { expect_same("transformer-engine", transformer_engine); }
TEST(Nvfp4Peers, Torchao) { expect_same("torchao", torchao); }
TEST(Nvfp4Peers, Modelopt) { expect_same("modelopt", modelopt); }

// The orders of steps do differ there: otherwise the tests above would prove little.
TEST(Nvfp4Peers, DoNotAgreeWithEachOtherNearTurns) {
  int reciprocal_of_six = 0;
  int reciprocal_of_scale = 0;
  for (std::uint64_t stream = 40; stream < 80; ++stream) {
    const std::vector<float> x = near_turns(stream);
    const Nvfp4 a = torchao(x);
    const Nvfp4 b = modelopt(x);
    reciprocal_of_six += a.inner == transformer_engine(x).inner ? 0 : 1;
    reciprocal_of_scale += a.elements == b.elements ? 0 : 1;
  }
  EXPECT_GT(reciprocal_of_six, 0);
  EXPECT_GT(reciprocal_of_scale, 0);
}

// ---- MX scales on bit patterns ------------------------------------------------------------------

struct Element {
  std::string block_format;
  int exponent, fraction_bits;  // of the largest number; stored
  float largest;
};

const std::vector<Element>& elements() {
  static const std::vector<Element> list{{"mxfp8_e4m3", 8, 3, 448},
                                         {"mxfp8_e5m2", 15, 2, 57344},
                                         {"mxfp6_e3m2", 4, 2, 28},
                                         {"mxfp6_e2m3", 2, 3, 7.5F},
                                         {"mxfp4", 2, 1, 6}};
  return list;
}

int exponent_of(float x) { return static_cast<int>(bits_of(x) >> 23) - 127; }

int mx_code(const std::string& preset, const Element& element, float largest) {
  if (preset == "torchao-rceil" || preset == "nvidia") {
    const std::uint32_t bits = bits_of(largest * (1.0F / element.largest));
    const std::uint32_t fraction = bits & 0x7fffff;
    const std::uint32_t field = bits >> 23;
    const bool up = field == 0 ? fraction > 0x400000 : fraction != 0;
    return static_cast<int>(field + (up ? 1 : 0));
  }
  int exponent = exponent_of(largest);
  if (preset == "torchao-even")
    exponent = exponent_of(float_of(bits_of(largest) + (1U << (22 - element.fraction_bits))));
  if (preset == "torchao-ceil" && (bits_of(largest) & 0x7fffff) != 0) ++exponent;
  return std::clamp(exponent - element.exponent, -127, 127) + 127;
}

TEST(MxPeers, ScalesAreThoseOfBitPatterns) {
  std::vector<float> magnitudes;
  for (const std::uint32_t exponent : {0U, 1U, 2U, 15U, 60U, 126U, 127U, 128U, 200U, 253U, 254U}) {
    for (const std::uint32_t fraction :
         {0U, 1U, 2U, 0x3fffffU, 0x400000U, 0x400001U, 0x5fffffU, 0x600000U, 0x6fffffU, 0x700000U,
          0x77ffffU, 0x780000U, 0x7fffffU, 0x200000U, 0x200001U, 0x1fffffU})
      magnitudes.push_back(float_of(exponent << 23 | fraction));
  }
  for (const float x : random_numbers(2000, 1)) magnitudes.push_back(std::fabs(x));
  for (const std::string preset :
       {"ocp", "torchao-floor", "torchao-ceil", "torchao-even", "torchao-rceil", "nvidia"}) {
    for (const Element& element : elements()) {
      const BlockFormat format =
          find_block_preset(preset).apply(find_block_format(element.block_format));
      for (const float a : magnitudes) {
        if (a == 0) continue;
        const Result got = quantized(format, {a / 4, -a, 0});
        ASSERT_EQ(static_cast<int>(got.codes.scales[0][0]), mx_code(preset, element, a))
            << preset << " " << element.block_format << " " << a;
      }
    }
  }
}

// ---- QPyTorch on bit patterns -------------------------------------------------------------------

// block_quantize with `bits` bits, rounding nearest: the number is brought between 4 and 8 times
// the power of two of the largest magnitude, half of the last kept bit is added, the rest is cut.
float qpytorch(float x, float largest, int bits) {
  const float power = float_of(bits_of(largest) & 0x7f800000U);
  const float base = 6.0F * power;
  const std::uint32_t cut = (1U << (23 - bits)) - 1;
  const float shifted = float_of((bits_of(x + base) + (1U << (22 - bits))) & ~cut);
  const float result = shifted - base;
  const float end = (2.0F - std::ldexp(1.0F, 2 - bits)) * power;
  return std::clamp(result, -end, end);
}

// Numbers within six ulps of half a step, where the largest magnitude is below 2.
void add_ties(std::vector<float>& x, int bits, std::uint64_t stream) {
  const Random random{.seed = 13, .stream = stream, .offset = 0};
  for (float& number : x) {
    if (std::fabs(number) >= 2) number = 0;
  }
  for (std::size_t i = 0; i < 100; ++i) {
    const std::uint32_t steps = random.word(2 * i) % (1U << (bits - 1));
    const float tie = std::ldexp(static_cast<float>(steps) + 0.5F, 2 - bits);
    const int ulps = static_cast<int>(random.word(2 * i + 1) % 13) - 6;
    x.push_back(i % 2 == 0 ? moved(tie, ulps) : -moved(tie, ulps));
  }
}

TEST(QpytorchPeer, GivesTheNumbersOfBitPatterns) {
  for (const int bits : {4, 8, 12, 16}) {
    const BlockFormat format =
        find_block_preset("qpytorch").apply(find_block_format("bfp" + std::to_string(bits) + "_0"));
    for (std::uint64_t stream = 0; stream < 40; ++stream) {
      std::vector<float> x = random_numbers(64, stream);
      x.push_back(2.0F - 0x1p-23F);
      add_ties(x, bits, stream);
      const float largest = largest_of(x.data(), x.size());
      const Result got = quantized(format, x);
      for (std::size_t i = 0; i < x.size(); ++i)
        ASSERT_EQ(got.out[i], qpytorch(x[i], largest, bits)) << bits << " bits: " << x[i];
    }
  }
}

// ---- Divisions in binary32 ----------------------------------------------------------------------

TEST(Divisions, InBinary32AreTheProcessors) {
  BlockFormat format = find_block_format("int8_tensor");
  for (std::uint64_t stream = 0; stream < 40; ++stream) {
    const std::vector<float> x = random_numbers(64, stream);
    const float largest = largest_of(x.data(), x.size());
    for (const bool reciprocal : {false, true}) {
      format.division = reciprocal ? Division::binary32_reciprocal : Division::binary32;
      format.levels[0].division = format.division;
      const float scale = reciprocal ? largest * (1.0F / 127.0F) : largest / 127.0F;
      const Result got = quantized(format, x);
      ASSERT_EQ(got.codes.scales[0][0], Code{bits_of(scale)});
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float quotient = reciprocal ? x[i] * (1.0F / scale) : x[i] / scale;
        const float want = std::clamp(std::nearbyint(quotient), -128.0F, 127.0F);
        ASSERT_EQ(static_cast<std::int8_t>(got.codes.elements[i]), want) << stream << " " << i;
      }
    }
  }
}

}  // namespace
}  // namespace halfulp::reference
