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
//   TransformerEngine d0067d0 common/cast/nvfp4/core_nvfp4.cuh, quantize_4over6_nvfp4.cuh
//   fouroversix     dadfad6 quantize/pytorch/reference.py
//   ModelOpt        5a4242f torch/quantization/qtensor/nvfp4_tensor.py
//   P3109           interim report 4.0, 5.4.2 and 5.5.3
//   QPyTorch        f58bba7 qtorch/quant/quant_cuda/block_kernel.cu
#include <algorithm>
#include <cctype>
#include <utility>
#include <variant>

#include "formats/block.h"
#include "formats/catalogue/families.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/presets.h"

namespace halfulp {
namespace {

void require(bool holds, const std::string& preset, const std::string& what,
             const std::string& hint) {
  if (!holds) throw Error("the preset \"" + preset + "\" is for " + what, "", hint);
}

void require_levels(const BlockFormat& format, std::size_t count, const std::string& preset) {
  require(format.levels.size() == count, preset,
          count == 1 ? "one level of scales" : "two levels of scales",
          count == 1 ? "such as mxfp4" : "such as nvfp4");
}

// A scale that is the power of two of its block, under elements with a sign in floating or fixed
// point.
void require_mx(const BlockFormat& format, const std::string& preset) {
  require_levels(format, 1, preset);
  const Level& level = format.levels[0];
  const bool power = peer_kind_of(level.scale.format) == PeerKind::power_of_two;
  require(power && level.rule != ScaleRule::given, preset,
          "scales that are powers of two and follow from their blocks",
          "such as float8_e8m0fnu in mxfp4");
  const Kind& element = format.element.format.kind;
  const bool number =
      std::holds_alternative<Float>(element) || std::holds_alternative<Fixed>(element);
  require(number && is_signed(format.element.format), preset,
          "elements with a sign in floating or fixed point", "such as those of mxfp4 and mxint8");
}

// Scales like E4M3 under one of the tensor, and elements like E2M1.
void require_nvfp4(const BlockFormat& format, const std::string& preset) {
  require_levels(format, 2, preset);
  const PeerKind scale = peer_kind_of(format.levels[1].scale.format);
  require(scale == PeerKind::finite_float || scale == PeerKind::scale_with_zero, preset,
          "block scales such as float8_e4m3fn and ue4m3", "such as nvfp4");
  require(peer_kind_of(format.element.format) == PeerKind::numbers_only, preset,
          "elements such as float4_e2m1fn", "such as nvfp4");
}

bool is_p3109(const Format& format) {
  const PeerKind kind = peer_kind_of(format);
  return kind == PeerKind::one_zero || kind == PeerKind::p3109_signed ||
         kind == PeerKind::scale_with_zero;
}

Overflow saturate() { return parse_overflow("saturate"); }

// A checked result: a preset may meet a format that it contradicts.
BlockFormat checked(BlockFormat format) {
  validate(format);
  return format;
}

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
  require_mx(format, preset);
  Level& level = format.levels[0];
  level.rule = rule;
  level.division = Division::exact;
  level.epsilon = level.least_amax = level.least_scale = level.largest_scale = 0;
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

// Its integers have sign and magnitude (formats/catalogue/block_catalogue.cc), clipped to the same
// number on both sides.
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
    require_nvfp4(format, "universal");
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
  require_nvfp4(format, preset);
  for (Level& level : format.levels) {
    level.rule = ScaleRule::ratio;
    level.epsilon = 0;
    level.division = Division::exact;
    level.scale.rounding = {.overflow = saturate()};
  }
  format.element.rounding.overflow = saturate();
  format.division = Division::exact;
  if (arithmetic != Arithmetic::four_over_six) format.four_over_six = {};
  format.arithmetic = arithmetic;
  format.zero_scale = zero_scale;
  format.special = SpecialBlock::nan;
  return checked(std::move(format));
}

BlockFormat transformer_engine(BlockFormat format) {
  return nvfp4(std::move(format), "transformer-engine", Arithmetic::transformer_engine,
               ZeroScale::zero);
}
// Blocks whose largest number becomes 4 or 6, whichever loses less. largest_scale leaves room for
// the scales of the former, one and a half times those of the latter.
BlockFormat four_over_six(BlockFormat format, const std::string& preset, double largest_scale,
                          FourOverSix how) {
  format.levels.back().largest_scale = 0;
  format.four_over_six = how;
  format = nvfp4(std::move(format), preset, Arithmetic::four_over_six, ZeroScale::zero);
  format.levels[1].largest_scale = largest_scale;
  return checked(std::move(format));
}
BlockFormat paper_four_over_six(BlockFormat format) {
  return four_over_six(std::move(format), "four-over-six", 256,
                       {.error = FourOverSix::Error::squared});
}
BlockFormat transformer_engine_four_over_six(BlockFormat format) {
  return four_over_six(std::move(format), "transformer-engine-4over6", 448, {});
}
BlockFormat torchao(BlockFormat format) {
  return nvfp4(std::move(format), "torchao", Arithmetic::torchao, ZeroScale::one);
}
BlockFormat modelopt(BlockFormat format) {
  return nvfp4(std::move(format), "modelopt", Arithmetic::modelopt, ZeroScale::one);
}

BlockFormat p3109(BlockFormat format) {
  bool all = is_p3109(format.element.format);
  for (const Level& level : format.levels) all = all && is_p3109(level.scale.format);
  require(all, "p3109", "elements and scales of P3109", "such as those of p3109_8p4se_block32");
  const Overflow none = parse_overflow("p3109-none", format.element.format);
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
  require(f != nullptr && f->bits >= 2, "qpytorch", "elements in fixed point with a sign",
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
      {"four-over-six", paper_four_over_six,
       "NVFP4: the block's largest number becomes 4 or 6, by the lesser squared error, tensor "
       "scale "
       "to 256 (Cook et al., arXiv 2512.02010; fouroversix dadfad6)"},
      {"transformer-engine-4over6", transformer_engine_four_over_six,
       "NVFP4: likewise by the absolute error, tensor scale to 448 (Transformer Engine d0067d0)"},
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
  for (const RoundingPreset& preset : rounding_presets()) {
    if (preset.name == text)
      throw Error("\"" + text + "\" is a preset of rounding", "",
                  "a block format takes one of " + list);
  }
  const std::string hint = suggest(text, known);
  throw Error("unknown preset \"" + std::string(name.substr(0, 80)) + "\"", "",
              hint.empty() ? "the presets are " + list : hint);
}

}  // namespace halfulp
