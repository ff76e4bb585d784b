// SPDX-License-Identifier: MIT
#include "emulator/dot/exact_additions.h"

#include <algorithm>
#include <array>

#include "emulator/rounding/round.h"
#include "emulator/rounding/round_wide.h"
#include "emulator/scalar/long.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

// To a multiple of 2^quantum toward zero or, downward, below.
void cut(ExactItem& x, std::int64_t quantum, bool downward) {
  if (x.kind != Class::finite || x.value.exponent >= quantum) return;
  const std::int64_t places = quantum - x.value.exponent;
  const std::int64_t length = bit_length(x.value.significand);
  const std::int64_t shift = std::min(places, length);
  const Integer kept = x.value.significand >> static_cast<unsigned>(shift);
  const bool lost = Integer(kept << static_cast<unsigned>(shift)) != x.value.significand;
  x.value.significand = kept;
  if (places > shift) x.value.significand = 0;
  if (downward && x.negative && (lost || places > shift)) x.value.significand += 1;
  x.value.exponent = quantum;
  if (x.value.significand.is_zero()) x.kind = Class::zero;
}

void align(std::span<ExactItem> items, bool running, const Alignment& alignment,
           std::int64_t exponent) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool is_running = running && i + 1 == items.size();
    const int bits = is_running ? alignment.running_bits.value_or(alignment.bits) : alignment.bits;
    const bool dropped = is_running && alignment.drops_running && items[i].exponent &&
                         *items[i].exponent < exponent - bits - 1;
    if (dropped) items[i].kind = Class::zero;
    cut(items[i], exponent - bits, alignment.downward);
  }
}

void add_to(ExactItem& total, const ExactItem& x) {
  if (x.kind == Class::zero) return;
  const bool cancels =
      total.kind == Class::infinite && x.kind == Class::infinite && total.negative != x.negative;
  if (total.kind == Class::nan || x.kind == Class::nan || cancels) {
    total.kind = Class::nan;
  } else if (total.kind == Class::infinite || x.kind == Class::infinite) {
    if (x.kind == Class::infinite) total.negative = x.negative;
    total.kind = Class::infinite;
  } else {
    total.value = total.kind == Class::zero ? x.value : long_sum(total.value, x.value);
    total.kind = total.value.significand.is_zero() ? Class::zero : Class::finite;
    total.negative = total.kind == Class::finite && total.value.negative;
  }
}

}  // namespace

ExactItem item_of(const Operand& x, const std::optional<std::int64_t>& least_exponent) {
  ExactItem item{.kind = x.kind, .negative = x.negative};
  if (x.kind != Class::finite) return item;
  item.value = exact_integer(x);
  const std::int64_t leading = leading_exponent(item.value);
  item.exponent = least_exponent ? std::max(leading, *least_exponent) : leading;
  return item;
}

ExactItem product_of(const ExactItem& x, const ExactItem& y) {
  ExactItem product{.negative = x.negative != y.negative};
  const auto is = [&](Class kind) { return x.kind == kind || y.kind == kind; };
  if (x.exponent && y.exponent) product.exponent = *x.exponent + *y.exponent;
  if (is(Class::nan) || (is(Class::infinite) && is(Class::zero))) {
    product.kind = Class::nan;
  } else if (is(Class::infinite)) {
    product.kind = Class::infinite;
  } else if (!is(Class::zero)) {
    product.kind = Class::finite;
    product.value = {product.negative, Integer(x.value.significand * y.value.significand),
                     x.value.exponent + y.value.exponent};
  }
  return product;
}

void limit_product(ExactItem& product, std::int64_t limit) {
  if (product.kind != Class::finite || leading_exponent(product.value) < limit) return;
  product.kind = Class::infinite;
}

ExactTotal add(std::span<ExactItem> items, bool running,
               const std::optional<Alignment>& alignment) {
  ExactTotal total;
  if (alignment) total.sum.exponent = alignment->least_exponent;
  for (const ExactItem& item : items) {
    if (item.exponent && (!total.sum.exponent || *item.exponent > *total.sum.exponent))
      total.sum.exponent = item.exponent;
  }
  if (alignment && total.sum.exponent) align(items, running, *alignment, *total.sum.exponent);
  std::array<bool, 2> has_sign{};
  bool all_zeros = true;
  for (const ExactItem& item : items) {
    all_zeros = all_zeros && item.kind == Class::zero;
    has_sign[item.negative ? 1 : 0] = true;
    add_to(total.sum, item);
  }
  total.zeros_of_one_sign = all_zeros && has_sign[0] != has_sign[1];
  if (total.sum.kind == Class::zero) total.sum.negative = total.zeros_of_one_sign && has_sign[1];
  if (!alignment || !alignment->sum_bits || total.sum.kind != Class::finite) return total;
  std::int64_t exponent = leading_exponent(total.sum.value);
  if (alignment->least_exponent) exponent = std::max(exponent, *alignment->least_exponent);
  cut(total.sum, exponent - *alignment->sum_bits, alignment->downward);
  total.zeros_of_one_sign = total.sum.kind == Class::zero;
  return total;
}

Outcome round_total(const Target& target, const ExactTotal& total, std::uint64_t random) {
  const ExactItem& sum = total.sum;
  switch (sum.kind) {
    case Class::nan:
      return deliver_nan(target, NanCause{});
    case Class::infinite:
      return deliver_infinity(target, sum.negative);
    case Class::finite:
      return round(target, Exactly<Integer>{sum.value}, random);
    case Class::zero:
      break;
  }
  const bool toward_negative = target.quantizer->rounding.mode == Mode::toward_negative;
  return round_zero(target, total.zeros_of_one_sign ? sum.negative : toward_negative, random);
}

}  // namespace halfulp::emulator
