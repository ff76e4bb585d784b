// SPDX-License-Identifier: MIT
#include "golden/kernels/suspects.h"

#include <algorithm>
#include <array>

#include "formats/catalogue.h"
#include "formats/error.h"
#include "golden/kernels/tree_words.h"

namespace halfulp::kernels {
namespace {

Quantizer nearest(const std::string& format) {
  return {.format = find_format(format), .rounding = {}};
}

// Collects suspects, each the asked for with one change.
class Suspects {
 public:
  Suspects(const MatrixUnit& unit, const Order& order, std::size_t terms)
      : unit_(unit), order_(order), terms_(static_cast<std::int64_t>(terms)) {}

  std::vector<Suspect> all() {
    for (std::size_t i = 0; i < tree().sums.size(); ++i) {
      change_alignment(i);
      change_rounding(i);
      change_parts(i);
    }
    change_products();
    change_operands();
    change_outer_sums();
    change_arithmetic();
    change_unit();
    change_results();
    change_handling();
    return std::move(suspects_);
  }

 private:
  [[nodiscard]] const DotTree& tree() const { return order_.tree ? *order_.tree : unit_.tree; }

  void add(const std::string& property, const std::string& what, const MatrixUnit& unit,
           const Order& order) {
    try {
      tree_of(order, unit.tree, static_cast<std::size_t>(terms_));
    } catch (const Error&) {
      return;  // the change leaves no arithmetic
    }
    suspects_.push_back({.property = property, .what = what, .unit = unit, .order = order});
  }
  template <typename Change>
  void add_tree(const std::string& property, const std::string& what, const Change& change) {
    MatrixUnit unit = unit_;
    Order order = order_;
    DotTree& changed = order.tree ? *order.tree : unit.tree;
    change(changed);
    if (changed != tree()) add(property, what, unit, order);
  }
  template <typename Change>
  void add_order(const std::string& property, const std::string& what, const Change& change) {
    Order order = order_;
    change(order);
    if (order != order_) add(property, what, unit_, order);
  }

  // How many bits are kept, from which exponent on, and how they are cut.
  void change_alignment(std::size_t node) {
    const Sum& own = tree().sums[node];
    const auto set = [node](const auto& change) {
      return [node, change](DotTree& tree) { change(tree.sums[node]); };
    };
    if (!own.alignment) {
      if (own.together == 1) return;
      for (const int bits : {13, 23, 24, 25}) {
        add_tree("alignment", std::to_string(bits) + " bits kept, instead of all",
                 [&](DotTree& tree) {
                   tree.sums[node].alignment = Alignment{.bits = bits};
                   tree.left = unit_.a.as.value_or(unit_.a.format);
                   tree.right = unit_.b.as.value_or(unit_.b.format);
                 });
      }
      return;
    }
    const std::string instead =
        " bits kept below the largest exponent, instead of " + std::to_string(own.alignment->bits);
    for (int bits = 7; bits <= 40; ++bits) {
      add_tree("alignment", std::to_string(bits) + instead, set([bits](Sum& sum) {
                 if (sum.alignment->running_bits)
                   *sum.alignment->running_bits += bits - sum.alignment->bits;
                 sum.alignment->bits = bits;
               }));
    }
    add_tree("alignment", "all bits kept: exact additions",
             set([](Sum& sum) { sum.alignment.reset(); }));
    add_tree("cutting", own.alignment->downward ? "cut toward zero" : "cut downward",
             set([](Sum& sum) { sum.alignment->downward = !sum.alignment->downward; }));
    add_tree("least exponent", "no least exponent of alignments",
             set([](Sum& sum) { sum.alignment->least_exponent.reset(); }));
  }

  void change_rounding(std::size_t node) {
    const Sum& own = tree().sums[node];
    if (!own.rounded) return;
    for (const Mode mode : {Mode::nearest_even, Mode::toward_zero, Mode::nearest_away,
                            Mode::toward_negative, Mode::toward_positive, Mode::to_odd}) {
      add_tree("rounding",
               "sums rounded " + std::string(name_of(mode)) + ", instead of " +
                   std::string(name_of(own.quantizer.rounding.mode)),
               [&](DotTree& tree) { tree.sums[node].quantizer.rounding.mode = mode; });
    }
    for (const char* format : {"binary32", "e8m13", "tf32", "binary16", "bfloat16", "binary64"}) {
      const Format wanted = find_format(format);
      if (wanted == own.quantizer.format) continue;
      add_tree("accumulator",
               "sums in " + wanted.name + ", instead of " + own.quantizer.format.name,
               [&](DotTree& tree) { tree.sums[node].quantizer.format = wanted; });
    }
    add_tree("flushing", "subnormal sums are flushed to zero", [&](DotTree& tree) {
      tree.sums[node].quantizer.rounding.flush_outputs = Tininess::after_rounding;
    });
    add_tree("flushing", "subnormal sums are kept",
             [&](DotTree& tree) { tree.sums[node].quantizer.rounding.flush_outputs.reset(); });
    add_tree("overflow", "sums that overflow become the largest number", [&](DotTree& tree) {
      tree.sums[node].quantizer.rounding.overflow = parse_overflow("saturate");
    });
  }

  // How many terms enter an addition.
  void change_parts(std::size_t node) {
    const Sum& own = tree().sums[node];
    if (own.joining == Joining::in_sequence && (own.together != 1 || own.alignment)) {
      for (const std::int64_t together : {1, 2, 4, 8, 16, 32, 64}) {
        if (together == own.together) continue;
        add_tree("terms of an addition",
                 std::to_string(together) + " at once, instead of " + std::to_string(own.together),
                 [&](DotTree& tree) { tree.sums[node].together = together; });
      }
    }
    if (own.of != Sum::Of::runs) return;
    for (const std::int64_t size : {2, 4, 8, 16, 32}) {
      add_tree("terms of a part", std::to_string(size) + ", instead of " + std::to_string(own.size),
               [&](DotTree& tree) { tree.sums[node].size = size; });
    }
  }

  void change_products() {
    add_tree("fusing", "products enter exactly (fused)",
             [](DotTree& tree) { tree.product.reset(); });
    for (const char* format : {"binary32", "bfloat16", "binary16"}) {
      const Quantizer product = nearest(format);
      add_tree("fusing", "products are rounded to " + product.format.name + " first",
               [&](DotTree& tree) { tree.product = product; });
    }
    add_tree("order of terms", "terms taken from the first on, one after the other",
             [](DotTree& tree) { tree.order.clear(); });
    add_tree("order of terms", "neighbouring terms in each other's place", [](DotTree& tree) {
      tree.order = {1, 0};
    });
  }

  void change_operands() {
    const auto add_operand = [&](const std::string& name, UnitOperand MatrixUnit::*operand) {
      for (const auto subnormals :
           {UnitOperand::Subnormals::keep, UnitOperand::Subnormals::signed_zero}) {
        MatrixUnit unit = unit_;
        UnitOperand& changed = unit.*operand;
        if (changed.subnormals == subnormals) continue;
        changed.subnormals = subnormals;
        const bool kept = subnormals == UnitOperand::Subnormals::keep;
        add("flushing", "subnormals of " + name + (kept ? " kept" : " taken as zeros"), unit,
            order_);
      }
    };
    add_operand("A", &MatrixUnit::a);
    add_operand("B", &MatrixUnit::b);
    if (order_.tree) return;
    MatrixUnit both = unit_;
    both.a.subnormals = both.b.subnormals = UnitOperand::Subnormals::signed_zero;
    if (both != unit_) add("flushing", "subnormals of A and B taken as zeros", both, order_);
  }

  // Promotion, splits and their sums.
  void change_outer_sums() {
    for (std::size_t i = 0; i < order_.sums.size(); ++i) {
      const OuterSum& own = order_.sums[i];
      add_order(own.parts != 0 ? "split" : "promotion", "none",
                [&](Order& order) { order.sums.erase(order.sums.begin() + std::ptrdiff_t(i)); });
      for (const char* format : {"binary32", "binary16", "bfloat16", "e8m13"}) {
        const Quantizer quantizer = nearest(format);
        add_order("sum of parts", "parts added in " + quantizer.format.name,
                  [&](Order& order) { order.sums[i].sum.quantizer = quantizer; });
      }
      add_order("sum of parts", "parts added in pairs, level by level", [&](Order& order) {
        if (order.sums[i].sum.joining == Joining::in_sequence && !order.sums[i].sum.scaling)
          order.sums[i].sum.joining = Joining::pairwise;
      });
      add_order("sum of parts", "parts added one after the other",
                [&](Order& order) { order.sums[i].sum.joining = Joining::in_sequence; });
      if (own.sum.scaling) change_scaling(i);
      for (const std::int64_t size : {16, 32, 64, 96, 128, 192, 256, 384, 512, 1024}) {
        if (own.parts != 0 || own.sum.scaling) continue;
        add_order(
            "promotion",
            "every " + std::to_string(size) + " terms, instead of " + std::to_string(own.sum.size),
            [&](Order& order) { order.sums[i].sum.size = size; });
      }
      if (own.parts != 0) change_split(i);
    }
    if (!order_.sums.empty()) return;
    for (const char* text :
         {"promote:16", "promote:32", "promote:64", "promote:128", "promote:256", "promote:512"})
      add_order("promotion", text, [&](Order& order) { order.sums = order_from_text(text).sums; });
    for (const std::int64_t parts : {2, 3, 4, 5, 6, 8, 16}) {
      for (const std::int64_t grain : {1, 32, 64, 128}) {
        const std::string text = "split-k:" + std::to_string(parts) + ":" + std::to_string(grain);
        add_order("split", text, [&](Order& order) { order.sums = order_from_text(text).sums; });
      }
    }
  }
  void change_split(std::size_t i) {
    for (const std::int64_t parts : {2, 3, 4, 5, 6, 7, 8, 12, 16}) {
      add_order(
          "split",
          std::to_string(parts) + " parts, instead of " + std::to_string(order_.sums[i].parts),
          [&](Order& order) { order.sums[i].parts = parts; });
    }
    for (const std::int64_t grain : {1, 8, 16, 32, 64, 128, 256}) {
      add_order("split",
                "a grain of " + std::to_string(grain) + " terms, instead of " +
                    std::to_string(order_.sums[i].grain),
                [&](Order& order) { order.sums[i].grain = grain; });
    }
  }
  void change_scaling(std::size_t i) {
    const Quantizer binary32 = nearest("binary32");
    add_order("scales", "the product of the scales enters exactly",
              [&](Order& order) { order.sums[i].sum.scaling->product.reset(); });
    add_order("scales", "each part times the scales is rounded before it is added (not fused)",
              [&](Order& order) { order.sums[i].sum.scaling->item = binary32; });
  }

  void change_arithmetic() {
    for (const char* text : {"sequential:binary32", "fma:binary32", "pairwise:binary32",
                             "exact:binary32", "sequential:binary16", "sequential:bfloat16"}) {
      Order order = order_from_text(text);
      order.sums = order_.sums;
      order.epilogue = order_.epilogue;
      if (order.tree == order_.tree) continue;
      MatrixUnit unit = unit_of(order, unit_.a.format, unit_.b.format);
      unit.a = unit_.a;
      unit.b = unit_.b;
      unit.d = unit_.d;
      const std::string instead = order_.tree ? order_.name : unit_.name;
      add("arithmetic", std::string(text) + ", instead of " + instead, unit, order);
    }
  }

  // Other units of the same operands and results.
  void change_unit() {
    if (order_.tree) return;
    for (const MatrixUnit& other : shipped_units()) {
      const bool fits = other.a.format == unit_.a.format && other.b.format == unit_.b.format &&
                        other.c.format == unit_.c.format && other.d == unit_.d &&
                        scaled_sums(other.tree) == scaled_sums(unit_.tree);
      if (fits && other.tree != unit_.tree)
        add("unit", other.name + ", instead of " + unit_.name, other, order_);
    }
  }
  static std::size_t scaled_sums(const DotTree& tree) {
    return static_cast<std::size_t>(
        std::ranges::count_if(tree.sums, [](const Sum& sum) { return sum.scaling.has_value(); }));
  }

  void change_results() {
    for (const char* format : {"binary32", "tf32", "binary16", "bfloat16", "e8m13"}) {
      suspects_.push_back({.property = "double rounding",
                           .what = std::string("results rounded to ") + format + " first",
                           .unit = unit_,
                           .order = order_,
                           .through = nearest(format)});
    }
    for (std::size_t i = 0; i < order_.epilogue.size(); ++i) {
      for (const Mode mode : {Mode::toward_zero, Mode::nearest_away}) {
        add_order("rounding",
                  "step " + std::to_string(i + 1) + " of the epilogue rounded " +
                      std::string(name_of(mode)),
                  [&](Order& order) { order.epilogue[i].quantizer.rounding.mode = mode; });
      }
      add_order("epilogue", "step " + std::to_string(i + 1) + " left out", [&](Order& order) {
        order.epilogue.erase(order.epilogue.begin() + std::ptrdiff_t(i));
      });
    }
  }

  void change_handling() {
    using What = Handling::What;
    const auto add_handling = [&](const std::string& property, const std::string& what,
                                  const Handling& handling) {
      suspects_.push_back({.property = property,
                           .what = what,
                           .unit = unit_,
                           .order = order_,
                           .handling = handling});
    };
    for (const std::size_t multiple : {8, 16, 32, 64, 128, 256}) {
      const auto n = static_cast<std::size_t>(terms_);
      if (n % multiple == 0 || n < multiple) continue;
      const std::size_t rest = n % multiple;
      add_handling("tail of the terms",
                   "the last " + std::to_string(rest) + " terms left out (multiples of " +
                       std::to_string(multiple) + " only)",
                   {What::tail_dropped, multiple});
    }
    add_handling("order of terms", "taken from the last to the first", {What::terms_reversed, 0});
    add_handling("layout", "A read transposed", {What::a_transposed, 0});
    add_handling("layout", "B read transposed", {What::b_transposed, 0});
    add_handling("layout", "B times A", {What::exchanged, 0});
    add_handling("layout", "neighbouring terms of A in each other's place (order of nibbles)",
                 {What::a_pairs_exchanged, 0});
    add_handling("layout", "neighbouring terms of B in each other's place (order of nibbles)",
                 {What::b_pairs_exchanged, 0});
    add_handling("addend", "C left out", {What::without_c, 0});
    add_handling("scales", "scales left out", {What::without_scales, 0});
  }

  const MatrixUnit& unit_;
  const Order& order_;
  std::int64_t terms_;
  std::vector<Suspect> suspects_;
};

}  // namespace

std::vector<Suspect> suspects_of(const MatrixUnit& unit, const Order& order, std::size_t terms) {
  return Suspects(unit, order, terms).all();
}

}  // namespace halfulp::kernels
