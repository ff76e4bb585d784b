// SPDX-License-Identifier: MIT
//
// A unit of dot products as a tree of values: what a term is, and how sums are made of terms and of
// each other. Engines execute trees; unit.h has the short descriptions of the usual ones. Equal
// trees are equal arithmetic, whichever description they come from.
//
// There are n terms, k from 0 on. Term p[k] is the exact product of its operands, or that product
// rounded by `product` where this is present.
//
// A sum takes a list of terms and makes one number of it. Its items are the terms themselves, or
// numbers that the next sum of the tree makes of parts of the list. Its quantizer Q rounds every
// step: "Q(x)" is x rounded once, so that Q(p + s) is a fused step where p is an exact product.
//
// `in_sequence`: s = +0, then s = Q(item + s) for every item.
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
// `at_once`: the exact sum of all items is rounded once by Q. (Additions of so many items at once,
// and of items that are cut so many bits below the largest, as matrix units have them, will stand
// here: as members of a sum that say how many and how.)
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
// Random bits. Result number r has D max(n, 1) indices of its own, which begin at
// first = r D max(n, 1). A rounding draws at first + D k + j: k is the first term of what the step
// adds (of a sum of two, of the right one; where C comes last or alone, 0), and j says which of the
// roundings at k it is. 0 is that of a term where it enters the innermost sum, or of its sum at
// once; 1 is the product's. From 2 on the roundings of the sums are numbered, from the innermost
// sum out, and in each as follows:
//   in_sequence   the sum of an item that is no term
//   pairwise      an item that is no term; the sum of two
//   compensated   y of an item that is no term; t; t - s; c
// and at last the sum with C where that comes last. D is the least power of two above the last
// number. Sums of strands may not draw, as some may have no term to draw at, and have no numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/rounding.h"

namespace halfulp {

enum class Joining : std::uint8_t { in_sequence, pairwise, halves, compensated, at_once };

struct Sum {
  // runs: parts of `size` neighbours, the last of what remains. strands: `size` parts, part i of
  // the terms i, i + size, i + 2 size, ... of the list.
  enum class Of : std::uint8_t { terms, runs, strands };

  Joining joining = Joining::in_sequence;
  Quantizer quantizer;
  Of of = Of::terms;
  std::int64_t size = 0;
  bool operator==(const Sum&) const = default;
};

struct DotTree {
  std::optional<Quantizer> product;
  std::vector<Sum> sums;  // from the outermost, whose numbers the results are, to that of the terms
  bool operator==(const DotTree&) const = default;
};

// Throws Error, located at the member ("/sums/0/size"), where members do not go together.
void validate(const DotTree& tree, const std::string& where = {});

// True where C is added to the result of the outermost sum.
bool adds_addend_last(const DotTree& tree);

// The numbers j of the roundings, as above; those that a sum lacks are 0.
struct SumDraws {
  std::uint64_t item = 0, sum = 0, difference = 0, correction = 0;
};
struct TreeDraws {
  std::uint64_t per_term = 2;  // D
  std::uint64_t product = 1, addend = 0;
  std::vector<SumDraws> sums;
};
TreeDraws draws_of(const DotTree& tree);
std::uint64_t draws_per_term(const DotTree& tree);  // D

// Terms first, first + step, ... below end: what a sum takes.
struct TermList {
  std::size_t first = 0, end = 0, step = 1;
  bool operator==(const TermList&) const = default;
};
// How many parts the items of a sum that are no terms are, and the i-th of them.
std::size_t count_parts(const Sum& sum, const TermList& terms);
TermList part_of(const Sum& sum, const TermList& terms, std::size_t i);

}  // namespace halfulp
