// SPDX-License-Identifier: MIT
//
// Dot units as documents: what is written reads back, and what means nothing is refused by place.
#include "formats/unit.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "formats/catalogue.h"
#include "formats/error.h"
#include "formats/json.h"

namespace halfulp {
namespace {

DotUnit parsed(const std::string& text) {
  return dot_unit_from_json(parse_json(text, "text"), "/unit");
}

std::string error_of(const std::string& text) {
  try {
    parsed(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(DotUnitDocument, ReadsBackAsItWasWritten) {
  for (const char* text :
       {R"({})", R"({"native": "binary32", "order": "eight-sums"})",
        R"({"accumulator": "binary32"})",
        R"({"accumulator": {"format": "bfloat16", "rounding": "sr"}, "order": "pairwise"})",
        R"({"accumulator": "float8_e5m2", "order": "chunked", "chunk": 128, "outer": "binary32"})",
        R"({"accumulator": "binary16", "order": "Compensated", "product": "bfloat16"})",
        R"({"accumulator": "posit16", "order": "exact"})"}) {
    const DotUnit unit = parsed(text);
    EXPECT_EQ(dot_unit_from_json(to_json(unit), "/unit"), unit) << text;
  }
}

TEST(DotUnitDocument, MembersMeanWhatTheySay) {
  EXPECT_EQ(parsed("{}"), DotUnit{});
  const DotUnit native = parsed(R"({"native": "binary32", "order": "eight-sums"})");
  EXPECT_EQ(native.native, Carrier::binary32);
  EXPECT_EQ(native.order, Order::eight_sums);
  const DotUnit unit = parsed(
      R"({"accumulator": "binary16", "order": "chunked", "chunk": 3, "outer": "binary32",
          "product": "bfloat16"})");
  EXPECT_EQ(unit.accumulator->format.name, "binary16");
  EXPECT_EQ(unit.chunk, 3);
  EXPECT_EQ(unit.product->format.name, "bfloat16");
  EXPECT_EQ(result_quantizer(unit).format.name, "binary32");
  EXPECT_EQ(result_quantizer(parsed(R"({"accumulator": "binary16"})")).format.name, "binary16");
}

TEST(DotUnitDocument, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(error_of(R"({"order": "exact"})"),
            "/unit/order: the order \"exact\" without an accumulator; give an accumulator, such as "
            "\"binary32\"");
  EXPECT_EQ(error_of(R"({"product": "binary16"})"),
            "/unit/product: a format of products without an accumulator; give an accumulator, such "
            "as \"binary32\"");
  EXPECT_EQ(error_of(R"({"accumulator": "binary32", "outer": "binary32"})"),
            "/unit/outer: a format of the sums of chunks, and no chunks; leave it out, or write "
            "\"order\": \"chunked\"");
  EXPECT_EQ(error_of(R"({"accumulator": "binary32", "native": "binary32"})"),
            "/unit/native: \"native\" and \"accumulator\" stand in one dot unit; keep one of them");
  EXPECT_EQ(error_of(R"({"accumulator": "mxfp4"})").find("/unit/accumulator: the block format"),
            0U);
  EXPECT_EQ(error_of(R"({"order": 3})"),
            "/unit/order: a number stands here; a text in quotation marks is needed");
  EXPECT_EQ(error_of(R"({"order": "sorted"})"),
            "/unit/order: \"sorted\" is no order of summation; there are sequential, eight-sums, "
            "pairwise, chunked, compensated, exact");
  EXPECT_EQ(error_of(R"({"accumlator": "binary32"})").find("/unit/accumlator: unknown key"), 0U);
}

TEST(Order, NamesAreReadAsTheyAreWritten) {
  for (const Order order : {Order::sequential, Order::eight_sums, Order::pairwise, Order::chunked,
                            Order::compensated, Order::exact}) {
    EXPECT_EQ(parse_order(name_of(order)), order);
  }
  EXPECT_EQ(parse_order("Eight_Sums"), Order::eight_sums);
  EXPECT_THROW(parse_order(""), Error);
}

}  // namespace
}  // namespace halfulp
