// SPDX-License-Identifier: MIT
//
// Matrix units against dot products recorded on the devices (matrix-units/hw) and against the
// outputs of another model (matrix-units/sim), every row by the unit that the file names. What the
// rows of a recording do not say, the sign of zero and which NaN of AMD's units, is left open.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/matrix_unit.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"
#include "golden/kernels/unit_dot.h"
#include "tests/golden/engines.h"
#include "tests/golden/recordings.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {
namespace {

using MatrixUnits = GoldenTest;

// The codes of a row of digits without gaps.
std::vector<Code> codes_of(const Format& format, const std::string& digits) {
  const auto width = static_cast<std::size_t>((bits(format) + 3) / 4);
  std::vector<Code> codes;
  if (digits == "-") return codes;
  for (std::size_t i = 0; i < digits.size(); i += width)
    codes.push_back(parse_hex(std::string_view(digits).substr(i, width)));
  return codes;
}

Difference difference(const MatrixUnit& unit, const std::string& id, Code got, Code want) {
  return {.format = unit.name,
          .column = "d",
          .operands = "row " + id,
          .peer = code_text(unit.d, want),
          .ours = code_text(unit.d, got),
          .facts = {}};
}

void check_recording(const Engine& engine, const std::string& file) {
  Comparison comparison(engine, file);
  const MatrixUnit* unit = nullptr;
  std::optional<kernels::UnitDot> dot;
  for_each_row(file, [&](const Fields& row) {
    const std::vector<std::string> words = words_of(row);
    if (words[0] == "#") {
      if (const MatrixUnit* named = unit_of_header(header_of(words))) unit = named;
      if (unit != nullptr) dot.emplace(*unit, engine);
      return;
    }
    const std::vector<Code> a = codes_of(unit->a.format, words[1]);
    const std::vector<Code> b = codes_of(unit->b.format, words[2]);
    const Code want = parse_hex(words[4]);
    const Code got = (*dot)({.a = a, .b = b, .c = parse_hex(words[3])});
    comparison.check(got == want, [&] { return difference(*unit, words[0], got, want); });
  });
}

TEST_P(MatrixUnits, GiveWhatDevicesGave) {
  for (const std::string& file : files_in("matrix-units/hw")) {
    if (file.find("vcvtneps2bf16") == std::string::npos) check_recording(engine(), file);
  }
}

TEST_P(MatrixUnits, ConversionsGiveWhatTheProcessorGave) {
  const std::string file = "matrix-units/hw/x86.vcvtneps2bf16.txt";
  Comparison comparison(engine(), file);
  const Format from = find_format("binary32");
  const Format to = find_format("bfloat16");
  const Plan plan =
      engine().prepare({.format = to, .rounding = find_rounding_preset("x86-ftz").rounding});
  for_each_row(file, [&](const Fields& row) {
    const std::vector<std::string> words = words_of(row);
    if (words[0] == "#") return;
    const Code want = parse_hex(words[2]);
    const Code got = engine().convert(from, parse_hex(words[1]), plan, 0).code;
    comparison.check(got == want, [&] {
      return Difference{.format = "bfloat16",
                        .column = "d",
                        .operands = words[1],
                        .peer = code_text(to, want),
                        .ours = code_text(to, got),
                        .facts = {}};
    });
  });
}

// What the file's authors leave open: which NaN AMD's units give and the sign of their zeros, and
// CDNA3's FP8 products where the addend is no number.
bool is_left_open(const MatrixUnit& unit, Code c, Code got, Code want) {
  if (unit.vendor != "AMD") return false;
  const CodeClass ours = classify(unit.d, got);
  const CodeClass theirs = classify(unit.d, want);
  const bool open_class = ours == CodeClass::nan || ours == CodeClass::zero;
  if (open_class && ours == theirs) return true;
  const CodeClass addend = classify(unit.c.format, c);
  const bool is_number = addend != CodeClass::nan && addend != CodeClass::infinite;
  return !is_number && unit.tree.sums.front().alignment &&
         unit.tree.sums.front().alignment->drops_running;
}

void check_model(const Engine& engine, const std::string& file) {
  const std::size_t stem = file.rfind('/') + 1;
  const MatrixUnit& unit = find_matrix_unit(file.substr(stem, file.rfind('.') - stem));
  const kernels::UnitDot dot(unit, engine);
  Comparison comparison(engine, file);
  for_each_row(file, [&](const Fields& row) {
    const std::vector<std::string> words = words_of(row);
    if (words[0] == "#") return;
    const std::vector<Code> a = codes_of(unit.a.format, words[2]);
    const std::vector<Code> b = codes_of(unit.b.format, words[3]);
    const Code c = parse_hex(words[4]);
    std::vector<std::vector<Code>> a_scales;
    std::vector<std::vector<Code>> b_scales;
    if (words[5] != "-") {
      const Format scale = find_format("float8_e8m0fnu");  // of as many digits as any scale
      a_scales.push_back(codes_of(scale, words[5]));
      b_scales.push_back(codes_of(scale, words[6]));
    }
    const Code want = parse_hex(words[7]);
    const Code got = dot({.a = a, .b = b, .c = c, .a_scales = a_scales, .b_scales = b_scales});
    const bool same = got == want || is_left_open(unit, c, got, want);
    comparison.check(same, [&] { return difference(unit, words[0] + " " + words[1], got, want); });
  });
}

TEST_P(MatrixUnits, AgreeWithAnotherModel) {
  for (const std::string& file : files_in("matrix-units/sim")) check_model(engine(), file);
}

// One dot product tells the units apart: c = 2^23, products -2^23, -0.5, -0.25, -0.125. Fasi,
// Higham, Mikaitis and Pranesh have such; the results are those of the facts gathered for the
// units.
double discriminated(const Engine& engine, const std::string& name) {
  const MatrixUnit& unit = find_matrix_unit(name);
  const std::size_t terms = std::max<std::size_t>(4, static_cast<std::size_t>(unit.terms));
  std::vector<Code> a(terms, zero_code(unit.a.format, false));
  std::vector<Code> b = a;
  constexpr std::array left{-0x1p13, -0.5, -0.25, -0.125};
  constexpr std::array right{0x1p10, 1.0, 1.0, 1.0};
  for (std::size_t k = 0; k < left.size(); ++k) {
    a[k] = encode(unit.a.format, from_double(left[k]));
    b[k] = encode(unit.b.format, from_double(right[k]));
  }
  std::vector<std::vector<Code>> scales;
  for (const Sum& sum : unit.tree.sums) {
    if (!sum.scaling) continue;
    const auto block = static_cast<std::size_t>(sum.scaling->block);
    scales.emplace_back((terms + block - 1) / block, encode(sum.scaling->left, make_value(1)));
  }
  const kernels::UnitDot dot(unit, engine);
  const Code d = dot({.a = a,
                      .b = b,
                      .c = encode(unit.c.format, from_double(0x1p23)),
                      .a_scales = scales,
                      .b_scales = scales});
  return to_double(decode(unit.d, d));
}

class Discriminator : public testing::TestWithParam<const Engine*> {};
TEST_P(Discriminator, GivesWhatIsPublished) {
  const std::map<double, std::vector<std::string>> published{
      {-0.875, {"nv.ampere.mma.f64", "amd.cdna1.f32", "amd.cdna1.f16", "amd.cdna1.bf16"}},
      {0.0,
       {"nv.volta.mma.f16.f32", "nv.ada.mma.e5m2.f32", "nv.hopper.wgmma.e5m2.f32", "amd.cdna2.f16",
        "amd.cdna2.bf16_1k"}},
      {-0.5,
       {"nv.turing.mma.f16.f32", "nv.ampere.mma.f16.f32", "nv.ampere.mma.bf16.f32",
        "nv.ampere.mma.tf32.f32", "nv.ada.mma.f16.f32", "amd.cdna3.f16", "amd.cdna3.bf16",
        "amd.cdna3.xf32"}},
      {-0.75,
       {"nv.hopper.mma.f16.f32", "nv.hopper.wgmma.bf16.f32", "nv.hopper.mma.tf32.f32",
        "nv.blackwell.tcgen05.f16.f32", "nv.blackwell.tcgen05.e5m2.f32",
        "nv.blackwell.mx.e5m2.f32"}},
      {-0.375, {"amd.cdna2.bf16"}},
      {-1.0, {"amd.cdna3.bf8_bf8"}}};
  for (const auto& [result, names] : published) {
    for (const std::string& name : names)
      EXPECT_EQ(discriminated(*GetParam(), name), result) << name;
  }
}

HALFULP_ON_ALL_ENGINES(MatrixUnits);
HALFULP_ON_ALL_ENGINES(Discriminator);

}  // namespace
}  // namespace halfulp::golden
