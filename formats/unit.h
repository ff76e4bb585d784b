// SPDX-License-Identifier: MIT
//
// How a dot product is computed, as data: in which order its terms are added and where it is
// rounded. A sum is a dot product with ones: multiplying by 1 is exact, so every unit sums too.
//
// Without an accumulator: plain arithmetic of the `native` carrier, every product and sum rounded
// to nearest even, `sequential` from +0, or in `eight_sums`: term k belongs to sum k mod 8, each
// sequential from +0, and they are added as ((0+4)+(2+6))+((1+5)+(3+7)).
//
// With an accumulator A, a quantizer, there are n terms, k from 0 on. Term p[k] is the exact
// product of its operands, or that product rounded by `product` where this is present. "A(x)" is x
// rounded once by A; so A(p + s) is a fused step where p is exact. A(p) alone is the product, or,
// of a rounded product, its conversion. Operands of a step are flushed where the quantizer that
// rounds it says so: those of the product by their carrier, others by the format that they come
// from.
//
// `sequential`: s = +0, then s = A(p[k] + s) for every k.
//
// `pairwise`: A(p[0]), ..., A(p[n-1]); then neighbours are added level by level, each sum rounded
// by A, an odd one out passing to the next level, until one is left (Higham, "The accuracy of
// floating point summation", SIAM J. Sci. Comput. 14, 1993, section 2).
//
// `chunked`: `chunk` terms at a time, and at the end those that remain, are summed sequentially
// from +0 by A. The chunks' sums are added in order, from +0, by `outer`, a quantizer that is A
// where it is absent. (Accumulation in FP8 with promotion to FP32 is this; Wang et al., "Training
// deep neural networks with 8-bit floating point numbers", NeurIPS 2018, have it in FP16.)
//
// `compensated`: s = c = +0; for every k: y = A(p[k] - c), t = A(s + y), c = A(A(t - s) - y), s = t
// (Kahan, "Further remarks on reducing truncation errors", CACM 8, 1965). Where c is not finite it
// is +0 instead, as otherwise every infinite sum would turn into NaN.
//
// `exact`: the exact sum of p[0] to p[n-1] is rounded once by A (Kulisch's accumulator; Kulisch and
// Miranker, "Computer Arithmetic in Theory and Practice", 1981). Where A is of a posit format this
// is its quire (Standard for Posit Arithmetic 2022, section 3.5). What differs: a quire of 16 bits
// for every bit of the posits may overflow from 2^31 products on, ours never does; and its products
// are those of posits, ours of any numbers of the carriers, infinities among them, which posits
// turn into NaR like NaN.
//
// Signs of zero follow from these steps and IEEE 754-2019 6.3: sums from +0 are never -0 but in
// modes toward negative. `exact` has no +0 to start from: its sum is -0 where every term is -0, +0
// where every term is +0; any other zero sum is -0 toward negative and else +0.
// Infinities and NaN are as IEEE sums in any order would: `exact` has NaN, as of an invalid
// operation, where a term is NaN (an operand is, or infinity met zero) or terms are infinities of
// both signs; else an infinity where a term is one. The other orders follow their steps, which
// overflow as their quantizers do. Results are delivered with one NaN, the positive quiet one.
// Without terms the result of every order is +0, which nothing rounds.
//
// Random bits. Each result has its own draws_per_term(unit) * n indices: result number r begins at
// first = r * D * n with D = draws_per_term(unit). The roundings of term k draw at first + D k plus
//   D = 2, sequential:   0 the sum, 1 the product
//   D = 4, pairwise:     0 A(p[k]), 1 the product, 2 the sum whose right operand begins at term k
//   D = 4, chunked:      0 the sum, 1 the product, 2 the outer sum of the chunk that begins here
//   D = 8, compensated:  0 y, 1 the product, 2 t, 3 t - s, 4 c
//   D = 2, exact:        1 the product; the result draws at first
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/rounding.h"

namespace halfulp {

// What arrays are held in, and native arithmetic is done in.
enum class Carrier : std::uint8_t { binary32, binary64 };
std::string_view name_of(Carrier carrier);

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
};

// Throws Error, located at the member, where members do not go together: `product` or an
// order of accumulators without one, `eight-sums` with one, a missing or needless `chunk`, a
// needless `outer`; and `exact` sums of products rounded to a logarithmic format, whose numbers are
// irrational and have no exact sum of finitely many bits.
// where: the JSON pointer of the unit, before "/chunk".
void validate(const DotUnit& unit, const std::string& where = {});

std::uint64_t draws_per_term(const DotUnit& unit);

// What the results are numbers of. Precondition: there is an accumulator.
const Quantizer& result_quantizer(const DotUnit& unit);

}  // namespace halfulp
