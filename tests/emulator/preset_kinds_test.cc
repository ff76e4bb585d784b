// SPDX-License-Identifier: MIT
//
// Every overflow rule in every kind of format for which it holds: what its peer's definition gives,
// on both engines, and the flags. The rows and the table of presets by kind must be the same set.
//   IEEE 754-2019 7.4; OCP OFP8 1.0 table 3; ONNX Cast and QuantizeLinear (operator set 23, and
//   what the reference of onnx 1.23.2 answers for FP8, FP4, E8M0 and wider floats); ml_dtypes 0.6.0
//   and its headers at b793a6e; P3109 interim report 4.0, 4.7.5; PTX ISA, cvt; Berkeley SoftFloat;
//   CPFloat 3583976; Tesla Dojo white paper.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "emulator/engine.h"
#include "emulator/operations/scalar.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "formats/presets.h"
#include "reference/engine.h"
#include "reference/round.h"

namespace halfulp {
namespace {

using K = PeerKind;

constexpr std::uint8_t beyond = flags::overflow | flags::inexact;

Format example_of(PeerKind kind) {
  return format_from_text(std::string(peer_kinds()[static_cast<std::size_t>(kind)].example));
}

// The reference's answer, which the emulator's must equal.
Outcome agreed(const std::string& number, const Quantizer& q) {
  const Real x = parse_real(number);
  const Outcome reference = reference::round(x, q, 0);
  EXPECT_EQ(reference, emulator::round_real(x, q, 0)) << number << " into " << q.format.name;
  return reference;
}

// The codes of 1e60, infinity and NaN in the kind's example, to nearest even; of -1 where there is
// no sign, and of 0 where there is no zero.
struct Row {
  const char* preset;
  PeerKind kind;
  const char* over;
  const char* infinity;
  const char* nan;
  const char* negative = nullptr;
  const char* zero = nullptr;
};

const std::vector<Row> rows{
    {"ieee", K::wide_float, "7f800000", "7f800000", "7fc00000"},
    {"ieee", K::half_float, "7c00", "7c00", "7e00"},
    {"ieee", K::small_float, "7c", "7c", "7e"},
    {"ieee", K::finite_float, "7f", "7f", "7f"},
    {"ieee", K::one_zero, "80", "80", "80"},
    {"ieee", K::p3109_signed, "7f", "7f", "80"},
    {"ieee", K::scale_with_zero, "7f", "7f", "7f", "7f"},
    {"ieee", K::numbers_only, "7", "7", "0"},
    {"ieee", K::wide_numbers_only, "7fff", "7fff", "0000"},
    {"ieee", K::power_of_two, "ff", "ff", "ff", "ff", "ff"},
    {"ieee", K::other_float, "7fff", "7fff", "7fff"},
    {"ieee", K::integer, "7f", "7f", "00"},
    {"ieee", K::unsigned_integer, "ff", "ff", "00", "00"},
    {"ieee", K::fixed, "7f", "7f", "00"},
    {"ieee", K::affine, "ff", "ff", "0a"},
    {"ieee", K::tapered, "7f", "80", "80"},
    {"ieee", K::logarithmic, "c0", "c0", "c0"},
    {"ieee", K::codebook, "f", "f", "7"},

    {"saturate", K::wide_float, "7f7fffff", "7f7fffff", "7fc00000"},
    {"saturate", K::half_float, "7bff", "7bff", "7e00"},
    {"saturate", K::small_float, "7b", "7b", "7e"},
    {"saturate", K::finite_float, "7e", "7e", "7f"},
    {"saturate", K::one_zero, "7f", "7f", "80"},
    {"saturate", K::p3109_signed, "7e", "7e", "80"},
    {"saturate", K::scale_with_zero, "7e", "7e", "7f", "00"},
    {"saturate", K::numbers_only, "7", "7", "0"},
    {"saturate", K::wide_numbers_only, "7fff", "7fff", "0000"},
    {"saturate", K::power_of_two, "fe", "fe", "ff", "00", "00"},
    {"saturate", K::other_float, "7ffe", "7ffe", "7fff"},
    {"saturate", K::integer, "7f", "7f", "00"},
    {"saturate", K::unsigned_integer, "ff", "ff", "00", "00"},
    {"saturate", K::fixed, "7f", "7f", "00"},
    {"saturate", K::affine, "ff", "ff", "0a"},
    {"saturate", K::tapered, "7f", "7f", "80"},
    {"saturate", K::logarithmic, "3f", "3f", "c0"},
    {"saturate", K::codebook, "f", "f", "7"},

    {"saturate-finite", K::wide_float, "7f7fffff", "7f800000", "7fc00000"},
    {"saturate-finite", K::half_float, "7bff", "7c00", "7e00"},
    {"saturate-finite", K::small_float, "7b", "7c", "7e"},
    {"saturate-finite", K::finite_float, "7e", "7f", "7f"},
    {"saturate-finite", K::one_zero, "7f", "80", "80"},
    {"saturate-finite", K::p3109_signed, "7e", "7f", "80"},
    {"saturate-finite", K::scale_with_zero, "7e", "7f", "7f", "00"},
    {"saturate-finite", K::numbers_only, "7", "7", "0"},
    {"saturate-finite", K::wide_numbers_only, "7fff", "7fff", "0000"},
    {"saturate-finite", K::power_of_two, "fe", "ff", "ff", "00", "00"},
    {"saturate-finite", K::other_float, "7ffe", "7fff", "7fff"},
    {"saturate-finite", K::integer, "7f", "7f", "00"},
    {"saturate-finite", K::unsigned_integer, "ff", "ff", "00", "00"},
    {"saturate-finite", K::fixed, "7f", "7f", "00"},
    {"saturate-finite", K::affine, "ff", "ff", "0a"},
    {"saturate-finite", K::tapered, "7f", "80", "80"},
    {"saturate-finite", K::logarithmic, "3f", "c0", "c0"},
    {"saturate-finite", K::codebook, "f", "f", "7"},

    {"onnx", K::wide_float, "7f800000", "7f800000", "7fc00000"},
    {"onnx", K::half_float, "7c00", "7c00", "7e00"},
    {"onnx", K::small_float, "7c", "7c", "7e"},
    {"onnx", K::finite_float, "7f", "7f", "7f"},
    {"onnx", K::one_zero, "80", "80", "80"},
    {"onnx", K::numbers_only, "7", "7", "7"},
    {"onnx", K::power_of_two, "ff", "ff", "ff", "7f", "00"},
    {"onnx", K::integer, "7f", "7f", "00"},
    {"onnx", K::unsigned_integer, "ff", "ff", "00", "00"},
    {"onnx", K::affine, "ff", "ff", "0a"},

    {"onnx-saturate", K::wide_float, "7f800000", "7f800000", "7fc00000"},
    {"onnx-saturate", K::half_float, "7c00", "7c00", "7e00"},
    {"onnx-saturate", K::small_float, "7b", "7b", "7e"},
    {"onnx-saturate", K::finite_float, "7e", "7e", "7f"},
    {"onnx-saturate", K::one_zero, "7f", "80", "80"},
    {"onnx-saturate", K::numbers_only, "7", "7", "7"},
    {"onnx-saturate", K::power_of_two, "fe", "ff", "ff", "7f", "00"},
    {"onnx-saturate", K::integer, "7f", "7f", "00"},
    {"onnx-saturate", K::unsigned_integer, "ff", "ff", "00", "00"},
    {"onnx-saturate", K::affine, "ff", "ff", "0a"},

    {"ml-dtypes", K::wide_float, "7f800000", "7f800000", "7fc00000"},
    {"ml-dtypes", K::half_float, "7c00", "7c00", "7e00"},
    {"ml-dtypes", K::small_float, "7c", "7c", "7e"},
    {"ml-dtypes", K::finite_float, "7f", "7f", "7f"},
    {"ml-dtypes", K::one_zero, "80", "80", "80"},
    {"ml-dtypes", K::numbers_only, "7", "7", "8"},
    {"ml-dtypes", K::power_of_two, "ff", "ff", "ff", "ff", "ff"},

    {"ml-dtypes-saturate", K::small_float, "7b", "7c", "7e"},
    {"ml-dtypes-saturate", K::finite_float, "7e", "7f", "7f"},
    {"ml-dtypes-saturate", K::one_zero, "7f", "80", "80"},
    {"ml-dtypes-saturate", K::numbers_only, "7", "7", "8"},
    {"ml-dtypes-saturate", K::power_of_two, "fe", "ff", "ff", "00", "00"},

    {"p3109-none", K::wide_float, "7f800000", "7f800000", "7fc00000"},
    {"p3109-none", K::half_float, "7c00", "7c00", "7e00"},
    {"p3109-none", K::one_zero, "7f", "7f", "80"},
    {"p3109-none", K::p3109_signed, "7f", "7f", "80"},
    {"p3109-none", K::scale_with_zero, "7e", "7e", "7f", "7f"},

    {"p3109-finite", K::one_zero, "7f", "7f", "80"},
    {"p3109-finite", K::p3109_signed, "7e", "7e", "80"},
    {"p3109-finite", K::scale_with_zero, "7e", "7e", "7f", "00"},

    {"p3109-propagate", K::one_zero, "7f", "7f", "80"},
    {"p3109-propagate", K::p3109_signed, "7e", "7f", "80"},
    {"p3109-propagate", K::scale_with_zero, "7e", "7e", "7f", "00"},

    {"ptx-satfinite", K::half_float, "7bff", "7bff", "7e00"},
    {"ptx-satfinite", K::small_float, "7b", "7b", "7e"},
    {"ptx-satfinite", K::finite_float, "7e", "7e", "7f"},
    {"ptx-satfinite", K::numbers_only, "7", "7", "7"},
    {"ptx-satfinite", K::power_of_two, "fe", "fe", "ff", "7f", "00"},
    {"ptx-satfinite", K::integer, "7f", "7f", "00"},
    {"ptx-satfinite", K::unsigned_integer, "ff", "ff", "00", "00"},

    {"softfloat", K::wide_float, "7f800000", "7f800000", "7fc00000"},
    {"softfloat", K::half_float, "7c00", "7c00", "7e00"},

    {"cpfloat", K::wide_float, "7f800000", "7f800000", "7fc00000"},
    {"cpfloat", K::half_float, "7c00", "7c00", "7e00"},
    {"cpfloat", K::small_float, "7c", "7c", "7e"},
    {"cpfloat", K::finite_float, "7f", "7f", "7f"},

    {"dojo", K::wide_numbers_only, "7fff", "7fff", "7fff"},
};

TEST(PresetsByKind, DeliverWhatTheirPeersDo) {
  for (const Row& row : rows) {
    Quantizer q{.format = example_of(row.kind), .rounding = {}};
    q.rounding.overflow = parse_overflow(row.preset, q.format);
    const auto expect = [&](const char* number, const char* code) {
      const Outcome got = agreed(number, q);
      EXPECT_EQ(code_text(q.format, got.code), code_text(q.format, parse_code(q.format, code)))
          << row.preset << ": " << number << " into " << q.format.name;
      return got.flags;
    };
    EXPECT_EQ(expect("1e60", row.over), beyond) << row.preset << " " << q.format.name;
    const std::uint8_t raised = expect("inf", row.infinity);
    const Value delivered = decode(q.format, parse_code(q.format, row.infinity));
    EXPECT_EQ(raised, delivered.is_infinite() ? 0
                      : delivered.is_nan()    ? flags::invalid
                                              : beyond)
        << row.preset << " " << q.format.name;
    expect("nan", row.nan);
    EXPECT_EQ(row.negative != nullptr, !is_signed(q.format)) << q.format.name;
    EXPECT_EQ(row.zero != nullptr, !has_zero(q.format)) << q.format.name;
    if (row.negative != nullptr) {
      EXPECT_EQ(expect("-1", row.negative), beyond) << row.preset << " " << q.format.name;
    }
    if (row.zero != nullptr) expect("0", row.zero);
  }
}

TEST(PresetsByKind, HoldInTheKindsOfTheRowsAndNoOther) {
  std::set<std::pair<std::string_view, PeerKind>> tested;
  for (const Row& row : rows) EXPECT_TRUE(tested.emplace(row.preset, row.kind).second);
  for (const OverflowPreset& preset : overflow_presets()) {
    for (const PeerKindEntry& entry : peer_kinds()) {
      const bool holds = rule_for(preset, entry.kind).has_value();
      EXPECT_EQ(holds, tested.count({preset.name, entry.kind}) == 1)
          << preset.name << " " << entry.name;
      const Format format = example_of(entry.kind);
      if (holds) {
        EXPECT_NO_THROW(parse_overflow(preset.name, format));
        continue;
      }
      try {
        parse_overflow(preset.name, format);
        ADD_FAILURE() << preset.name << " passes for " << format.name;
      } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find(known_to(preset)), std::string::npos);
      }
    }
  }
}

TEST(PresetsByKind, EveryKindIsThatOfItsExample) {
  ASSERT_EQ(peer_kinds().size(), std::size_t{peer_kind_count});
  for (int i = 0; i < peer_kind_count; ++i) {
    const PeerKindEntry& entry = peer_kinds()[static_cast<std::size_t>(i)];
    EXPECT_EQ(static_cast<int>(entry.kind), i);
    EXPECT_EQ(peer_kind_of(example_of(entry.kind)), entry.kind) << entry.example;
  }
  const std::vector<std::pair<const char*, PeerKind>> others{{"binary64", K::wide_float},
                                                             {"bfloat16", K::half_float},
                                                             {"tf32", K::half_float},
                                                             {"float8_e4m3", K::small_float},
                                                             {"e3m2", K::small_float},
                                                             {"hfp8_143", K::finite_float},
                                                             {"float8_e5m2fnuz", K::one_zero},
                                                             {"binary8p4sf", K::one_zero},
                                                             {"binary4p2sf", K::one_zero},
                                                             {"binary8p3se", K::p3109_signed},
                                                             {"binary12p4sf", K::p3109_signed},
                                                             {"binary8p3ue", K::scale_with_zero},
                                                             {"binary8p1uf", K::scale_with_zero},
                                                             {"float6_e3m2fn", K::numbers_only},
                                                             {"cfloat8_143", K::wide_numbers_only},
                                                             {"cfloat16_uhp", K::wide_numbers_only},
                                                             {"ufloat11", K::other_float},
                                                             {"mxint8_element", K::fixed},
                                                             {"ternary", K::integer},
                                                             {"uint4", K::unsigned_integer},
                                                             {"takum16", K::tapered},
                                                             {"takum_log8", K::tapered},
                                                             {"binary", K::codebook}};
  for (const auto& [name, kind] : others) {
    const Format format = std::string(name) == "e3m2"
                              ? format_from_text(R"({"kind": "float", "exponent_bits": 3,
                                                     "fraction_bits": 2})")
                              : find_format(name);
    EXPECT_EQ(peer_kind_of(format), kind) << name;
  }
}

// -200 and 65536 as they were mistaken for 200 and 65504; uint4 and uint2 are no exceptions.
TEST(PresetsByKind, KeepTheSignOfIntegersAndTheInfinitiesOfWideFloats) {
  for (const char* preset : {"onnx", "onnx-saturate", "ptx-satfinite"}) {
    for (const char* name : {"uint8", "uint4", "uint2", "uint16"}) {
      Quantizer q{.format = find_format(name), .rounding = {}};
      q.rounding.overflow = parse_overflow(preset, q.format);
      for (const char* number : {"-200", "-1", "-inf"})
        EXPECT_EQ(agreed(number, q), (Outcome{0, beyond})) << preset << " " << name;
    }
  }
  Quantizer q{.format = find_format("binary16"), .rounding = {}};
  q.rounding.overflow = parse_overflow("onnx-saturate", q.format);
  EXPECT_EQ(agreed("65536", q), (Outcome{0x7c00, beyond}));
}

TEST(PresetsByKind, DocumentsNameARuleThatReadsBack) {
  for (const OverflowPreset& preset : overflow_presets()) {
    for (const PeerKindEntry& entry : peer_kinds()) {
      const std::optional<Overflow> rule = rule_for(preset, entry.kind);
      if (!rule) continue;
      Quantizer q{.format = example_of(entry.kind), .rounding = {}};
      q.rounding.overflow = *rule;
      EXPECT_EQ(quantizer_from_json(to_json(q), ""), q) << preset.name << " " << entry.name;
    }
  }
}

TEST(ProcessorsByKind, ConvertToIntegersAsTheyDo) {
  const auto quantizer = [](const char* preset, const char* name) {
    const Format format = find_format(name);
    return Quantizer{.format = format, .rounding = parse_rounding_preset(preset, format)};
  };
  for (const char* preset : {"arm", "arm-fz", "riscv"}) {
    EXPECT_TRUE(agreed("200", quantizer(preset, "int8")).code == 0x7f) << preset;
    EXPECT_TRUE(agreed("-inf", quantizer(preset, "int8")).code == 0x80) << preset;
    EXPECT_TRUE(agreed("-1", quantizer(preset, "uint8")).code == 0) << preset;
  }
  EXPECT_TRUE(agreed("nan", quantizer("arm", "int8")).code == 0);
  EXPECT_TRUE(agreed("nan", quantizer("riscv", "int8")).code == 0x7f);
  EXPECT_TRUE(agreed("nan", quantizer("riscv", "uint8")).code == 0xff);
  for (const char* name : {"int32", "float8_e4m3fn", "posit16", "float8_e5m2"})
    EXPECT_THROW(quantizer("x86", name), Error) << name;
  EXPECT_NO_THROW(quantizer("x86", "binary32"));
}

TEST(RoundingPresetsByKind, ScalesAloneTakeThePresetsOfScales) {
  for (const RoundingPreset& preset : rounding_presets()) {
    for (const PeerKindEntry& entry : peer_kinds()) {
      if (preset.powers_of_two) {
        EXPECT_EQ(rounding_for(preset, entry.kind).has_value(), entry.kind == K::power_of_two)
            << preset.name << " " << entry.name;
      } else if (entry.kind != K::integer && entry.kind != K::unsigned_integer) {
        EXPECT_EQ(rounding_for(preset, entry.kind).has_value(),
                  entry.kind == K::wide_float || entry.kind == K::half_float)
            << preset.name << " " << entry.name;
      }
    }
  }
}

}  // namespace
}  // namespace halfulp
