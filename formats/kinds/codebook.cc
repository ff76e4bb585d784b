// SPDX-License-Identifier: MIT
//
// Codebooks: any finite list of numbers, such as NF4 or the dynamic maps of 8-bit optimizers. The
// rank counts the sorted list, zero (or the least positive number, where there is no zero) being
// rank 0. A codebook has no overflow: beyond its ends the end is delivered.
#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "formats/counted.h"
#include "formats/error.h"
#include "formats/kinds/kinds.h"
#include "formats/numbers/value.h"

namespace halfulp {
namespace {

constexpr int most_bits = 16;

bool is_negative_zero(double x) {
  return std::bit_cast<std::uint64_t>(x) == std::uint64_t{1} << 63;
}

// Ordered as the numbers are, zeros equal, whatever the processor does with subnormals.
std::int64_t key(double x) {
  const auto pattern = std::bit_cast<std::int64_t>(x);
  return pattern >= 0 ? pattern : std::numeric_limits<std::int64_t>::min() - pattern;
}

int bits_for(std::size_t count) { return std::max(1, static_cast<int>(std::bit_width(count - 1))); }

// -0 counts as 0 here; +0 comes before it.
std::vector<std::uint32_t> sorted_codes(const std::vector<double>& values) {
  std::vector<std::uint32_t> codes(values.size());
  std::iota(codes.begin(), codes.end(), 0U);
  std::stable_sort(codes.begin(), codes.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (key(values[a]) != key(values[b])) return key(values[a]) < key(values[b]);
    return is_negative_zero(values[b]) && !is_negative_zero(values[a]);
  });
  const auto same = [&](std::uint32_t a, std::uint32_t b) {
    return key(values[a]) == key(values[b]);
  };
  codes.erase(std::unique(codes.begin(), codes.end(), same), codes.end());
  return codes;
}

}  // namespace

Codebook make_codebook(std::vector<double> values, std::vector<double> boundaries,
                       Codebook::Ties ties, int bits) {
  Codebook f;
  f.ties = ties;
  f.values = std::move(values);
  f.boundaries = std::move(boundaries);
  if (f.values.empty()) throw Error("an empty list of numbers", "values", "give at least one");
  f.bits = bits == 0 ? bits_for(f.values.size()) : bits;
  for (const double x : f.values) {
    if (!from_double(x).is_finite())
      throw Error("a number that is not finite", "values", "a codebook holds finite numbers");
  }
  f.order = sorted_codes(f.values);
  f.negatives = static_cast<std::uint32_t>(std::count_if(
      f.order.begin(), f.order.end(), [&](std::uint32_t code) { return key(f.values[code]) < 0; }));
  kinds::validate(f);
  return f;
}

namespace kinds {

int bits(const Codebook& f) { return f.bits; }

Range finite_range(const Codebook& f) {
  const auto negatives = static_cast<Rank>(f.negatives);
  return {.lowest = -negatives, .highest = static_cast<Rank>(f.order.size()) - 1 - negatives};
}

// One step beyond an end is as far as the last step was, or 1 where there was none.
Value value_at(const Codebook& f, Rank rank) {
  const Range range = finite_range(f);
  const auto number = [&](Rank at) {
    Value v = from_double(f.values[f.order[static_cast<std::size_t>(at - range.lowest)]]);
    if (v.is_zero()) v.negative = false;
    return v;
  };
  if (rank >= range.lowest && rank <= range.highest) return number(rank);
  const Rank end = rank < range.lowest ? range.lowest : range.highest;
  const Rank before = rank < range.lowest ? end + 1 : end - 1;
  if (range.lowest == range.highest) return sum(number(end), make_value(rank < end ? -1 : 1));
  return sum(scaled(number(end), 1), negated(number(before)));
}

Value boundary_above(const Codebook& f, Rank rank) {
  const Range range = finite_range(f);
  if (rank >= range.highest) return infinite_value();
  if (rank < range.lowest) return infinite_value(true);
  if (!f.boundaries.empty())
    return from_double(f.boundaries[static_cast<std::size_t>(rank - range.lowest)]);
  return scaled(sum(value_at(f, rank), value_at(f, rank + 1)), -1);
}

Code code_at(const Codebook& f, Rank rank) {
  const Range range = finite_range(f);
  const Rank inside = std::clamp(rank, range.lowest, range.highest);
  return f.order[static_cast<std::size_t>(inside - range.lowest)];
}

Rank rank_of(const Codebook& f, Code code) {
  const std::int64_t x = key(f.values[static_cast<std::size_t>(code)]);
  const auto place =
      std::lower_bound(f.order.begin(), f.order.end(), x,
                       [&](std::uint32_t a, std::int64_t b) { return key(f.values[a]) < b; });
  return finite_range(f).lowest + (place - f.order.begin());
}

// Codes beyond the list stand for nothing: NaN.
Value decode(const Codebook& f, Code code) {
  return code < f.values.size() ? from_double(f.values[static_cast<std::size_t>(code)])
                                : nan_value();
}

bool has_negative_zero(const Codebook& f) {
  const bool positive = std::any_of(f.values.begin(), f.values.end(),
                                    [](double x) { return key(x) == 0 && !is_negative_zero(x); });
  return positive && std::any_of(f.values.begin(), f.values.end(), is_negative_zero);
}

Code negative_zero_code(const Codebook& f) {
  return static_cast<Code>(std::find_if(f.values.begin(), f.values.end(), is_negative_zero) -
                           f.values.begin());
}

void validate(const Codebook& f) {
  if (f.bits < 1 || f.bits > most_bits || f.values.size() > std::size_t{1} << f.bits) {
    throw Error(counted(f.values.size(), "number") + " in " + counted(f.bits, "bit"), "bits",
                "at most 16 bits, and at most 2^bits numbers");
  }
  if (f.negatives == f.order.size())
    throw Error("a list without a number that is at least 0", "values", "add one");
  if (f.boundaries.empty()) return;
  if (f.boundaries.size() + 1 != f.order.size()) {
    throw Error(counted(f.boundaries.size(), "boundary", "boundaries"), "boundaries",
                "one less than there are different numbers: " + std::to_string(f.order.size() - 1));
  }
  for (std::size_t i = 0; i < f.boundaries.size(); ++i) {
    const std::int64_t boundary = key(f.boundaries[i]);
    if (boundary >= key(f.values[f.order[i]]) && boundary <= key(f.values[f.order[i + 1]]))
      continue;
    throw Error("boundary number " + std::to_string(i) + " is not between its neighbours",
                "boundaries", "in increasing order, one between each two numbers");
  }
}

}  // namespace kinds
}  // namespace halfulp
