// SPDX-License-Identifier: MIT
//
// Names of modes and overflow rules, and what each rule says in each situation. Both engines ask
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
    {Mode::nearest_odd, "nearest-odd", "rno"},
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

// "Nearest_Even" and "nearest-even" are one name.
std::string normalised(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::vector<OverflowPreset> make_presets() {
  using O = Overflow;
  const O saturate{.finite = O::Finite::largest,
                   .infinite = O::Infinite::largest,
                   .negative = O::Negative::zero,
                   .to_odd = O::ToOdd::largest,
                   .missing_zero = O::NoZero::smallest};
  O saturate_finite = saturate;
  saturate_finite.infinite = O::Infinite::infinity;
  O propagate = saturate_finite;
  propagate.missing_infinity = O::Missing::largest;
  O onnx_saturate = saturate_finite;
  onnx_saturate.infinite = O::Infinite::largest_with_negative_zero;
  onnx_saturate.missing_nan = O::Nan::largest;
  return {
      {"ieee", O{},
       "infinity or largest as the mode says; NaN where there is no infinity (IEEE 754-2019 7.4)"},
      {"saturate", saturate,
       "finite values and infinities to the largest finite number (OCP OFP8 saturating)"},
      {"saturate-finite", saturate_finite,
       "finite values saturate, infinities stay (NaN where there is none)"},
      {"onnx", O{.directed = false, .missing_nan = O::Nan::largest}, "ONNX Cast with saturate = 0"},
      {"onnx-saturate", onnx_saturate,
       "ONNX Cast with saturate = 1: infinities become NaN in formats with one zero"},
      {"ml-dtypes",
       O{.directed = false,
         .missing_nan = O::Nan::opposite_zero,
         .missing_zero = O::NoZero::smallest_unless_zero},
       "ml_dtypes: every mode overflows to infinity or NaN; FP6 and FP4 saturate"},
      {"p3109-none",
       O{.missing_infinity = O::Missing::largest,
         .negative = O::Negative::by_mode,
         .to_odd = O::ToOdd::odd_code},
       "P3109 report 4.0 SatNone: infinity where there is one, else the largest"},
      {"p3109-finite", saturate, "P3109 report 4.0 SatFinite"},
      {"p3109-propagate", propagate,
       "P3109 report 4.0 SatPropagate: infinities stay where there are any"},
      {"ptx-satfinite", saturate, "PTX cvt with .satfinite"},
  };
}

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

bool is_stochastic(Mode mode) { return mode >= Mode::stochastic; }

std::string_view name_of(Mode mode) { return mode_names.at(static_cast<std::size_t>(mode)).name; }

Mode parse_mode(std::string_view name) {
  const std::string text = normalised(name);
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
          ? "the modes are nearest-even, nearest-away, nearest-zero, nearest-up, nearest-odd, "
            "toward-zero, "
            "toward-positive, toward-negative, away-from-zero, to-odd, stochastic, stochastic-b, "
            "stochastic-c, stochastic-equal"
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

const std::vector<OverflowPreset>& overflow_presets() {
  static const std::vector<OverflowPreset> presets = make_presets();
  return presets;
}

Overflow parse_overflow(std::string_view name) {
  const std::string text = normalised(name);
  std::vector<std::string> known;
  for (const OverflowPreset& preset : overflow_presets()) {
    if (preset.name == text) return preset.rule;
    known.emplace_back(preset.name);
  }
  const std::string hint = suggest(text, known);
  throw Error("unknown overflow rule \"" + std::string(name) + "\"", "",
              hint.empty() ? "`halfulp formats --overflow` lists the rules" : hint);
}

std::string_view preset_name_of(const Overflow& rule) {
  const auto& presets = overflow_presets();
  const auto found =
      std::find_if(presets.begin(), presets.end(),
                   [&](const OverflowPreset& preset) { return preset.rule == rule; });
  return found == presets.end() ? std::string_view() : found->name;
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
  if (negative && !is_signed(q.format)) return land_negative(q, true);
  switch (q.rounding.overflow.infinite) {
    case Overflow::Infinite::infinity:
      return missing_infinity(q);
    case Overflow::Infinite::largest:
      return Landing::largest;
    case Overflow::Infinite::largest_with_negative_zero:
      return has_negative_zero(q.format) ? Landing::largest : missing_infinity(q);
  }
  return Landing::nan;
}

Landing land_nan(const Quantizer& q, bool negative) {
  if (has_nan(q.format)) return Landing::nan;
  switch (q.rounding.overflow.missing_nan) {
    case Overflow::Nan::largest:
      return Landing::largest;
    case Overflow::Nan::opposite_zero:
      return negative ? Landing::zero : Landing::negative_zero;
    case Overflow::Nan::zero:
      break;
  }
  return Landing::zero;
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
