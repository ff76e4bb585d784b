// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "golden/kernels/tree_words.h"
#include "golden/probe/hypotheses.h"
#include "golden/probe/question_builder.h"

namespace halfulp::probe {
namespace {

constexpr int most_bits = 60;
using Subnormals = UnitOperand::Subnormals;
constexpr std::array subnormals{Subnormals::keep, Subnormals::positive_zero,
                                Subnormals::signed_zero};
const char* words_of(Subnormals way) {
  return way == Subnormals::keep            ? "kept"
         : way == Subnormals::positive_zero ? "+0"
                                            : "zeros of their sign";
}
constexpr std::array modes{Mode::nearest_even,    Mode::toward_zero,  Mode::toward_negative,
                           Mode::toward_positive, Mode::nearest_away, Mode::nearest_zero,
                           Mode::away_from_zero,  Mode::to_odd};

// Formats to which factors may be cut before they are multiplied; none of them is cut.
std::vector<std::optional<Format>> cuts_of_factors(const Ports& ports) {
  if (ports.a.kind != find_format("binary32").kind || ports.b.kind != ports.a.kind)
    return {std::nullopt};
  return {std::nullopt, find_format("tf32"), find_format("bfloat16")};
}
void set_factors(MatrixUnit& unit, const std::optional<Format>& as) {
  unit.a.as = unit.b.as = as;
  if (!is_aligned(unit.tree)) return;
  unit.tree.left = as.value_or(unit.a.format);
  unit.tree.right = as.value_or(unit.b.format);
}

// Collects variants of one unit, a function a property.
class Variants {
 public:
  Variants(const MatrixUnit& unit, const Ports& ports)
      : unit_(unit), ports_(ports), precision_(range_of(ports.d, "d").precision) {}

  std::vector<Variant> all() {
    for (std::size_t node = 0; node < unit_.tree.sums.size(); ++node) {
      vary_alignment(node);
      vary_parts(node);
      if (unit_.tree.sums[node].rounded) vary_rounding({node});
    }
    if (unit_.tree.sums.size() > 1 || unit_.tree.product) vary_rounding(rounded_nodes());
    vary_place_of_addend();
    vary_strands();
    vary_instruction();
    vary_products();
    vary_operands();
    vary_subnormals();
    return std::move(variants_);
  }

 private:
  using Nodes = std::vector<std::size_t>;

  [[nodiscard]] const Sum& sum(std::size_t node) const { return unit_.tree.sums[node]; }
  // The outermost sum has its plain name, those within say which.
  [[nodiscard]] std::string of(const std::string& property, std::size_t node) const {
    if (unit_.tree.sums.size() == 1) return property;
    return property + " (" +
           (node == 0 ? "outermost sum" : "sum " + std::to_string(node) + " within") + ")";
  }
  [[nodiscard]] Nodes rounded_nodes() const {
    Nodes nodes;
    for (std::size_t node = 0; node < unit_.tree.sums.size(); ++node) {
      if (sum(node).rounded) nodes.push_back(node);
    }
    return nodes;
  }

  template <typename Change>
  void add(const std::string& property, const std::string& value, const Change& change) {
    Variant variant{property, value, unit_};
    change(variant.unit);
    if (variant.unit == unit_) return;
    if (is_aligned(variant.unit.tree) && !variant.unit.tree.left) {
      variant.unit.tree.left = unit_.a.as.value_or(unit_.a.format);
      variant.unit.tree.right = unit_.b.as.value_or(unit_.b.format);
    }
    try {
      validate(variant.unit);
    } catch (const Error&) {
      return;  // the change leaves no unit
    }
    variants_.push_back(std::move(variant));
  }

  // --- How many bits of items are kept, and how they are cut.
  void vary_alignment(std::size_t node) {
    const bool at_once =
        adds_at_once(unit_.tree, node) || sum(node).joining == Joining::in_sequence;
    if (!at_once) return;
    const auto set = [&](const std::string& property, const std::string& value,
                         const std::function<void(Alignment&)>& change) {
      add(of(property, node), value, [&](MatrixUnit& unit) {
        std::optional<Alignment>& alignment = unit.tree.sums[node].alignment;
        if (!alignment) alignment = Alignment{.bits = precision_};
        change(*alignment);
      });
    };
    add(of("bits kept", node), "all",
        [&](MatrixUnit& unit) { unit.tree.sums[node].alignment.reset(); });
    for (int bits = 3; bits <= most_bits; ++bits) {
      const std::string count = std::to_string(bits);
      set("bits kept", count, [&](Alignment& own) { own.bits = bits; });
      if (!sum(node).alignment || std::abs(bits - precision_ - 5) > 10) continue;
      set("bits kept of C and the running sum", count,
          [&](Alignment& own) { own.running_bits = bits; });
      set("bits kept of an addition's sum", count, [&](Alignment& own) { own.sum_bits = bits; });
    }
    if (!sum(node).alignment) return;
    set("bits kept of C and the running sum", "as of terms",
        [](Alignment& own) { own.running_bits.reset(); });
    set("bits kept of an addition's sum", "all", [](Alignment& own) { own.sum_bits.reset(); });
    set("cutting", sum(node).alignment->downward ? "toward zero" : "downward",
        [](Alignment& own) { own.downward = !own.downward; });
    set("C far below the terms", sum(node).alignment->drops_running ? "kept" : "dropped",
        [](Alignment& own) { own.drops_running = !own.drops_running; });
    vary_least_exponent(set);
  }
  template <typename Set>
  void vary_least_exponent(const Set& set) {
    set("least exponent", "none", [](Alignment& own) { own.least_exponent.reset(); });
    const std::int64_t least = range_of(ports_.d, "d").least;
    std::set<std::int64_t> exponents{-133, -132, -131, -126};
    for (std::int64_t exponent = least - 16; exponent <= least + 8; ++exponent)
      exponents.insert(exponent);
    for (const std::int64_t exponent : exponents) {
      set("least exponent", std::to_string(exponent),
          [&](Alignment& own) { own.least_exponent = exponent; });
    }
  }

  // --- Which terms are added together.
  void vary_parts(std::size_t node) {
    const auto most = static_cast<std::int64_t>(ports_.terms);
    if (sum(node).joining == Joining::in_sequence) {
      for (std::int64_t together = 1; together <= most; ++together) {
        add(of("terms of an addition", node), std::to_string(together), [&](MatrixUnit& unit) {
          unit.tree.sums[node].together = together;
          if (unit.tree.sums.size() == 1 && unit.tree.order.empty()) unit.terms = together;
        });
      }
    }
    if (sum(node).of == Sum::Of::terms) {
      if (node > 0 && sum(node).rounded) vary_joining(node);
      return;
    }
    for (std::int64_t size = 1; size <= most; ++size) {
      add(of("terms of a part", node), std::to_string(size), [&](MatrixUnit& unit) {
        unit.tree.sums[node].size = size;
        if (node == 0 && unit.tree.order.empty() && sum(node).of == Sum::Of::runs)
          unit.terms = size;
      });
    }
  }

  // C aligned with the sum of the terms, or with the terms themselves.
  void vary_place_of_addend() {
    if (unit_.tree.sums.size() != 2 || sum(0).of != Sum::Of::runs || sum(1).rounded ||
        !sum(1).alignment)
      return;
    for (const bool downward : {false, true}) {
      const std::string cut = downward ? "downward" : "toward zero";
      add("C", "aligned with the terms, all cut " + cut, [&](MatrixUnit& unit) {
        Sum together = unit.tree.sums[0];
        together.of = Sum::Of::terms;
        together.together = together.size;
        together.size = 0;
        together.alignment = unit.tree.sums[1].alignment;
        together.alignment->downward = downward;
        unit.tree.sums = {together};
      });
    }
  }

  // Terms summed in strands before their sums are aligned again.
  void vary_strands() {
    if (unit_.tree.sums.size() != 2 || sum(0).of != Sum::Of::runs || sum(1).rounded ||
        !sum(1).alignment)
      return;
    for (const std::int64_t strands : {2, 4}) {
      for (const bool downward : {false, true}) {
        const std::string cut = downward ? ", cut downward" : ", cut toward zero";
        add("strands of terms", std::to_string(strands) + cut, [&](MatrixUnit& unit) {
          Sum within = unit.tree.sums[1];
          within.of = Sum::Of::strands;
          within.size = strands;
          within.alignment->downward = downward;
          unit.tree.sums.insert(unit.tree.sums.begin() + 1, within);
        });
      }
    }
  }

  // Few terms are the same sum in several ways, but for the sign of zero.
  void vary_joining(std::size_t node) {
    const auto set = [&](const std::string& value, Joining joining) {
      add(of("sum of a part", node), value, [&](MatrixUnit& unit) {
        Sum& own = unit.tree.sums[node];
        own.joining = joining;
        own.together = 1;
        if (joining == Joining::pairwise) own.alignment.reset();
      });
    };
    set("one after the other, from +0", Joining::in_sequence);
    set("in pairs", Joining::pairwise);
    set("at once", Joining::at_once);
  }

  // --- What sums are rounded to; of several sums alike.
  void vary_rounding(const Nodes& nodes) {
    const bool every = nodes.size() > 1 || unit_.tree.product;
    const auto set = [&](const std::string& property, const std::string& value,
                         const std::function<void(Quantizer&)>& change) {
      const std::string name = every && nodes.size() == rounded_nodes().size()
                                   ? property + " (all sums)"
                                   : of(property, nodes[0]);
      add(name, value, [&](MatrixUnit& unit) {
        for (const std::size_t node : nodes) change(unit.tree.sums[node].quantizer);
        if (every && unit.tree.product) change(*unit.tree.product);
      });
    };
    for (int precision = 5; precision <= precision_; ++precision) {
      const Format format = narrowed(ports_.d, precision);
      set("accumulator", format.name, [&](Quantizer& q) { q.format = format; });
      for (const Mode mode : modes) {
        const std::string name(name_of(mode));
        if (precision == precision_)
          set("rounding", name, [&](Quantizer& q) { q.rounding.mode = mode; });
        set("accumulator and rounding", format.name + ", " + name, [&](Quantizer& q) {
          if (q.format.kind == format.kind || q.rounding.mode == mode) return;
          q.format = format;
          q.rounding.mode = mode;
        });
      }
    }
    if (nodes[0] != 0 || every) {
      for (const char* const name : {"binary32", "e8m13", "binary16", "bfloat16"}) {
        const Format format = find_format(name);
        set("accumulator", format.name, [&](Quantizer& q) { q.format = format; });
      }
    }
    set("sums that overflow", "infinity or as the mode says",
        [](Quantizer& q) { q.rounding.overflow = Overflow{}; });
    set("sums that overflow", "infinity", [](Quantizer& q) {
      q.rounding.overflow = Overflow{};
      q.rounding.overflow.directed = false;
    });
    set("sums that overflow", "the largest number",
        [](Quantizer& q) { q.rounding.overflow = parse_overflow("saturate"); });
    set("sums that overflow", "the largest number, infinities stay",
        [](Quantizer& q) { q.rounding.overflow = parse_overflow("saturate-finite"); });
    set("subnormal results", "kept", [](Quantizer& q) { q.rounding.flush_outputs.reset(); });
    set("subnormal results", "zeros, tiny after rounding",
        [](Quantizer& q) { q.rounding.flush_outputs = Tininess::after_rounding; });
    set("subnormal results", "zeros, tiny before rounding",
        [](Quantizer& q) { q.rounding.flush_outputs = Tininess::before_rounding; });
  }

  // A product of another length is filled up to whole instructions with +0, which shows where all
  // terms are -0.
  void vary_instruction() {
    const Sum& outermost = sum(0);
    for (const std::int64_t terms : {std::int64_t{1}, outermost.together, outermost.size}) {
      if (terms < 1) continue;
      add("terms of an instruction", std::to_string(terms),
          [&](MatrixUnit& unit) { unit.terms = terms; });
    }
  }

  void vary_products() {
    add("products", "exact", [](MatrixUnit& unit) { unit.tree.product.reset(); });
    add("products", "rounded as sums are", [](MatrixUnit& unit) {
      for (const Sum& sum : unit.tree.sums) {
        if (sum.rounded) unit.tree.product = sum.quantizer;
      }
    });
    add("large products", "as they are", [](MatrixUnit& unit) { unit.tree.product_limit.reset(); });
    const std::int64_t most = range_of(ports_.d, "d").most;
    for (std::int64_t exponent = most - 1; exponent <= most + 4; ++exponent) {
      add("large products", "infinite from 2^" + std::to_string(exponent) + " on",
          [&](MatrixUnit& unit) { unit.tree.product_limit = exponent; });
    }
    if (!is_aligned(unit_.tree)) return;
    for (const char* const name : {"binary16", "bfloat16", "binary32"}) {
      const Format format = find_format(name);
      if (!holds(format, unit_.a.format) || !holds(format, unit_.b.format)) continue;
      add("exponents of factors", std::string("those in ") + name, [&](MatrixUnit& unit) {
        unit.tree.left = format;
        unit.tree.right = format;
      });
    }
    add("exponents of factors", "their own", [&](MatrixUnit& unit) {
      unit.tree.left = unit.a.as.value_or(unit.a.format);
      unit.tree.right = unit.b.as.value_or(unit.b.format);
    });
  }
  static bool holds(const Format& wide, const Format& narrow) {
    const ExponentRange outer = range_of(wide, "");
    const ExponentRange inner = range_of(narrow, "");
    return outer.precision >= inner.precision && outer.lowest <= inner.lowest &&
           outer.most >= inner.most && outer.least != inner.least;
  }

  // --- How operands come in.
  void vary_operands() {
    for (const Subnormals way : subnormals) {
      const auto set = [&](const std::string& whose, bool a, bool b, bool c) {
        add("subnormal " + whose, words_of(way), [&](MatrixUnit& unit) {
          if (a) unit.a.subnormals = way;
          if (b) unit.b.subnormals = way;
          if (c) unit.c.subnormals = way;
        });
      };
      set("a", true, false, false);
      set("b", false, true, false);
      set("c", false, false, true);
      set("a and b", true, true, false);
      set("operands", true, true, true);
    }
    for (const std::optional<Format>& cut : cuts_of_factors(ports_)) {
      add("bits of factors", cut ? "those of " + cut->name : "all",
          [&](MatrixUnit& unit) { set_factors(unit, cut); });
    }
  }

  // Where products are too large to be subnormal themselves, a subnormal C that becomes a zero and
  // a subnormal result that does are nearly the same.
  void vary_subnormals() {
    const std::optional<Tininess> own = sum(0).quantizer.rounding.flush_outputs;
    const std::array<std::pair<std::optional<Tininess>, const char*>, 3> flushes{
        {{std::nullopt, "kept"},
         {Tininess::after_rounding, "zeros, tiny after rounding"},
         {Tininess::before_rounding, "zeros, tiny before rounding"}}};
    for (const Subnormals way : subnormals) {
      for (const auto& [flush, words] : flushes) {
        if (way == unit_.c.subnormals || flush == own) continue;
        add("subnormal c and results", std::string(words_of(way)) + "; " + words,
            [&, flush = flush](MatrixUnit& unit) {
              unit.c.subnormals = way;
              for (Sum& each : unit.tree.sums) {
                if (each.rounded) each.quantizer.rounding.flush_outputs = flush;
              }
              if (unit.tree.product) unit.tree.product->rounding.flush_outputs = flush;
            });
      }
    }
  }

  const MatrixUnit& unit_;
  const Ports& ports_;
  int precision_;
  std::vector<Variant> variants_;
};

}  // namespace

std::vector<Variant> variants_of(const MatrixUnit& unit, const Ports& ports) {
  return Variants(unit, ports).all();
}

std::vector<MatrixUnit> with_all_operands(const MatrixUnit& unit, const Ports& ports) {
  std::vector<MatrixUnit> all;
  for (const std::optional<Format>& cut : cuts_of_factors(ports)) {
    for (const UnitOperand::Subnormals of_a : subnormals) {
      for (const UnitOperand::Subnormals of_b : subnormals) {
        for (const UnitOperand::Subnormals of_c : subnormals) {
          MatrixUnit changed = unit;
          if (cut || unit.a.as) set_factors(changed, cut);
          changed.a.subnormals = of_a;
          changed.b.subnormals = of_b;
          changed.c.subnormals = of_c;
          all.push_back(std::move(changed));
        }
      }
    }
  }
  return all;
}

}  // namespace halfulp::probe
