// SPDX-License-Identifier: MIT
//
// Files read in pieces are the files read whole: every container, element type and order, any cut.
#include "golden/tensors/opened.h"

#include <filesystem>

#include "formats/codes.h"
#include "support.h"

namespace halfulp::tensors {
namespace {

class Opened : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "halfulp-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
  static OpenedFile open(const std::string& path, const ReadOptions& options = {}) {
    return {path, options,
            [type = options.type](const std::string&, const Metadata&) { return type; }};
  }
  // Cut at every multiple of a length.
  static std::vector<std::uint64_t> codes(const OpenedFile& file, std::size_t index,
                                          std::size_t length) {
    const TensorCodes tensor = file.codes(index);
    std::vector<std::uint64_t> all(tensor.size());
    for (std::size_t begin = 0; begin < all.size(); begin += length)
      tensor.read(begin, std::span(all).subspan(begin, std::min(length, all.size() - begin)));
    return all;
  }

 private:
  std::filesystem::path folder_;
};

Tensor counting(const std::string& name, const std::string& type, const Shape& shape) {
  const ElementType element = element_type(type);
  std::vector<std::uint64_t> codes(element_count(shape));
  const std::uint64_t limit = std::uint64_t{1} << std::min(bits(element.format), 40);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = (i * 2654435761U + 1) % limit;
  return from_codes({name, element, shape}, codes);
}

TEST_F(Opened, IsWhatIsReadWhole) {
  for (const char* type : {"bool", "float4_e2m1fn", "float6_e3m2fn", "float8_e4m3fn", "bfloat16",
                           "float32", "float64", "int64", "uint16"}) {
    for (const Shape& shape : {Shape{}, Shape{0, 3}, Shape{8}, Shape{3, 8}, Shape{2, 3, 4}}) {
      const bool fills = element_count(shape) % 4 == 0;
      for (const char* name : {"x.npy", "x.npz", "x.safetensors", "x.raw", "packed.raw"}) {
        const bool narrow =
            bits(element_type(type).format) == 4 || bits(element_type(type).format) == 6;
        const bool packed = std::string(name) == "packed.raw";
        if (packed && !narrow) continue;
        if (std::string(name) == "x.safetensors" && narrow && !fills) continue;
        for (const bool fortran : {false, true}) {
          for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
            const bool plain = !fortran && order == ByteOrder::little;
            const bool raw = std::string(name).ends_with(".raw");
            const bool numpy_knows = numpy_code(element_type(type))[0] != 'V';
            if (!plain && (packed || std::string(name) == "x.safetensors")) continue;
            if (order == ByteOrder::big && !raw && !numpy_knows) continue;
            const Layout layout{order, fortran};
            TensorFile file;
            file.tensors = {counting("", type, shape)};
            write(path(name), file, {.layout = layout, .packed = packed});
            ReadOptions options;
            if (!numpy_knows || raw) options.type = element_type(type);
            if (raw) options.shape = shape;
            if (raw) options.layout = layout;
            options.packed = packed;
            const OpenedFile opened = open(path(name), options);
            ASSERT_EQ(opened.headings().size(), 1U);
            EXPECT_EQ(opened.headings()[0].shape, shape);
            EXPECT_EQ(opened.headings()[0].type, file.tensors[0].type);
            for (const std::size_t length : {1U, 3U, 7U, 100U})
              ASSERT_EQ(codes(opened, 0, length), codes_of(file.tensors[0]))
                  << type << " " << name << " " << length;
          }
        }
      }
    }
  }
}

TEST_F(Opened, HasItsTensorsByName) {
  TensorFile file;
  file.tensors = {counting("b", "bfloat16", {2, 3}), counting("a", "float32", {5}),
                  counting("c", "uint8", {4})};
  for (const char* name : {"x.npz", "x.safetensors"}) {
    write(path(name), file, {});
    Selection only({"a", "c"});
    const OpenedFile opened = open(path(name), {.only = &only});
    ASSERT_EQ(opened.headings().size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
      const Tensor& expected = file.tensors[opened.headings()[i].name == "a" ? 1 : 2];
      EXPECT_EQ(codes(opened, i, 2), codes_of(expected));
      EXPECT_EQ(opened.codes(i).place(), path(name) + ": " + expected.name);
    }
    EXPECT_EQ(only.asked().size(), 3U);
  }
}

// What is read as the type given, per tensor.
TEST_F(Opened, TakesATypeForEachName) {
  TensorFile file;
  file.tensors = {counting("w.codes", "uint8", {4}), counting("w.scales", "uint8", {4})};
  write(path("x.npz"), file, {});
  const OpenedFile opened(path("x.npz"), {}, [](const std::string& name, const Metadata&) {
    return name == "w.codes" ? std::optional(element_type("float8_e4m3fn")) : std::nullopt;
  });
  EXPECT_EQ(opened.headings()[0].type.name, "float8_e4m3fn");
  EXPECT_EQ(opened.headings()[1].type.name, "uint8");
  EXPECT_TRUE(opened.used_type());
}

// A file that is cut while it is open, or has bits beyond its type, is an error with its name.
TEST_F(Opened, ComplainsOfWhatChangesAndOfForeignBits) {
  TensorFile file;
  file.tensors = {counting("", "float32", {100})};
  write(path("x.npy"), file, {});
  const OpenedFile opened = open(path("x.npy"));
  std::filesystem::resize_file(path("x.npy"), 300);
  try {
    codes(opened, 0, 10);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("x.npy: became shorter"), std::string::npos)
        << error.what();
  }
  file.tensors = {counting("", "uint8", {3})};
  file.tensors[0].data = {1, 15, 16};
  write(path("y.raw"), file, {});
  ReadOptions options;
  options.type = element_type("float4_e2m1fn");
  options.shape = Shape{3};
  const OpenedFile nibbles = open(path("y.raw"), options);
  try {
    codes(nibbles, 0, 2);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("element [2]"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace halfulp::tensors
