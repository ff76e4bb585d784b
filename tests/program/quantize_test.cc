// SPDX-License-Identifier: MIT
//
// halfulp quantize from outside: the files that it writes hold what the engines say, in the order
// that the axis asks for, whatever the number of threads; what it prints is right; bad calls are
// one line and write nothing.
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/block.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "formats/numbers/value.h"
#include "formats/random.h"
#include "golden/tensors/files.h"
#include "program.h"

namespace halfulp::program {
namespace {

using tensors::Tensor;

class Quantize : public Program {
 protected:
  // Numbers of many magnitudes, the same in every run.
  void make(const std::string& name, const tensors::Shape& shape, const std::string& type) const {
    const Random random{.seed = 7};
    std::vector<float> numbers(tensors::element_count(shape));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double uniform = random.word(2 * i) * 0x1p-31 - 1;
      numbers[i] =
          static_cast<float>(std::ldexp(uniform, static_cast<int>(random.word(2 * i + 1) % 9)));
    }
    tensors::TensorFile file;
    file.tensors = {tensors::from_numbers({"", tensors::element_type("float32"), shape}, numbers)};
    if (type == "float64")
      file.tensors = {tensors::from_numbers({"", tensors::element_type(type), shape},
                                            std::vector<double>(numbers.begin(), numbers.end()))};
    tensors::write((work() / name).string(), file, {});
  }
  [[nodiscard]] std::vector<Tensor> read(const std::string& name) const {
    return tensors::read((work() / name).string(), {}).tensors;
  }
  [[nodiscard]] std::vector<float> numbers(const std::string& name) const {
    return tensors::floats_of(read(name).front());
  }
  void expect_good(const std::string& command) const {
    const Ran ran = shell(command);
    EXPECT_EQ(ran.status, 0) << command << "\n" << ran.err;
  }
};

TEST_F(Quantize, RoundsABlockToMxfp4) {
  // The largest magnitude is 7: floor(log2 7) - 2 = 0, so the scale is 1 and 7 saturates at 6.
  tensors::TensorFile file;
  file.tensors = {tensors::from_numbers({"", tensors::element_type("float32"), {6}},
                                        std::vector<float>{7, -0.25F, 0.75F, 2.5F, -5, 0.2F})};
  tensors::write((work() / "x.npy").string(), file, {});
  const Ran ran = shell("halfulp quantize x.npy --to mxfp4 -o y.npy --json");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(numbers("y.npy"), (std::vector<float>{6, -0.0F, 1, 2, -4, 0}));
  const Json facts = parse_json(ran.out, "");
  // (1 + 0.0625 + 0.0625 + 0.25 + 1 + 0.04) / 6, the last being the float next to 0.2.
  EXPECT_NEAR(facts["mean_square_error"].get<double>(), 2.415 / 6, 1e-8);
  EXPECT_EQ(facts["saturated"], 1);
  EXPECT_EQ(facts["flushed_to_zero"], 2);
  // 5 is in the middle of 4 and 6, 7 half the last step above 6: the first of them counts.
  EXPECT_EQ(facts["largest_error_ulp"], 0.5);
  EXPECT_EQ(facts["largest_error_at"], 0);
}

TEST_F(Quantize, WritesCodesAndScalesThatMakeTheValues) {
  make("x.npy", {3, 40}, "float32");
  for (const std::string to : {"mxfp4", "nvfp4", "mxint8", "mxfp8_e4m3"}) {
    expect_good("halfulp quantize x.npy --quiet -o y.npy --to " + to);
    expect_good("halfulp quantize x.npy --quiet --codes -o y.npz --to " + to);
    expect_good("halfulp quantize x.npy --quiet --codes -o y.safetensors --to " + to);
    const BlockFormat format = find_block_format(to);
    const std::vector<Tensor> stored = read("y.safetensors");
    const std::vector<float> values = numbers("y.npy");
    const auto tensor = [&](const std::string& name) {
      for (const Tensor& one : stored) {
        if (one.name == name) return one;
      }
      ADD_FAILURE() << name;
      return stored.front();
    };
    const Tensor codes = tensor("codes");
    const Tensor scales = tensor("scales");
    const auto columns = static_cast<std::size_t>(format.levels.back().columns);
    EXPECT_EQ(scales.shape,
              (tensors::Shape{3, static_cast<std::int64_t>((40 + columns - 1) / columns)}));
    double outer = 1;
    if (format.levels.size() > 1) outer = tensors::doubles_of(tensor("outer_scales")).at(0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t block =
          i / 40 * static_cast<std::size_t>(scales.shape[1]) + i % 40 / columns;
      const double scale =
          to_double(decode(format.levels.back().scale.format, tensors::code_at(scales, block)));
      const double element = to_double(decode(format.element.format, tensors::code_at(codes, i)));
      EXPECT_EQ(static_cast<float>(outer * scale * element), values[i]) << to << " " << i;
    }
    EXPECT_EQ(read("y.npz").size(), stored.size());
  }
}

TEST_F(Quantize, RefusesToWriteOverItsInput) {
  make("w.npy", {4}, "float32");
  const std::string before = text_of("w.npy");
  std::filesystem::create_symlink("w.npy", work() / "soft.npy");
  std::filesystem::create_hard_link(work() / "w.npy", work() / "hard.npy");
  for (const std::string call : {"w.npy -o w.npy", "w.npy -o soft.npy", "soft.npy -o w.npy",
                                 "w.npy -o hard.npy", "w.npy -o ./w.npy", "- -o w.npy < w.npy"}) {
    const Ran ran = shell("halfulp quantize --to fp4 " + call);
    EXPECT_EQ(ran.status, 2) << call;
    EXPECT_EQ(ran.out, "") << call;
    EXPECT_NE(ran.err.find("the input IN"), std::string::npos) << call << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_EQ(text_of("w.npy"), before) << call;
  }
  EXPECT_TRUE(std::filesystem::is_symlink(work() / "soft.npy"));
  EXPECT_EQ(std::filesystem::hard_link_count(work() / "w.npy"), 2);
  file("f.raw", R"({"format": "fp4"})");
  EXPECT_EQ(shell("halfulp quantize w.npy --to ./f.raw -o f.raw").status, 2);
  EXPECT_EQ(text_of("f.raw"), R"({"format": "fp4"})");
}

TEST_F(Quantize, BlocksLieAlongTheAxis) {
  make("x.npy", {5, 6, 7}, "float32");
  expect_good("halfulp quantize x.npy --quiet --axis 1 --to bfp4_4 -o y.npy");
  const std::vector<float> x = numbers("x.npy");
  const std::vector<float> y = numbers("y.npy");
  // Each column of each matrix alone gives the same.
  for (int i = 0; i < 5; ++i) {
    for (int k = 0; k < 7; ++k) {
      std::vector<float> line;
      std::vector<float> want;
      for (int j = 0; j < 6; ++j) {
        line.push_back(x[static_cast<std::size_t>((i * 6 + j) * 7 + k)]);
        want.push_back(y[static_cast<std::size_t>((i * 6 + j) * 7 + k)]);
      }
      if (i * 7 + k > 9) continue;
      tensors::TensorFile file;
      file.tensors = {tensors::from_numbers({"", tensors::element_type("float32"), {6}}, line)};
      tensors::write((work() / "line.npy").string(), file, {});
      expect_good("halfulp quantize line.npy --quiet --to bfp4_4 -o got.npy");
      EXPECT_EQ(numbers("got.npy"), want);
    }
  }
  expect_good("halfulp quantize x.npy --quiet --axis 1 --codes --to bfp4_4 -o y.npz");
  for (const Tensor& tensor : read("y.npz"))
    EXPECT_EQ(tensor.shape,
              tensor.name == "codes" ? (tensors::Shape{5, 6, 7}) : (tensors::Shape{5, 2, 7}));
}

TEST_F(Quantize, ScalesOfEveryGranularityHaveTheirShape) {
  make("x.npy", {8, 48}, "float32");
  const std::vector<std::pair<std::string, tensors::Shape>> cases{
      {"tensor", {}}, {"row", {8}}, {"column", {48}}, {"group:16", {8, 3}}, {"block:4x16", {2, 3}}};
  for (const auto& [scaling, shape] : cases) {
    expect_good("halfulp quantize x.npy --quiet --codes --to int8 -o y.npz --scaling " + scaling);
    const std::vector<Tensor> stored = read("y.npz");
    ASSERT_EQ(stored.size(), 2U);
    EXPECT_EQ(stored[1].name, "scales");
    EXPECT_EQ(stored[1].shape, shape) << scaling;
    EXPECT_EQ(stored[1].type.name, "float32");
  }
}

TEST_F(Quantize, NeitherThreadsNorEngineChangeAByte) {
  make("x.npy", {700, 1000}, "float64");
  make("small.npy", {33, 50}, "float32");
  const std::string call = "halfulp quantize x.npy --quiet --rounding sr --seed 5 --codes ";
  expect_good(call + "--to mxfp6_e3m2 --threads 1 -o one.npz");
  expect_good(call + "--to mxfp6_e3m2 --threads 3 -o three.npz");
  EXPECT_EQ(text_of("one.npz"), text_of("three.npz"));
  for (const BlockEntry& entry : block_catalogue()) {
    const std::string small =
        "halfulp quantize small.npy --quiet --rounding sr --seed 5 --codes --to '" +
        entry.format.name + "'";
    expect_good(small + " -o one.npz");
    expect_good(small + " --reference -o reference.npz");
    EXPECT_EQ(text_of("one.npz"), text_of("reference.npz")) << entry.format.name;
  }
}

TEST_F(Quantize, TakesSeveralTensorsAndChoosesAmongThem) {
  make("a.npy", {4, 32}, "float32");
  make("b.npy", {64}, "float64");
  tensors::TensorFile file;
  file.tensors = {read("a.npy").front(), read("b.npy").front()};
  file.tensors[0].name = "layer.weight";
  file.tensors[1].name = "layer.bias";
  tensors::write((work() / "both.npz").string(), file, {});
  expect_good("halfulp quantize both.npz --to e4m3fn -o out.npz");
  EXPECT_EQ(read("out.npz").size(), 2U);
  const Ran ran = shell("halfulp quantize both.npz --to e4m3fn --only layer.bias -o out.npy");
  EXPECT_NE(ran.out.find("layer.bias"), std::string::npos);
  EXPECT_EQ(ran.out.find("layer.weight"), std::string::npos);
  EXPECT_EQ(read("out.npy").front().type.name, "float64");
}

TEST_F(Quantize, PredictsTheExponentOfFlexpointFromTensorToTensor) {
  tensors::TensorFile file;
  for (int step = 0; step < 4; ++step) {
    const float largest = step < 2 ? 1.0F : 1.75F;
    file.tensors.push_back(tensors::from_numbers(
        {"step" + std::to_string(step), tensors::element_type("float32"), {2}},
        std::vector<float>{largest, -0.25F}));
  }
  tensors::write((work() / "steps.npz").string(), file, {});
  const Ran ran = shell("halfulp quantize steps.npz --to flex16+5 -o out.npz --json --quiet");
  EXPECT_EQ(ran.status, 0) << ran.err;
  std::vector<double> scales;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);)
    scales.push_back(parse_json(line, "")["predicted_scale"].get<double>());
  // 1, 1, then 1.75 under the old scale (maxima 1, 1, 1.75: deviation 0.354, 1.75 + 1.06 > 2).
  EXPECT_EQ(scales, (std::vector<double>{0x1p-14, 0x1p-14, 0x1p-14, 0x1p-13}));
  EXPECT_EQ(numbers("out.npz"), (std::vector<float>{1.0F, -0.25F}));
}

struct BadCall {
  std::string name, command, place, remedy;
};

class BadQuantize : public Quantize, public ::testing::WithParamInterface<BadCall> {};

TEST_P(BadQuantize, IsOneLineAndWritesNothing) {
  make("x.npy", {3, 32}, "float32");
  make("cube.npy", {2, 3, 32}, "float32");
  const std::vector<std::string> before = names();
  const Ran ran = shell(GetParam().command);
  EXPECT_EQ(ran.status, 2) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  EXPECT_EQ(ran.err.rfind("halfulp: ", 0), 0U) << ran.err;
  EXPECT_NE(ran.err.find(GetParam().place), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find(GetParam().remedy), std::string::npos) << ran.err;
  EXPECT_EQ(names(), before);
}

INSTANTIATE_TEST_SUITE_P(
    Calls, BadQuantize,
    ::testing::Values(
        BadCall{"format", "halfulp quantize x.npy --to mxfp5 -o y.npy", "--to", "mxfp4"},
        BadCall{"axis", "halfulp quantize x.npy --to mxfp4 --axis 2 -o y.npy", "--axis", "0 to 1"},
        BadCall{"rule", "halfulp quantize x.npy --to mxfp4 --scale-rule flor -o y.npy",
                "--scale-rule", "floor"},
        BadCall{"special", "halfulp quantize x.npy --to mxfp4 --special-block nam -o y.npy",
                "--special-block", "nan"},
        BadCall{"scaling", "halfulp quantize x.npy --to int8 --scaling rows -o y.npy", "--scaling",
                "row"},
        BadCall{"scaled_block", "halfulp quantize x.npy --to mxfp4 --scaling row -o y.npy",
                "--scaling", "own scales"},
        BadCall{"rule_of_scalar", "halfulp quantize x.npy --to int8 --scale-rule floor -o y.npy",
                "--scale-rule", "--scaling"},
        BadCall{"codes_in_npy", "halfulp quantize x.npy --to mxfp4 --codes -o y.npy", "-o",
                ".safetensors"},
        BadCall{"ending", "halfulp quantize x.npy --to mxfp4 -o y.txt", "-o", ".npy"},
        BadCall{"missing", "halfulp quantize z.npy --to mxfp4 -o y.npy", "z.npy", ""},
        BadCall{"no_folder", "halfulp quantize x.npy --to mxfp4 -o no/y.npy", "no", ""},
        BadCall{"only", "halfulp quantize x.npy --to mxfp4 --only w -o y.npy", "--only", "w"},
        BadCall{"raw", "halfulp quantize - --dtype float32 --to mxfp4 -o y.npy", "standard input",
                ""},
        BadCall{"shape", "halfulp quantize x.npy --shape 3,, --to mxfp4 -o y.npy", "--shape",
                "128,512"},
        BadCall{"wide", "halfulp quantize x.npy --to posit64 -o y.npy", "--to", "cast"},
        BadCall{"straddling", "halfulp quantize cube.npy --to int8 --scaling block:2x16 -o y.npy",
                "cube.npy", "divide 3"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace halfulp::program
