// SPDX-License-Identifier: MIT
//
// Tensors to formats, as another program calls it: values and codes by hand, and errors that know
// nothing of the command line.
#include "golden/tensors/quantizer.h"

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

}  // namespace
}  // namespace halfulp::tensors
