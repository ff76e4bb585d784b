// SPDX-License-Identifier: MIT
//
// halfulp dequantize from outside: what quantize --codes wrote comes back as the values that
// quantize writes, GGUF too; it takes no memory for the size of a file; bad calls and files are one
// line and write nothing.
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "formats/files/safetensors_layout.h"
#include "formats/json.h"
#include "golden/tensors/files.h"
#include "program.h"

namespace halfulp::program {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool limits_memory = false;
#elif defined(__has_feature)
constexpr bool limits_memory = !__has_feature(address_sanitizer);
#else
constexpr bool limits_memory = true;
#endif

class Dequantize : public Program {
 protected:
  void make(const std::string& name, const tensors::Shape& shape) const {
    std::vector<float> numbers(tensors::element_count(shape));
    std::uint32_t state = 1;
    for (float& number : numbers) {
      state = state * 1664525 + 1013904223;
      number = std::ldexp(static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31F,
                          static_cast<int>(state >> 8U) % 9);
    }
    tensors::TensorFile file;
    file.tensors = {tensors::from_numbers({"w", tensors::element_type("float32"), shape}, numbers)};
    tensors::write((work() / name).string(), file, {});
  }

  struct Part {
    std::string name, type;
    tensors::Shape shape;
    std::string data;
  };
  void make_safetensors(const std::string& name, const std::vector<Part>& parts) const {
    tensors::SafetensorsHeader header;
    std::string data;
    for (const Part& part : parts) {
      header.entries.push_back({part.name, part.type, part.shape, data.size(), 0});
      data += part.data;
      header.entries.back().end = data.size();
    }
    file(name, tensors::safetensors_start(header) + data);
  }

  [[nodiscard]] std::vector<tensors::Tensor> read(const std::string& name) const {
    return tensors::read((work() / name).string(), {}).tensors;
  }
  void expect_good(const std::string& command) const {
    const Ran ran = shell(command);
    EXPECT_EQ(ran.status, 0) << command << "\n" << ran.err;
  }
};

TEST_F(Dequantize, UndoesWhatQuantizeWroteAsCodes) {
  make("x.safetensors", {6, 64});
  for (const std::string to :
       {"mxfp4", "nvfp4", "mxfp8_e4m3 --axis 0", "mxint8 --scale-layout 128x4", "float8_e4m3fn",
        "nvfp4 --block 2x16", "mxfp6_e2m3 --axis 0 --scale-layout 128x4", "int8 --scaling row",
        R"(uint4 --scaling '{"rule": "range", "columns": 16}')"}) {
    expect_good("halfulp quantize x.safetensors --quiet -o y.safetensors --codes --to " + to);
    const std::string values_call = to.substr(0, to.find(" --scale-layout"));
    expect_good("halfulp quantize x.safetensors --quiet -o want.safetensors --to " + values_call);
    const Ran ran = shell("halfulp dequantize y.safetensors -o got.safetensors");
    EXPECT_EQ(ran.status, 0) << to << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(read("got.safetensors"), read("want.safetensors")) << to;
  }
}

TEST_F(Dequantize, TakesTheFormatFromTheCallWhereTheFileHasNone) {
  make("x.npz", {6, 64});
  expect_good("halfulp quantize x.npz --quiet --codes --to nvfp4 --axis 0 -o y.npz");
  expect_good("halfulp quantize x.npz --quiet --to nvfp4 --axis 0 -o want.npz");
  expect_good("halfulp dequantize y.npz --from nvfp4 --axis 0 -o got.npz");
  EXPECT_EQ(text_of("got.npz"), text_of("want.npz"));
  EXPECT_EQ(shell("halfulp dequantize y.npz --from nvfp4 -o bad.npz").status, 2);
  EXPECT_EQ(shell("halfulp dequantize y.npz -o bad.npz").status, 2);
}

TEST_F(Dequantize, UndoesBothCopies) {
  make("x.safetensors", {40, 64});
  expect_good(
      "halfulp quantize x.safetensors --quiet --to mxfp8_e5m2 --both-copies --codes "
      "--scale-layout 128x4 -o y.safetensors");
  std::vector<std::string> names;
  for (const tensors::Tensor& tensor : read("y.safetensors")) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"w.columnwise.codes", "w.columnwise.scales",
                                             "w.rowwise.codes", "w.rowwise.scales"}));
  expect_good("halfulp dequantize y.safetensors -o got.npz");
  expect_good("halfulp quantize x.safetensors --quiet --to mxfp8_e5m2 --both-copies -o want.npz");
  expect_good("halfulp quantize x.safetensors --quiet --to mxfp8_e5m2 --axis 0 -o column.npy");
  const std::vector<tensors::Tensor> got = read("got.npz");
  for (const tensors::Tensor& want : read("want.npz")) {
    EXPECT_NE(std::find(got.begin(), got.end(), want), got.end()) << want.name;
    if (want.name != "w.columnwise") continue;
    EXPECT_EQ(want.data, read("column.npy").front().data);
  }
}

TEST_F(Dequantize, KnowsThatATensorWasRotated) {
  make("x.safetensors", {8, 64});
  const std::string call =
      "halfulp quantize x.safetensors --quiet --to nvfp4 --hadamard 16 --hadamard-seed 7 -o ";
  expect_good(call + "y.safetensors --codes");
  expect_good(call + "want.safetensors");
  expect_good("halfulp dequantize y.safetensors -o got.safetensors");
  EXPECT_EQ(read("got.safetensors"), read("want.safetensors"));
  const std::string bytes = text_of("y.safetensors");
  EXPECT_NE(bytes.find(R"("halfulp_hadamard":"16, signs of seed 7")"), std::string::npos);
  expect_good("halfulp quantize x.safetensors --quiet --to nvfp4 --hadamard 16 -o plain.npy");
  expect_good("halfulp quantize x.safetensors --quiet --to nvfp4 -o none.npy");
  EXPECT_NE(read("plain.npy").front().data, read("want.safetensors").front().data);
  EXPECT_NE(read("none.npy").front().data, read("plain.npy").front().data);
}

TEST_F(Dequantize, ReadsGgufThatQuantizeWrote) {
  make("x.safetensors", {4, 256});
  for (const std::string type : {"q4_0", "q8_0", "q4_k", "mxfp4", "tq1_0"}) {
    expect_good("halfulp quantize x.safetensors --quiet -o x.gguf --to gguf_" + type);
    expect_good("halfulp quantize x.safetensors --quiet -o want.npy --to gguf_" + type);
    expect_good("halfulp dequantize x.gguf -o got.npy --quiet");
    EXPECT_EQ(text_of("got.npy"), text_of("want.npy")) << type;
    expect_good("halfulp dequantize - -o piped.npy --quiet < x.gguf");
    EXPECT_EQ(text_of("piped.npy"), text_of("want.npy")) << type;
    expect_good("halfulp dequantize x.gguf -o wide.npy --to float64 --quiet");
    EXPECT_EQ(tensors::doubles_of(read("wide.npy").front()),
              tensors::doubles_of(read("want.npy").front()));
  }
  EXPECT_EQ(shell("halfulp dequantize x.gguf").out,
            "tensor  type   shape    bytes\nw       TQ1_0  [4,256]    216\n");
}

TEST_F(Dequantize, PrintsWhatIsThere) {
  make_safetensors("x.safetensors", {{"w", "F8_E4M3", {2, 3}, "abcdef"},
                                     {"w_scale_inv", "F32", {1, 1}, std::string(4, '\0')},
                                     {"n", "BF16", {2}, "abcd"}});
  EXPECT_EQ(shell("halfulp dequantize x.safetensors").out,
            "tensor  type                    shape  bytes\n"
            "w       F8_E4M3 x F32, 128x128  [2,3]     10\n"
            "n       BF16                    [2]        4\n");
  const Ran json = shell("halfulp dequantize x.safetensors --json --only n");
  const Json facts = parse_json(json.out, "");
  EXPECT_EQ(facts["tensor"], "n");
  EXPECT_EQ(facts["bytes"], 4);
  expect_good("halfulp dequantize x.safetensors -o y.safetensors --to bfloat16");
  const std::vector<tensors::Tensor> found = read("y.safetensors");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].type.name, "bfloat16");
  EXPECT_EQ(found[1].type.name, "bfloat16");
}

// 64 MiB of codes, 128 MiB of values, in less than either.
TEST_F(Dequantize, TakesNoMemoryForTheSizeOfAFile) {
  if (!limits_memory) GTEST_SKIP() << "sanitizers reserve memory";
  const std::size_t size = std::size_t{1} << 26U;
  tensors::SafetensorsHeader header;
  header.entries = {{"w", "F8_E5M2", {8192, 8192}, 0, size},
                    {"w_scale", "F32", {}, size, size + 4}};
  file("x.safetensors", tensors::safetensors_start(header));
  const std::size_t start = std::filesystem::file_size(work() / "x.safetensors");
  std::filesystem::resize_file(work() / "x.safetensors", start + size + 4);
  const Ran ran = shell(
      "ulimit -v 60000; halfulp dequantize x.safetensors --to bfloat16 --quiet -o y.safetensors");
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_GT(std::filesystem::file_size(work() / "y.safetensors"), 2 * size);
}

TEST_F(Dequantize, BadCallsAreOneLineAndWriteNothing) {
  make("x.safetensors", {4, 64});
  expect_good("halfulp quantize x.safetensors --quiet --codes --to mxfp4 -o y.safetensors");
  expect_good("halfulp quantize x.safetensors --quiet --to gguf_q4_0 -o x.gguf");
  file("cut.gguf", text_of("x.gguf").substr(0, 150));
  file("cut.safetensors", text_of("y.safetensors").substr(0, 250));
  make_safetensors("odd.safetensors", {{"w", "F8_E4M3", {2, 3}, "abcdef"},
                                       {"w_scale", "F32", {5}, std::string(20, '\0')}});
  tensors::SafetensorsHeader wide{.entries = {}, .metadata = {{"halfulp", "\"binary128\""}}};
  wide.entries = {{"codes", "U8", {16}, 0, 16}};
  file("wide.safetensors", tensors::safetensors_start(wide) + std::string(16, '\0'));
  wide.metadata = {{"halfulp", "\"./format.json\""}};
  file("path.safetensors", tensors::safetensors_start(wide) + std::string(16, '\0'));
  wide.metadata = {{"halfulp", "[[[["}};
  file("json.safetensors", tensors::safetensors_start(wide) + std::string(16, '\0'));
  const std::vector<std::string> before = names();
  const std::vector<std::array<std::string, 3>> calls{
      {"wide.safetensors -o z.npy", "wide.safetensors", "binary64"},
      {"path.safetensors -o z.npy", "path.safetensors: /__metadata__/halfulp", "--from"},
      {"json.safetensors -o z.npy", "json.safetensors: /__metadata__/halfulp", ""},
      {"x.gguf --from mxfp4 -o z.npy", "--from", "leave it out"},
      {"x.gguf --block 2x2 -o z.npy", "--block", "leave it out"},
      {"y.safetensors --block 2x2 -o z.npy", "--block", "leave it out"},
      {"odd.safetensors --axis 0 -o z.npy", "--axis", "leave it out"},
      {"x.safetensors -o z.npy", "x.safetensors", "--from"},
      {"nothing.gguf -o z.npy", "nothing.gguf", "path"},
      {"cut.gguf -o z.npy", "cut.gguf", "whole"},
      {"cut.safetensors -o z.npy", "cut.safetensors", "whole"},
      {"odd.safetensors -o z.npy", "odd.safetensors: /w_scale", "--block"},
      {"y.safetensors --from nvfp4 -o z.npy", "y.safetensors", "outer_scales"},
      {"y.safetensors --from mxfp5 -o z.npy", "--from", "mxfp4"},
      {"y.safetensors --axis 7 -o z.npy", "axis 7", "0 to 1"},
      {"y.safetensors --to int9x -o z.npy", "--to", ""},
      {"y.safetensors --to fp4 -o z.npy", "--to", "float32"},
      {"y.safetensors --only v -o z.npy", "--only", "\"v\""},
      {"y.safetensors --nibbles low -o z.npy", "--nibbles", "low-first"},
      {"y.safetensors --scale-layout tiles -o z.npy", "--scale-layout", "128x4"},
      {"y.safetensors --scale-layout 128x4 -o z.npy", "y.safetensors", "tiles"},
      {"odd.safetensors --block 0x3 -o z.npy", "--block", "128x128"},
      {"y.safetensors -o z.gguf", "-o", ".safetensors"},
      {"y.safetensors -o y.safetensors", "-o", "IN"},
      {"y.safetensors -o no/z.npy", "no", ""}};
  for (const auto& [call, place, remedy] : calls) {
    const Ran ran = shell("halfulp dequantize " + call);
    EXPECT_EQ(ran.status, 2) << call << ran.err;
    EXPECT_EQ(ran.out, "") << call;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_EQ(ran.err.rfind("halfulp: ", 0), 0U) << ran.err;
    EXPECT_NE(ran.err.find(place), std::string::npos) << call << "\n" << ran.err;
    EXPECT_NE(ran.err.find(remedy), std::string::npos) << call << "\n" << ran.err;
    EXPECT_EQ(names(), before) << call;
  }
}

TEST_F(Dequantize, BadCallsOfQuantizeToGgufWriteNothing) {
  make("x.npy", {4, 48});
  const std::vector<std::string> before = names();
  const std::vector<std::array<std::string, 3>> calls{
      {"--to gguf_q4_0 -o z.gguf", "x.npy", "whole blocks"},
      {"--to gguf_q4_k -o z.npy", "x.npy", "256"},
      {"--to gguf_q4k -o z.npy", "--to", "gguf_q4_k"},
      {"--to gguf_iq2_s -o z.npy", "--to", "IQ2_S"},
      {"--to gguf_q8_0 --rounding sr -o z.npy", "--rounding", "leave it out"},
      {"--to gguf_q8_0 --axis 0 -o z.npy", "--axis", "leave it out"},
      {"--to gguf_q8_0 --codes -o z.npz", "--codes", ".gguf"},
      {"--to gguf_q8_0 -o z.txt", "-o", ".npy"},
      {"--to mxfp4 -o z.gguf", "-o", ".npy"},
      {"--to mxfp4 --both-copies --axis 0 -o z.npz", "--axis", ""},
      {"--to mxfp4 --scale-layout 128x4 -o z.npz", "--scale-layout", "--codes"},
      {"--to bfloat16 --block 2x2 -o z.npz", "--block", "--scaling"},
      {"--to mxfp4 --hadamard 12 -o z.npz", "--hadamard", "power of two"},
      {"--to mxfp4 --hadamard 32 -o z.npz", "--hadamard", "divides"},
      {"--to mxfp4 --hadamard-seed 3 -o z.npz", "--hadamard-seed", "--hadamard 16"},
      {"--to gguf_q8_0 --hadamard 16 -o z.npy", "--hadamard", "leave it out"},
      {"--to mxfp4 --block 2 -o z.npz", "--block", "16x16"}};
  for (const auto& [call, place, remedy] : calls) {
    const Ran ran = shell("halfulp quantize x.npy " + call);
    EXPECT_EQ(ran.status, 2) << call << ran.err;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    EXPECT_NE(ran.err.find(place), std::string::npos) << call << "\n" << ran.err;
    EXPECT_NE(ran.err.find(remedy), std::string::npos) << call << "\n" << ran.err;
    EXPECT_EQ(names(), before) << call;
  }
}

}  // namespace
}  // namespace halfulp::program
