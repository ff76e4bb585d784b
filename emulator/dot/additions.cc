// SPDX-License-Identifier: MIT
#include "emulator/dot/additions.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "formats/codes.h"
#include "formats/numbers/value.h"

namespace halfulp::emulator {
namespace {

constexpr std::int64_t double_bits = 53;
// Exponents that products, scales and cuts may have without leaving the normal doubles.
constexpr std::int64_t most_exponent = 400;

// The finite nonzero numbers x of a format, or of what is made of such: multiples of 2^lowest below
// 2^highest, of at most `bits` significant bits; and |x| < 2^(e + above), e being the exponent by
// which x is aligned.
struct Reach {
  std::int64_t lowest = 0, highest = 0, bits = 0, above = 0;
};

// Floats only: their numbers have exponents.
std::optional<Reach> reach_of(const Format& format) {
  const auto* f = std::get_if<Float>(&format.kind);
  if (f == nullptr) return std::nullopt;
  const std::int64_t lowest = leading_exponent(smallest_normal(format)) - f->fraction_bits;
  const std::int64_t highest = leading_exponent(largest_finite(format)) + 1;
  if (lowest < -most_exponent || highest > most_exponent) return std::nullopt;
  return Reach{lowest, highest, f->fraction_bits + 1, 1};
}

std::optional<Reach> product_of(const std::optional<Reach>& x, const std::optional<Reach>& y) {
  if (!x || !y) return std::nullopt;
  return Reach{x->lowest + y->lowest, x->highest + y->highest, x->bits + y->bits,
               x->above + y->above};
}

std::int64_t bits_of_count(std::int64_t count) {
  return std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(count, 1)));
}

// How many items one addition takes, where that is bounded.
std::optional<std::int64_t> items_of(const DotTree& tree, std::size_t node) {
  const Sum& sum = tree.sums[node];
  if (sum.joining == Joining::in_sequence) return sum.together + 1;
  if (sum.of == Sum::Of::strands) return sum.size + 1;
  // All the terms of a part, which the sum around it has cut into runs.
  const bool in_runs = node > 0 && tree.sums[node - 1].of == Sum::Of::runs;
  if (in_runs) return tree.sums[node - 1].size + 1;
  const bool in_strands = node > 1 && tree.sums[node - 1].of == Sum::Of::strands &&
                          tree.sums[node - 2].of == Sum::Of::runs;
  if (in_strands) return tree.sums[node - 2].size + 1;
  return std::nullopt;
}

class Fit {
 public:
  explicit Fit(const DotTree& tree) : tree_(tree) {}

  // What the sum's numbers are; nothing where an addition does not fit.
  std::optional<Reach> sum(std::size_t node) {
    const Sum& own = tree_.sums[node];
    std::optional<Reach> items = own.of == Sum::Of::terms ? terms() : sum(node + 1);
    if (!adds_at_once(tree_, node)) return reach_of(own.quantizer.format);
    // An exact zero sum is -0 then, unless all is +0, which lanes do not tell.
    if (own.rounded && own.quantizer.rounding.mode == Mode::toward_negative) return fail();
    if (own.scaling) items = scaled(*own.scaling, items);
    const std::optional<std::int64_t> count = items_of(tree_, node);
    if (!items || !count || items->bits > double_bits) return fail();
    if (items->lowest < -2 * most_exponent || items->highest > 2 * most_exponent) return fail();
    const std::optional<Reach> total =
        own.alignment ? aligned(node, *own.alignment, *items, *count) : exact(node, *items, *count);
    if (!total || total->bits > double_bits) return fail();
    return own.rounded ? reach_of(own.quantizer.format) : total;
  }
  [[nodiscard]] bool holds() const { return holds_; }

 private:
  std::optional<Reach> fail() {
    holds_ = false;
    return std::nullopt;
  }
  [[nodiscard]] std::optional<Reach> terms() const {
    if (tree_.product) return reach_of(tree_.product->format);
    if (!tree_.left || !tree_.right) return std::nullopt;
    return product_of(reach_of(*tree_.left), reach_of(*tree_.right));
  }
  [[nodiscard]] static std::optional<Reach> scaled(const Scaling& scaling,
                                                   const std::optional<Reach>& items) {
    if (scaling.item) return reach_of(scaling.item->format);
    std::optional<Reach> scale = scaling.product
                                     ? reach_of(scaling.product->format)
                                     : product_of(reach_of(scaling.left), reach_of(scaling.right));
    std::optional<Reach> result = product_of(items, scale);
    if (!result) return std::nullopt;
    // Exponents are those of the two scales, whatever rounds their product.
    result->above = items->above + 3;
    if (scaling.exponent_of_scales) result->above = std::max<std::int64_t>(items->highest, 0) + 3;
    return result;
  }
  // Multiples of 2^(E - bits), each below 2^(E + above).
  [[nodiscard]] static std::optional<Reach> aligned(const Alignment& alignment, const Reach& items,
                                                    std::int64_t count, std::int64_t least) {
    const std::int64_t bits = std::max(alignment.bits, alignment.running_bits.value_or(0));
    const std::int64_t above = std::max<std::int64_t>(items.above, 1) + bits_of_count(count);
    const std::int64_t low = std::min(items.lowest, least) - bits;
    return Reach{low, items.highest + above, bits + above + 1, above};
  }
  [[nodiscard]] std::optional<Reach> aligned(std::size_t node, const Alignment& alignment,
                                             const Reach& items, std::int64_t count) const {
    // Without a bit below it, the largest exponent of a double is one too many (2^-1023).
    const auto fits = [](std::int64_t bits) { return bits >= 1 && bits <= most_exponent; };
    if (!fits(alignment.bits) || !fits(alignment.running_bits.value_or(1)) ||
        !fits(alignment.sum_bits.value_or(1)) ||
        std::abs(alignment.least_exponent.value_or(0)) > most_exponent)
      return std::nullopt;
    const Sum& own = tree_.sums[node];
    const std::optional<Reach> running =
        own.rounded ? reach_of(own.quantizer.format) : std::optional(items);
    if (!running) return std::nullopt;
    const std::int64_t least = std::min(alignment.least_exponent.value_or(0), running->lowest);
    return aligned(alignment, items, count, least);
  }
  // What is added has as many bits as its numbers are apart.
  [[nodiscard]] std::optional<Reach> exact(std::size_t node, Reach items,
                                           std::int64_t count) const {
    if (tree_.sums[node].joining == Joining::in_sequence || node == 0) {
      // s, or C, which is any number of its carrier.
      return std::nullopt;
    }
    items.highest += bits_of_count(count);
    items.above += bits_of_count(count);
    items.bits = items.highest - items.lowest + 1;
    return items;
  }

  const DotTree& tree_;
  bool holds_ = true;
};

}  // namespace

bool additions_fit_doubles(const DotTree& tree) {
  Fit fit(tree);
  fit.sum(0);
  return fit.holds();
}

}  // namespace halfulp::emulator
