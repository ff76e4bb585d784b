// SPDX-License-Identifier: MIT
#include "formats/catalogue.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <optional>
#include <utility>

#include "formats/block.h"
#include "formats/catalogue/codebooks.h"
#include "formats/catalogue/families.h"
#include "formats/error.h"

namespace halfulp {
namespace {

Float without_sign(Float f) {
  f.sign = false;
  return f;
}

Float without_subnormals(Float f) {
  f.subnormals = false;
  return f;
}

Float without_zero(Float f) {
  f.subnormals = false;
  f.zero = false;
  return f;
}

CatalogueEntry entry(std::string name, Kind kind, std::vector<std::string> aliases,
                     std::string source) {
  return {{std::move(name), std::move(kind)}, std::move(aliases), std::move(source)};
}

using Entries = std::vector<CatalogueEntry>;

Entries general_floats() {
  return {
      entry("binary64", ieee(11, 52), {"fp64", "float64", "double", "f64", "e11m52"},
            "IEEE 754-2019 3.6"),
      entry("binary32", ieee(8, 23), {"fp32", "float32", "single", "float", "f32", "e8m23"},
            "IEEE 754-2019 3.6"),
      entry("tf32", ieee(8, 10), {"tensorfloat-32", "tensorfloat32", "e8m10"},
            "NVIDIA A100 white paper; PTX cvt"),
      entry("binary16", ieee(5, 10), {"fp16", "half", "float16", "f16", "e5m10"},
            "IEEE 754-2019 3.6"),
      entry("bfloat16", ieee(8, 7), {"bf16", "e8m7"},
            "Intel BF16 numerics 1.0, with subnormals as ml_dtypes has them"),
      entry("binary128", ieee(15, 112), {"fp128", "float128", "quad", "f128", "e15m112"},
            "IEEE 754-2019 3.6"),
      // The same numbers; the explicit integer bit, which follows from the others, is left out of
      // the code.
      entry("e15m63", ieee(15, 63), {"x87", "fp80", "float80", "extended80"},
            "the numbers of x87's extended format; codes without its integer bit"),
  };
}

Entries eight_bit_floats() {
  return {
      entry("float8_e5m2", ieee(5, 2),
            {"e5m2", "ocp_e5m2", "float8e5m2", "f8_e5m2", "f8e5m2", "fp8_e5m2", "fp8e5m2", "fp8e5",
             "float8e5"},
            "OCP OFP8 1.0"),
      entry("float8_e4m3fn", finite(4, 3, 1),
            {"e4m3fn", "ocp_e4m3", "float8e4m3fn", "f8_e4m3", "f8e4m3fn", "f8_e4m3fn", "fp8_e4m3",
             "fp8_e4m3fn", "fp8e4m3fn", "fp8e4nv", "float8e4nv"},
            "OCP OFP8 1.0"),
      entry("float8_e4m3", ieee(4, 3), {"float8e4m3", "f8e4m3"}, "ml_dtypes: IEEE style"),
      entry("float8_e3m4", ieee(3, 4), {"float8e3m4", "f8e3m4", "e3m4", "f8_e3m4", "fp8_e3m4"},
            "ml_dtypes: IEEE style"),
      entry("float8_e4m3fnuz", fnuz(4, 3, 8),
            {"e4m3fnuz", "float8e4m3fnuz", "f8e4m3fnuz", "f8_e4m3fnuz", "fp8_e4m3fnuz",
             "fp8e4m3fnuz", "fp8_e4m3_fnuz", "fp8e4b8", "float8e4b8"},
            "AMD MI300; arXiv 2206.02915"),
      entry("float8_e5m2fnuz", fnuz(5, 2, 16),
            {"e5m2fnuz", "float8e5m2fnuz", "f8e5m2fnuz", "f8_e5m2fnuz", "fp8_e5m2fnuz",
             "fp8e5m2fnuz", "fp8_e5m2_fnuz", "fp8e5b16", "float8e5b16"},
            "AMD MI300; arXiv 2206.02915"),
      entry("float8_e4m3b11fnuz", fnuz(4, 3, 11),
            {"e4m3b11fnuz", "e4m3b11", "float8_e4m3b11", "f8e4m3b11fnuz", "float8e4m3b11fnuz",
             "f8_e4m3b11fnuz", "fp8_e4m3b11fnuz"},
            "ml_dtypes"),
  };
}

Entries block_floats() {
  return {
      entry("float6_e3m2fn", finite(3, 2, 0),
            {"e3m2fn", "ocp_e3m2", "f6_e3m2", "fp6_e3m2", "f6e3m2fn", "f6_e3m2fn", "fp6_e3m2fn",
             "float6e3m2", "float6_e3m2", "float6e3m2fn"},
            "OCP MX 1.0"),
      entry("float6_e2m3fn", finite(2, 3, 0),
            {"e2m3fn", "ocp_e2m3", "f6_e2m3", "fp6_e2m3", "f6e2m3fn", "f6_e2m3fn", "fp6_e2m3fn",
             "float6e2m3", "float6_e2m3", "float6e2m3fn"},
            "OCP MX 1.0"),
      entry("float4_e2m1fn", finite(2, 1, 0),
            {"e2m1fn", "ocp_e2m1", "fp4", "float4e2m1", "float4_e2m1", "f4", "f4e2m1fn",
             "float4_e2m1fn_x2", "fp4_e2m1", "f4_e2m1", "f4_e2m1fn", "fp4_e2m1fn", "float4e2m1fn",
             "float4"},
            "OCP MX 1.0"),
      entry("float8_e8m0fnu", without_sign(without_zero(finite(8, 0, 1))),
            {"e8m0", "ue8m0", "e8m0fnu", "ocp_e8m0", "float8e8m0", "f8_e8m0", "f8e8m0fnu",
             "f8_e8m0fnu", "fp8_e8m0", "fp8_e8m0fnu", "float8_e8m0", "float8e8m0fnu"},
            "OCP MX 1.0: scales"),
      entry("ue4m3", without_sign(finite(4, 3, 1)), {"float_ue4m3", "ue4m3fn"},
            "NVFP4 scale: an E4M3 byte with sign 0"),
      // One NaN at the top, by analogy with the other scale formats.
      entry("ue5m3", without_sign(finite(5, 3, 1)), {"float8_ue5m3", "ue5m3fn"},
            "research scale format"),
  };
}

Entries vendor_floats() {
  return {
      // One merged symbol stands for NaN and infinity; exponent 0 is an ordinary binade.
      entry("dlfloat16", without_subnormals(finite(6, 9, 1)), {"dlfloat"},
            "Agrawal et al., ARITH 2019"),
      // The NaN-infinity of the paper is not stated to the bit: modelled like DLFloat16's merged
      // symbol.
      entry("hfp8_143", with_bias(finite(4, 3, 1), 4), {"hfp8_e4m3"},
            "Sun et al., NeurIPS 2019 (forward)"),
      // Every code is a number: exponent field all ones is an ordinary binade; the bias is set from
      // outside.
      entry("cfloat8_143", finite(4, 3, 0), {"cfloat8_1_4_3"},
            "Tesla Dojo white paper; bias 7, others as cfloat8_143b0..63"),
      entry("cfloat8_152", finite(5, 2, 0), {"cfloat8_1_5_2"},
            "Tesla Dojo white paper; bias 15, others as cfloat8_152b0..63"),
      entry("cfloat16_shp", finite(5, 10, 0), {"cfloat16", "shp"},
            "Tesla Dojo white paper; bias 15, others as cfloat16b0..63"),
      // What its top codes mean is not published: taken as numbers, like the signed one's.
      entry("cfloat16_uhp", without_sign(finite(6, 10, 0)), {"uhp"}, "Tesla Dojo white paper"),
      // Code 7f is 1.875 where Triton converts it to binary16; its comment says 1.75, which is the
      // largest number that its conversions deliver.
      entry("float8_e4m3b15", with_bias(finite(4, 3, 0), 15),
            {"fp8e4b15", "float8e4b15", "fp8e4m3b15", "e4m3b15f"},
            "Triton, fp8e4b15: language/extra/cuda/utils.py, which saturates at 1.75"),
      entry("arm_alternative_half", finite(5, 10, 0), {"ahp", "alternative_half"},
            "Arm A-profile: alternative half-precision, no infinity, no NaN"),
      entry("ufloat11", without_sign(ieee(5, 6)), {"uf11"}, "OpenGL 4.6 2.3.4.3 (R11F, G11F)"),
      entry("ufloat10", without_sign(ieee(5, 5)), {"uf10"}, "OpenGL 4.6 2.3.4.4 (B10F)"),
  };
}

Entries p3109_floats() {
  return {
      entry("binary8p4se", p3109(8, 4, true, true), {"p3109_k8p4se"}, "P3109 interim report 4.0"),
      entry("binary8p3se", p3109(8, 3, true, true), {"p3109_k8p3se"}, "P3109 interim report 4.0"),
      entry("binary8p1uf", p3109(8, 1, false, false), {"p3109_k8p1uf"},
            "P3109 interim report 4.0: scales"),
      entry("binary4p2sf", p3109(4, 2, true, false), {"p3109_k4p2sf"}, "P3109 interim report 4.0"),
  };
}

Entries integers() {
  const auto signed_integer = [](int bits, std::vector<std::string> aliases) {
    return entry("int" + std::to_string(bits), Fixed{.bits = bits}, std::move(aliases),
                 "two's complement");
  };
  const auto unsigned_integer = [](int bits) {
    const std::string digits = std::to_string(bits);
    return entry("uint" + digits, Fixed{.bits = bits, .sign = false}, {"u" + digits}, "unsigned");
  };
  return {
      entry("mxint8_element", Fixed{.bits = 8, .fraction_bits = 6}, {"ocp_int8", "s2f6"},
            "OCP MX 1.0; PTX .s2f6"),
      signed_integer(1, {"i1"}),
      signed_integer(2, {"i2", "s2"}),
      signed_integer(4, {"i4", "s4"}),
      signed_integer(8, {"i8", "s8"}),
      signed_integer(16, {"i16", "s16"}),
      signed_integer(32, {"i32", "s32"}),
      signed_integer(64, {"i64", "s64"}),
      unsigned_integer(1),
      unsigned_integer(2),
      unsigned_integer(4),
      unsigned_integer(8),
      unsigned_integer(16),
      unsigned_integer(32),
      unsigned_integer(64),
      entry("int4_symmetric", Fixed{.bits = 4, .symmetric = true}, {}, "-7 to 7"),
      entry("int8_symmetric", Fixed{.bits = 8, .symmetric = true}, {}, "-127 to 127"),
      entry("ternary", Fixed{.bits = 2, .symmetric = true}, {"int2_symmetric", "b1.58"},
            "-1, 0 and 1; BitNet b1.58, arXiv 2402.17764"),
  };
}

Entries tapered() {
  Entries entries;
  for (const int bits : {8, 16, 32, 64}) {
    const std::string digits = std::to_string(bits);
    entries.push_back(entry("posit" + digits, Posit{.bits = bits},
                            {"posit" + digits + "es2", "posit<" + digits + ",2>"},
                            "Standard for Posit Arithmetic 2022"));
  }
  for (const int bits : {8, 16, 32, 64}) {
    const std::string digits = std::to_string(bits);
    entries.push_back(entry("takum" + digits, Takum{.bits = bits}, {"takum_linear" + digits},
                            "Hunhold, arXiv 2404.18603: linear takums"));
  }
  return entries;
}

Entries logarithmic() {
  return {
      entry("log4.3", Log{.integer_bits = 4, .fraction_bits = 3}, {"lns8", "lns8.3"},
            "Swartzlander and Alexopoulos, IEEE TC 1975; Universal lns<8, 3>"),
      entry("log5.10", Log{.integer_bits = 5, .fraction_bits = 10}, {"lns16", "lns16.10"},
            "Universal lns<16, 10>"),
      entry("takum_log8", Takum{.bits = 8, .logarithmic = true}, {},
            "Hunhold, arXiv 2404.18603: logarithmic, base sqrt(e)"),
      entry("takum_log16", Takum{.bits = 16, .logarithmic = true}, {},
            "Hunhold, arXiv 2404.18603: logarithmic, base sqrt(e)"),
  };
}

Entries codebooks() {
  const std::string bitsandbytes = "bitsandbytes 95f9af3";
  return {
      entry("nf4", nf4(), {"normalfloat4", "bnb_nf4"},
            "arXiv 2305.14314; thresholds of " + bitsandbytes),
      entry("af4", af4(), {"abnormalfloat4", "bnb_af4"},
            "arXiv 2306.06965, blocks of 64; codes as in " + bitsandbytes),
      entry("bnb_fp4", bnb_fp4(), {}, bitsandbytes + "; not OCP's FP4"),
      entry("iq4_nl", iq4_nl(), {"iq4nl"}, "llama.cpp, kvalues_iq4nl"),
      entry("dynamic8_signed", dynamic8(true), {"dynamic8", "bnb_dynamic8"},
            "arXiv 2110.02861; " + bitsandbytes + ", create_dynamic_map"),
      entry("dynamic8_unsigned", dynamic8(false), {"udynamic8", "bnb_udynamic8"},
            "arXiv 2110.02861; " + bitsandbytes + ", create_dynamic_map"),
      entry("linear8_signed", linear8(true), {"linear8", "bnb_linear8"},
            bitsandbytes + ", create_linear_map"),
      entry("linear8_unsigned", linear8(false), {"ulinear8", "bnb_ulinear8"},
            bitsandbytes + ", create_linear_map"),
      entry("bnb_fp8_e4m3", bnb_fp8(4, 3), {}, bitsandbytes + ", create_fp8_map; not OCP's E4M3"),
      entry("bnb_fp8_e5m2", bnb_fp8(5, 2), {}, bitsandbytes + ", create_fp8_map; not OCP's E5M2"),
      entry("binary", plus_minus_one(), {"binary1", "plus_minus_one"},
            "-1 and +1, zero to +1; Courbariaux et al., arXiv 1602.02830"),
  };
}

Entries make_catalogue() {
  Entries all;
  for (const auto section : {general_floats, eight_bit_floats, block_floats, p3109_floats,
                             vendor_floats, integers, tapered, logarithmic, codebooks}) {
    Entries entries = section();
    std::move(entries.begin(), entries.end(), std::back_inserter(all));
  }
  return all;
}

std::string lower_case(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

struct Ambiguous {
  std::string_view name, meanings;
};

constexpr std::string_view two_of_8_bits =
    "\"float8_e4m3fn\" (OCP FP8 E4M3: no infinity, largest 448) or \"float8_e5m2\" (OCP FP8 E5M2, "
    "largest 57344)";
constexpr std::string_view two_of_6_bits =
    "\"float6_e3m2fn\" (OCP FP6 E3M2, largest 28) or \"float6_e2m3fn\" (OCP FP6 E2M3, largest 7.5)";

constexpr std::array<Ambiguous, 10> ambiguous_names{{
    {"fp8", two_of_8_bits},
    {"float8", two_of_8_bits},
    {"f8", two_of_8_bits},
    {"fp6", two_of_6_bits},
    {"float6", two_of_6_bits},
    {"f6", two_of_6_bits},
    {"e4m3",
     "\"float8_e4m3fn\" (OCP: no infinity, largest 448) or \"float8_e4m3\" (IEEE style, largest "
     "240)"},
    {"e3m2",
     "\"float6_e3m2fn\" (OCP FP6: no infinity, no NaN, largest 28) or {\"kind\": \"float\", "
     "\"exponent_bits\": 3, "
     "\"fraction_bits\": 2} (IEEE style, largest 14)"},
    {"e2m3",
     "\"float6_e2m3fn\" (OCP FP6: no infinity, no NaN, largest 7.5) or {\"kind\": \"float\", "
     "\"exponent_bits\": 2, "
     "\"fraction_bits\": 3} (IEEE style, largest 3.75)"},
    {"e2m1",
     "\"float4_e2m1fn\" (OCP FP4: no infinity, no NaN, largest 6) or {\"kind\": \"float\", "
     "\"exponent_bits\": 2, "
     "\"fraction_bits\": 1} (IEEE style, largest 3)"},
}};

}  // namespace

const std::vector<CatalogueEntry>& catalogue() {
  static const std::vector<CatalogueEntry> entries = make_catalogue();
  return entries;
}

Format find_format(std::string_view name) {
  const std::string text = lower_case(name);
  std::vector<std::string> known;
  for (const CatalogueEntry& entry : catalogue()) {
    if (entry.format.name == text) return entry.format;
    known.push_back(entry.format.name);
    for (const std::string& alias : entry.aliases) {
      if (alias == text) return entry.format;
      known.push_back(alias);
    }
  }
  for (const Ambiguous& both : ambiguous_names) {
    if (both.name == text) {
      throw Error("\"" + text + "\" alone means two formats", "",
                  "write " + std::string(both.meanings));
    }
  }
  if (std::optional<Format> format = parametric_format(text)) {
    try {
      validate(*format);
    } catch (const Error& error) {
      throw Error("\"" + text + "\": " + error.message(), "", error.hint());
    }
    return *format;
  }
  if (is_block_name(text)) {
    throw Error("\"" + text + "\" is a block format: numbers that share scales", "",
                "it belongs where whole matrices are rounded; a scalar format is needed here, such "
                "as \"" +
                    find_block_format(text).element.format.name + "\"");
  }
  for (const BlockEntry& entry : block_catalogue()) known.push_back(entry.format.name);
  const std::string hint = suggest(text, known);
  throw Error("unknown format \"" + std::string(name.substr(0, 80)) + "\"", "",
              hint.empty() ? "`halfulp formats` lists the names" : hint);
}

}  // namespace halfulp
