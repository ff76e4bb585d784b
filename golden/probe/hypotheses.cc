// SPDX-License-Identifier: MIT
#include "golden/probe/hypotheses.h"

#include <algorithm>
#include <array>
#include <set>
#include <variant>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "golden/probe/question_builder.h"

namespace halfulp::probe {
namespace {

constexpr std::array modes{Mode::nearest_even,    Mode::toward_zero,  Mode::toward_negative,
                           Mode::toward_positive, Mode::nearest_away, Mode::nearest_zero,
                           Mode::away_from_zero,  Mode::to_odd};
constexpr int most_bits = 60;

MatrixUnit unit_with(const Ports& ports, DotTree tree, std::int64_t terms) {
  MatrixUnit unit;
  unit.name = "probed";
  unit.a.format = ports.a;
  unit.b.format = ports.b;
  unit.c.format = ports.c;
  unit.d = ports.d;
  unit.terms = terms;
  unit.tree = std::move(tree);
  if (is_aligned(unit.tree)) {
    unit.tree.left = ports.a;
    unit.tree.right = ports.b;
  }
  return unit;
}

Sum terms_together(const Core& core, std::int64_t together) {
  return {.joining = Joining::in_sequence,
          .quantizer = core.sum,
          .together = together,
          .alignment = core.terms};
}
Sum runs(const Quantizer& quantizer, std::int64_t size) {
  return {
      .joining = Joining::in_sequence, .quantizer = quantizer, .of = Sum::Of::runs, .size = size};
}
Sum unrounded(const std::optional<Alignment>& alignment) {
  return {.joining = Joining::at_once, .quantizer = {}, .alignment = alignment, .rounded = false};
}

// Reversed, or every so many terms from each of several places: [0, 1, 4, 5, 2, 3, 6, 7].
std::vector<std::vector<std::int64_t>> orders(std::int64_t terms) {
  std::vector<std::vector<std::int64_t>> all;
  for (std::int64_t period = 2; period <= terms; period *= 2) {
    std::vector<std::int64_t> reversed(static_cast<std::size_t>(period));
    for (std::int64_t i = 0; i < period; ++i)
      reversed[static_cast<std::size_t>(i)] = period - 1 - i;
    all.push_back(reversed);
    for (const std::int64_t phases : {2, 4, 8}) {
      for (std::int64_t run = 1; run * phases < period; run *= 2) {
        std::vector<std::int64_t> order;
        for (std::int64_t phase = 0; phase < phases; ++phase) {
          for (std::int64_t base = phase * run; base < period; base += phases * run) {
            for (std::int64_t i = 0; i < run; ++i) order.push_back(base + i);
          }
        }
        all.push_back(order);
      }
    }
  }
  return all;
}

// The units of a core, structure by structure.
class Structures {
 public:
  Structures(const Core& core, const Ports& ports)
      : core_(core), ports_(ports), most_(static_cast<std::int64_t>(ports.terms)) {}

  std::vector<MatrixUnit> all() {
    if (core_.after) {
      add_after();
    } else {
      add_sequences();
      if (!core_.terms) {
        add_parts();
        add_trees();
      }
    }
    return std::move(units_);
  }

 private:
  void add(DotTree tree, std::int64_t terms) {
    units_.push_back(unit_with(ports_, std::move(tree), std::min(terms, most_)));
  }
  // In all orders that differ in more than the order of terms that are added at once.
  template <typename Make>
  void add_in_orders(std::int64_t terms, std::int64_t together, const Make& make) {
    add(make(), terms);
    std::set<std::vector<std::int64_t>> known;
    for (std::vector<std::int64_t>& order : orders(most_)) {
      for (auto first = order.begin(); first != order.end();) {
        const auto end = first + std::min<std::ptrdiff_t>(together, order.end() - first);
        std::sort(first, end);
        first = end;
      }
      if (std::ranges::is_sorted(order) || !known.insert(order).second) continue;
      DotTree tree = make();
      tree.order = order;
      add(tree, std::max(terms, static_cast<std::int64_t>(order.size())));
    }
  }

  // s = s + m terms, again and again.
  void add_sequences() {
    for (std::int64_t together = 1; together <= most_; ++together) {
      const auto make = [&] {
        return DotTree{.product = {}, .sums = {terms_together(core_, together)}};
      };
      const bool usual = (together & (together - 1)) == 0;
      usual ? add_in_orders(together, together, make) : add(make(), together);
    }
    if (core_.terms) return;
    add_in_orders(
        1, 1, [&] { return DotTree{.product = core_.sum, .sums = {terms_together(core_, 1)}}; });
  }

  // Parts that begin at +0, whose sums are added to C one after the other: as composite
  // instructions and promotion do.
  void add_parts() {
    std::vector<Core> inner{core_};
    for (const int bits : {13, 25}) {
      Core aligned = core_;
      aligned.terms = Alignment{.bits = bits};
      inner.push_back(aligned);
      aligned.sum.rounding.mode = Mode::toward_zero;
      aligned.sum.rounding.overflow.directed = false;
      inner.push_back(aligned);
      aligned.sum.format = narrowed(ports_.d, bits + 1);
      inner.push_back(aligned);
    }
    for (std::int64_t size = 2; size <= most_; size *= 2) {
      for (const Core& core : inner) {
        for (std::int64_t together = 1; together <= size; together *= 2) {
          const auto make = [&] {
            return DotTree{.product = {},
                           .sums = {runs(core_.sum, size), terms_together(core, together)}};
          };
          core.sum == core_.sum ? add_in_orders(size, together, make) : add(make(), size);
        }
      }
      Sum once{.joining = Joining::at_once, .quantizer = core_.sum};
      add({.product = {}, .sums = {runs(core_.sum, size), once}}, size);
      add({.product = core_.sum, .sums = {runs(core_.sum, size), terms_together(core_, 1)}}, size);
    }
  }

  // Pairs level by level, and strands whose sums are joined by halves; in parts, or of all terms.
  void add_trees() {
    const Sum pairs{.joining = Joining::pairwise, .quantizer = core_.sum};
    for (const bool rounded : {false, true}) {
      const std::optional<Quantizer> product = rounded ? std::optional(core_.sum) : std::nullopt;
      add({.product = product, .sums = {pairs}}, most_);
      for (std::int64_t size = 2; size <= most_; size *= 2)
        add({.product = product, .sums = {runs(core_.sum, size), pairs}}, size);
      for (std::int64_t strands = 2; strands <= most_; strands *= 2) {
        const Sum halves{.joining = Joining::halves,
                         .quantizer = core_.sum,
                         .of = Sum::Of::strands,
                         .size = strands};
        const Sum chain = terms_together(core_, 1);
        add({.product = product, .sums = {halves, chain}}, strands);
        for (std::int64_t size = 2 * strands; size <= most_; size *= 2)
          add({.product = product, .sums = {runs(core_.sum, size), halves, chain}}, size);
      }
    }
  }

  // The exact sum of aligned products, or of two of their strands, is aligned with C.
  void add_after() {
    for (std::int64_t size = 1; size <= most_; ++size) {
      Sum outer = runs(core_.sum, size);
      outer.alignment = core_.after;
      add({.product = {}, .sums = {outer, unrounded(core_.terms)}}, size);
      if (size < 4 || (size & (size - 1)) != 0) continue;
      for (const std::int64_t count : {2, 4}) {
        Sum strands = unrounded(core_.terms);
        strands.alignment->downward = core_.after->downward;
        strands.of = Sum::Of::strands;
        strands.size = count;
        add({.product = {}, .sums = {outer, strands, unrounded(core_.terms)}}, size);
      }
    }
  }

  const Core& core_;
  const Ports& ports_;
  std::int64_t most_;
  std::vector<MatrixUnit> units_;
};

}  // namespace

Format narrowed(const Format& format, int precision) {
  const auto* fields = std::get_if<Float>(&format.kind);
  const bool as_ieee = fields != nullptr && fields->infinity && fields->subnormals && fields->sign;
  if (!as_ieee || precision > fields->fraction_bits || precision < 2) return format;
  return find_format("e" + std::to_string(fields->exponent_bits) + "m" +
                     std::to_string(precision - 1));
}

std::vector<Core> cores(const Ports& ports, int precision) {
  const int own = range_of(ports.d, "d").precision;
  std::vector<Core> all;
  std::vector<int> precisions{own};
  if (precision < own) precisions.push_back(precision);
  for (const int p : precisions) {
    for (const Mode mode : modes) {
      Core core{.sum = {.format = narrowed(ports.d, p), .rounding = {}}};
      core.sum.rounding.mode = mode;
      all.push_back(core);
      for (const bool downward : {false, true}) {
        for (int bits = 3; bits <= most_bits; ++bits) {
          core.after.reset();
          core.terms = Alignment{.bits = bits, .downward = downward};
          all.push_back(core);
        }
        for (int running = p - 1; running <= p + 8; ++running) {
          for (int kept = running; kept <= running + 10; ++kept) {
            core.terms = Alignment{.bits = running};
            core.after = Alignment{
                .bits = kept + 1, .running_bits = running, .sum_bits = kept, .downward = downward};
            all.push_back(core);
          }
        }
      }
    }
  }
  return all;
}

MatrixUnit unit_of(const Core& core, const Ports& ports) {
  const auto terms = static_cast<std::int64_t>(ports.terms);
  if (!core.after)
    return unit_with(ports, {.product = {}, .sums = {terms_together(core, terms)}}, terms);
  Sum outer = runs(core.sum, terms);
  outer.alignment = core.after;
  return unit_with(ports, {.product = {}, .sums = {outer, unrounded(core.terms)}}, terms);
}

std::vector<MatrixUnit> units_of(const Core& core, const Ports& ports) {
  return Structures(core, ports).all();
}

}  // namespace halfulp::probe
