// SPDX-License-Identifier: MIT
//
// Dot units as documents: what is written reads back, and what means nothing is refused by place.
#include "formats/unit.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
  EXPECT_EQ(unit.outer->format.name, "binary32");
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

// --- Trees.

TEST(DotTree, OfEqualArithmeticIsEqualWhateverItsDescription) {
  EXPECT_EQ(tree_of(parsed(R"({"native": "binary32"})")),
            tree_of(parsed(R"({"product": "binary32", "accumulator": "binary32"})")));
  EXPECT_EQ(tree_of(parsed("{}")),
            tree_of(parsed(R"({"product": "binary64", "accumulator": "binary64"})")));
  EXPECT_EQ(tree_of(parsed(R"({"accumulator": "binary16", "order": "chunked", "chunk": 4})")),
            tree_of(parsed(R"({"accumulator": "binary16", "order": "chunked", "chunk": 4,
                               "outer": "binary16"})")));
  EXPECT_NE(tree_of(parsed("{}")), tree_of(parsed(R"({"accumulator": "binary64"})")));
  EXPECT_NE(tree_of(parsed("{}")), tree_of(parsed(R"({"order": "eight-sums"})")));
}

TEST(DotTree, DrawsAreThoseOfTheOrders) {
  const auto draws = [](const std::string& order) {
    return draws_of(tree_of(parsed(
        R"({"accumulator": {"format": "binary16", "rounding": "stochastic", "random_bits": 9},
            "product": {"format": "binary16", "rounding": "stochastic", "random_bits": 12},
            "order": ")" +
        order + "}")));
  };
  EXPECT_EQ(draws(R"(sequential")").per_term, 2U);
  EXPECT_EQ(draws(R"(sequential")").product, 1U);
  EXPECT_EQ(draws(R"(sequential")").bits, 12);
  EXPECT_EQ(draws(R"(exact")").per_term, 2U);
  const TreeDraws pairwise = draws(R"(pairwise")");
  EXPECT_EQ(pairwise.per_term, 4U);
  EXPECT_EQ(pairwise.sums[0].sum, 2U);
  EXPECT_EQ(pairwise.addend, 3U);
  const TreeDraws chunked = draws(R"(chunked", "chunk": 9)");
  EXPECT_EQ(chunked.per_term, 4U);
  EXPECT_EQ(chunked.sums[0].item, 2U);
  const TreeDraws compensated = draws(R"(compensated")");
  EXPECT_EQ(compensated.per_term, 8U);
  EXPECT_EQ(compensated.sums[0].sum, 2U);
  EXPECT_EQ(compensated.sums[0].difference, 3U);
  EXPECT_EQ(compensated.sums[0].correction, 4U);
}

TEST(DotTree, OnlyStochasticRoundingsHaveIndices) {
  EXPECT_EQ(draws_of(parsed(R"({"order": "eight-sums"})")).per_term, 1U);
  EXPECT_EQ(draws_of(parsed(R"({"order": "eight-sums"})")).bits, 0);
  const TreeDraws sum = draws_of(parsed(
      R"({"accumulator": {"format": "binary16", "rounding": "stochastic"}, "product": "binary16"})"));
  EXPECT_EQ(sum.per_term, 1U);
  const TreeDraws outer = draws_of(parsed(
      R"({"accumulator": "binary16", "order": "chunked", "chunk": 9, "product": "binary16",
          "outer": {"format": "binary32", "rounding": "stochastic", "random_bits": 5}})"));
  EXPECT_EQ(outer.per_term, 1U);
  EXPECT_EQ(outer.sums[0].item, 0U);
  EXPECT_EQ(outer.bits, 5);
  const TreeDraws product = draws_of(parsed(
      R"({"accumulator": "binary16", "product": {"format": "binary16", "rounding": "stochastic"}})"));
  EXPECT_EQ(product.per_term, 1U);
  EXPECT_EQ(product.product, 0U);
}

// A whole number of Philox's blocks, whatever the width.
TEST(DotTree, ResultsBeginAtMultiplesOfSixteen) {
  const DotTree tree = tree_of(parsed(
      R"({"accumulator": {"format": "binary16", "rounding": "stochastic"}, "order": "pairwise"})"));
  EXPECT_EQ(draws_of(tree).per_term, 4U);  // with C behind the sum
  EXPECT_EQ(draws_per_result(tree, 0), 16U);
  EXPECT_EQ(draws_per_result(tree, 4), 16U);
  EXPECT_EQ(draws_per_result(tree, 5), 32U);
  EXPECT_EQ(draws_per_result(tree, 1024), 4096U);
}

TEST(DotTree, PartsHoldEveryTermOnce) {
  const Sum runs{.quantizer = {}, .of = Sum::Of::runs, .size = 3};
  EXPECT_EQ(count_parts(runs, {0, 8, 1}), 3U);
  EXPECT_EQ(part_of(runs, {0, 8, 1}, 2), (TermList{6, 8, 1}));
  EXPECT_EQ(count_parts(runs, {4, 4, 1}), 0U);
  const Sum strands{.quantizer = {}, .of = Sum::Of::strands, .size = 2};
  EXPECT_EQ(count_parts(strands, {0, 1, 1}), 2U);
  EXPECT_EQ(part_of(strands, {0, 8, 1}, 1), (TermList{1, 8, 2}));
  // Runs of strands of runs.
  for (std::size_t n = 0; n < 40; ++n) {
    std::vector<int> seen(n);
    for (std::size_t i = 0; i < count_parts(strands, {0, n, 1}); ++i) {
      const TermList strand = part_of(strands, {0, n, 1}, i);
      for (std::size_t j = 0; j < count_parts(runs, strand); ++j) {
        const TermList run = part_of(runs, strand, j);
        EXPECT_LE(run.end, n);
        for (std::size_t k = run.first; k < run.end; k += run.step) ++seen[k];
      }
    }
    EXPECT_EQ(seen, std::vector<int>(n, 1));
  }
}

std::string place_of_error(const DotTree& tree) {
  try {
    validate(tree, "/unit");
  } catch (const Error& error) {
    return error.location();
  }
  return "no error";
}

TEST(DotTree, ErrorsSayWhereAndWhat) {
  const Quantizer q{.format = find_format("binary16"), .rounding = {}};
  const Sum terms{.quantizer = q};
  EXPECT_EQ(place_of_error({.product = {}, .sums = {terms}}), "no error");
  EXPECT_EQ(place_of_error({.product = {}, .sums = {}}), "/unit/sums");
  EXPECT_EQ(place_of_error({.product = {}, .sums = {terms, terms}}), "/unit/sums/0/of");
  Sum sum{.quantizer = q, .of = Sum::Of::runs};
  EXPECT_EQ(place_of_error({.product = {}, .sums = {sum, terms}}), "/unit/sums/0/size");
  EXPECT_EQ(place_of_error({.product = {}, .sums = {sum}}), "/unit/sums/0/of");
  sum.size = 8;
  EXPECT_EQ(place_of_error({.product = {}, .sums = {sum, terms}}), "no error");
  sum.joining = Joining::halves;
  EXPECT_EQ(place_of_error({.product = {}, .sums = {sum, terms}}), "/unit/sums/0/joining");
  sum.of = Sum::Of::strands;
  EXPECT_EQ(place_of_error({.product = {}, .sums = {sum, terms}}), "no error");
  sum.size = 6;
  EXPECT_EQ(place_of_error({.product = {}, .sums = {sum, terms}}), "/unit/sums/0/joining");
  sum.joining = Joining::at_once;
  EXPECT_EQ(place_of_error({.product = {}, .sums = {sum, terms}}), "no error");
  sum.joining = Joining::pairwise;
  sum.quantizer.rounding.mode = Mode::stochastic;
  EXPECT_EQ(place_of_error({.product = {}, .sums = {sum, terms}}), "/unit/sums/0/quantizer");
  // Whoever walks a tree stands as deep in it as its sums do.
  DotTree deep{.product = {},
               .sums = std::vector<Sum>(63, {.quantizer = q, .of = Sum::Of::runs, .size = 2})};
  deep.sums.push_back(terms);
  EXPECT_EQ(place_of_error(deep), "no error");
  deep.sums.insert(deep.sums.begin(), deep.sums.front());
  EXPECT_EQ(place_of_error(deep), "/unit/sums");
}

TEST(DotTree, ErrorsOfAdditionsAtOnceSayWhereAndWhat) {
  const Quantizer q{.format = find_format("binary16"), .rounding = {}};
  const Sum terms{.quantizer = q, .together = 4};
  DotTree tree{.product = {}, .sums = {terms}};
  EXPECT_EQ(place_of_error(tree), "no error");
  tree.sums[0].together = 0;
  EXPECT_EQ(place_of_error(tree), "/unit/sums/0/together");
  tree.sums[0].together = 4;
  tree.sums[0].joining = Joining::pairwise;
  EXPECT_EQ(place_of_error(tree), "/unit/sums/0/together");
  tree.sums[0] = terms;
  tree.sums[0].alignment = Alignment{.bits = 24};
  EXPECT_EQ(place_of_error(tree), "/unit/sums/0/alignment");
  tree.left = tree.right = q.format;
  EXPECT_EQ(place_of_error(tree), "no error");
  tree.sums[0].alignment->bits = -1;
  EXPECT_EQ(place_of_error(tree), "/unit/sums/0/alignment/bits");
  tree.sums[0] = terms;
  tree.sums[0].rounded = false;
  EXPECT_EQ(place_of_error(tree), "/unit/sums/0/rounded");
  tree.sums[0] = terms;
  tree.order = {1, 1};
  EXPECT_EQ(place_of_error(tree), "/unit/order");
  tree.order = {1, 0};
  tree.product_limit = 128;
  EXPECT_EQ(place_of_error(tree), "no error");
  tree.product = q;
  EXPECT_EQ(place_of_error(tree), "/unit/product_limit");
}

TEST(DotTree, TermsAreTakenInTheirOrder) {
  DotTree tree{.product = {}, .sums = {}};
  tree.order = {2, 0, 1};
  EXPECT_EQ(order_of_terms(tree, 5), (std::vector<std::size_t>{2, 0, 1, 3, 4}));
  tree.order = {};
  EXPECT_EQ(order_of_terms(tree, 3), (std::vector<std::size_t>{0, 1, 2}));
}

}  // namespace
}  // namespace halfulp
