// SPDX-License-Identifier: MIT
//
// Tensors to formats, as another program calls it: values and codes by hand, and errors that know
// nothing of the command line.
#include "golden/tensors/quantizer.h"

#include <cmath>

#include "emulator/engine.h"
#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/json.h"
#include "golden/tensors/error_statistics.h"
#include "reference/engine.h"
#include "support.h"
#include "tests/support/error_of.h"

namespace halfulp::tensors {
namespace {

Tensor numbers(const Shape& shape, const std::vector<float>& values) {
  return from_numbers({"x", element_type("float32"), shape}, values);
}

TEST(TensorQuantizer, RoundsEveryElement) {
  const TensorQuantizer fp4(any_quantizer_from_text("fp4"), emulator::engine());
  const Tensor out = fp4.quantized(numbers({2, 2}, {0.3F, -1.2F, 5.1F, 100}));
  EXPECT_EQ(out.name, "x");
  EXPECT_EQ(out.shape, (Shape{2, 2}));
  EXPECT_EQ(floats_of(out), (std::vector<float>{0.5, -1, 6, 6}));
}

// A block's scale is a power of two by its largest element: with 32 in a row, 1 is too small for
// it.
TEST(TensorQuantizer, LaysBlocksAlongTheAxis) {
  const TensorQuantizer mxfp4(find_block_format("mxfp4"), emulator::engine());
  const Tensor in = numbers({2, 2}, {1, 32, 1, 32});
  EXPECT_EQ(floats_of(mxfp4.quantized(in)), (std::vector<float>{0, 32, 0, 32}));
  EXPECT_EQ(floats_of(mxfp4.quantized(in, 0)), (std::vector<float>{1, 32, 1, 32}));
  const TensorQuantizer slow(find_block_format("mxfp4"), reference::engine());
  EXPECT_EQ(slow.quantized(in, 1), mxfp4.quantized(in));
}

TEST(TensorQuantizer, SaysWhatIsWrongInItsOwnTerms) {
  EXPECT_EQ(axis_of({4, 5, 6}, -1), 2U);
  EXPECT_EQ(axis_of({}, 0), 0U);
  EXPECT_EQ(error_of([] {
              axis_of({4, 5}, 2);
            }),
            "no axis 2 in a tensor of 2 dimensions; axes are 0 to 1, the last also -1");
  EXPECT_EQ(error_of([] {
              const TensorQuantizer wide(any_quantizer_from_text("binary128"), emulator::engine());
            }),
            "the format \"binary128\" has values that no binary64 holds, and arrays are carried in "
            "it; round the numbers one by one");
}

TEST(ErrorStatistics, AreOfTheMatrix) {
  const TensorQuantizer integers(any_quantizer_from_text("int8"), emulator::engine());
  const Unfolded in = unfold(numbers({3}, {1, 1.25F, 1e9F}), 0);
  const Quantized out = integers.quantize(in, {}, false);
  const ErrorStatistics errors = error_statistics(in, out, {}, integers, emulator::engine());
  EXPECT_EQ(errors.elements, 3U);
  EXPECT_EQ(errors.measured, 3U);
  EXPECT_EQ(errors.saturated, 1U);
  EXPECT_EQ(errors.inexact, 2U);
  EXPECT_EQ(errors.largest_at, 2U);
}

TEST(Rotation, MultipliesBlocksAlongTheAxis) {
  Unfolded rows = unfold(numbers({1, 4}, {1, 2, 3, 5}), 1);
  rotate(rows, 4, nullptr);
  EXPECT_EQ(rows.matrix.floats, (std::vector<float>{5.5F, -1.5F, -2.5F, 0.5F}));
  Unfolded columns = unfold(numbers({4, 1}, {1, 2, 3, 5}), 0);
  rotate(columns, 4, nullptr);
  EXPECT_EQ(columns.matrix.floats, rows.matrix.floats);
  rotate(rows, 4, nullptr);
  EXPECT_EQ(rows.matrix.floats, (std::vector<float>{1, 2, 3, 5}));
}

TEST(Rotation, DrawsTheSameSignsInEveryBlock) {
  const Random signs{.seed = 3};
  Unfolded in = unfold(numbers({2, 4}, {1, 2, 3, 5, 1, 2, 3, 5}), 1);
  rotate(in, 4, &signs);
  std::vector<float> signed_numbers{1, 2, 3, 5};
  for (std::size_t j = 0; j < 4; ++j)
    if (signs.word(j) >> 31U != 0) signed_numbers[j] = -signed_numbers[j];
  EXPECT_NE(signed_numbers, (std::vector<float>{1, 2, 3, 5}));
  Unfolded want = unfold(numbers({1, 4}, signed_numbers), 1);
  rotate(want, 4, nullptr);
  for (std::size_t j = 0; j < 8; ++j) EXPECT_EQ(in.matrix.floats[j], want.matrix.floats[j % 4]);
  EXPECT_NE(error_of([&] { rotate(in, 3, nullptr); }).find("power of two"), std::string::npos);
  EXPECT_NE(error_of([&] { rotate(in, 8, nullptr); }).find("whole blocks"), std::string::npos);
}

// Squares of such numbers are zeros and infinities of binary64; their ratio is the same as of
// numbers near one.
TEST(ErrorStatistics, RatioIsThatOfNumbersNearOne) {
  const auto ratio = [](int exponent) {
    Matrix in(Carrier::binary64, 1, 2);
    Matrix out(Carrier::binary64, 1, 2);
    in.doubles = {std::ldexp(1.25, exponent), std::ldexp(-3.0, exponent)};
    out.doubles = {std::ldexp(1.0, exponent), std::ldexp(-3.0, exponent)};
    return error_statistics(in, out).signal_to_noise.value();
  };
  EXPECT_NEAR(ratio(0), 22.278867046136735, 1e-12);
  for (const int exponent : {-1060, -700, -480, 510, 1000})
    EXPECT_NEAR(ratio(exponent), ratio(0), 1e-10) << exponent;
}

}  // namespace
}  // namespace halfulp::tensors
