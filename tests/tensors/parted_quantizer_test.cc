// SPDX-License-Identifier: MIT
//
// Values and errors of a tensor quantized part by part are those of the whole, wherever it is cut.
#include "golden/tensors/parted_quantizer.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "emulator/engine.h"
#include "formats/json.h"

namespace halfulp::tensors {
namespace {

Tensor numbers(const Shape& shape, bool with_specials) {
  std::vector<float> values(element_count(shape));
  const Random random{.seed = 3};
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(static_cast<std::int32_t>(random.word(i))) * 0x1p-26F;
    if (i % 11 == 3) values[i] *= 0x1p-14F;
    if (i % 17 == 5) values[i] *= 0x1p12F;
    if (with_specials && i % 97 == 40) values[i] = std::numeric_limits<float>::infinity();
    if (with_specials && i % 97 == 41) values[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return from_numbers({"t", element_type("float32"), shape}, std::span<const float>(values));
}

struct Outcome {
  Bytes values;
  ErrorStatistics errors;
};

void expect_same(const Outcome& got, const Outcome& want, const std::string& what) {
  EXPECT_EQ(got.values, want.values) << what;
  const ErrorStatistics& a = got.errors;
  const ErrorStatistics& b = want.errors;
  EXPECT_EQ(a.elements, b.elements) << what;
  EXPECT_EQ(a.nan_in, b.nan_in) << what;
  EXPECT_EQ(a.infinite_in, b.infinite_in) << what;
  EXPECT_EQ(a.nan_out, b.nan_out) << what;
  EXPECT_EQ(a.infinite_out, b.infinite_out) << what;
  EXPECT_EQ(a.lost, b.lost) << what;
  EXPECT_EQ(a.measured, b.measured) << what;
  EXPECT_EQ(a.saturated, b.saturated) << what;
  EXPECT_EQ(a.flushed, b.flushed) << what;
  EXPECT_EQ(a.inexact, b.inexact) << what;
  EXPECT_EQ(a.mean_square, b.mean_square) << what;
  EXPECT_EQ(a.signal_to_noise, b.signal_to_noise) << what;
  EXPECT_EQ(a.largest_ulp, b.largest_ulp) << what;
  EXPECT_EQ(a.largest_at, b.largest_at) << what;
}

AnyQuantizer quantizer_named(const std::string& name, Mode mode) {
  AnyQuantizer quantizer = any_quantizer_from_text(name);
  Rounding& rounding = std::holds_alternative<Quantizer>(quantizer)
                           ? std::get<Quantizer>(quantizer).rounding
                           : std::get<BlockFormat>(quantizer).element.rounding;
  rounding.mode = mode;
  return quantizer;
}

Outcome of_whole(const Tensor& tensor, const TensorQuantizer& quantizer, const Random& random) {
  const Unfolded in = unfold(tensor, tensor.shape.size() - 1);
  const Quantized out = quantizer.quantize(in, random, false);
  return {quantizer.values(in, out, "t").data,
          error_statistics(in, out, random, quantizer, emulator::engine())};
}

Outcome of_parts(const Tensor& tensor, const TensorQuantizer& quantizer, const Parting& parting,
                 const Random& random, int threads) {
  const TensorCodes codes(tensor, "t");
  Outcome outcome;
  outcome.errors = quantize_in_parts(
      codes, quantizer, parting, random, emulator::engine(), threads, [&](ByteView part) {
        outcome.values.insert(outcome.values.end(), part.begin(), part.end());
      });
  return outcome;
}

TEST(PartedQuantizer, PartsAreAsTheWhole) {
  for (const std::string name : {"float8_e4m3fn", "float8_e5m2", "float4_e2m1fn", "binary16",
                                 "int8", "posit8", "mxfp8_e4m3", "mxfp4", "mxint8", "msfp12"}) {
    for (const Mode mode : {Mode::nearest_even, Mode::stochastic}) {
      for (const Shape& shape : {Shape{8, 96}, Shape{6, 40}, Shape{1, 333}, Shape{2, 3, 64}}) {
        for (const bool specials : {false, true}) {
          const AnyQuantizer description = quantizer_named(name, mode);
          const TensorQuantizer quantizer(description, emulator::engine(), 2);
          const Tensor tensor = numbers(shape, specials);
          const auto usual = parting_of(description, shape);
          ASSERT_TRUE(usual) << name;
          const Random random{.seed = 7, .stream = 8};
          const Outcome want = of_whole(tensor, quantizer, random);
          expect_same(of_parts(tensor, quantizer, *usual, random, 2), want, name);
          // As small as may be: blocks of 32 and of fewer, or a row.
          const bool by_rows = usual->columns == static_cast<std::size_t>(shape.back());
          const Parting small = by_rows ? Parting{usual->columns, usual->columns} : Parting{32, 32};
          for (const int threads : {1, 2})
            expect_same(of_parts(tensor, quantizer, small, random, threads), want, name);
        }
      }
    }
  }
}

TEST(PartedQuantizer, ScalesOfMoreThanAPartAreLeftToTheWhole) {
  EXPECT_FALSE(parting_of(any_quantizer_from_text("nvfp4"), {64, 64}));
  EXPECT_FALSE(parting_of(any_quantizer_from_text("mxfp4"), {0, 64}));
  EXPECT_TRUE(parting_of(any_quantizer_from_text("mxfp4"), {4, 50}));
  EXPECT_FALSE(parting_of(any_quantizer_from_text("mxfp4"), {4, (1 << 22) + 50}));
}

}  // namespace
}  // namespace halfulp::tensors
