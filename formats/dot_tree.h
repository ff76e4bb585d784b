// SPDX-License-Identifier: MIT
//
// A unit of dot products as a tree of values: what a term is, and how sums are made of terms and of
// each other. Engines execute trees; unit.h has the short descriptions of the usual ones. Equal
// trees are equal arithmetic, whichever description they come from.
//
// There are n terms, k from 0 on. Term p[k] is the exact product of its operands, or that product
// rounded by `product` where this is present. `order` may list k in another order: o[0], o[1], ...
// of m numbers say that terms are taken in the order o[0], ..., o[m-1], m + o[0], ...; all else
// here counts terms as they are taken. `product_limit` is the exponent from which on products count
// as infinite: |p| >= 2^product_limit.
//
// A sum takes a list of terms and makes one number of it. Its items are the terms themselves, or
// numbers that the next sum of the tree makes of parts of the list. Its quantizer Q rounds every
// step: "Q(x)" is x rounded once, so that Q(p + s) is a fused step where p is an exact product.
//
// `in_sequence`: s = +0, then s = Q(s + item) for every item; or, `together` being m, for every m
// items, s = Q(s + item + ... + item), an addition of so many numbers at once, the last of those
// that remain.
//
// `pairwise`: Q(item) of every item; then neighbours are added level by level, each sum rounded by
// Q, an odd one out passing to the next level, until one is left.
//
// `halves`: the items are as many as a power of two; the first half is added to the second, item by
// item, each sum rounded by Q, until one is left. Of eight: ((0+4)+(2+6))+((1+5)+(3+7)).
//
// `compensated`: s = c = +0; for every item: y = Q(item - c), t = Q(s + y), c = Q(Q(t - s) - y),
// s = t. Where c is not finite it is +0 instead.
//
// `at_once`: the sum of all items is rounded once by Q.
//
// An addition at once is exact before Q rounds it, unless it has an `alignment`, as matrix units
// do (Alignment below). A sum made at once need not be rounded at all; it is an exact number then,
// and stands among the items of another addition at once.
//
// Parts without terms sum to +0, and are added like others.
//
// The addend C. A product of matrices may have one, a matrix as large as the result, whose elements
// enter the outermost sum: `in_sequence` and `compensated` start with s = C instead of +0,
// `at_once` has C for one item more, and to the result of `pairwise` and `halves` C is added last,
// which is one more rounding by Q. Matrix units have C among or behind their terms in just these
// ways, and a product that goes on from C in steps is one product of all the terms where the
// outermost sum is `in_sequence`. C is not rounded before it enters.
//
// Without terms the result is +0, which nothing rounds, or Q(C), Q being the outermost quantizer.
//
// Operands of a step are flushed where the quantizer that rounds it says so: those of the product
// and C by their carrier, others by the format that they come from. All are what their carrier
// holds: where the arithmetic is narrower, the product of wider operands is rounded once.
//
// Signs of zero follow from these steps and IEEE 754-2019 6.3: sums from +0 are never -0 but in
// modes toward negative. `at_once` has no +0 to start from: its sum is -0 where every item is -0,
// +0 where every item is +0; any other zero sum is -0 toward negative and else +0.
// Infinities and NaN are as IEEE sums in any order would: `at_once` has NaN, as of an invalid
// operation, where an item is NaN (an operand is, or infinity met zero) or items are infinities of
// both signs; else an infinity where an item is one. The others follow their steps, which overflow
// as their quantizers do. Results are delivered with one NaN, the positive quiet one.
//
// Random bits. Result number r has indices of its own: D max(n, 1), and so many more that the next
// result's begin at a multiple of 16, in the units of any width. Where they begin at first, a
// rounding draws at first + D k + j: k is the first term of what the step adds (of a sum of two, of
// the right one; where C comes last or alone, 0), and j says which of the roundings at k it is.
// Those that are stochastic are numbered from 0 on, the others draw nothing: first that of a term
// where it enters the innermost sum, or of its sum at once; then the product's; then those of the
// sums, from the innermost sum out, and in each as follows:
//   in_sequence   the sum of an item that is no term; of several at once, of the first of them
//   at_once       the sum of items that are no terms
//   pairwise      an item that is no term; the sum of two
//   compensated   y of an item that is no term; t; t - s; c
// and at last the sum with C where that comes last. D is the least power of two that is not below
// their count, and 1 where none draws. Sums of strands may not draw, as some may have no term to
// draw at. All roundings draw fields (formats/random.h) of one width, that of the most bits which
// any of them wants, so that no two share bits: one of R bits takes the first R of so many.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/random.h"
#include "formats/rounding.h"

namespace halfulp {

enum class Joining : std::uint8_t { in_sequence, pairwise, halves, compensated, at_once };

// The exponents by which numbers are aligned are those that their formats store, not those of their
// leading bits. Of a nonzero number of a format: floor(log2 |x|), but for subnormals the least
// exponent of normal numbers. Of a product: the sum of its factors' exponents, in the formats
// DotTree::left and right (of a rounded product, in that of `product`). Of s and of C: in the
// format of the quantizer that rounds the sum. Of a sum that is not rounded: E, below, where it is
// aligned, else the largest exponent among its items. Zeros have none, nor has a sum all of whose
// terms are zeros; a sum that cancels to zero keeps its own.
//
// An aligned addition. E: the largest exponent of the items and of s, and at least least_exponent
// where that is given. Where neither gives one, all are zeros and are added as they are.
// 1. Of every item the bits below 2^(E - bits) are cut off, of s those below 2^(E - running_bits):
//    toward zero, or downward, to the next multiple below. What is cut to zero keeps its sign.
//    drops_running: s counts as a zero of its sign where its exponent is below
//    E - running_bits - 1.
// 2. What remains is added exactly.
// 3. sum_bits: of the sum the bits below 2^(e - sum_bits) are cut off likewise, e being its leading
//    exponent and at least least_exponent.
// Then Q rounds it, or it stays as it is.
struct Alignment {
  int bits = 0;
  std::optional<int> running_bits = std::nullopt;  // absent: bits
  std::optional<int> sum_bits = std::nullopt;
  std::optional<std::int64_t> least_exponent = std::nullopt;
  bool downward = false;
  bool drops_running = false;
  bool operator==(const Alignment&) const = default;
};

// The items of a sum may be multiplied by scales: those of a row of a and of a column of b, a scale
// every `block` terms, of which the item's first term says which; an item without terms has none.
// An item enters as item times scale times scale, exactly and with the exponents of all three, or
// as the steps below say.
struct Scaling {
  std::int64_t block = 0;
  Format left, right;                               // of the scales
  std::optional<Quantizer> product = std::nullopt;  // rounds the product of the two scales
  std::optional<Quantizer> item = std::nullopt;     // rounds the item times that
  bool exponent_of_scales = false;  // the scales' alone, and none where a scale is zero
  bool operator==(const Scaling&) const = default;
};

// What a tree's numbers are at most, far beyond what any unit has.
namespace dot_limits {
inline constexpr std::int64_t bits = 1000;        // of an alignment
inline constexpr std::int64_t exponent = 100000;  // a magnitude
inline constexpr std::int64_t terms = std::int64_t{1} << 53;
}  // namespace dot_limits

struct Sum {
  // runs: parts of `size` neighbours, the last of what remains. strands: `size` parts, part i of
  // the terms i, i + size, i + 2 size, ... of the list.
  enum class Of : std::uint8_t { terms, runs, strands };

  Joining joining = Joining::in_sequence;
  Quantizer quantizer;
  Of of = Of::terms;
  std::int64_t size = 0;
  std::int64_t together = 1;  // in_sequence
  std::optional<Alignment> alignment = std::nullopt;
  std::optional<Scaling> scaling = std::nullopt;
  bool rounded = true;  // else `quantizer` is left as it is made
  bool operator==(const Sum&) const = default;
};

struct DotTree {
  std::optional<Quantizer> product;
  std::vector<Sum> sums;  // from the outermost, whose numbers the results are, to that of the terms
  std::optional<Format> left = std::nullopt, right = std::nullopt;  // where exponents count
  std::optional<std::int64_t> product_limit = std::nullopt;
  std::vector<std::int64_t> order = {};
  bool operator==(const DotTree&) const = default;
};

// True where any rounding draws random bits.
bool draws_bits(const DotTree& tree);

// Throws Error, located at the member ("/sums/0/size"), where members do not go together.
void validate(const DotTree& tree, const std::string& where = {});

// True where C is added to the result of the outermost sum.
bool adds_addend_last(const DotTree& tree);

// True where the node-th sum adds at once: `at_once`, or `in_sequence` of several items together,
// or of aligned, scaled or unrounded ones.
bool adds_at_once(const DotTree& tree, std::size_t node);
// True where any addition is aligned.
bool is_aligned(const DotTree& tree);
// The least exponent that a number of the format has in an alignment; nothing where the format
// stores none: then it is the leading bit's.
std::optional<std::int64_t> least_exponent(const Format& format);

// The places of n terms as they are taken: `order`, and in a last part of fewer those below n.
std::vector<std::size_t> order_of_terms(const DotTree& tree, std::size_t n);

// The numbers j of the roundings, as above; those that a sum lacks, or that draw nothing, are 0,
// and so is that of a term.
struct SumDraws {
  std::uint64_t item = 0, sum = 0, difference = 0, correction = 0;
};
struct TreeDraws {
  std::uint64_t per_term = 1;  // D
  std::uint64_t product = 0, addend = 0;
  int bits = 0;  // the most that a rounding draws
  std::vector<SumDraws> sums;
};
TreeDraws draws_of(const DotTree& tree);
// The indices of a result of n terms.
std::uint64_t draws_per_result(const TreeDraws& draws, std::size_t n);
std::uint64_t draws_per_result(const DotTree& tree, std::size_t n);
// What a rounding draws at an index.
std::uint64_t draw_bits(const Random& random, const TreeDraws& draws, std::uint64_t index,
                        const Rounding& rounding);

// Terms first, first + step, ... below end: what a sum takes.
struct TermList {
  std::size_t first = 0, end = 0, step = 1;
  bool operator==(const TermList&) const = default;
};
// How many parts the items of a sum that are no terms are, and the i-th of them.
std::size_t count_parts(const Sum& sum, const TermList& terms);
TermList part_of(const Sum& sum, const TermList& terms, std::size_t i);

}  // namespace halfulp
