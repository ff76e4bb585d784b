// SPDX-License-Identifier: MIT
//
// The five questions that every kind of format answers, and what follows from the answers for all
// kinds alike. A rank numbers the finite values of a format in increasing order, so that neighbours
// differ by one; where there is a zero it has rank 0.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/format.h"

namespace halfulp {

struct Value;  // formats/numbers/value.h

// 1. How many bits has a code?
int bits(const Format& format);
// 2. Which ranks are finite values that rounding may deliver?
Range finite_range(const Format& format);
// 3. What is the value at a rank? Also answers one step beyond either end, as if the exponent had
// no bound.
Value value_at(const Format& format, Rank rank);
// 4. Where does "nearest" turn from this rank to the next? Infinite where it does not: beyond the
// ends of formats that saturate.
Value boundary_above(const Format& format, Rank rank);
// 5. What is the code at a finite rank? Zero has two codes in some formats: code_at gives +0.
Code code_at(const Format& format, Rank rank);
// ... and back. Precondition: decode(format, code) is finite.
Rank rank_of(const Format& format, Code code);
Value decode(const Format& format, Code code);

// The "odd" of ties-to-even and of rounding to odd: that of the rank's code (of an affine integer,
// of the rank). Also one step beyond either end of a float or fixed point.
bool is_odd(const Format& format, Rank rank);
// Of two neighbouring ranks, the inner one nearer to zero, does nearest-even deliver the outer one
// for a number where "nearest" turns? Where the inner one is odd; codebooks may have another rule.
bool tie_goes_out(const Format& format, Rank inner, Rank outer);
// True for posits, takums and codebooks: they have no overflow, what is beyond an end becomes it.
bool saturates(const Format& format);
// True where every number of the format is an integer times a power of two.
bool is_dyadic(const Format& format);

// The codes of what is not a finite nonzero number. Those that a format lacks are absent.
bool has_infinity(const Format& format);
bool has_nan(const Format& format);
bool has_zero(const Format& format);
bool has_negative_zero(const Format& format);
bool is_signed(const Format& format);
Code infinity_code(const Format& format,
                   bool negative);  // precondition: has_infinity, and is_signed if negative
Code nan_code(const Format& format,
              bool negative);  // the quiet one; the sign is kept where there are two
Code zero_code(const Format& format, bool negative);  // +0 where there is no -0

// The code of an exact value of the format. Throws Error where the format does not hold it.
Code encode(const Format& format, const Value& value);

// The least positive number that a float holds with full precision, and its least positive number.
// Fixed point: one step, both.
Value smallest_normal(const Format& format);
Value smallest_positive(const Format& format);
Value largest_finite(const Format& format);

enum class CodeClass : std::uint8_t { zero, subnormal, normal, infinite, nan };
CodeClass classify(const Format& format, Code code);
const char* name_of(CodeClass code_class);

// True where a double (binary64), or a float (binary32), can carry the format: it holds every
// finite value or, of irrational values, the doubles (floats) next to them are different normal
// numbers and round back to the same codes. Such values are carried as nearest_double (float) of
// them.
bool fits_binary64(const Format& format);
bool fits_binary32(const Format& format);

// The shortest decimal that reads back (nearest-even) to the same code; fixed notation wins ties of
// length.
std::string shortest_text(const Format& format, Code code);
// All digits of the number; of an irrational one, which has no last digit, the shortest text.
std::string exact_text(const Format& format, Code code);
// As people read it: exactly where that takes at most eight characters without the sign (1.875,
// 0.015625), else the shortest text.
std::string value_text(const Format& format, Code code);
// "0x7e": padded to the format's width.
std::string code_text(const Format& format, Code code);
// The same without the prefix, in upper case, as test vectors print it.
std::string bare_code_text(const Format& format, Code code);
// Reads hexadecimal digits with or without "0x". Throws Error where it is no code of the format.
Code parse_code(const Format& format, std::string_view text);

}  // namespace halfulp
