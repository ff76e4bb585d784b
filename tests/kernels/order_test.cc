// SPDX-License-Identifier: MIT
//
// Orders of kernels as text and JSON, and the trees that they make of a unit.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "formats/catalogue.h"
#include "formats/error.h"
#include "golden/kernels/order.h"
#include "tests/support/error_of.h"

namespace halfulp::kernels {
namespace {

const DotTree& unit() { return find_matrix_unit("nv.hopper.wgmma.e4m3.f32").tree; }

TEST(Orders, PlainIsTheUnitItself) {
  EXPECT_EQ(tree_of(order_from_text("plain"), unit(), 512), unit());
}

TEST(Orders, PromotionStartsTheUnitAnewInABinary32Sum) {
  const DotTree tree = tree_of(order_from_text("promote:128"), unit(), 512);
  ASSERT_EQ(tree.sums.size(), 2);
  EXPECT_EQ(tree.sums[0].of, Sum::Of::runs);
  EXPECT_EQ(tree.sums[0].size, 128);
  EXPECT_EQ(tree.sums[0].quantizer.format, find_format("binary32"));
  EXPECT_EQ(tree.sums[1], unit().sums[0]);
}

// cuBLAS's slices, as facebookexperimental/triton's pull request 2752 describes them: of K terms at
// a grain G in s slices, each has ceil(ceil(K / G) / s) G terms, and the last what remains.
TEST(Orders, SlicesAreWholeMultiplesOfTheGrain) {
  const Order order = order_from_text("split-k:3:64");
  EXPECT_EQ(tree_of(order, unit(), 1000).sums[0].size, 384);  // ceil(16 / 3) = 6
  EXPECT_EQ(tree_of(order, unit(), 64).sums[0].size, 64);
  EXPECT_EQ(tree_of(order_from_text("split-k:3"), unit(), 1000).sums[0].size, 334);
}

TEST(Orders, PiecesStandFromTheOutermostIn) {
  const DotTree tree = tree_of(order_from_text("split-k:2:128,promote:128"), unit(), 1024);
  ASSERT_EQ(tree.sums.size(), 3);
  EXPECT_EQ(tree.sums[0].size, 512);
  EXPECT_EQ(tree.sums[1].size, 128);
}

TEST(Orders, SomeHaveAnArithmeticOfTheirOwn) {
  const Order order = order_from_text("tree:32:bfloat16,sequential:binary32");
  ASSERT_TRUE(order.tree);
  const DotTree tree = tree_of(order, unit(), 100);
  ASSERT_EQ(tree.sums.size(), 2);
  EXPECT_EQ(tree.sums[0].joining, Joining::pairwise);
  EXPECT_EQ(tree.sums[0].quantizer.format, find_format("bfloat16"));
  EXPECT_TRUE(tree.product);
  EXPECT_EQ(order_from_text("exact:binary32").tree->sums[0].joining, Joining::at_once);
}

TEST(Orders, JsonSaysEveryMember) {
  const Json json = parse_json(
      R"({"sums": [{"joining": "in_sequence", "of": "runs", "parts": 4, "grain": 64,
                    "quantizer": "binary32"}],
          "epilogue": [{"what": "scale", "product": "binary32", "quantizer": "binary32"},
                       {"what": "multiply_add_c", "factor": 0.5, "quantizer": "binary32"},
                       {"what": "function", "function": "gelu", "quantizer": "bfloat16"}]})",
      "");
  const Order order = order_from_json(json, "");
  EXPECT_TRUE(adds_c_in_epilogue(order));
  EXPECT_TRUE(scales_in_epilogue(order));
  EXPECT_EQ(order.epilogue[2].function, Op::gelu);
  EXPECT_EQ(tree_of(order, unit(), 256).sums[0].size, 64);
}

TEST(Orders, ErrorsSayWhatThereIs) {
  EXPECT_EQ(error_of([] { order_from_text("promot:128"); }),
            "\"promot:128\" is no part of an order; did you mean \"promote\"?");
  EXPECT_EQ(error_of([] { order_from_text("promote"); }),
            "\"promote\" lacks a number of at least 1; write for example promote:128");
  EXPECT_EQ(error_of([] { order_from_text("exact:binary32,fma:binary32"); }),
            "two arithmetics in one order; keep one of them");
}

}  // namespace
}  // namespace halfulp::kernels
