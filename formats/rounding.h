// SPDX-License-Identifier: MIT
//
// Rounding as a value: how a real number becomes one of a format. The mode decides between the two
// neighbours (with the exponent unbounded, IEEE 754-2019 4.3); the overflow rule says what stands
// in the place of a result that no finite number of the format can be, as independent axes with the
// peers' choices as named presets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/format.h"

namespace halfulp {

enum class Mode : std::uint8_t {
  nearest_even,
  nearest_away,
  nearest_zero,
  nearest_up,    // ties toward +infinity
  nearest_down,  // ties toward -infinity
  nearest_odd,
  nearest_log,  // nearest in the logarithm: turns at the geometric mean of the neighbours, ties to
                // even; nothing but zero becomes zero. In logarithmic formats and takums
                // nearest_even turns in the logarithm already, and this is the same
  toward_zero,
  toward_positive,
  toward_negative,
  away_from_zero,
  to_odd,        // the exact value, else the neighbour whose code is odd
  stochastic,    // variant A: floor(v 2^R) + random >= 2^R, v the position in the gap, counted from
                 // zero
  stochastic_b,  // floor(v 2^(R+1)) + 2 random + 1 >= 2^(R+1)
  stochastic_c,  // nearest-even(v 2^R) + random >= 2^R
  stochastic_equal,  // either neighbour with probability 1/2: one random bit
};
inline constexpr int mode_count = 16;

// "Nearest_Even" and "nearest-even" are one name.
std::string plain_name(std::string_view name);

bool is_stochastic(Mode mode);
std::string_view name_of(Mode mode);     // "nearest-even"
Mode parse_mode(std::string_view name);  // names and short names; throws Error with a suggestion
const std::vector<Mode>& all_modes();

struct Overflow {
  // A finite value that rounds beyond the largest finite number.
  enum class Finite : std::uint8_t { infinity, largest };
  // An infinite operand of a conversion. largest_with_negative_zero: an infinity in formats with
  // one zero. infinity_or_as_finite: where the format has no infinity, what a finite value beyond
  // the largest becomes.
  enum class Infinite : std::uint8_t {
    infinity,
    largest,
    largest_with_negative_zero,
    infinity_or_as_finite
  };
  // What stands for an infinity in a format without one. nan: the largest where there is no NaN
  // either.
  enum class Missing : std::uint8_t { nan, largest };
  // A negative result of a format without negative numbers. by_mode: zero where the mode rounds
  // toward it, else NaN. magnitude: the sign is dropped before the number is rounded.
  enum class Negative : std::uint8_t { nan, zero, by_mode, magnitude };
  // NaN into a format without NaN. largest has the sign of the NaN, positive_largest has none;
  // opposite_zero: -0 for +NaN and +0 for -NaN.
  enum class Nan : std::uint8_t { zero, largest, opposite_zero, positive_largest, negative_zero };
  // Rounding to odd beyond the largest. odd_code: whichever of largest and infinity has the odd
  // code.
  enum class ToOdd : std::uint8_t { infinity, largest, odd_code };
  // In a format without zero: a zero, and what rounds below the smallest number.
  // smallest_unless_zero: NaN for zero only.
  enum class NoZero : std::uint8_t { nan, smallest, smallest_unless_zero };

  Finite finite = Finite::infinity;
  Infinite infinite = Infinite::infinity;
  Missing missing_infinity = Missing::nan;
  bool directed = true;  // modes that round toward the largest finite number stop there
  Negative negative = Negative::nan;
  Nan missing_nan = Nan::zero;
  ToOdd to_odd = ToOdd::infinity;
  NoZero missing_zero = NoZero::nan;
  bool operator==(const Overflow&) const = default;
};

struct OverflowPreset {
  std::string_view name;
  Overflow rule;
  std::string_view what;    // one line
  std::string_view source;  // where it was read or measured
};
const std::vector<OverflowPreset>& overflow_presets();
Overflow parse_overflow(std::string_view name);         // throws Error with a suggestion
std::string_view preset_name_of(const Overflow& rule);  // empty where no preset is equal

enum class Tininess : std::uint8_t { after_rounding, before_rounding };

// Which NaN a result is (nan.h): its sign and, in formats that have it, its fraction.
enum class NanRule : std::uint8_t {
  keep_sign,      // quiet bit alone; conversions keep the operand's sign, arithmetic gives plus
  x86,            // the first NaN operand, quiet; of an invalid operation the quiet bit with minus
  arm,            // the quiet bit alone, plus: default NaN mode
  arm_propagate,  // a signalling operand before a quiet one, quiet; else as arm
  riscv,          // as arm
  nvidia,         // all ones, plus
  gfloat          // all ones, minus
};
struct NanPreset {
  std::string_view name;
  NanRule rule;
  std::string_view what, source;
};
const std::vector<NanPreset>& nan_presets();  // one each rule, in its order
std::string_view name_of(NanRule rule);
NanRule parse_nan_rule(std::string_view name);  // throws Error with a suggestion

struct Rounding {
  Mode mode = Mode::nearest_even;
  Overflow overflow;
  int random_bits = 32;  // R of the stochastic modes, 1 to 64
  Tininess tininess = Tininess::after_rounding;
  bool flush_inputs = false;  // subnormal operands count as zeros of their sign, no flag raised
  // Results that are tiny by this rule become zeros of their sign, exact ones too, and raise
  // underflow and, with flush_inexact, inexact.
  std::optional<Tininess> flush_outputs = std::nullopt;
  bool flush_inexact = true;
  NanRule nan = NanRule::keep_sign;
  bool operator==(const Rounding&) const = default;
};

// How a peer rounds, as one name for mode and rules together.
struct RoundingPreset {
  std::string_view name;
  Rounding rounding;
  bool powers_of_two = false;  // of formats without fraction bits (E8M0) only
  std::string_view what;       // one line
  std::string_view source;
};
const std::vector<RoundingPreset>& rounding_presets();
const RoundingPreset& find_rounding_preset(
    std::string_view name);  // throws Error with a suggestion
// Throws Error where the preset is of powers of two and the format has other numbers.
void require_fits(const RoundingPreset& preset, const Format& format);

struct Quantizer {
  Format format;
  Rounding rounding;
  bool operator==(const Quantizer&) const = default;
};

// IEEE 754-2019 clause 7, in the bits of Berkeley TestFloat.
namespace flags {
inline constexpr std::uint8_t inexact = 0x01;
inline constexpr std::uint8_t underflow = 0x02;
inline constexpr std::uint8_t overflow = 0x04;
inline constexpr std::uint8_t divide_by_zero = 0x08;
inline constexpr std::uint8_t invalid = 0x10;
}  // namespace flags

// Those of a result that is flushed.
std::uint8_t flags_of_flush(const Rounding& rounding);

// What is delivered where no finite number of the format is the answer.
enum class Landing : std::uint8_t {
  finite,
  largest,
  positive_largest,
  infinity,
  nan,
  zero,
  negative_zero,
  smallest
};

// A finite value beyond the largest of its sign, after rounding with unbounded exponent.
Landing land_overflow(const Quantizer& quantizer, bool negative);
Landing land_infinity(const Quantizer& quantizer, bool negative);
Landing land_nan(const Quantizer& quantizer, bool negative);
// True where negative numbers count as their magnitudes: an unsigned format, and a rule that drops
// the sign.
bool drops_sign(const Quantizer& quantizer);
// A negative number whose rounded value is below every number of an unsigned format that does not
// drop the sign. `finite` is never answered.
Landing land_negative(const Quantizer& quantizer, bool infinite);
// Zero, or a value that rounds below the least number, where there is no zero.
Landing land_no_zero(const Quantizer& quantizer, bool is_zero);
// The code of a landing other than `finite`; signs that the format lacks are dropped, and where it
// has no zero the least positive number stands for it.
Code code_of(const Format& format, Landing landing, bool negative);

}  // namespace halfulp
