// SPDX-License-Identifier: MIT
//
// Descriptions of units, orders and plans that are damaged: members dropped, exchanged, of another
// type, at the ends of their ranges. Each is refused with a place and a remedy, or computes a small
// product; none takes the program down, or memory beyond what the operands have.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/matrix_unit.h"
#include "golden/kernels/product.h"
#include "tests/support/sampling.h"

namespace halfulp::kernels {
namespace {

using sampling::Stream;
using tensors::Tensor;

const std::vector<std::string>& orders() {
  static const std::vector<std::string> texts{
      R"({"sums": [{"joining": "in_sequence", "of": "runs", "size": 8, "quantizer": "binary32"}]})",
      R"({"sums": [{"joining": "pairwise", "of": "strands", "parts": 4, "grain": 2,
          "quantizer": {"format": "bfloat16", "rounding": "toward-zero"}}]})",
      R"({"tree": {"sums": [{"joining": "in_sequence", "together": 4, "quantizer": "binary32",
          "alignment": {"bits": 24, "running_bits": 25, "sum_bits": 20, "least_exponent": -133,
          "downward": true, "drops_running": true}}], "product_limit": 128, "order": [1, 0]}})",
      R"({"tree": {"product": "binary16", "sums": [{"joining": "compensated",
          "quantizer": "binary16"}]}, "epilogue": [{"what": "multiply", "factor": 0.5,
          "quantizer": "binary32"}, {"what": "function", "function": "gelu",
          "quantizer": "bfloat16"}]})",
      R"({"split": {"parts": 3, "grain": 4, "merge": "rounded_sums", "sum": "binary32",
          "group": 8, "step": 16}})",
      R"({"split": {"size": 12, "merge": "rounded_parts", "group": 4, "first": 3}})",
      R"({"stream_k": {"workers": 3, "rows": 2, "columns": 2, "terms": 4, "sum": "binary32"}})",
      R"({"mode": "splitk_groups", "k_chunk": 16, "block_k": 8, "k_per_dot": 4,
          "merge_scheme": 3})",
      R"({"mode": "gemmsn", "simt": [3, 4]})",
      R"({"mode": "k_per_dot", "k_per_dot": 8, "leading_group_k": 5})"};
  return texts;
}

// All places of a document, each an object, a list or a value.
void collect(Json& value, std::vector<Json*>& places) {
  places.push_back(&value);
  if (!value.is_structured()) return;
  for (Json& member : value) collect(member, places);
}

Json other_value(Stream& stream) {
  static const std::vector<Json> values{nullptr,
                                        true,
                                        "",
                                        "binary32",
                                        "nonsense",
                                        -1,
                                        0,
                                        1,
                                        2,
                                        3,
                                        7,
                                        1000,
                                        1001,
                                        9007199254740992,
                                        9007199254740993,
                                        std::int64_t{-9007199254740992},
                                        1e300,
                                        -1e300,
                                        0.5,
                                        Json::array(),
                                        Json::object(),
                                        Json::array({1, 2}),
                                        R"({"kind": "float", "exponent_bits": 4})"_json};
  return values[stream.below(values.size())];
}

Json damaged(Json document, Stream& stream) {
  const std::uint64_t times = 1 + stream.below(2);
  for (std::uint64_t i = 0; i < times; ++i) {
    std::vector<Json*> places;
    collect(document, places);
    Json& place = *places[stream.below(places.size())];
    if (place.is_structured() && !place.empty() && stream.bits(1) != 0) {
      const std::size_t which = stream.below(place.size());
      if (place.is_array()) {
        place.erase(which);
      } else {
        place.erase(std::next(place.begin(), static_cast<std::ptrdiff_t>(which)).key());
      }
    } else if (place.is_object() && stream.bits(1) != 0) {
      place["more"] = other_value(stream);
    } else {
      place = other_value(stream);
    }
  }
  return document;
}

Tensor ones(const Format& format, std::int64_t rows, std::int64_t columns, Stream& stream) {
  std::vector<std::uint64_t> codes;
  for (std::int64_t i = 0; i < rows * columns; ++i)
    codes.push_back(stream.bits(std::min(bits(format), 64)));
  return tensors::from_codes({"", tensors::element_type(format), {rows, columns}}, codes);
}

struct Outcome {
  int computed = 0, refused = 0;
};

// An Error has a text, and a remedy where the operands are not to blame.
void try_product(const MatrixUnit& unit, const Order& order, Stream& stream, Outcome& outcome) {
  const Tensor a = ones(unit.a.format, 3, 21, stream);
  const Tensor b = ones(unit.b.format, 21, 5, stream);
  try {
    const Tensor d = multiply(unit, order, emulator::engine(), {.a = &a, .b = &b}, {.threads = 1});
    EXPECT_EQ(tensors::element_count(d), 15U);
    ++outcome.computed;
  } catch (const Error& error) {
    EXPECT_STRNE(error.what(), "");
    ++outcome.refused;
  }
}

template <typename Read>
auto read(const Read& read_it, Outcome& outcome) -> std::optional<decltype(read_it())> {
  try {
    return read_it();
  } catch (const Error& error) {
    EXPECT_STRNE(error.what(), "");
    ++outcome.refused;
    return std::nullopt;
  }
}

TEST(DamagedOrders, AreRefusedOrComputed) {
  Stream stream(61);
  Outcome outcome;
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.mma.f16.f32");
  for (std::size_t i = 0; i < sampling::draws(4000); ++i) {
    const Json document = damaged(parse_json(orders()[i % orders().size()], ""), stream);
    SCOPED_TRACE(document.dump());
    const auto order = read([&] { return order_from_json(document, ""); }, outcome);
    if (order) try_product(unit, *order, stream, outcome);
  }
  EXPECT_GT(outcome.computed, 100);
  EXPECT_GT(outcome.refused, 100);
}

TEST(DamagedUnits, AreRefusedOrComputed) {
  Stream stream(62);
  Outcome outcome;
  const std::vector<MatrixUnit>& units = shipped_units();
  for (std::size_t i = 0; i < sampling::draws(3000); ++i) {
    const Json document = damaged(to_json(units[i % units.size()]), stream);
    SCOPED_TRACE(document.dump());
    const auto unit = read([&] { return matrix_unit_from_json(document, ""); }, outcome);
    if (unit) try_product(*unit, {}, stream, outcome);
  }
  EXPECT_GT(outcome.computed, 100);
  EXPECT_GT(outcome.refused, 100);
}

}  // namespace
}  // namespace halfulp::kernels
