// SPDX-License-Identifier: MIT
//
// NumPy's archives from hand-made zip files: what is read, what is refused, what is written.
// Layout of the records: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16, 4.5.3.
#include "support.h"

namespace halfulp::tensors {
namespace {

// CRC-32 as zip has it: polynomial 0xedb88320, bits reversed.
std::uint32_t checksum(const std::string& text) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0);
  }
  return ~crc;
}

struct ZipMember {
  std::string name;
  std::string data;        // as it stands in the file
  unsigned method = 0;     // 0 stored, 8 deflated
  std::uint64_t size = 0;  // of the member; 0: that of data
  std::optional<std::uint32_t> crc = {};
  unsigned flags = 0;
  bool zip64 = false;  // sizes in the extra field
};

std::string sizes_and_names(const ZipMember& member, bool central) {
  const std::uint64_t size = member.size == 0 ? member.data.size() : member.size;
  const std::uint32_t crc = member.crc.value_or(checksum(member.data));
  const std::string extra =
      member.zip64 ? little(1, 2) + little(16, 2) + little(size, 8) + little(member.data.size(), 8)
                   : "";
  const std::uint64_t in_extra = 0xffffffffU;
  return little(member.flags, 2) + little(member.method, 2) + little(0x00210000, 4) +
         little(crc, 4) + little(member.zip64 ? in_extra : member.data.size(), 4) +
         little(member.zip64 ? in_extra : size, 4) + little(member.name.size(), 2) +
         little(extra.size(), 2) + (central ? std::string(14 - 4, '\0') : "") +
         (central ? "OFFS" : "") + member.name + extra;
}

std::string zip_text(const std::vector<ZipMember>& members) {
  std::string file;
  std::string directory;
  for (const ZipMember& member : members) {
    std::string record =
        "PK\x01\x02" + little(45, 2) + little(45, 2) + sizes_and_names(member, true);
    record.replace(record.find("OFFS"), 4, little(file.size(), 4));
    directory += record;
    file += "PK\x03\x04" + little(45, 2) + sizes_and_names(member, false) + member.data;
  }
  const std::size_t begin = file.size();
  return file + directory + "PK\x05\x06" + little(0, 4) + little(members.size(), 2) +
         little(members.size(), 2) + little(directory.size(), 4) + little(begin, 4) + little(0, 2);
}

// A deflated block that stores (RFC 1951, 3.2.4).
std::string deflated(const std::string& text) {
  return "\x01" + little(text.size(), 2) + little(~text.size(), 2) + text;
}

const std::string array = npy_text(dictionary("|u1", "(2,)"), "ab");

TensorFile parse_file(const std::string& text, const ReadOptions& options = {}) {
  return parse_text(text, Container::npz, options);
}

TEST(Npz, ReadsStoredAndDeflatedMembersInOrder) {
  const std::string other = npy_text(dictionary("<i2", "()"), "cd");
  const TensorFile file = parse_file(zip_text({{.name = "z.npy", .data = array},
                                               {.name = "folder/a.npy",
                                                .data = deflated(other),
                                                .method = 8,
                                                .size = other.size(),
                                                .crc = checksum(other)},
                                               {.name = ".npy", .data = array, .zip64 = true}}));
  ASSERT_EQ(file.tensors.size(), 3U);
  EXPECT_EQ(file.tensors[0].name, "z");
  EXPECT_EQ(file.tensors[0].data, bytes_of("ab"));
  EXPECT_EQ(file.tensors[1].name, "folder/a");
  EXPECT_EQ(file.tensors[1].data, bytes_of("cd"));
  EXPECT_EQ(file.tensors[2].name, "");
}

TEST(Npz, RawBytesTakeTheTypeThatIsGivenBesideOtherArrays) {
  const std::string raw = npy_text(dictionary("<V2", "(1,)"), "\x80\x3f");
  const std::string file =
      zip_text({{.name = "a.npy", .data = array}, {.name = "b.npy", .data = raw}});
  const TensorFile read = parse_file(file, {.type = element_type("bfloat16")});
  EXPECT_EQ(read.tensors[0].type.name, "uint8");
  EXPECT_EQ(read.tensors[1].type.name, "bfloat16");
  EXPECT_NE(complaint(file, Container::npz).find("b.npy: "), std::string::npos);
}

const BadFile bad_files[] = {
    {"empty", "", "no NumPy archive"},
    {"no_zip", "PK\x03\x04" + std::string(40, 'x'), "no NumPy archive"},
    {"an_array", array, "no NumPy archive"},
    {"no_array", zip_text({{.name = "a.npy", .data = "text"}}), "a.npy: no NumPy array"},
    {"other_member", zip_text({{.name = "a.npy", .data = array}, {.name = "readme", .data = "x"}}),
     "readme: a member that is no .npy file"},
    {"name_twice", zip_text({{.name = "a.npy", .data = array}, {.name = "a.npy", .data = array}}),
     "a.npy: two members of this name"},
    {"checksum", zip_text({{.name = "a.npy", .data = array, .crc = 1}}), "a.npy: CRC error"},
    {"deflated_checksum",
     zip_text(
         {{.name = "a.npy", .data = deflated(array), .method = 8, .size = array.size(), .crc = 1}}),
     "a.npy: CRC error"},
    {"deflated_garbage",
     zip_text({{.name = "a.npy", .data = "\xff\xff\xff\xff", .method = 8, .size = 100, .crc = 1}}),
     "a.npy: "},
    {"deflated_to_less",
     zip_text({{.name = "a.npy",
                .data = deflated(array),
                .method = 8,
                .size = array.size() + 1,
                .crc = checksum(array)}}),
     "a.npy: "},
    {"deflated_to_more",
     zip_text({{.name = "a.npy",
                .data = deflated(array),
                .method = 8,
                .size = array.size() - 1,
                .crc = checksum(array)}}),
     "a.npy: "},
    {"stored_of_another_size",
     zip_text({{.name = "a.npy", .data = array, .size = array.size() + 1}}), "cannot come out"},
    {"claims_1_TB",
     zip_text({{.name = "a.npy",
                .data = deflated(array),
                .method = 8,
                .size = 1ULL << 40,
                .zip64 = true}}),
     "cannot come out"},
    {"claims_2_to_63",
     zip_text({{.name = "a.npy", .data = array, .size = 1ULL << 63, .zip64 = true}}), ""},
    {"method_12", zip_text({{.name = "a.npy", .data = array, .method = 12}}),
     "a.npy: compression method 12"},
    {"encrypted", zip_text({{.name = "a.npy", .data = std::string(12, 'x') + array, .flags = 1}}),
     "a.npy: an encrypted member"},
    {"array_of_bad_header",
     zip_text({{.name = "a.npy", .data = npy_text(dictionary("|O", "(1,)"), "12345678")}}),
     "a.npy: Python objects"},
    {"control_character", zip_text({{.name = "\x1b\n", .data = array}}), "no .npy file"},
};

class BadNpz : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadNpz, IsRefusedInOneLine) {
  expect_refused(GetParam(), Container::npz);
  EXPECT_NE(complaint(GetParam().bytes, Container::npz), "");
}

INSTANTIATE_TEST_SUITE_P(All, BadNpz, ::testing::ValuesIn(bad_files),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Npz, EveryShorterFileIsRefused) {
  const std::string file = zip_text({{.name = "a.npy", .data = array}});
  ASSERT_EQ(complaint(file, Container::npz), "");
  for (std::size_t length = 0; length < file.size(); ++length)
    EXPECT_NE(complaint(file.substr(0, length), Container::npz), "") << length;
}

TEST(Npz, WritesWhatItReads) {
  const auto tensor = [](const char* name, const char* type, Shape shape) {
    const std::size_t size = element_count(shape) * element_bytes(element_type(type));
    return make_tensor(name, element_type(type), std::move(shape), Bytes(size, 1));
  };
  const std::vector<Tensor> tensors{tensor("b", "float64", {2, 3}), tensor("ä/x", "bool", {}),
                                    tensor("a", "int16", {0, 4})};
  const std::string file = npz_file(tensors, {ByteOrder::big, true});
  EXPECT_EQ(parse_file(file).tensors, tensors);
  EXPECT_EQ(npz_file(tensors, {ByteOrder::big, true}), file);
  EXPECT_NE(file.find(little(0x00210000, 4)), std::string::npos);  // 1980-01-01
}

TEST(Npz, ArraysWithoutANameAreCalledByTheirPlace) {
  const Tensor nameless = make_tensor("", element_type("uint8"), {}, {7});
  const std::vector<Tensor> read = parse_file(npz_file({nameless, nameless}, {})).tensors;
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].name, "arr_0");
  EXPECT_EQ(read[1].name, "arr_1");
}

TEST(Npz, OfNothingIsNothing) { EXPECT_TRUE(parse_file(npz_file({}, {})).tensors.empty()); }

TEST(Npz, NamesThatNoMemberCanHaveAreRefused) {
  const Tensor tensor = make_tensor("a", element_type("uint8"), {}, {7});
  EXPECT_THROW(npz_file({tensor, tensor}, {}), Error);
  for (const std::string& name :
       {std::string(70000, 'n'), std::string("a\0b", 3), std::string("\xff\xfe")}) {
    Tensor other = tensor;
    other.name = name;
    EXPECT_THROW(npz_file({other}, {}), Error) << printable(name);
  }
}

}  // namespace
}  // namespace halfulp::tensors
