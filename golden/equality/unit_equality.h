// SPDX-License-Identifier: MIT
//
// Is one engine equal to the reference on dot products of a matrix unit, bit for bit? Products of
// small matrices are drawn, each a pure function of its number: a whole instruction, two, or a part
// of one; numbers near one, of narrow and wide ranges of exponents, pairs of products that cancel
// or nearly do, many zeros, the ends of the formats, any codes with infinities and NaN; with C or
// without. A case is one result.
#pragma once

#include <cstdint>

#include "formats/engine.h"
#include "formats/matrix_unit.h"
#include "golden/equality/equality.h"

namespace halfulp::equality {

// How many results a product has, about: what a budget is divided by.
inline constexpr std::uint64_t cases_per_product = 16;

// Products [begin, end) of those drawn for a unit.
Tally check_products(const MatrixUnit& unit, const CaseRange& range, const Engine& engine);
// The engine's answers alone as one number, as digest_range.
std::uint64_t digest_products(const MatrixUnit& unit, const CaseRange& range, const Engine& engine);

}  // namespace halfulp::equality
