// SPDX-License-Identifier: MIT
//
// What peers do where the standards leave a choice. What a preset edits is what the peer's code
// says at the commit named; the rest of the format stays.
//   OCP             Microscaling Formats 1.0, 6.3: floor; the scale beyond its range is left open
//   microxcaling    7bc4195 mx/mx_ops.py, elemwise_ops.py
//   gfloat          b142762 block.py
//   universal       e6aa357 number/mxfloat, number/nvblock
//   torchao         36027d8 prototype/mx_formats
//   NVIDIA          cuBLAS documentation, 1D block scaling; PTX cvt.rp.satfinite.ue8m0x2;
//                   TransformerEngine d0067d0 common/util/ptx.cuh
//   TransformerEngine d0067d0 common/cast/nvfp4/core_nvfp4.cuh
//   ModelOpt        5a4242f torch/quantization/qtensor/nvfp4_tensor.py
//   P3109           interim report 4.0, 5.4.2 and 5.5.3
//   QPyTorch        f58bba7 qtorch/quant/quant_cuda/block_kernel.cu
#include <algorithm>
#include <cctype>
#include <utility>
#include <variant>

#include "formats/block.h"
#include "formats/error.h"
#include "formats/families.h"

namespace halfulp {
namespace {

void require_levels(const BlockFormat& format, std::size_t count, const std::string& preset) {
  if (format.levels.size() == count) return;
  throw Error("the preset \"" + preset + "\" is for " + (count == 1 ? "one level" : "two levels") +
                  " of scales",
              "preset", count == 1 ? "such as mxfp4" : "such as nvfp4");
}

// A checked result: a preset may meet a format that it contradicts.
BlockFormat checked(BlockFormat format) {
  validate(format);
  return format;
}

Overflow saturate() { return parse_overflow("saturate"); }

// Beyond the largest scale NaN, below the least the least.
Overflow clamped_below() {
  Overflow rule = saturate();
  rule.finite = Overflow::Finite::infinity;
  rule.infinite = Overflow::Infinite::infinity;
  return rule;
}

// What the MX presets have in common: one level of powers of two, elements rounded to nearest and
// saturated, zero blocks with the least scale.
BlockFormat mx(BlockFormat format, const std::string& preset, ScaleRule rule) {
  require_levels(format, 1, preset);
  Level& level = format.levels[0];
  level.rule = rule;
  level.division = Division::exact;
  level.epsilon = 0;
  level.scale.rounding.overflow = saturate();
  format.element.rounding.mode = Mode::nearest_even;
  format.element.rounding.overflow = saturate();
  format.division = Division::exact;
  format.arithmetic = Arithmetic::exact;
  format.zero_scale = ZeroScale::least;
  format.special = SpecialBlock::nan;
  return format;
}

BlockFormat ocp(BlockFormat format) {
  return checked(mx(std::move(format), "ocp", ScaleRule::floor));
}

// Its integers have sign and magnitude (formats/block_catalogue.cc), clipped to the same number on
// both sides.
void make_sign_magnitude(Format& format) {
  const auto* f = std::get_if<Fixed>(&format.kind);
  if (f == nullptr || !f->sign || f->bits < 2) return;
  const int fraction = f->bits - 2;
  format = {format.name + "_sign_magnitude",
            with_bias(finite(1, fraction, 0), 1 - fraction + f->fraction_bits)};
}

BlockFormat microxcaling(BlockFormat format) {
  format = mx(std::move(format), "microxcaling", ScaleRule::floor);
  make_sign_magnitude(format.element.format);
  format.element.rounding.mode = Mode::nearest_away;
  format.levels[0].scale.rounding.overflow = clamped_below();
  return checked(std::move(format));
}

BlockFormat gfloat(BlockFormat format) {
  format = mx(std::move(format), "gfloat", ScaleRule::floor);
  format.special = SpecialBlock::nan_else_saturate;
  return checked(std::move(format));
}

BlockFormat universal(BlockFormat format) {
  if (format.levels.size() == 1) {
    format = mx(std::move(format), "universal", ScaleRule::floor);
  } else {
    require_levels(format, 2, "universal");
    for (Level& level : format.levels) level.rule = ScaleRule::ratio;
    format.zero_scale = ZeroScale::least;
    format.division = Division::binary32_reciprocal;
    format.arithmetic = Arithmetic::exact;
  }
  format.special = SpecialBlock::ignore;
  return checked(std::move(format));
}

BlockFormat torchao_mx(BlockFormat format, const std::string& preset, ScaleRule rule) {
  format = mx(std::move(format), preset, rule);
  format.levels[0].scale.rounding.overflow = clamped_below();
  return format;
}

BlockFormat torchao_floor(BlockFormat format) {
  return checked(torchao_mx(std::move(format), "torchao-floor", ScaleRule::floor));
}
BlockFormat torchao_ceil(BlockFormat format) {
  return checked(torchao_mx(std::move(format), "torchao-ceil", ScaleRule::ceil));
}
BlockFormat torchao_even(BlockFormat format) {
  return checked(torchao_mx(std::move(format), "torchao-even", ScaleRule::even));
}
BlockFormat torchao_rceil(BlockFormat format) {
  format = torchao_mx(std::move(format), "torchao-rceil", ScaleRule::rceil);
  format.levels[0].division = Division::binary32_reciprocal;
  return checked(std::move(format));
}

BlockFormat nvidia(BlockFormat format) {
  format = mx(std::move(format), "nvidia", ScaleRule::rceil);
  format.levels[0].division = Division::binary32_reciprocal;
  format.special = SpecialBlock::nan_else_saturate;
  return checked(std::move(format));
}

BlockFormat nvfp4(BlockFormat format, const std::string& preset, Arithmetic arithmetic,
                  ZeroScale zero_scale) {
  require_levels(format, 2, preset);
  for (Level& level : format.levels) {
    level.rule = ScaleRule::ratio;
    level.epsilon = 0;
    level.division = Division::exact;
    level.scale.rounding = {.overflow = saturate()};
  }
  format.element.rounding.overflow = saturate();
  format.division = Division::exact;
  format.arithmetic = arithmetic;
  format.zero_scale = zero_scale;
  format.special = SpecialBlock::nan;
  return checked(std::move(format));
}

BlockFormat transformer_engine(BlockFormat format) {
  return nvfp4(std::move(format), "transformer-engine", Arithmetic::transformer_engine,
               ZeroScale::zero);
}
BlockFormat torchao(BlockFormat format) {
  return nvfp4(std::move(format), "torchao", Arithmetic::torchao, ZeroScale::one);
}
BlockFormat modelopt(BlockFormat format) {
  return nvfp4(std::move(format), "modelopt", Arithmetic::modelopt, ZeroScale::one);
}

BlockFormat p3109(BlockFormat format) {
  const Overflow none = parse_overflow("p3109-none");
  for (Level& level : format.levels) {
    level.rule = ScaleRule::largest;
    level.epsilon = 0;
    level.scale.rounding.overflow = none;
  }
  format.element.rounding.overflow = none;
  format.division = Division::exact;
  format.arithmetic = Arithmetic::exact;
  format.zero_scale = ZeroScale::zero;
  format.special = SpecialBlock::ignore;
  return checked(std::move(format));
}

BlockFormat qpytorch(BlockFormat format) {
  format = mx(std::move(format), "qpytorch", ScaleRule::floor);
  const auto* f = std::get_if<Fixed>(&format.element.format.kind);
  if (f == nullptr || !f->sign || f->bits < 2)
    throw Error("the preset \"qpytorch\" is for elements in fixed point with a sign", "preset",
                "such as those of bfp8_16");
  const Fixed element{.bits = f->bits, .fraction_bits = f->bits - 2, .symmetric = true};
  format.element.format = {"fixed" + std::to_string(f->bits) + "_symmetric", element};
  format.element.rounding.mode = Mode::nearest_up;
  format.arithmetic = Arithmetic::qpytorch;
  return checked(std::move(format));
}

std::vector<BlockPreset> make_presets() {
  return {
      {"ocp", ocp,
       "MX: floor, elements to nearest even, scales clamped at both ends, NaN and infinities make "
       "the block NaN (OCP MX 1.0 section 6.3)"},
      {"microxcaling", microxcaling,
       "MX: floor, elements to nearest AWAY, scales beyond 2^127 NaN, integers with sign and "
       "magnitude; zero blocks of int8 get 2^-126 there, 2^-127 here (microxcaling 7bc4195)"},
      {"gfloat", gfloat,
       "MX: floor; NaN makes the block NaN, an infinity the largest scale "
       "(gfloat b142762)"},
      {"universal", universal,
       "MX: floor, NaN and infinities do not count; zero blocks get 2^-emax there, the least scale "
       "here. NVFP4: x * (1 / scale), zero scales the least (universal e6aa357)"},
      {"torchao-floor", torchao_floor, "MX: FLOOR (torchao 36027d8)"},
      {"torchao-ceil", torchao_ceil, "MX: CEIL (torchao 36027d8)"},
      {"torchao-even", torchao_even,
       "MX: EVEN, the largest magnitude first rounded half up (torchao 36027d8)"},
      {"torchao-rceil", torchao_rceil,
       "MX: RCEIL, the largest magnitude times binary32(1 / m) (torchao 36027d8)"},
      {"nvidia", nvidia,
       "MX: rceil in binary32, an infinity has the largest scale (cuBLAS; PTX "
       "cvt.rp.satfinite.ue8m0x2; Transformer Engine d0067d0, but for its factor 1 where the scale "
       "is 2^-127)"},
      {"transformer-engine", transformer_engine,
       "NVFP4: steps in binary32 with the reciprocal of the scales, zero scales stay (Transformer "
       "Engine d0067d0)"},
      {"torchao", torchao,
       "NVFP4: x * ((1 / s0) / s1), block scales of at least 2^-6 (torchao 36027d8, which gives "
       "NaN "
       "for a zero tensor)"},
      {"modelopt", modelopt,
       "NVFP4: x / (s1 * s0), zero block scales 1, others at least 2^-9 (ModelOpt 5a4242f and "
       "later, which give NaN for a zero tensor)"},
      {"p3109", p3109,
       "the scale is the largest finite magnitude itself, saturation SatNone "
       "(ConvertToBlockMaxAbsFinite, P3109 report 4.0 section 5.5.3)"},
      {"qpytorch", qpytorch,
       "block floating point by adding 6 * 2^e in binary32, ties up, symmetric (QPyTorch f58bba7 "
       "block_quantize, rounding nearest)"},
  };
}

}  // namespace

const std::vector<BlockPreset>& block_presets() {
  static const std::vector<BlockPreset> presets = make_presets();
  return presets;
}

const BlockPreset& find_block_preset(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::vector<std::string> known;
  std::string list;
  for (const BlockPreset& preset : block_presets()) {
    if (preset.name == text) return preset;
    known.emplace_back(preset.name);
    list += (list.empty() ? "" : ", ") + known.back();
  }
  const std::string hint = suggest(text, known);
  throw Error("unknown preset \"" + std::string(name.substr(0, 80)) + "\"", "",
              hint.empty() ? "the presets are " + list : hint);
}

}  // namespace halfulp
