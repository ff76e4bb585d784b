// SPDX-License-Identifier: MIT
//
// What halfulp quantize says of a tensor that is not all numbers: how many elements were NaN or
// infinite and became it, over how many the errors are, and that nobody takes ruins for perfection.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "formats/json.h"
#include "golden/tensors/files.h"
#include "program.h"

namespace halfulp::program {
namespace {

using tensors::Tensor;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

class QuantizeStatistics : public Program {
 protected:
  void make(const std::string& name, const std::vector<float>& numbers) const {
    tensors::TensorFile file;
    file.tensors = {tensors::from_numbers(
        {"", tensors::element_type("float32"), {static_cast<std::int64_t>(numbers.size())}},
        numbers)};
    tensors::write((work() / name).string(), file, {});
  }
  // Its JSON, and what stood on standard error.
  struct Said {
    Json facts;
    std::string err;
  };
  [[nodiscard]] Said quantize(const std::vector<float>& numbers, const std::string& options) const {
    make("w.npy", numbers);
    const Ran ran = shell("halfulp quantize w.npy -o y.npy --quiet --json --to " + options);
    EXPECT_EQ(ran.status, 0) << ran.err;
    return {parse_json(ran.out, ""), ran.err};
  }
};

// The scale of NVFP4 spans the tensor, so that one NaN is in every block.
TEST_F(QuantizeStatistics, ATensorThatOneNanDestroysIsNotPerfect) {
  std::vector<float> numbers(16384, 0.75F);
  numbers[777] = nan;
  const auto [facts, err] = quantize(numbers, "nvfp4");
  EXPECT_EQ(facts["elements"], 16384);
  EXPECT_EQ(facts["nan_in"], 1);
  EXPECT_EQ(facts["nan_out"], 16384);
  EXPECT_EQ(facts["infinite_out"], 0);
  EXPECT_EQ(facts["lost"], 16383);
  EXPECT_EQ(facts["measured"], 0);
  EXPECT_TRUE(facts["mean_square_error"].is_null());
  EXPECT_EQ(facts["signal_to_noise_db"], "-");
  EXPECT_TRUE(facts["largest_error_ulp"].is_null());
  EXPECT_EQ(facts["saturated"], 0);
  EXPECT_EQ(err,
            "halfulp: w.npy: warning: 1 NaN in, 16384 NaN out, 16383 finite elements lost; the "
            "errors are of 0 of 16384 elements; --special-block says what a block with NaN or "
            "infinities becomes\n");
  const Ran table = shell("halfulp quantize w.npy --to nvfp4 -o y.npy");
  EXPECT_EQ(table.out,
            "tensor  shape    elements  NaN in  NaN out  infinite  measured  MSE  SNR (dB)  "
            "saturated  to zero  max ulp\n"
            "-       [16384]     16384       1    16384         0         0    -         -        "
            "0 %      0 %        -\n");
  EXPECT_NE(table.err.find("warning"), std::string::npos);
}

TEST_F(QuantizeStatistics, BlocksWithoutNanAreMeasured) {
  std::vector<float> numbers(64, 1.0F);
  numbers[0] = nan;
  numbers[40] = 0.9F;
  const auto [facts, err] = quantize(numbers, "mxfp4");
  EXPECT_EQ(facts["measured"], 32);
  EXPECT_EQ(facts["nan_out"], 32);
  EXPECT_EQ(facts["lost"], 31);
  EXPECT_NEAR(facts["mean_square_error"].get<double>(), 0.01 / 32, 1e-8);
  EXPECT_NE(err.find("errors are of 32 of 64 elements"), std::string::npos) << err;
}

// 500 is beyond 448: NaN by IEEE's rule, as e4m3fn has no infinity, and 448 where it saturates.
TEST_F(QuantizeStatistics, WhatBecomesNanOrInfiniteIsNotSaturated) {
  struct Case {
    std::string options;
    int saturated, nan_out, infinite_out, lost, measured;
  };
  const std::vector<float> numbers{500, -500, 1, infinity, nan, 448, 1e30F, 0};
  for (const Case& c : {Case{"float8_e4m3fn --overflow ieee", 0, 5, 0, 3, 3},
                        Case{"float8_e4m3fn --overflow saturate", 4, 1, 0, 0, 6},
                        Case{"float8_e4m3fn --rounding sr --overflow ieee", 0, 5, 0, 3, 3},
                        Case{"float8_e5m2 --overflow ieee", 0, 1, 2, 1, 5},
                        Case{"float8_e5m2 --overflow saturate", 2, 1, 0, 0, 6},
                        Case{"binary16", 0, 1, 2, 1, 5}, Case{"binary32", 0, 1, 1, 0, 6}}) {
    const auto [facts, err] = quantize(numbers, c.options);
    EXPECT_EQ(facts["saturated"], c.saturated) << c.options << facts;
    EXPECT_EQ(facts["nan_out"], c.nan_out) << c.options << facts;
    EXPECT_EQ(facts["infinite_out"], c.infinite_out) << c.options << facts;
    EXPECT_EQ(facts["lost"], c.lost) << c.options << facts;
    EXPECT_EQ(facts["nan_in"], 1) << c.options;
    EXPECT_EQ(facts["infinite_in"], 1) << c.options;
    EXPECT_EQ(facts["special"], 2) << c.options;
    EXPECT_NE(err.find("1 NaN in"), std::string::npos) << err;
  }
}

// Under a scale that is a number, an element that overflows to NaN is not saturated either.
TEST_F(QuantizeStatistics, NorIsItInBlocks) {
  const std::vector<float> numbers{496, 1, 2, 3};
  const auto lost = quantize(numbers, "mxfp8_e4m3 --overflow ieee");
  EXPECT_EQ(lost.facts["nan_out"], 1);
  EXPECT_EQ(lost.facts["lost"], 1);
  EXPECT_EQ(lost.facts["saturated"], 0);
  EXPECT_EQ(lost.facts["measured"], 3);
  EXPECT_EQ(lost.err,
            "halfulp: w.npy: warning: 1 NaN out, 1 finite element lost; the errors are of 3 of 4 "
            "elements\n");
  const auto kept = quantize(numbers, "mxfp8_e4m3");
  EXPECT_EQ(kept.facts["saturated"], 1);
  EXPECT_EQ(kept.facts["measured"], 4);
  EXPECT_EQ(kept.err, "");
}

TEST_F(QuantizeStatistics, NumbersAloneNeedNoWarning) {
  const auto [facts, err] = quantize({1, 2, 3}, "fp4");
  EXPECT_EQ(err, "");
  EXPECT_EQ(facts["measured"], 3);
  EXPECT_EQ(facts["mean_square_error"], 0.0);
  EXPECT_EQ(facts["signal_to_noise_db"], "inf");
}

// NaN that a format has no code for becomes a number, which is worth a word too.
TEST_F(QuantizeStatistics, NanThatBecomesANumberIsNamed) {
  const auto [facts, err] = quantize({nan, 1}, "int8");
  EXPECT_EQ(facts["nan_in"], 1);
  EXPECT_EQ(facts["nan_out"], 0);
  EXPECT_EQ(facts["measured"], 1);
  EXPECT_EQ(err, "halfulp: w.npy: warning: 1 NaN in; the errors are of 1 of 2 elements\n");
}

TEST_F(QuantizeStatistics, WhatAFileSaysOfItselfIsKept) {
  tensors::TensorFile file;
  file.tensors = {tensors::from_numbers({"w", tensors::element_type("float32"), {2}},
                                        std::vector<float>{1, 2})};
  file.metadata = {{"format", "pt"}, {"halfulp", "old"}, {"note", "\"quoted\""}};
  tensors::write((work() / "w.safetensors").string(), file, {});
  ASSERT_EQ(shell("halfulp quantize w.safetensors --to fp4 -o v.safetensors").status, 0);
  EXPECT_EQ(tensors::read((work() / "v.safetensors").string(), {}).metadata, file.metadata);
  ASSERT_EQ(shell("halfulp quantize w.safetensors --to fp4 --codes -o c.safetensors").status, 0);
  const tensors::Metadata of_codes =
      tensors::read((work() / "c.safetensors").string(), {}).metadata;
  ASSERT_EQ(of_codes.size(), 3U);
  EXPECT_EQ(of_codes[0], file.metadata[0]);
  EXPECT_EQ(of_codes[1], file.metadata[2]);
  EXPECT_EQ(of_codes[2].first, "halfulp");
  EXPECT_EQ(parse_json(of_codes[2].second, "")["format"]["name"], "float4_e2m1fn");
}

TEST_F(QuantizeStatistics, OnlyReadsNothingElse) {
  tensors::TensorFile file;
  for (const char* name : {"f", "g"})
    file.tensors.push_back(tensors::from_numbers({name, tensors::element_type("float32"), {1}},
                                                 std::vector<float>{3}));
  tensors::write((work() / "w.npz").string(), file, {});
  // The other member is ruined: its bytes are stored as they are.
  std::string text = text_of("w.npz");
  const std::size_t at = text.find("NUMPY", text.find("NUMPY") + 1);
  text[at] = 'X';
  this->file("w.npz", text);
  EXPECT_EQ(shell("halfulp quantize w.npz --to fp4 -o y.npy --only g").status, 2);
  const Ran ran = shell("halfulp quantize w.npz --to fp4 -o y.npy --only f");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(shell("halfulp quantize w.npz --to fp4 -o z.npz --only f,f").status, 2);
  const Ran missing = shell("halfulp quantize w.npz --to fp4 -o z.npz --only ff");
  EXPECT_EQ(missing.err, "halfulp: --only: there is no tensor \"ff\"; did you mean \"f\"?\n");
}

TEST_F(QuantizeStatistics, TensorsWithoutElementsHaveNoScales) {
  for (const tensors::Shape& shape :
       {tensors::Shape{0}, tensors::Shape{0, 5}, tensors::Shape{5, 0}}) {
    tensors::TensorFile file;
    file.tensors = {tensors::from_codes({"w", tensors::element_type("float32"), shape},
                                        std::vector<std::uint64_t>{})};
    tensors::write((work() / "w.safetensors").string(), file, {});
    for (const char* format : {"nvfp4", "mxfp4", "int8_row"}) {
      const Ran ran =
          shell(std::string("halfulp quantize w.safetensors --codes -o y.npz --to ") + format);
      EXPECT_EQ(ran.status, 0) << format << ran.err;
      const tensors::TensorFile out = tensors::read((work() / "y.npz").string(), {});
      ASSERT_EQ(out.tensors.front().name, "w.codes");
      EXPECT_EQ(out.tensors.front().shape, shape) << format;
    }
  }
}

TEST_F(QuantizeStatistics, PackedBytesOfSafetensorsAreCodesOfFourBits) {
  tensors::TensorFile file;
  // 1, -6, 0.5, 0 in E2M1: 2, f, 1, 0; the first code in the lowest bits.
  file.tensors = {tensors::from_codes({"w", tensors::element_type("uint8"), {1, 2}},
                                      std::vector<std::uint64_t>{0xf2, 0x01})};
  tensors::write((work() / "w.safetensors").string(), file, {});
  const Ran ran =
      shell("halfulp quantize w.safetensors --dtype fp4 --packed --to bf16 -o y.npy --json");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(parse_json(ran.out, "")["shape"], Json({1, 4}));
  EXPECT_EQ(tensors::floats_of(tensors::read((work() / "y.npy").string(), {}).tensors.front()),
            (std::vector<float>{1, -6, 0.5F, 0}));
}

}  // namespace
}  // namespace halfulp::program
