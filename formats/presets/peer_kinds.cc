// SPDX-License-Identifier: MIT
#include <type_traits>
#include <variant>

#include "formats/codes.h"
#include "formats/presets.h"

namespace halfulp {
namespace {

constexpr int byte = 8;
constexpr int word = 32;
constexpr int widest_element = 6;  // of FP6 and FP4

PeerKind kind_of_unsigned(const Float& f) {
  if (!f.zero) return f.fraction_bits == 0 ? PeerKind::power_of_two : PeerKind::other_float;
  if (f.nan_codes == 0 && !f.infinity) return PeerKind::wide_numbers_only;
  return f.nan_codes == 1 ? PeerKind::scale_with_zero : PeerKind::other_float;
}

PeerKind kind_of(const Float& f, int bits) {
  if (!f.sign) return kind_of_unsigned(f);
  if (!f.zero) return PeerKind::other_float;
  if (!f.negative_zero) {
    if (f.nan_codes != 0) return PeerKind::other_float;
    return f.infinity || bits > byte ? PeerKind::p3109_signed : PeerKind::one_zero;
  }
  if (f.infinity) {
    if (bits <= byte) return PeerKind::small_float;
    return bits < word ? PeerKind::half_float : PeerKind::wide_float;
  }
  if (f.nan_codes == 0)
    return bits <= widest_element ? PeerKind::numbers_only : PeerKind::wide_numbers_only;
  return bits <= byte ? PeerKind::finite_float : PeerKind::other_float;
}

}  // namespace

PeerKind peer_kind_of(const Format& format) {
  return std::visit(
      [&](const auto& f) {
        using Kind = std::decay_t<decltype(f)>;
        if constexpr (std::is_same_v<Kind, Float>) {
          return kind_of(f, bits(format));
        } else if constexpr (std::is_same_v<Kind, Fixed>) {
          if (f.fraction_bits != 0) return PeerKind::fixed;
          return f.sign ? PeerKind::integer : PeerKind::unsigned_integer;
        } else if constexpr (std::is_same_v<Kind, Affine>) {
          return PeerKind::affine;
        } else if constexpr (std::is_same_v<Kind, Log>) {
          return PeerKind::logarithmic;
        } else if constexpr (std::is_same_v<Kind, Codebook>) {
          return PeerKind::codebook;
        } else {
          return PeerKind::tapered;
        }
      },
      format.kind);
}

const std::vector<PeerKindEntry>& peer_kinds() {
  static const std::vector<PeerKindEntry> kinds{
      {PeerKind::wide_float, "float with infinities, 32 bits and more", "binary32"},
      {PeerKind::half_float, "float with infinities, 9 to 31 bits", "binary16"},
      {PeerKind::small_float, "float with infinities, at most 8 bits", "float8_e5m2"},
      {PeerKind::finite_float, "float with NaN, without infinities, at most 8 bits",
       "float8_e4m3fn"},
      {PeerKind::one_zero, "float with one zero, without infinities, at most 8 bits",
       "float8_e4m3fnuz"},
      {PeerKind::p3109_signed, "float with one zero, and infinities or more than 8 bits",
       "binary8p4se"},
      {PeerKind::scale_with_zero, "float without sign, with one NaN", "ue4m3"},
      {PeerKind::numbers_only, "float of numbers alone, at most 6 bits", "float4_e2m1fn"},
      {PeerKind::wide_numbers_only, "float of numbers alone, 7 bits and more, or without sign",
       "cfloat16_shp"},
      {PeerKind::power_of_two, "powers of two, without sign and zero", "float8_e8m0fnu"},
      {PeerKind::other_float, "other floats", "dlfloat16"},
      {PeerKind::integer, "integer", "int8"},
      {PeerKind::unsigned_integer, "integer without sign", "uint8"},
      {PeerKind::fixed, "fixed point with fraction bits", "q3.4"},
      {PeerKind::affine, "affine",
       R"({"kind": "affine", "bits": 8, "sign": false, "scale": 0.5, "zero_point": 10})"},
      {PeerKind::tapered, "posit or takum", "posit8"},
      {PeerKind::logarithmic, "logarithmic", "log4.3"},
      {PeerKind::codebook, "codebook", "nf4"},
  };
  return kinds;
}

}  // namespace halfulp
