// SPDX-License-Identifier: MIT
//
// The files of function tables: whatever lies where a table is looked for, the answers are those of
// a table made anew, nothing else than a regular file of the user is opened, and nothing fails.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "emulator/functions/build_identity.h"
#include "emulator/functions/cache_file.h"
#include "emulator/functions/function_table.h"
#include "formats/catalogue.h"

namespace halfulp {
namespace {

namespace fs = std::filesystem;
using emulator::function_table;
using emulator::TableEntry;

class FunctionTables : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::path(testing::TempDir()) / "halfulp_tables_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    base_ = name;
    folder_ = base_ / "cache" / "halfulp";
    path_ = emulator::table_path(Op::exp, format_, folder_);
    good_ = function_table(Op::exp, format_, "");
    ASSERT_EQ(good_.size(), 16U);
    function_table(Op::exp, format_, folder_);
    whole_ = bytes(path_);
    fs::remove(path_);
  }
  void TearDown() override {
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(base_);
  }

  static std::string bytes(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  static void put(const fs::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary) << content;
  }
  [[nodiscard]] std::vector<TableEntry> table() const {
    return function_table(Op::exp, format_, folder_);
  }
  // The file with another entry and the checksum that goes with it.
  [[nodiscard]] std::string forged(const std::string& header) const {
    const std::size_t body = whole_.size() - good_.size() * sizeof(TableEntry);
    std::string content = whole_.substr(body);
    content[5] = static_cast<char>(content[5] ^ 64);
    std::uint64_t sum = 0xcbf29ce484222325U;
    for (const char byte : header + content)
      sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
    std::string digits;
    for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(sum >> shift) & 15];
    return header + digits + "\n" + content;
  }
  [[nodiscard]] std::string header() const {
    constexpr std::size_t checksum = 17;
    return whole_.substr(0, whole_.size() - good_.size() * sizeof(TableEntry) - checksum);
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  const Format format_ = find_format("float4_e2m1fn");
  fs::path base_, folder_, path_;
  std::vector<TableEntry> good_;
  std::string whole_;
};

TEST_F(FunctionTables, AreKeptForTheUserAlone) {
  EXPECT_EQ(table(), good_);
  EXPECT_EQ(bytes(path_), whole_);
  struct stat status {};
  ASSERT_EQ(::lstat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(files(), 1U);
  // That they are read: a table of this build and a right checksum is believed.
  put(path_, forged(header()));
  EXPECT_NE(table(), good_);
}

TEST_F(FunctionTables, OfAnotherBuildAreMadeAnew) {
  const std::string identity(emulator::build_identity());
  ASSERT_EQ(identity.size(), 32U);
  ASSERT_EQ(identity.find_first_not_of("0123456789abcdef"), std::string::npos);
  std::string other = header();
  const std::size_t at = other.find(identity);
  ASSERT_NE(at, std::string::npos);
  other[at] = other[at] == '0' ? '1' : '0';
  put(path_, forged(other));
  EXPECT_EQ(table(), good_);
  EXPECT_EQ(bytes(path_), whole_);
}

TEST_F(FunctionTables, OfOtherContentAreMadeAnew) {
  std::vector<std::string> contents = {"",
                                       "\n",
                                       "foreign",
                                       whole_ + "x",
                                       whole_ + whole_,
                                       std::string(whole_.size(), '\0'),
                                       std::string(whole_.size(), 'x'),
                                       whole_.substr(1) + "x"};
  for (std::size_t size = 0; size < whole_.size(); size += 1 + size / 8)
    contents.push_back(whole_.substr(0, size));
  for (const std::string& content : contents) {
    put(path_, content);
    EXPECT_EQ(table(), good_);
    EXPECT_EQ(bytes(path_), whole_);
  }
}

TEST_F(FunctionTables, WithABitFlippedAreMadeAnew) {
  for (std::size_t bit = 0; bit < 8 * whole_.size(); bit += 3) {
    std::string flipped = whole_;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    put(path_, flipped);
    ASSERT_EQ(table(), good_) << bit;
  }
  EXPECT_EQ(files(), 1U);
}

TEST_F(FunctionTables, AreRegularFilesOfTheUserOnly) {
  const std::string other = forged(header());
  put(base_ / "other", other);
  fs::create_symlink(base_ / "other", path_);
  EXPECT_EQ(table(), good_);
  EXPECT_TRUE(fs::is_symlink(path_));
  EXPECT_EQ(bytes(base_ / "other"), other);
  fs::remove(path_);
  fs::create_symlink(base_ / "nothing", path_);
  EXPECT_EQ(table(), good_);
  EXPECT_FALSE(fs::exists(base_ / "nothing"));
  fs::remove(path_);

  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);  // nobody ever writes it
  EXPECT_EQ(table(), good_);
  EXPECT_TRUE(fs::is_fifo(path_));
  fs::remove(path_);

  fs::create_directory(path_);
  EXPECT_EQ(table(), good_);
  EXPECT_TRUE(fs::is_directory(path_));
  fs::remove(path_);

  put(path_, other);
  for (const mode_t mode : {0620U, 0602U, 0666U}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_FALSE(emulator::read_cache_file(path_, other.size())) << mode;
  }
  EXPECT_EQ(table(), good_);
  EXPECT_EQ(bytes(path_), whole_);
  if (::geteuid() == 0) {
    put(path_, other);
    ASSERT_EQ(::chown(path_.c_str(), 65534, 65534), 0);
    EXPECT_EQ(table(), good_);
    EXPECT_EQ(bytes(path_), other);
    fs::remove(path_);
  }
}

TEST_F(FunctionTables, NeedNoFolderThatCanBeWrittenOrRead) {
  put(base_ / "file", "content");
  for (const fs::path& folder :
       {base_ / "file", base_ / "file" / "below", fs::path("/proc/nothing/here"),
        fs::path("/dev/null"), base_ / std::string(5000, 'x')})
    EXPECT_EQ(function_table(Op::exp, format_, folder), good_) << folder;
  EXPECT_EQ(bytes(base_ / "file"), "content");
  fs::create_directory_symlink(folder_, base_ / "link");
  EXPECT_EQ(function_table(Op::exp, format_, base_ / "link"), good_);
  EXPECT_EQ(bytes(path_), whole_);
  fs::remove(path_);
  for (const fs::perms mode : {fs::perms::owner_read | fs::perms::owner_exec, fs::perms::none}) {
    fs::permissions(folder_, mode);
    EXPECT_EQ(table(), good_);
    fs::permissions(folder_, fs::perms::owner_all);
    if (::geteuid() != 0) {
      EXPECT_EQ(files(), 0U);
    }
  }
}

}  // namespace
}  // namespace halfulp
