// SPDX-License-Identifier: MIT
#include "formats/catalogue.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "formats/block.h"
#include "formats/error.h"
#include "formats/families.h"

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

// One line a format: a table, as long as there are formats.
std::vector<CatalogueEntry> make_catalogue() {  // NOLINT(readability-function-size)
  const auto entry = [](std::string name, Kind kind, std::vector<std::string> aliases,
                        std::string source) {
    return CatalogueEntry{
        {std::move(name), std::move(kind)}, std::move(aliases), std::move(source)};
  };
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
      // One merged symbol stands for NaN and infinity; exponent 0 is an ordinary binade.
      entry("dlfloat16", without_subnormals(finite(6, 9, 1)), {"dlfloat"},
            "Agrawal et al., ARITH 2019"),
      entry("float8_e5m2", ieee(5, 2),
            {"e5m2", "ocp_e5m2", "float8e5m2", "f8_e5m2", "f8e5m2", "fp8_e5m2"}, "OCP OFP8 1.0"),
      entry("float8_e4m3fn", finite(4, 3, 1),
            {"e4m3fn", "ocp_e4m3", "float8e4m3fn", "f8_e4m3", "f8e4m3fn", "f8_e4m3fn", "fp8_e4m3",
             "fp8_e4m3fn"},
            "OCP OFP8 1.0"),
      entry("float8_e4m3", ieee(4, 3), {"float8e4m3", "f8e4m3"}, "ml_dtypes: IEEE style"),
      entry("float8_e3m4", ieee(3, 4), {"float8e3m4", "f8e3m4", "e3m4"}, "ml_dtypes: IEEE style"),
      entry("float8_e4m3fnuz", fnuz(4, 3, 8), {"e4m3fnuz", "float8e4m3fnuz", "f8e4m3fnuz"},
            "AMD MI300; arXiv 2206.02915"),
      entry("float8_e5m2fnuz", fnuz(5, 2, 16), {"e5m2fnuz", "float8e5m2fnuz", "f8e5m2fnuz"},
            "AMD MI300; arXiv 2206.02915"),
      entry("float8_e4m3b11fnuz", fnuz(4, 3, 11),
            {"e4m3b11fnuz", "e4m3b11", "float8_e4m3b11", "f8e4m3b11fnuz"}, "ml_dtypes"),
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
      entry("float6_e3m2fn", finite(3, 2, 0),
            {"e3m2fn", "ocp_e3m2", "f6_e3m2", "fp6_e3m2", "f6e3m2fn"}, "OCP MX 1.0"),
      entry("float6_e2m3fn", finite(2, 3, 0),
            {"e2m3fn", "ocp_e2m3", "f6_e2m3", "fp6_e2m3", "f6e2m3fn"}, "OCP MX 1.0"),
      entry("float4_e2m1fn", finite(2, 1, 0),
            {"e2m1fn", "ocp_e2m1", "fp4", "float4e2m1", "float4_e2m1", "f4", "f4e2m1fn",
             "float4_e2m1fn_x2", "fp4_e2m1"},
            "OCP MX 1.0"),
      entry("float8_e8m0fnu", without_sign(without_zero(finite(8, 0, 1))),
            {"e8m0", "ue8m0", "e8m0fnu", "ocp_e8m0", "float8e8m0", "f8_e8m0", "f8e8m0fnu"},
            "OCP MX 1.0: scales"),
      entry("ue4m3", without_sign(finite(4, 3, 1)), {"float_ue4m3", "ue4m3fn"},
            "NVFP4 scale: an E4M3 byte with sign 0"),
      // One NaN at the top, by analogy with the other scale formats.
      entry("ue5m3", without_sign(finite(5, 3, 1)), {"float8_ue5m3", "ue5m3fn"},
            "research scale format"),
      entry("binary8p4se", p3109(8, 4, true, true), {"p3109_k8p4se"}, "P3109 interim report 4.0"),
      entry("binary8p3se", p3109(8, 3, true, true), {"p3109_k8p3se"}, "P3109 interim report 4.0"),
      entry("binary8p1uf", p3109(8, 1, false, false), {"p3109_k8p1uf"},
            "P3109 interim report 4.0: scales"),
      entry("binary4p2sf", p3109(4, 2, true, false), {"p3109_k4p2sf"}, "P3109 interim report 4.0"),
      entry("mxint8_element", Fixed{.bits = 8, .fraction_bits = 6}, {"ocp_int8", "s2f6"},
            "OCP MX 1.0; PTX .s2f6"),
      entry("int8", Fixed{.bits = 8}, {"i8", "s8"}, "two's complement"),
      entry("uint8", Fixed{.bits = 8, .sign = false}, {"u8"}, "unsigned"),
      entry("int4", Fixed{.bits = 4}, {"i4", "s4"}, "two's complement"),
  };
}

std::string lower_case(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

struct Ambiguous {
  std::string_view name, meanings;
};

constexpr std::array<Ambiguous, 4> ambiguous_names{{
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
