// SPDX-License-Identifier: MIT
#include "reference/alignment.h"

#include <algorithm>

namespace halfulp::reference {

std::optional<std::int64_t> stored_exponent(const Format& format, const Value& x) {
  if (!x.is_finite() || x.is_zero()) return std::nullopt;
  const std::int64_t leading = leading_exponent(x);
  const std::optional<std::int64_t> least = least_exponent(format);
  return least ? std::max(leading, *least) : leading;
}

Value cut(const Value& x, std::int64_t quantum, bool downward) {
  if (!x.is_finite() || x.is_zero() || x.exponent >= quantum) return x;
  const auto places = static_cast<unsigned>(quantum - x.exponent);
  // No multiple lies further up than the first where all bits are below it.
  const bool all = leading_exponent(x) < quantum;
  Value result = x;
  result.exponent = quantum;
  result.significand = all ? Integer(0) : Integer(x.significand >> places);
  const bool inexact = all || (result.significand << places) != x.significand;
  if (downward && x.negative && inexact) result.significand += 1;
  return result;
}

namespace {

std::optional<std::int64_t> largest_exponent(std::span<const Item> items) {
  std::optional<std::int64_t> largest;
  for (const Item& item : items) {
    if (item.exponent && (!largest || *item.exponent > *largest)) largest = item.exponent;
  }
  return largest;
}

}  // namespace

Addition align(std::span<const Item> items, bool running, const Alignment& alignment) {
  Addition addition{.addends = {}, .exponent = largest_exponent(items)};
  if (alignment.least_exponent) {
    addition.exponent =
        std::max(addition.exponent.value_or(*alignment.least_exponent), *alignment.least_exponent);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    const bool is_running = running && i + 1 == items.size();
    const int bits = is_running ? alignment.running_bits.value_or(alignment.bits) : alignment.bits;
    Value addend = item.value;
    if (addition.exponent) addend = cut(addend, *addition.exponent - bits, alignment.downward);
    if (is_running && alignment.drops_running && item.exponent &&
        *item.exponent < *addition.exponent - bits - 1)
      addend = zero_value(item.value.negative);
    addition.addends.push_back(addend);
  }
  return addition;
}

Addition unaligned(std::span<const Item> items) {
  Addition addition{.addends = {}, .exponent = largest_exponent(items)};
  for (const Item& item : items) addition.addends.push_back(item.value);
  return addition;
}

Value cut_sum(const Value& sum, const Alignment& alignment) {
  if (!alignment.sum_bits || !sum.is_finite() || sum.is_zero()) return sum;
  std::int64_t exponent = leading_exponent(sum);
  if (alignment.least_exponent) exponent = std::max(exponent, *alignment.least_exponent);
  return cut(sum, exponent - *alignment.sum_bits, alignment.downward);
}

}  // namespace halfulp::reference
