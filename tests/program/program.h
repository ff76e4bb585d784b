// SPDX-License-Identifier: MIT
//
// Runs the built program through the shell in a folder of its own, and reads what it said.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace halfulp::program {

struct Ran {
  int status = -1;  // as the shell tells it: 128 + signal where a signal ended it
  std::string out, err;
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// A fixture: an empty folder for every test, with the program first on PATH.
class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "halfulp-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::create_directory(folder_ / "work");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The shell command in the folder `work`.
  [[nodiscard]] Ran shell(const std::string& command) const {
    const std::filesystem::path program = HALFULP_PROGRAM;
    write_text(folder_ / "command", "cd '" + work().string() + "' || exit 99\nPATH='" +
                                        program.parent_path().string() + "':$PATH\n" + command +
                                        "\n");
    const std::string call = "/bin/sh '" + (folder_ / "command").string() + "' > '" +
                             (folder_ / "out").string() + "' 2> '" + (folder_ / "err").string() +
                             "' < /dev/null";
    const int status = std::system(call.c_str());
    Ran ran;
    ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ran.out = read_text(folder_ / "out");
    ran.err = read_text(folder_ / "err");
    return ran;
  }

  void expect_success(const std::string& call) const {
    const Ran ran = shell(call);
    EXPECT_EQ(ran.status, 0) << call << "\n" << ran.err;
  }
  // One line on standard error that has the part.
  void expect_refusal(const std::string& call, const std::string& part) const {
    const Ran ran = shell(call);
    EXPECT_EQ(ran.status, 2) << call;
    EXPECT_EQ(lines_of(ran.err).size(), 1U) << ran.err;
    EXPECT_NE(ran.err.find(part), std::string::npos) << ran.err;
  }

  void file(const std::string& name, const std::string& text) const {
    write_text(work() / name, text);
  }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    return read_text(work() / name);
  }
  [[nodiscard]] std::filesystem::path work() const { return folder_ / "work"; }
  // Names in the folder, in order.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(work()))
      found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  std::filesystem::path folder_;
};

// A sweep small enough for a test: 24 points in a tenth of a second.
inline const char* const small_config = R"({
  "experiment": "linear_regression", "name": "a small sweep", "seed": 1, "repeats": 4,
  "problem": {"dimension": 64, "spectrum_exponent": 2, "sketch_size": 4, "noise_variance": 1},
  "training": {"samples": 64, "step_size": 0.1, "schedule": "geometric_decay"},
  "policy": {},  // the sweep fills it
  "sweep": {"/problem/sketch_size": [4, 8, 16], "/training/samples": [32, 64],
            "/policy/feature": ["binary64", {"noise": {"kind": "additive", "eps": 0.01}},
                                {"format": "float8_e4m3fn", "rounding": "stochastic"}, "bfloat16"]},
  "fits": [{"kind": "power_law", "x": "/problem/sketch_size", "y": "excess_clean_last"}]
})";

}  // namespace halfulp::program
