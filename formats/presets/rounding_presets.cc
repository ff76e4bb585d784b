// SPDX-License-Identifier: MIT
//
// How standards, libraries and processors round, mode and rules together, and which NaN they
// deliver, one line each, with the place where it was read or measured. Commits are those of the
// repository that is named.
#include <algorithm>

#include "formats/block.h"
#include "formats/error.h"
#include "formats/presets.h"
#include "formats/presets/peer_kinds.h"

namespace halfulp {
namespace {

using O = Overflow;
using K = PeerKind;

constexpr PeerKinds scales = of(K::power_of_two);
constexpr PeerKinds ieee_floats = of(K::wide_float, K::half_float);
constexpr PeerKinds integers = of(K::integer, K::unsigned_integer);

// A scale is chosen for a magnitude; beyond 2^127 the block is NaN.
constexpr O ocp_scale{
    .directed = false, .negative = O::Negative::magnitude, .missing_zero = O::NoZero::smallest};

Rounding scale(Mode mode, const O& overflow) { return {.mode = mode, .overflow = overflow}; }

Rounding scale(Mode mode, std::string_view overflow) {
  const auto& presets = overflow_presets();
  const auto found =
      std::find_if(presets.begin(), presets.end(),
                   [&](const OverflowPreset& preset) { return preset.name == overflow; });
  return scale(mode, rule_for(*found, K::power_of_two).value());
}

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

// NaN becomes the largest integer.
Rounding riscv_to_integer() {
  Rounding rounding = processor(Tininess::after_rounding, NanRule::riscv);
  rounding.overflow.missing_nan = O::Nan::positive_largest;
  return rounding;
}

Rounding arm_flushing() {
  Rounding rounding = flushing(processor(Tininess::before_rounding, NanRule::arm));
  rounding.flush_inexact = false;
  return rounding;
}

}  // namespace

namespace {

using Entry = PresetEntry<RoundingPreset, Rounding>;
using Entries = std::vector<Entry>;

Entries scale_presets() {
  constexpr std::string_view has = "it is a conversion into E8M0";
  return {
      {{"ocp-floor", scale(Mode::toward_zero, ocp_scale), true,
        "down to a power of two; 0 is 00, infinity FF", "OCP MX 1.0, 6.3; microxcaling 7bc4195"},
       scales,
       {},
       has},
      {{"gfloat", scale(Mode::nearest_even, "ieee"), true,
        "nearest in value, 1.5 to the even code; 0, negative numbers and infinity are FF",
        "measured: gfloat b142762 TiesToEven"},
       scales,
       {},
       has},
      {{"ml-dtypes", scale(Mode::nearest_up, "ml-dtypes"), true,
        "nearest in value, 1.5 up; 0, negative numbers and infinity are FF",
        "measured: ml_dtypes b793a6e astype, issue 298 (but subnormal binary32 above 2^-127 go "
        "up)"},
       scales,
       {},
       has},
      {{"onnx-up", scale(Mode::away_from_zero, "onnx-saturate"), true,
        "up to a power of two, the sign dropped; 0 is 00, infinity FF",
        "ONNX Cast, round_mode = up, the default (but subnormal binary32 up to 2^-127 go up to "
        "01)"},
       scales,
       {},
       has},
      {{"onnx-nearest", scale(Mode::nearest_up, "onnx-saturate"), true,
        "nearest in value, 1.5 up, the sign dropped; 0 is 00, infinity FF",
        "ONNX Cast, round_mode = nearest (but subnormal binary32 above 2^-127 go up)"},
       scales,
       {},
       has},
      {{"onnx-down", scale(Mode::toward_zero, "onnx-saturate"), true,
        "down to a power of two, the sign dropped; 0 is 00, infinity FF",
        "ONNX Cast, round_mode = down"},
       scales,
       {},
       has},
      {{"ptx-rp", scale(Mode::away_from_zero, "ptx-satfinite"), true,
        "up to a power of two, the sign dropped; 0 is 00, infinity FE",
        "PTX cvt.rp.satfinite.ue8m0x2; cuda_fp8.hpp; TransformerEngine d0067d0"},
       scales,
       {},
       has},
      {{"ptx-rz", scale(Mode::toward_zero, "ptx-satfinite"), true,
        "down to a power of two, the sign dropped; 0 is 00, infinity FE",
        "PTX cvt.rz.satfinite.ue8m0x2; cuda_fp8.hpp"},
       scales,
       {},
       has},
      {{"universal", scale(Mode::nearest_log, "saturate"), true,
        "nearest in the logarithm, up from sqrt 2; 0 and negative numbers are 00, infinity FE",
        "universal e6aa357 e8m0, round(log2 x)"},
       scales,
       {},
       has},
  };
}

Entries processor_presets() {
  constexpr std::string_view x86_has =
      "SSE and AVX have floats of IEEE 754 of 9 bits and more; into integers they deliver 80...0 "
      "for what does not fit, which is no rule here";
  constexpr std::string_view has =
      "the processor has floats of IEEE 754, here of 9 bits and more, and integers";
  const Rounding arm = processor(Tininess::before_rounding, NanRule::arm_propagate);
  return {
      {{"x86", processor(Tininess::after_rounding, NanRule::x86), false,
        "SSE and AVX arithmetic: tininess after rounding, the first operand's NaN",
        "measured: AMD EPYC; Intel SDM 1, 4.8.3.5"},
       ieee_floats,
       {},
       x86_has},
      {{"x86-ftz", flushing(processor(Tininess::after_rounding, NanRule::x86)), false,
        "the same with FTZ and DAZ set: flushed after rounding, underflow and inexact",
        "measured: AMD EPYC; Intel SDM 1, 10.2.3.3"},
       ieee_floats,
       {},
       x86_has},
      {{"arm", arm, false,
        "FPCR = 0: tininess before rounding, a signalling operand's NaN first; integers saturate, "
        "NaN is 0",
        "Arm ARM, FPRound, FPProcessNaNs and FPToFixed"},
       ieee_floats,
       {{integers, arm}},
       has},
      {{"arm-fz", arm_flushing(), false,
        "FPCR.FZ and DN set: flushed before rounding, underflow alone; the default NaN; integers "
        "as "
        "arm",
        "Arm ARM, FPRound, FPDefaultNaN and FPToFixed"},
       ieee_floats,
       {{integers, arm_flushing()}},
       has},
      {{"riscv", processor(Tininess::after_rounding, NanRule::riscv), false,
        "tininess after rounding, the canonical NaN; integers saturate, NaN is the largest",
        "RISC-V F extension, 11.3, 11.4 and 11.7"},
       ieee_floats,
       {{integers, riscv_to_integer()}},
       has},
  };
}

const Entries& entries() {
  static const Entries table = [] {
    Entries all = scale_presets();
    const Entries processors = processor_presets();
    all.insert(all.end(), processors.begin(), processors.end());
    return all;
  }();
  return table;
}

const Entry& entry_of(std::string_view name) {
  return *std::find_if(entries().begin(), entries().end(),
                       [&](const Entry& entry) { return entry.preset.name == name; });
}

}  // namespace

const std::vector<RoundingPreset>& rounding_presets() {
  static const std::vector<RoundingPreset> presets = [] {
    std::vector<RoundingPreset> list;
    for (const Entry& entry : entries()) list.push_back(entry.preset);
    return list;
  }();
  return presets;
}

std::optional<Rounding> rounding_for(const RoundingPreset& preset, PeerKind kind) {
  return choice_for(entry_of(preset.name), preset.rounding, kind);
}

std::string_view known_to(const RoundingPreset& preset) { return entry_of(preset.name).known; }

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
  for (const BlockPreset& preset : block_presets()) {
    if (preset.name == text)
      throw Error("\"" + text + "\" is a preset of block formats", "",
                  "it belongs to a block format such as mxfp4, in `halfulp quantize` or a policy; "
                  "`halfulp formats --presets` lists both kinds");
  }
  const std::string hint = suggest(text, known);
  throw Error("unknown preset \"" + std::string(name.substr(0, 80)) + "\"", "",
              hint.empty() ? "`halfulp formats --presets` lists the presets" : hint);
}

void require_fits(const RoundingPreset& preset, const Format& format) {
  if (rounding_for(preset, peer_kind_of(format))) return;
  throw Error("\"" + std::string(preset.name) + "\" says nothing of " + format.name, "",
              std::string(known_to(preset)));
}

Rounding parse_rounding_preset(std::string_view name, const Format& format) {
  const RoundingPreset& preset = find_rounding_preset(name);
  require_fits(preset, format);
  return rounding_for(preset, peer_kind_of(format)).value();
}

}  // namespace halfulp
