// SPDX-License-Identifier: MIT
//
// How a dot product is computed, as data: the usual units by name and a few members. Each is short
// for a tree (dot_tree.h), which has every step, signs of zero, infinities and NaN, the addend C of
// a product of matrices, and which random bits are drawn. A sum is a dot product with ones:
// multiplying by 1 is exact, so every unit sums too.
//
// Without an accumulator: plain arithmetic of the `native` carrier, every product and sum rounded
// to nearest even, `sequential` from +0, or in `eight_sums`: term k belongs to sum k mod 8, each
// sequential from +0, and they are added as ((0+4)+(2+6))+((1+5)+(3+7)). Any products of operands
// that are wider than the carrier are rounded once.
//
// With an accumulator A, a quantizer, there are n terms, k from 0 on. Term p[k] is the exact
// product of its operands, or that product rounded by `product` where this is present. "A(x)" is x
// rounded once by A; so A(p + s) is a fused step where p is exact. A(p) alone is the product, or,
// of a rounded product, its conversion.
//
// `sequential`: s = +0, then s = A(p[k] + s) for every k. It starts with C where there is one.
//
// `pairwise`: A(p[0]), ..., A(p[n-1]); then neighbours are added level by level, each sum rounded
// by A, an odd one out passing to the next level, until one is left (Higham, "The accuracy of
// floating point summation", SIAM J. Sci. Comput. 14, 1993, section 2). C is added last, by A, and
// so it is in `eight_sums`.
//
// `chunked`: `chunk` terms at a time, and at the end those that remain, are summed sequentially
// from +0 by A. The chunks' sums are added in order, from +0 or C, by `outer`, a quantizer that is
// A where it is absent. (Accumulation in FP8 with promotion to FP32 is this; Wang et al., "Training
// deep neural networks with 8-bit floating point numbers", NeurIPS 2018, have it in FP16.)
//
// `compensated`: s = c = +0; for every k: y = A(p[k] - c), t = A(s + y), c = A(A(t - s) - y), s = t
// (Kahan, "Further remarks on reducing truncation errors", CACM 8, 1965). Where c is not finite it
// is +0 instead, as otherwise every infinite sum would turn into NaN. s starts with C.
//
// `exact`: the exact sum of p[0] to p[n-1], and C, is rounded once by A (Kulisch's accumulator;
// Kulisch and Miranker, "Computer Arithmetic in Theory and Practice", 1981). Where A is of a posit
// format this is its quire (Standard for Posit Arithmetic 2022, section 3.5). What differs: a quire
// of 16 bits for every bit of the posits may overflow from 2^31 products on, ours never does; and
// its products are those of posits, ours of any numbers of the carriers, infinities among them,
// which posits turn into NaR like NaN.
//
// Random bits. In the words of dot_tree.h, the stochastic ones of these roundings are numbered, in
// this order, from j = 0 on:
//   sequential    the sum, the product
//   pairwise      A(p[k]), the product, the sum whose right operand begins at term k, at k = 0 the
//                 sum with C
//   chunked       the sum, the product, the outer sum of the chunk that begins here
//   compensated   y, the product, t, t - s, c
//   exact         the result, at k = 0; the product
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/dot_tree.h"
#include "formats/rounding.h"

namespace halfulp {

// What arrays are held in, and native arithmetic is done in.
enum class Carrier : std::uint8_t { binary32, binary64 };
std::string_view name_of(Carrier carrier);
// That of T: float or double, or the unsigned integer of their patterns.
template <typename T>
inline constexpr Carrier carrier_of = sizeof(T) == sizeof(float) ? Carrier::binary32
                                                                 : Carrier::binary64;

enum class Order : std::uint8_t {
  sequential,
  eight_sums,  // native arithmetic only; all below with an accumulator only
  pairwise,
  chunked,
  compensated,
  exact
};
std::string_view name_of(Order order);     // "eight-sums"
Order parse_order(std::string_view name);  // throws Error with a suggestion

struct DotUnit {
  Carrier native = Carrier::binary64;  // without an accumulator
  Order order = Order::sequential;
  std::optional<Quantizer> product;
  std::optional<Quantizer> accumulator;
  std::int64_t chunk = 0;                         // chunked only: terms of a chunk, at least 1
  std::optional<Quantizer> outer = std::nullopt;  // chunked only
  bool operator==(const DotUnit&) const = default;
  // Serves wherever a tree is asked: tree_of(*this).
  operator DotTree() const;
};

// Throws Error, located at the member, where members do not go together: `product` or an
// order of accumulators without one, `eight-sums` with one, a missing or needless `chunk`, a
// needless `outer`; and `exact` sums of products rounded to a logarithmic format, whose numbers are
// irrational and have no exact sum of finitely many bits.
// where: the JSON pointer of the unit, before "/chunk".
void validate(const DotUnit& unit, const std::string& where = {});

// The unit in full. Throws Error as validate() does.
DotTree tree_of(const DotUnit& unit);

}  // namespace halfulp
