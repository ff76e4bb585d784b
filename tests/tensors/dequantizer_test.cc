// SPDX-License-Identifier: MIT
//
// Codes that the quantizer makes become the values that it makes, bit for bit: every block format
// of the catalogue and scalar ones, along every axis, in both carriers, from files too.
#include "golden/tensors/dequantizer.h"

#include <cmath>
#include <sstream>

#include "emulator/engine.h"
#include "formats/block.h"
#include "formats/random.h"
#include "golden/tensors/axis.h"
#include "golden/tensors/quantizer.h"
#include "support.h"

namespace halfulp::tensors {
namespace {

Tensor numbers(const Shape& shape, const char* type) {
  const Random random{.seed = 11};
  std::vector<double> made(element_count(shape));
  for (std::size_t i = 0; i < made.size(); ++i) {
    const double uniform = static_cast<float>(random.word(2 * i) * 0x1p-31 - 1);
    made[i] = std::ldexp(uniform, static_cast<int>(random.word(2 * i + 1) % 12));
  }
  return from_numbers({"", element_type(type), shape}, std::span<const double>(made));
}

// As another container would hold them: types without a name as unsigned integers.
FoundFile stored_of(std::vector<Tensor> codes, bool as_integers) {
  FoundFile file;
  for (Tensor& tensor : codes) {
    if (as_integers || !safetensors_name(tensor.type))
      tensor.type = element_type("uint" + std::to_string(8 * element_bytes(tensor.type)));
    file.tensors.push_back(stored(std::move(tensor)));
  }
  return file;
}

void expect_values(const AnyQuantizer& quantizer, const Tensor& tensor, int axis,
                   const std::string& what) {
  const TensorQuantizer made(quantizer, emulator::engine());
  const Unfolded in = unfold(tensor, axis_of(tensor.shape, axis));
  const Quantized out = made.quantize(in, {}, true);
  const Tensor want = made.values(in, out, "x");
  for (const bool as_integers : {false, true}) {
    const CodedFile file = coded_file(stored_of(made.codes(in, out, "x"), as_integers), quantizer);
    ASSERT_EQ(file.coded.size(), 1U) << what;
    EXPECT_TRUE(file.others.empty()) << what;
    const Tensor got =
        collected(dequantized(file.coded.front(), quantizer, axis, ValueEncoder(want.type)));
    EXPECT_EQ(got.shape, want.shape) << what;
    EXPECT_EQ(got.name, "x");
    ASSERT_EQ(got.type.name, want.type.name) << what;
    const std::vector<double> a = doubles_of(got);
    const std::vector<double> b = doubles_of(want);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const bool same = a[i] == b[i] && std::signbit(a[i]) == std::signbit(b[i]);
      ASSERT_TRUE(same || (std::isnan(a[i]) && std::isnan(b[i])))
          << what << " " << i << ": " << a[i] << ", not " << b[i];
    }
  }
}

TEST(Dequantizer, GivesTheValuesOfEveryBlockFormat) {
  for (const BlockEntry& entry : block_catalogue()) {
    for (const char* type : {"float32", "float64"}) {
      expect_values(entry.format, numbers({9, 70}, type), -1, entry.format.name + " " + type);
      expect_values(entry.format, numbers({9, 70}, type), 0, entry.format.name + " along columns");
    }
    expect_values(entry.format, numbers({0, 5}, "float32"), -1, entry.format.name + " of nothing");
    expect_values(entry.format, numbers({40}, "float32"), -1, entry.format.name + " in a row");
  }
}

TEST(Dequantizer, GivesTheValuesOfScalarFormatsAndScalings) {
  for (const char* text :
       {"float8_e4m3fn", "float6_e2m3fn", "int4", "posit16", "binary16", "int32", "bfloat16"})
    expect_values(any_quantizer_from_text(text), numbers({3, 7, 5}, "float32"), 1, text);
  for (const char* scaling : {"tensor", "row", "column", "group:16", "block:4x16"})
    expect_values(any_quantizer_from_text(std::string(R"({"format": "int8", "scaling": ")") +
                                          scaling + R"("})"),
                  numbers({8, 48}, "float32"), -1, scaling);
  expect_values(any_quantizer_from_text(R"({"format": "uint4", "scaling": {"rule": "range",
                                            "rows": 1, "columns": 8}})"),
                numbers({6, 16}, "float32"), -1, "zero points");
}

TEST(Dequantizer, ReadsLargeTensorsInParts) {
  const AnyQuantizer quantizer = find_block_format("mxfp4");
  expect_values(quantizer, numbers({700, 1000}, "float32"), -1, "parts");
}

TEST(Dequantizer, RefusesWhatIsNotTheFormats) {
  const AnyQuantizer quantizer = find_block_format("mxfp4");
  const TensorQuantizer made(quantizer, emulator::engine());
  const Unfolded in = unfold(numbers({4, 64}, "float32"), 1);
  const std::vector<Tensor> codes = made.codes(in, made.quantize(in, {}, true), "x");
  const auto said = [&](std::vector<Tensor> parts, const AnyQuantizer& as, int axis = -1) {
    try {
      const CodedFile file = coded_file(stored_of(std::move(parts), true), as);
      collected(dequantized(file.coded.front(), as, axis, ValueEncoder(element_type("float32"))));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(said(codes, quantizer), "");
  EXPECT_NE(said({codes[0]}, quantizer).find("x.scales"), std::string::npos);
  EXPECT_NE(said({codes[1]}, quantizer).find("codes"), std::string::npos);
  EXPECT_NE(said(codes, quantizer, 0).find("shape"), std::string::npos);
  EXPECT_NE(said(codes, find_block_format("nvfp4")).find("outer_scales"), std::string::npos);
  EXPECT_NE(said(codes, any_quantizer_from_text("binary16")).find("float16"), std::string::npos)
      << said(codes, any_quantizer_from_text("binary16"));
  std::vector<Tensor> wide = codes;
  wide[0].data[3] = 0x10;
  EXPECT_NE(said(wide, quantizer).find("4 bits"), std::string::npos) << said(wide, quantizer);
}

}  // namespace
}  // namespace halfulp::tensors
