// SPDX-License-Identifier: MIT
//
// What standards, libraries and processors do where a conversion has a choice, one line each, with
// the place where it was read or measured. Commits are those of the repository that is named.
#include <algorithm>
#include <variant>

#include "formats/error.h"
#include "formats/rounding.h"

namespace halfulp {
namespace {

using O = Overflow;

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
// A scale is chosen for a magnitude; beyond 2^127 the block is NaN.
constexpr O ocp_scale{
    .directed = false, .negative = O::Negative::magnitude, .missing_zero = O::NoZero::smallest};

Rounding rounding_of(Mode mode, const O& overflow) { return {.mode = mode, .overflow = overflow}; }

Rounding processor(Tininess tininess, NanRule nan) {
  Rounding rounding;
  rounding.tininess = tininess;
  rounding.nan = nan;
  return rounding;
}

// Subnormal operands and tiny results are zeros.
Rounding flushing(Rounding rounding) {
  rounding.flush_inputs = true;
  rounding.flush_outputs = rounding.tininess;
  return rounding;
}

Rounding arm_flushing() {
  Rounding rounding = flushing(processor(Tininess::before_rounding, NanRule::arm));
  rounding.flush_inexact = false;
  return rounding;
}

}  // namespace

const std::vector<OverflowPreset>& overflow_presets() {
  static const std::vector<OverflowPreset> presets{
      {"ieee", ieee, "infinity or the largest, as the mode says; NaN where there is no infinity",
       "IEEE 754-2019 7.4; OCP OFP8 1.0 non-saturating; gfloat b142762 with sat = False"},
      {"saturate", saturate, "finite values and infinities to the largest finite number",
       "OCP OFP8 1.0 saturating; gfloat b142762 with sat = True"},
      {"saturate-finite", saturate_finite,
       "finite values saturate, infinities stay (NaN where there is none)",
       "the choice between the two above"},
      {"onnx", onnx, "infinity, or NaN where there is none, in every mode; NaN into FP4 is 6",
       "ONNX Cast with saturate = 0; onnx f754691 subbyte.py, numpy_helper.py"},
      {"onnx-saturate", onnx_saturate,
       "finite values saturate, infinities too, but are NaN in formats with one zero",
       "ONNX Cast with saturate = 1; onnx f754691, issue 6220"},
      {"ml-dtypes", ml_dtypes,
       "infinity or NaN in every mode, FP6 and FP4 the largest; NaN into them is the opposite zero",
       "measured: ml_dtypes b793a6e astype"},
      {"ml-dtypes-saturate", ml_dtypes_saturate,
       "the same with finite values saturating; what is too small for E8M0 is 00",
       "measured: ml_dtypes b793a6e ConvertFrom with kSaturate"},
      {"p3109-none", p3109_none, "infinity where there is one, else the largest, as the mode says",
       "P3109 interim report 4.0, 4.7.5 SatNone"},
      {"p3109-finite", saturate, "finite values and infinities to the largest finite number",
       "P3109 interim report 4.0, 4.7.5 SatFinite"},
      {"p3109-propagate", p3109_propagate,
       "finite values saturate, infinities stay where there are any",
       "P3109 interim report 4.0, 4.7.5 SatPropagate"},
      {"ptx-satfinite", ptx_satfinite,
       "everything but NaN saturates; NaN into FP6 and FP4 is +largest; E8M0 drops the sign",
       "PTX ISA, cvt with .satfinite; cuda_fp8.hpp and cuda_fp4.hpp, host paths"},
      {"softfloat", softfloat, "as ieee, but to odd never passes the largest",
       "measured: Berkeley SoftFloat a0c6494, round_odd"},
      {"cpfloat", cpfloat,
       "as ieee, but to odd never passes the largest; a missing infinity is as the mode says",
       "measured: CPFloat 3583976"},
      {"dojo", dojo, "overflow, infinities and NaN to the largest of their sign",
       "Tesla Dojo white paper, CFloat16"},
  };
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

const std::vector<RoundingPreset>& rounding_presets() {
  static const std::vector<RoundingPreset> presets{
      {"ocp-floor", rounding_of(Mode::toward_zero, ocp_scale), true,
       "down to a power of two; 0 is 00, infinity FF", "OCP MX 1.0, 6.3; microxcaling 7bc4195"},
      {"gfloat", rounding_of(Mode::nearest_even, ieee), true,
       "nearest in value, 1.5 to the even code; 0, negative numbers and infinity are FF",
       "measured: gfloat b142762 TiesToEven"},
      {"ml-dtypes", rounding_of(Mode::nearest_up, ml_dtypes), true,
       "nearest in value, 1.5 up; 0, negative numbers and infinity are FF",
       "measured: ml_dtypes b793a6e astype, issue 298 (but subnormal binary32 above 2^-127 go up)"},
      {"onnx-up", rounding_of(Mode::away_from_zero, onnx_saturate), true,
       "up to a power of two, the sign dropped; 0 is 00, infinity FF",
       "ONNX Cast, round_mode = up, the default (but subnormal binary32 up to 2^-127 go up to 01)"},
      {"onnx-nearest", rounding_of(Mode::nearest_up, onnx_saturate), true,
       "nearest in value, 1.5 up, the sign dropped; 0 is 00, infinity FF",
       "ONNX Cast, round_mode = nearest (but subnormal binary32 above 2^-127 go up)"},
      {"onnx-down", rounding_of(Mode::toward_zero, onnx_saturate), true,
       "down to a power of two, the sign dropped; 0 is 00, infinity FF",
       "ONNX Cast, round_mode = down"},
      {"ptx-rp", rounding_of(Mode::away_from_zero, ptx_satfinite), true,
       "up to a power of two, the sign dropped; 0 is 00, infinity FE",
       "PTX cvt.rp.satfinite.ue8m0x2; cuda_fp8.hpp; TransformerEngine d0067d0"},
      {"ptx-rz", rounding_of(Mode::toward_zero, ptx_satfinite), true,
       "down to a power of two, the sign dropped; 0 is 00, infinity FE",
       "PTX cvt.rz.satfinite.ue8m0x2; cuda_fp8.hpp"},
      {"universal", rounding_of(Mode::nearest_log, saturate), true,
       "nearest in the logarithm, up from sqrt 2; 0 and negative numbers are 00, infinity FE",
       "universal e6aa357 e8m0, round(log2 x)"},
      {"x86", processor(Tininess::after_rounding, NanRule::x86), false,
       "SSE and AVX arithmetic: tininess after rounding, the first operand's NaN",
       "measured: AMD EPYC; Intel SDM 1, 4.8.3.5"},
      {"x86-ftz", flushing(processor(Tininess::after_rounding, NanRule::x86)), false,
       "the same with FTZ and DAZ set: flushed after rounding, underflow and inexact",
       "measured: AMD EPYC; Intel SDM 1, 10.2.3.3"},
      {"arm", processor(Tininess::before_rounding, NanRule::arm_propagate), false,
       "FPCR = 0: tininess before rounding, a signalling operand's NaN first",
       "Arm ARM, FPRound and FPProcessNaNs"},
      {"arm-fz", arm_flushing(), false,
       "FPCR.FZ and DN set: flushed before rounding, underflow alone; the default NaN",
       "Arm ARM, FPRound and FPDefaultNaN"},
      {"riscv", processor(Tininess::after_rounding, NanRule::riscv), false,
       "tininess after rounding, the canonical NaN", "RISC-V F extension, 11.3 and 11.4"},
  };
  return presets;
}

const std::vector<NanPreset>& nan_presets() {
  static const std::vector<NanPreset> presets{
      {"keep-sign", NanRule::keep_sign,
       "conversions keep the sign, arithmetic gives plus; the quiet bit alone",
       "ml_dtypes b793a6e, measured: 7f or ff in E4M3, 7e or fe in E5M2"},
      {"x86", NanRule::x86,
       "the first NaN operand made quiet (of a fused operation factors first); invalid: ffc00000",
       "measured: AMD EPYC; Intel SDM 1, 4.8.3.5. fma(0, infinity, NaN) raises no invalid"},
      {"arm", NanRule::arm, "7fc00000 always", "Arm ARM, FPCR.DN = 1"},
      {"arm-propagate", NanRule::arm_propagate,
       "a signalling NaN before a quiet one, made quiet, the addend first; invalid: 7fc00000",
       "Arm ARM, FPCR.DN = 0: FPProcessNaNs, FPProcessNaNs3, FPMulAdd"},
      {"riscv", NanRule::riscv, "7fc00000 always", "RISC-V F extension, 11.3"},
      {"nvidia", NanRule::nvidia, "7fffffff always, 7fff, 7f",
       "PTX ISA, canonical NaN of .f32 and .f16; cuda_fp8.hpp"},
      {"gfloat", NanRule::gfloat, "ffffffff always, ffff, ff", "measured: gfloat b142762"},
  };
  return presets;
}

std::string_view name_of(NanRule rule) {
  return nan_presets().at(static_cast<std::size_t>(rule)).name;
}

NanRule parse_nan_rule(std::string_view name) {
  const std::string text = plain_name(name);
  std::vector<std::string> known;
  for (const NanPreset& preset : nan_presets()) {
    if (preset.name == text) return preset.rule;
    known.emplace_back(preset.name);
  }
  const std::string hint = suggest(text, known);
  throw Error("unknown rule for NaN \"" + std::string(name) + "\"", "",
              hint.empty() ? "`halfulp formats --nan` lists the rules" : hint);
}

const RoundingPreset& find_rounding_preset(std::string_view name) {
  const std::string text = plain_name(name);
  std::vector<std::string> known;
  for (const RoundingPreset& preset : rounding_presets()) {
    if (preset.name == text) return preset;
    known.emplace_back(preset.name);
  }
  const std::string hint = suggest(text, known);
  throw Error("unknown preset \"" + std::string(name) + "\"", "",
              hint.empty() ? "`halfulp formats --presets` lists the presets" : hint);
}

void require_fits(const RoundingPreset& preset, const Format& format) {
  if (!preset.powers_of_two) return;
  const Float* f = std::get_if<Float>(&format.kind);
  if (f != nullptr && f->fraction_bits == 0) return;
  throw Error("\"" + std::string(preset.name) + "\" is a rule for formats without fraction bits",
              "", "use it with float8_e8m0fnu; " + format.name + " takes a rounding and overflow");
}

}  // namespace halfulp
