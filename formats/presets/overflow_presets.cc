// SPDX-License-Identifier: MIT
//
// What standards and libraries put in the place of a number that a format does not hold, with the
// place where it was read or measured. Commits are those of the repository that is named.
#include <algorithm>

#include "formats/error.h"
#include "formats/presets.h"
#include "formats/presets/peer_kinds.h"

namespace halfulp {
namespace {

using O = Overflow;
using K = PeerKind;

constexpr PeerKinds every{(std::uint32_t{1} << peer_kind_count) - 1};
constexpr PeerKinds integers = of(K::integer, K::unsigned_integer);
constexpr PeerKinds p3109_formats = of(K::one_zero, K::p3109_signed, K::scale_with_zero);
// Those of ml_dtypes that are no integers.
constexpr PeerKinds library_floats =
    of(K::wide_float, K::half_float, K::small_float, K::finite_float, K::one_zero, K::numbers_only,
       K::power_of_two);

constexpr O ieee{};
constexpr O saturate{.finite = O::Finite::largest,
                     .infinite = O::Infinite::largest,
                     .negative = O::Negative::zero,
                     .to_odd = O::ToOdd::largest,
                     .missing_zero = O::NoZero::smallest};
constexpr O saturate_finite{.finite = O::Finite::largest,
                            .negative = O::Negative::zero,
                            .to_odd = O::ToOdd::largest,
                            .missing_zero = O::NoZero::smallest};
// E8M0: the sign is ignored, zero gives the least number.
constexpr O onnx{.directed = false,
                 .negative = O::Negative::magnitude,
                 .missing_nan = O::Nan::positive_largest,
                 .missing_zero = O::NoZero::smallest};
constexpr O onnx_saturate{.finite = O::Finite::largest,
                          .infinite = O::Infinite::largest_with_negative_zero,
                          .directed = false,
                          .negative = O::Negative::magnitude,
                          .missing_nan = O::Nan::positive_largest,
                          .to_odd = O::ToOdd::largest,
                          .missing_zero = O::NoZero::smallest};
constexpr O ml_dtypes{.directed = false,
                      .missing_nan = O::Nan::opposite_zero,
                      .missing_zero = O::NoZero::smallest_unless_zero};
constexpr O ml_dtypes_saturate{.finite = O::Finite::largest,
                               .directed = false,
                               .negative = O::Negative::zero,
                               .missing_nan = O::Nan::opposite_zero,
                               .to_odd = O::ToOdd::largest,
                               .missing_zero = O::NoZero::smallest};
constexpr O p3109_none{.missing_infinity = O::Missing::largest,
                       .negative = O::Negative::by_mode,
                       .to_odd = O::ToOdd::odd_code};
constexpr O p3109_propagate{.finite = O::Finite::largest,
                            .missing_infinity = O::Missing::largest,
                            .negative = O::Negative::zero,
                            .to_odd = O::ToOdd::largest,
                            .missing_zero = O::NoZero::smallest};
constexpr O ptx_satfinite{.finite = O::Finite::largest,
                          .infinite = O::Infinite::largest,
                          .negative = O::Negative::magnitude,
                          .missing_nan = O::Nan::positive_largest,
                          .to_odd = O::ToOdd::largest,
                          .missing_zero = O::NoZero::smallest};
constexpr O softfloat{.to_odd = O::ToOdd::largest};
constexpr O cpfloat{.infinite = O::Infinite::infinity_or_as_finite, .to_odd = O::ToOdd::largest};
constexpr O dojo{.finite = O::Finite::largest,
                 .infinite = O::Infinite::largest,
                 .negative = O::Negative::zero,
                 .missing_nan = O::Nan::largest,
                 .to_odd = O::ToOdd::largest,
                 .missing_zero = O::NoZero::smallest};

using Entry = PresetEntry<OverflowPreset, Overflow>;

// One entry a preset: a table, as long as there are presets.
const std::vector<Entry>& entries() {  // NOLINT(readability-function-size)
  static const std::string_view here = "it holds for every format";
  static const std::string_view onnx_has =
      "ONNX has floats with infinities, float 8, FP6, FP4, E8M0, and integers with or without a "
      "scale";
  static const std::string_view p3109_has = "P3109 has its own formats, such as binary8p4se";
  static const std::vector<Entry> table{
      {{"ieee", ieee, "infinity or the largest, as the mode says; NaN where there is no infinity",
        "IEEE 754-2019 7.4; OCP OFP8 1.0 non-saturating; gfloat b142762 with sat = False"},
       every,
       {},
       here},
      {{"saturate", saturate, "finite values and infinities to the largest finite number",
        "OCP OFP8 1.0 saturating; gfloat b142762 with sat = True"},
       every,
       {},
       here},
      {{"saturate-finite", saturate_finite,
        "finite values saturate, infinities stay (NaN where there is none)",
        "the choice between the two above"},
       every,
       {},
       here},
      {{"onnx", onnx,
        "infinity, or NaN where there is none, in every mode; NaN into FP4 is 6; integers saturate",
        "ONNX Cast with saturate = 0; onnx f754691 subbyte.py, numpy_helper.py; QuantizeLinear"},
       library_floats,
       {{of(K::integer, K::unsigned_integer, K::affine), saturate}},
       onnx_has},
      {{"onnx-saturate", onnx_saturate,
        "float 8, FP6, FP4 and integers saturate, infinities too, but are NaN in formats with one "
        "zero; wider floats go to infinity",
        "ONNX Cast with saturate = 1; onnx f754691, issue 6220 (operator sets up to 23; later ones "
        "saturate infinities in formats with one zero too); QuantizeLinear"},
       of(K::small_float, K::finite_float, K::one_zero, K::numbers_only, K::power_of_two),
       {{of(K::wide_float, K::half_float), onnx},
        {of(K::integer, K::unsigned_integer, K::affine), saturate}},
       onnx_has},
      {{"ml-dtypes", ml_dtypes,
        "infinity or NaN in every mode, FP6 and FP4 the largest; NaN into them is the opposite "
        "zero",
        "measured: ml_dtypes b793a6e astype"},
       library_floats,
       {},
       "ml_dtypes has floats with infinities, float 8, FP6, FP4 and E8M0; its integers keep the "
       "low bits of what they do not hold, which is no rule here"},
      {{"ml-dtypes-saturate", ml_dtypes_saturate,
        "the same with finite values saturating; what is too small for E8M0 is 00",
        "measured: ml_dtypes b793a6e ConvertFrom with kSaturate"},
       of(K::small_float, K::finite_float, K::one_zero, K::numbers_only, K::power_of_two),
       {},
       "ml_dtypes has the choice for float 8, FP6, FP4 and E8M0"},
      {{"p3109-none", p3109_none, "infinity where there is one, else the largest, as the mode says",
        "P3109 interim report 4.0, 4.7.5 SatNone"},
       PeerKinds{p3109_formats.bits | of(K::wide_float, K::half_float).bits},
       {},
       "P3109 has its own formats, such as binary8p4se, and IEEE 754's"},
      {{"p3109-finite", saturate, "finite values and infinities to the largest finite number",
        "P3109 interim report 4.0, 4.7.5 SatFinite"},
       p3109_formats,
       {},
       p3109_has},
      {{"p3109-propagate", p3109_propagate,
        "finite values saturate, infinities stay where there are any",
        "P3109 interim report 4.0, 4.7.5 SatPropagate"},
       p3109_formats,
       {},
       p3109_has},
      {{"ptx-satfinite", ptx_satfinite,
        "everything but NaN saturates; NaN into FP6 and FP4 is +largest, into integers 0; E8M0 "
        "drops the sign",
        "PTX ISA, cvt with .satfinite, and to integers; cuda_fp8.hpp and cuda_fp4.hpp, host paths"},
       of(K::half_float, K::small_float, K::finite_float, K::numbers_only, K::power_of_two),
       {{integers, saturate}},
       "PTX has .satfinite into f16, bf16, tf32, e4m3, e5m2, FP6, FP4 and ue8m0, and integers"},
      {{"softfloat", softfloat, "as ieee, but to odd never passes the largest",
        "measured: Berkeley SoftFloat a0c6494, round_odd"},
       of(K::wide_float, K::half_float),
       {},
       "SoftFloat has the floats of IEEE 754"},
      {{"cpfloat", cpfloat,
        "as ieee, but to odd never passes the largest; a missing infinity is as the mode says",
        "measured: CPFloat 3583976"},
       of(K::wide_float, K::half_float, K::small_float, K::finite_float),
       {},
       "CPFloat has floats with a sign, two zeros and NaN"},
      {{"dojo", dojo, "overflow, infinities and NaN to the largest of their sign",
        "Tesla Dojo white paper, CFloat16"},
       of(K::wide_numbers_only),
       {},
       "Tesla has floats of numbers alone, such as cfloat16_shp and cfloat8_143"},
  };
  return table;
}

const Entry& entry_of(std::string_view name) {
  return *std::find_if(entries().begin(), entries().end(),
                       [&](const Entry& entry) { return entry.preset.name == name; });
}

}  // namespace

const std::vector<OverflowPreset>& overflow_presets() {
  static const std::vector<OverflowPreset> presets = [] {
    std::vector<OverflowPreset> list;
    for (const Entry& entry : entries()) list.push_back(entry.preset);
    return list;
  }();
  return presets;
}

Overflow parse_overflow(std::string_view name) {
  const std::string text = plain_name(name);
  std::vector<std::string> known;
  for (const OverflowPreset& preset : overflow_presets()) {
    if (preset.name == text) return preset.rule;
    known.emplace_back(preset.name);
  }
  const std::string hint = suggest(text, known);
  throw Error("unknown overflow rule \"" + std::string(name.substr(0, 80)) + "\"", "",
              hint.empty() ? "`halfulp formats --overflow` lists the rules" : hint);
}

std::string_view preset_name_of(const Overflow& rule) {
  const auto& presets = overflow_presets();
  const auto found =
      std::find_if(presets.begin(), presets.end(),
                   [&](const OverflowPreset& preset) { return preset.rule == rule; });
  return found == presets.end() ? std::string_view() : found->name;
}

std::optional<Overflow> rule_for(const OverflowPreset& preset, PeerKind kind) {
  return choice_for(entry_of(preset.name), preset.rule, kind);
}

std::string_view known_to(const OverflowPreset& preset) { return entry_of(preset.name).known; }

Overflow parse_overflow(std::string_view name, const Format& format) {
  parse_overflow(name);
  const OverflowPreset& preset = entry_of(plain_name(name)).preset;
  if (const std::optional<Overflow> rule = rule_for(preset, peer_kind_of(format))) return *rule;
  throw Error(
      "\"" + std::string(preset.name) + "\" says nothing of " + format.name, "",
      std::string(known_to(preset)) + "; ieee, saturate and saturate-finite hold for every format");
}

std::string_view preset_name_of(const Overflow& rule, const Format& format) {
  const PeerKind kind = peer_kind_of(format);
  const auto& presets = overflow_presets();
  const auto found =
      std::find_if(presets.begin(), presets.end(),
                   [&](const OverflowPreset& preset) { return rule_for(preset, kind) == rule; });
  return found == presets.end() ? std::string_view() : found->name;
}

}  // namespace halfulp
