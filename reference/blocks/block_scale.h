// SPDX-License-Identifier: MIT
//
// The scale of one block: what its rule asks for, rounded once (formats/block.h, steps 2 and 3).
#pragma once

#include <cstddef>
#include <cstdint>

#include "formats/block.h"
#include "formats/numbers/value.h"

namespace halfulp::reference {

// What a rule may ask of the elements of a block.
struct BlockContent {
  bool nan = false, infinite = false;
  std::int64_t finite = 0;                // how many elements are
  Value largest, lowest, highest, total;  // of the finite ones: largest and sum of the magnitudes;
                                          // lowest and highest with 0
  void add(const Value& x);
};

struct Scale {
  Code code = 0;
  Value value;
  Value encoding = {};  // E of Arithmetic::transformer_engine and four_over_six
  Value largest = {};   // a0 of the latter
};

// The block's place among the levels: the number of its own, and the product of the scales around
// it (1 at the outermost) with the encoding scale of the level around. second: of the two scales of
// Arithmetic::four_over_six, that under which the largest number is not the largest element.
struct Surroundings {
  std::size_t level = 0;
  Value scale = make_value(1);
  Value encoding = make_value(1);
  bool second = false;
};

// random: for the rounding of the scale.
Scale scale_of(const BlockFormat& format, const Surroundings& around, const BlockContent& content,
               std::uint64_t random);

// The error of an element of Arithmetic::four_over_six, d of FourOverSix without its sign. scale:
// s; outer: that of the level around; q: the element as rounded; x is finite.
Value element_error(const BlockFormat& format, const Value& x, const Value& q, const Value& scale,
                    const Scale& outer);
// The sum of errors, or the larger, as the measure has it: a step in binary32. error: of an
// element, squared where the measure says so.
Value joined_errors(FourOverSix::Error measure, const Value& sum, const Value& error);
Value measured(FourOverSix::Error measure, const Value& error);

// A zero scale of that level stays and its elements are those of their quotients all the same.
bool zero_stays(const BlockFormat& format, std::size_t level);

// The product of two scales: NaN where zero meets infinity.
Value product_of_scales(const Value& a, const Value& b);

// x / scale before it is rounded to an element (step 4). The arithmetics of two levels need the
// scales apart: outer, inner; `scale` is their product.
struct Divisors {
  Value scale, outer, inner;
};
Real quotient(const BlockFormat& format, const Value& x, const Divisors& by);

// The zero point of a block of rule `range` (step 5); scale: the product of all scales.
std::int64_t zero_point(const BlockFormat& format, const Value& lowest, const Value& scale);

// The element's number as it is multiplied: of irrational numbers the double next to it.
Value carried(const Value& number);

}  // namespace halfulp::reference
