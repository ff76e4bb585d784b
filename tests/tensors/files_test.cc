// SPDX-License-Identifier: MIT
//
// Files on a disk: how their kind is found, raw files, and that a file appears whole or not at all.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support.h"

namespace halfulp::tensors {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "halfulp-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  [[nodiscard]] std::string complaint_of(const std::string& name,
                                         const ReadOptions& options = {}) const {
    try {
      read(path(name), options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_))
      found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  fs::path folder_;
};

const std::string npy = npy_text(dictionary("|u1", "(2,)"), "ab");
const std::string safetensors =
    safetensors_text(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "ab");

ReadOptions raw_options(const char* type, Shape shape) {
  return {.type = element_type(type), .shape = std::move(shape)};
}

TEST_F(Files, AreKnownByTheirEndingOrTheirContent) {
  const std::string npz =
      npz_file({make_tensor("a", element_type("uint8"), {2}, bytes_of("ab"))}, {});
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"x.npy", npy},
                                                        {"x.safetensors", safetensors},
                                                        {"x", npy},
                                                        {"y", npz},
                                                        {"z", safetensors},
                                                        {"x.npz", npz},
                                                        {"x.raw", npy},
                                                        {"x.bin", npz}}) {
    const TensorFile file = read(put(name, text), {});
    EXPECT_EQ(file.tensors.at(0).data, bytes_of("ab")) << name;
  }
}

TEST_F(Files, NameThemselvesInErrors) {
  const std::string empty = put("empty.npy", "");
  EXPECT_EQ(complaint_of("empty.npy").substr(0, empty.size() + 2), empty + ": ");
  (void)put("other.txt", "some text");
  EXPECT_NE(complaint_of("other.txt").find("no kind of tensor file"), std::string::npos);
  (void)put("a.npz", npy);
  EXPECT_NE(complaint_of("a.npz").find("a.npz: no NumPy archive"), std::string::npos);
  (void)put("raw.bin", "1234");
  EXPECT_NE(complaint_of("raw.bin").find("does not say its shape"), std::string::npos);
  EXPECT_NE(complaint_of("nowhere.npy").find("No such file"), std::string::npos);
  fs::create_directory(path("folder.npy"));
  EXPECT_NE(complaint_of("folder.npy").find("directory"), std::string::npos);
  (void)put("secret.safetensors", "123");
  EXPECT_NE(complaint_of("secret.safetensors"), "");
}

TEST_F(Files, SayTheirOwnShape) {
  EXPECT_NE(complaint(npy, Container::npy, {.shape = Shape{2}}), "");
}

TEST_F(Files, AreReadThroughAPipe) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const std::string large = npy_text(dictionary("|u1", "(300000,)"), std::string(300000, 'x'));
  if (::fork() == 0) {
    std::ofstream(path("pipe"), std::ios::binary) << large;
    ::_exit(0);
  }
  EXPECT_EQ(read(path("pipe"), {}).tensors.at(0).data.size(), 300000U);
}

TEST_F(Files, RawOnesTakeTypeShapeAndOrder) {
  ReadOptions options = raw_options("uint16", {2, 2});
  const std::string raw = put("x.raw", std::string("\0\1\0\2\0\3\0\4", 8));
  EXPECT_EQ(codes_of(read(raw, options).tensors.at(0)),
            (std::vector<std::uint64_t>{0x100, 0x200, 0x300, 0x400}));
  options.layout = {ByteOrder::big, true};
  EXPECT_EQ(codes_of(read(raw, options).tensors.at(0)), (std::vector<std::uint64_t>{1, 3, 2, 4}));
}

TEST_F(Files, RawOnesMayBePacked) {
  ReadOptions options = raw_options("float4_e2m1fn", {3});
  options.packed = true;
  EXPECT_EQ(codes_of(parse_text("\x21\x03", Container::raw, options).tensors.at(0)),
            (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_NE(complaint("\x21\x13", Container::raw, options).find("beyond the last element"),
            std::string::npos);
  EXPECT_NE(complaint("\x21", Container::raw, options), "");
  options.layout.byte_order = ByteOrder::big;
  EXPECT_NE(complaint("\x21\x03", Container::raw, options), "");
  options = raw_options("uint8", {2});
  options.packed = true;
  EXPECT_NE(complaint("ab", Container::raw, options).find("cannot be packed"), std::string::npos);
  options = raw_options("float6_e2m3fn", {0});
  options.packed = true;
  EXPECT_EQ(complaint("", Container::raw, options), "");
}

TEST_F(Files, RawOnesOfAnotherSizeAreRefused) {
  const std::string four(4, 'x');
  EXPECT_NE(complaint(four, Container::raw, raw_options("uint16", {3})).find("needs 6"),
            std::string::npos);
  EXPECT_NE(complaint(four, Container::raw, raw_options("uint16", {1})), "");
  EXPECT_NE(complaint("", Container::raw, raw_options("uint16", {})), "");
  EXPECT_EQ(complaint("", Container::raw, raw_options("uint16", {0})), "");
  EXPECT_NE(complaint(four, Container::raw, raw_options("uint16", {-2})), "");
  EXPECT_NE(complaint(four, Container::raw,
                      raw_options("uint64", {std::int64_t{1} << 30, std::int64_t{1} << 30})),
            "");
  EXPECT_NE(complaint(four, Container::raw, {.shape = Shape{4}}).find("element type"),
            std::string::npos);
  EXPECT_NE(complaint(four, Container::raw, {.type = element_type("uint8")}).find("shape"),
            std::string::npos);
}

TEST_F(Files, OfEveryKindReadBack) {
  const Tensor tensor = make_tensor("", element_type("float32"), {2, 3}, Bytes(24, 7));
  for (const char* name : {"x.npy", "x.npz", "x.safetensors", "x.raw", "x.bin"}) {
    write(path(name), {{tensor}, {}}, {});
    const bool raw = container_of(name) == Container::raw;
    const Tensor back =
        read(path(name), raw ? raw_options("float32", {2, 3}) : ReadOptions{}).tensors.at(0);
    EXPECT_EQ(back.data, tensor.data) << name;
    EXPECT_EQ(back.shape, tensor.shape) << name;
  }
}

TEST_F(Files, AppearWholeOrNotAtAll) {
  const Tensor tensor = make_tensor("", element_type("posit16"), {1}, Bytes(2));
  const TensorFile one{{tensor}, {}};
  const TensorFile two{{tensor, tensor}, {}};
  (void)put("old.safetensors", "old");
  EXPECT_THROW(write(path("old.safetensors"), one, {}), Error);
  EXPECT_THROW(write(path("x.npy"), two, {}), Error);
  EXPECT_THROW(write(path("x.raw"), two, {}), Error);
  EXPECT_THROW(write(path("x.npy"), {}, {}), Error);
  EXPECT_THROW(write(path("x.txt"), one, {}), Error);
  EXPECT_THROW(write(path("x.npy"), one, {.layout = {ByteOrder::big, false}}), Error);
  EXPECT_THROW(write(path("x.safetensors"), one, {.layout = {ByteOrder::little, true}}), Error);
  EXPECT_THROW(write(path("x.raw"), one, {.packed = true}), Error);
  EXPECT_THROW(write(path("none/x.npy"), one, {}), Error);
  EXPECT_EQ(content("old.safetensors"), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"old.safetensors"});
}

TEST(Printable, TextHasNoControlCharactersAndAnEnd) {
  EXPECT_EQ(printable("a\nb\x7f\x1b"), "a\\x0ab\\x7f\\x1b");
  EXPECT_EQ(printable("größe"), "größe");
  EXPECT_EQ(printable(std::string(100, 'x')), std::string(80, 'x') + "...");
}

}  // namespace
}  // namespace halfulp::tensors
