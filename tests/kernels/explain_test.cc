// SPDX-License-Identifier: MIT
//
// Faults planted in products, one at a time: the explanation names each. And what no single change
// makes is explained by none.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "golden/kernels/suspects.h"
#include "tests/support/sampling.h"

namespace halfulp::kernels {
namespace {

using sampling::Stream;
using tensors::Tensor;

constexpr std::int64_t rows = 6;
constexpr std::int64_t terms = 328;  // no multiple of an instruction's, so that there is a tail
constexpr std::int64_t columns = 8;

// Numbers of a format, of exponents that differ; some of the least ones.
Tensor draw(const Format& format, const tensors::Shape& shape, Stream& stream) {
  const Quantizer q{.format = format, .rounding = {}};
  std::vector<double> numbers(tensors::element_count(shape));
  for (double& x : numbers) {
    const double significand = 1 + static_cast<double>(stream.below(1 << 12)) / (1 << 12);
    x = std::ldexp(significand, static_cast<int>(stream.below(8)) - 4);
    if (stream.below(24) == 0) x = to_double(smallest_positive(format)) * 3;
    if (stream.bits(1) != 0) x = -x;
  }
  const Engine& engine = emulator::engine();
  engine.round(as_const(view_of(std::span<double>(numbers))), engine.prepare(q), {},
               view_of(std::span<double>(numbers)), nullptr);
  return tensors::from_numbers({"", tensors::element_type(format), shape},
                               std::span<const double>(numbers));
}

// What was asked for, and the fault.
struct Planted {
  std::string unit, order, property, what;
  std::function<void(Suspect& suspect)> plant;
  std::string to = "";
};

Quantizer nearest(const std::string& format) {
  return {.format = find_format(format), .rounding = {}};
}
Sum& innermost(Suspect& suspect) {
  DotTree& tree = suspect.order.tree ? *suspect.order.tree : suspect.unit.tree;
  return tree.sums.back();
}

const std::string wgmma = "nv.hopper.wgmma.e4m3.f32";
const std::string hmma = "nv.hopper.mma.f16.f32";
const std::string ampere = "nv.ampere.mma.bf16.f32";

std::vector<Planted> all_planted() {
  using What = Handling::What;
  const auto bits = [](int n) {
    return [n](Suspect& suspect) { innermost(suspect).alignment->bits = n; };
  };
  const auto handling = [](What what, std::size_t amount = 0) {
    return [what, amount](Suspect& suspect) { suspect.handling = {what, amount}; };
  };
  const auto mode = [](Mode wanted) {
    return [wanted](Suspect& suspect) { innermost(suspect).quantizer.rounding.mode = wanted; };
  };
  const auto accumulator = [](const std::string& format) {
    return [format](Suspect& s) { innermost(s).quantizer.format = find_format(format); };
  };
  const auto order = [](const std::string& text) {
    return [text](Suspect& suspect) { suspect.order = order_from_text(text); };
  };
  const auto through = [](const std::string& format) {
    return [format](Suspect& suspect) { suspect.through = nearest(format); };
  };
  return {
      {"nv.blackwell.tcgen05.e4m3.f32", "plain", "alignment", "13 bits", bits(13)},
      {"nv.blackwell.tcgen05.e4m3.f32", "plain", "alignment", "21 bits", bits(21)},
      {wgmma, "plain", "alignment", "25 bits", bits(25)},
      {hmma, "plain", "alignment", "24 bits", bits(24)},
      {ampere, "plain", "alignment", "23 bits", bits(23)},
      {hmma, "promote:64", "alignment", "22 bits", bits(22)},
      {hmma, "plain", "alignment", "all bits kept",
       [](Suspect& suspect) { innermost(suspect).alignment.reset(); }},
      {hmma, "plain", "cutting", "cut downward",
       [](Suspect& suspect) { innermost(suspect).alignment->downward = true; }},
      {hmma, "plain", "rounding", "nearest-even", mode(Mode::nearest_even)},
      {ampere, "plain", "rounding", "toward-negative", mode(Mode::toward_negative)},
      {wgmma, "plain", "rounding", "nearest-away", mode(Mode::nearest_away)},
      {hmma, "plain", "accumulator", "e8m13", accumulator("e8m13")},
      {wgmma, "plain", "accumulator", "binary32", accumulator("binary32")},
      {ampere, "plain", "accumulator", "bfloat16", accumulator("bfloat16")},
      {hmma, "plain", "terms of an addition", "8 at once",
       [](Suspect& suspect) { innermost(suspect).together = 8; }},
      {wgmma, "plain", "terms of an addition", "16 at once",
       [](Suspect& suspect) { innermost(suspect).together = 16; }},
      {"nv.ada.mma.e5m2.f32", "plain", "terms of an addition", "32 at once",
       [](Suspect& suspect) { innermost(suspect).together = 32; }},
      {wgmma, "promote:128", "promotion", "none", order("plain")},
      {wgmma, "promote:128", "promotion", "every 64 terms", order("promote:64")},
      {wgmma, "plain", "promotion", "promote:128", order("promote:128")},
      {hmma, "plain", "split", "split-k:2:64", order("split-k:2:64")},
      {hmma, "split-k:4:64", "split", "2 parts", order("split-k:2:64")},
      {hmma, "split-k:4:32", "split", "a grain of 64", order("split-k:4:64")},
      {hmma, "split-k:4:64", "sum of parts", "binary16", order("split-k:4:64:binary16")},
      {hmma, "split-k:4:64", "sum of parts", "in pairs",
       [](Suspect& suspect) { suspect.order.sums[0].sum.joining = Joining::pairwise; }},
      {"", "fma:binary32", "fusing", "products are rounded to binary32",
       [](Suspect& suspect) { suspect.order.tree->product = nearest("binary32"); }},
      {"", "sequential:binary32", "fusing", "products enter exactly",
       [](Suspect& suspect) { suspect.order.tree->product.reset(); }},
      {"", "fma:binary32", "arithmetic", "pairwise:binary32", order("pairwise:binary32")},
      {hmma, "plain", "arithmetic", "fma:binary32",
       [](Suspect& suspect) {
         suspect.order = order_from_text("fma:binary32");
         suspect.unit.tree = *suspect.order.tree;
       }},
      {hmma, "plain", "flushing", "subnormals of A and B",
       [](Suspect& suspect) {
         suspect.unit.a.subnormals = UnitOperand::Subnormals::signed_zero;
         suspect.unit.b.subnormals = UnitOperand::Subnormals::signed_zero;
       }},
      {"amd.cdna2.f16", "plain", "flushing", "subnormals of A kept",
       [](Suspect& s) { s.unit.a.subnormals = UnitOperand::Subnormals::keep; }},
      {hmma, "plain", "double rounding", "bfloat16 first", through("bfloat16")},
      {hmma, "plain", "double rounding", "tf32 first", through("tf32"), "bfloat16"},
      {hmma, "plain", "tail of the terms", "multiples of 64", handling(What::tail_dropped, 64)},
      {wgmma, "plain", "tail of the terms", "multiples of 128", handling(What::tail_dropped, 128)},
      {hmma, "plain", "order of terms", "from the last to the first",
       handling(What::terms_reversed)},
      {hmma, "plain", "layout", "terms of A", handling(What::a_pairs_exchanged)},
      {hmma, "plain", "layout", "terms of B", handling(What::b_pairs_exchanged)},
      {hmma, "plain", "addend", "C left out", handling(What::without_c)},
      {wgmma, "deepgemm:128", "scales", "left out", handling(What::without_scales)},
      {wgmma, "deepgemm:128", "scales", "not fused",
       [](Suspect& s) { s.order.sums[0].sum.scaling->item = nearest("binary32"); }},
      {"nv.blackwell.tcgen05.e4m3.f32", "promote:64", "unit", "nv.hopper.wgmma.e4m3.f32",
       [](Suspect& suspect) { suspect.unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32"); }},
      {"x86.vdpbf16ps", "plain", "order of terms", "one after the other",
       [](Suspect& suspect) { suspect.unit.tree.order.clear(); }},
  };
}

// The operands of a planted fault, and what is asked for.
struct Case {
  Tensor a, b, c, a_scales, b_scales;
  MatrixUnit unit;
  Order order;
  ProductOptions options;

  explicit Case(const Planted& planted) : order(order_from_text(planted.order)) {
    Stream stream(31);
    if (planted.unit.empty()) {
      unit = unit_of(order, find_format("binary32"), find_format("binary32"));
    } else {
      unit = find_matrix_unit(planted.unit);
    }
    a = draw(unit.a.format, {rows, terms}, stream);
    b = draw(unit.b.format, {terms, columns}, stream);
    c = draw(unit.c.format, {rows, columns}, stream);
    const Format binary32 = find_format("binary32");
    a_scales = draw(binary32, {rows, 3}, stream);
    b_scales = draw(binary32, {columns, 3}, stream);
    if (!planted.to.empty()) options.to = nearest(planted.to);
  }
  [[nodiscard]] ProductOperands operands() const {
    ProductOperands all{.a = &a, .b = &b, .c = &c};
    const bool scaled = !order.sums.empty() && order.sums[0].sum.scaling;
    if (!scaled) return all;
    all.c = nullptr;
    all.a_scales = {&a_scales};
    all.b_scales = {&b_scales};
    return all;
  }
};

Explained explained(const Case& asked, const Tensor& got, const std::vector<Suspect>& suspects) {
  return explain(got, suspects, asked.unit, asked.order, emulator::engine(), asked.operands(),
                 asked.options, {});
}

TEST(Explain, NamesEveryPlantedFault) {
  const std::vector<Planted> all = all_planted();
  EXPECT_GE(all.size(), 30);
  for (const Planted& planted : all) {
    const Case asked(planted);
    Suspect fault{.property = "", .what = "", .unit = asked.unit, .order = asked.order};
    planted.plant(fault);
    const Tensor got = multiply(fault, emulator::engine(), asked.operands(), asked.options);
    const std::vector<Suspect> suspects = suspects_of(asked.unit, asked.order, terms);
    const Explained found = explained(asked, got, suspects);
    const std::string name = planted.unit + " " + planted.order + ": " + planted.what;
    EXPECT_GT(found.mismatches, 0) << name;
    const bool named = std::ranges::any_of(found.exact, [&](const Explanation& one) {
      return one.suspect->property == planted.property &&
             one.suspect->what.find(planted.what) != std::string::npos;
    });
    EXPECT_TRUE(named) << name;
    // Others may be the same arithmetic for these operands, but not of many kinds.
    std::set<std::string> properties;
    for (const Explanation& one : found.exact) properties.insert(one.suspect->property);
    EXPECT_LE(properties.size(), 3) << name;
  }
}

TEST(Explain, SaysNothingWhereNothingDiffers) {
  const Case asked({wgmma, "promote:128", "", "", {}});
  const Tensor got = multiply(asked.unit, asked.order, emulator::engine(), asked.operands(), {});
  const Explained found = explained(asked, got, suspects_of(asked.unit, asked.order, terms));
  EXPECT_EQ(found.mismatches, 0);
  EXPECT_TRUE(found.exact.empty());
}

// docs/compare.md says how many.
TEST(Explain, TriesAsManyChangesAsTheDocumentsSay) {
  for (const MatrixUnit& unit : shipped_units()) {
    const std::size_t tried = suspects_of(unit, order_from_text("plain"), terms).size();
    EXPECT_GE(tried, 60) << unit.name;
    EXPECT_LE(tried, 200) << unit.name;
  }
}

// One bit of one result, two changes at once, and another product altogether.
TEST(Explain, SaysNoneOfTheseWhereItIsSomethingElse) {
  const Case asked({hmma, "plain", "", "", {}});
  const std::vector<Suspect> suspects = suspects_of(asked.unit, asked.order, terms);
  Tensor got = multiply(asked.unit, asked.order, emulator::engine(), asked.operands(), {});
  got.data[5] ^= 1;
  Explained found = explained(asked, got, suspects);
  EXPECT_EQ(found.mismatches, 1);
  EXPECT_TRUE(found.exact.empty());

  Suspect two{
      .property = "", .what = "", .unit = asked.unit, .order = order_from_text("split-k:3:32")};
  innermost(two).quantizer.rounding.mode = Mode::nearest_away;
  found = explained(asked, multiply(two, emulator::engine(), asked.operands(), {}), suspects);
  EXPECT_TRUE(found.exact.empty());
  EXPECT_TRUE(found.nearest.has_value());

  Stream stream(77);
  const Tensor other = draw(find_format("binary32"), {rows, columns}, stream);
  found = explained(asked, other, suspects);
  EXPECT_TRUE(found.exact.empty());
}

}  // namespace
}  // namespace halfulp::kernels
