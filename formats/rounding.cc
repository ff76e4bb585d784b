// SPDX-License-Identifier: MIT
//
// Names of modes, and what each overflow rule says in each situation. Both engines ask
// here which code stands for an overflow, an infinity or NaN; how they find out that they are in
// that situation is their own.
#include "formats/rounding.h"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp {
namespace {

struct ModeName {
  Mode mode;
  std::string_view name;
  std::string_view short_name;
};

constexpr std::array<ModeName, mode_count> mode_names{{
    {Mode::nearest_even, "nearest-even", "rne"},
    {Mode::nearest_away, "nearest-away", "rna"},
    {Mode::nearest_zero, "nearest-zero", "rnz"},
    {Mode::nearest_up, "nearest-up", "rnu"},
    {Mode::nearest_down, "nearest-down", "rnd"},
    {Mode::nearest_odd, "nearest-odd", "rno"},
    {Mode::nearest_log, "nearest-log", "rnl"},
    {Mode::toward_zero, "toward-zero", "rtz"},
    {Mode::toward_positive, "toward-positive", "rup"},
    {Mode::toward_negative, "toward-negative", "rdn"},
    {Mode::away_from_zero, "away-from-zero", "raz"},
    {Mode::to_odd, "to-odd", "rto"},
    {Mode::stochastic, "stochastic", "sr"},
    {Mode::stochastic_b, "stochastic-b", "sr-b"},
    {Mode::stochastic_c, "stochastic-c", "sr-c"},
    {Mode::stochastic_equal, "stochastic-equal", "sr-equal"},
}};

Landing missing_infinity(const Quantizer& q) {
  if (has_infinity(q.format)) return Landing::infinity;
  const bool nan =
      q.rounding.overflow.missing_infinity == Overflow::Missing::nan && has_nan(q.format);
  return nan ? Landing::nan : Landing::largest;
}

// Directed modes never pass the largest finite number on the side that they round away from (IEEE
// 754-2019 7.4).
bool stops_at_largest(const Rounding& rounding, bool negative) {
  if (!rounding.overflow.directed) return false;
  switch (rounding.mode) {
    case Mode::toward_zero:
      return true;
    case Mode::toward_positive:
      return negative;
    case Mode::toward_negative:
      return !negative;
    default:
      return false;
  }
}

Landing land_to_odd(const Quantizer& q, bool negative) {
  switch (q.rounding.overflow.to_odd) {
    case Overflow::ToOdd::largest:
      return Landing::largest;
    case Overflow::ToOdd::infinity:
      return missing_infinity(q);
    case Overflow::ToOdd::odd_code:
      break;
  }
  const bool largest_is_odd = (code_of(q.format, Landing::largest, negative) & 1) != 0;
  return largest_is_odd ? Landing::largest : missing_infinity(q);
}

}  // namespace

std::string plain_name(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_stochastic(Mode mode) { return mode >= Mode::stochastic; }

std::string_view name_of(Mode mode) { return mode_names.at(static_cast<std::size_t>(mode)).name; }

Mode parse_mode(std::string_view name) {
  const std::string text = plain_name(name);
  std::vector<std::string> known;
  for (const ModeName& candidate : mode_names) {
    if (candidate.name == text || candidate.short_name == text) return candidate.mode;
    known.emplace_back(candidate.name);
    known.emplace_back(candidate.short_name);
  }
  const std::string hint = suggest(text, known);
  throw Error(
      "unknown rounding \"" + std::string(name) + "\"", "",
      hint.empty()
          ? "the modes are nearest-even, nearest-away, nearest-zero, nearest-up, nearest-down, "
            "nearest-odd, nearest-log, toward-zero, toward-positive, toward-negative, "
            "away-from-zero, to-odd, stochastic, stochastic-b, stochastic-c, stochastic-equal"
          : hint);
}

const std::vector<Mode>& all_modes() {
  static const std::vector<Mode> modes = [] {
    std::vector<Mode> list;
    for (const ModeName& entry : mode_names) list.push_back(entry.mode);
    return list;
  }();
  return modes;
}

std::uint8_t flags_of_flush(const Rounding& rounding) {
  return flags::underflow | (rounding.flush_inexact ? flags::inexact : 0);
}

Landing land_overflow(const Quantizer& q, bool negative) {
  if (saturates(q.format)) return Landing::largest;
  if (q.rounding.overflow.finite == Overflow::Finite::largest ||
      stops_at_largest(q.rounding, negative)) {
    return Landing::largest;
  }
  return q.rounding.mode == Mode::to_odd ? land_to_odd(q, negative) : missing_infinity(q);
}

Landing land_infinity(const Quantizer& q, bool negative) {
  if (negative && !is_signed(q.format)) {
    if (!drops_sign(q)) return land_negative(q, true);
    negative = false;
  }
  switch (q.rounding.overflow.infinite) {
    case Overflow::Infinite::infinity:
      return missing_infinity(q);
    case Overflow::Infinite::largest:
      return Landing::largest;
    case Overflow::Infinite::largest_with_negative_zero:
      return has_negative_zero(q.format) ? Landing::largest : missing_infinity(q);
    case Overflow::Infinite::infinity_or_as_finite:
      return has_infinity(q.format) ? Landing::infinity : land_overflow(q, negative);
  }
  return Landing::nan;
}

Landing land_nan(const Quantizer& q, bool negative) {
  if (has_nan(q.format)) return Landing::nan;
  switch (q.rounding.overflow.missing_nan) {
    case Overflow::Nan::largest:
      return Landing::largest;
    case Overflow::Nan::positive_largest:
      return Landing::positive_largest;
    case Overflow::Nan::opposite_zero:
      return negative ? Landing::zero : Landing::negative_zero;
    case Overflow::Nan::negative_zero:
      return Landing::negative_zero;
    case Overflow::Nan::zero:
      break;
  }
  return Landing::zero;
}

bool drops_sign(const Quantizer& q) {
  return q.rounding.overflow.negative == Overflow::Negative::magnitude && !is_signed(q.format);
}

Landing land_negative(const Quantizer& q, bool infinite) {
  const Overflow::Negative rule = q.rounding.overflow.negative;
  const bool toward_zero = !infinite && (q.rounding.mode == Mode::toward_zero ||
                                         q.rounding.mode == Mode::toward_positive);
  const bool zero =
      rule == Overflow::Negative::zero || (rule == Overflow::Negative::by_mode && toward_zero);
  if (!zero && has_nan(q.format)) return Landing::nan;
  return has_zero(q.format) ? Landing::zero : Landing::smallest;
}

Landing land_no_zero(const Quantizer& q, bool is_zero) {
  const Overflow::NoZero rule = q.rounding.overflow.missing_zero;
  const bool smallest = rule == Overflow::NoZero::smallest ||
                        (rule == Overflow::NoZero::smallest_unless_zero && !is_zero);
  return smallest || !has_nan(q.format) ? Landing::smallest : Landing::nan;
}

Code code_of(const Format& format, Landing landing, bool negative) {
  const bool minus = negative && is_signed(format);
  const Range range = finite_range(format);
  switch (landing) {
    case Landing::largest:
      return code_at(format, minus ? range.lowest : range.highest);
    case Landing::positive_largest:
      return code_at(format, range.highest);
    case Landing::infinity:
      return infinity_code(format, minus);
    case Landing::nan:
      return nan_code(format, minus);
    case Landing::zero:
    case Landing::negative_zero:
      return has_zero(format) ? zero_code(format, landing == Landing::negative_zero)
                              : code_at(format, 0);
    case Landing::smallest:
      return code_at(format, minus ? Rank{-1} : Rank{has_zero(format) ? 1 : 0});
    case Landing::finite:
      break;
  }
  throw std::logic_error("code_of: a finite landing has no code of its own");
}

}  // namespace halfulp
