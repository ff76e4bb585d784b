// SPDX-License-Identifier: MIT
//
// An output that is an input, or another output, is refused before anything is written, by whatever
// names and links the two are reached; pipes, devices and standard streams are not.
#include "cli/same_file.h"

#include <sys/stat.h>

#include <filesystem>

#include "formats/error.h"
#include "program.h"

namespace halfulp::program {
namespace {

using cli::NamedPath;
using cli::require_apart;

class SameFile : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    file("w.npy", "w");
    std::filesystem::create_hard_link(work() / "w.npy", work() / "hard.npy");
    std::filesystem::create_symlink("w.npy", work() / "soft.npy");
    std::filesystem::create_symlink("soft.npy", work() / "softer.npy");
    std::filesystem::create_symlink("new.npy", work() / "dangling.npy");
    std::filesystem::create_symlink("loop.npy", work() / "loop.npy");
    std::filesystem::create_directory(work() / "sub");
    std::filesystem::create_symlink("../dangling.npy", work() / "sub" / "far.npy");
    std::filesystem::create_directory_symlink("sub", work() / "link");
    ASSERT_EQ(::mkfifo((work() / "fifo").c_str(), 0600), 0);
  }

  // What is said of an input and outputs; empty where nothing is.
  [[nodiscard]] std::string said(const std::string& input,
                                 const std::vector<std::string>& outputs) const {
    const auto place = [&](const std::string& name) {
      return name.empty() || name == "-" || name[0] == '/' ? name : (work() / name).string();
    };
    const std::vector<NamedPath> in{{"IN", place(input)}};
    std::vector<NamedPath> out;
    const char* const options[] = {"-o", "--package", "--report"};
    for (const std::string& output : outputs) out.push_back({options[out.size()], place(output)});
    try {
      require_apart(in, out);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
};

TEST_F(SameFile, AnInputIsNoOutputByWhateverName) {
  for (const char* name : {"w.npy", "hard.npy", "soft.npy", "softer.npy", "./w.npy", "sub/../w.npy",
                           "link/../w.npy"}) {
    EXPECT_NE(said("w.npy", {name}), "") << name;
    EXPECT_NE(said(name, {"w.npy"}), "") << name;
    EXPECT_NE(said(name, {"other", "hard.npy"}), "") << name;
  }
  const std::string path = (work() / "w.npy").string();
  EXPECT_EQ(said("w.npy", {"w.npy"}),
            "-o: " + path + " is the input IN too; give it a name of its own");
  EXPECT_EQ(said("w.npy", {"soft.npy"}), "-o: " + (work() / "soft.npy").string() +
                                             " is the same file as the input IN " + path +
                                             "; give it a name of its own");
}

TEST_F(SameFile, OutputsAreApartBeforeTheyAreMade) {
  EXPECT_EQ(said("w.npy", {"a", "b", "sub/a"}), "");
  for (const char* name :
       {"new.npy", "./new.npy", "dangling.npy", "sub/far.npy", "link/far.npy", "link/../new.npy"}) {
    EXPECT_NE(said("w.npy", {"new.npy", name}), "") << name;
    EXPECT_NE(said("w.npy", {name, "sub/new.npy", "dangling.npy"}), "") << name;
  }
  EXPECT_EQ(said("w.npy", {"a.sv", "a.sv"}),
            "--package: " + (work() / "a.sv").string() +
                " is the output -o too; give it a name of its own");
}

TEST_F(SameFile, PipesDevicesAndStreamsMayStandTwice) {
  EXPECT_EQ(said("fifo", {"fifo", "fifo"}), "");
  EXPECT_EQ(said("/dev/null", {"/dev/null", "/dev/null"}), "");
  EXPECT_EQ(said("-", {"-", "-"}), "");
  EXPECT_EQ(said("", {"", "a"}), "");
  EXPECT_EQ(said("w.npy", {"loop.npy", "no/such/folder", "w.npy/below"}), "");
}

}  // namespace
}  // namespace halfulp::program
