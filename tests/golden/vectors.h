// SPDX-License-Identifier: MIT
//
// Reads vectors of other software (comma-separated, plain or gzip, from the folder of
// HALFULP_GOLDEN_DIR), compares, and keeps count of what was compared.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formats/engine.h"
#include "tests/golden/explained.h"

namespace halfulp::golden {

// The folder of the vectors: the environment variable HALFULP_GOLDEN_DIR, else the one the build
// was configured with; empty where there is none.
std::string folder();

using Fields = std::vector<std::string_view>;

// Calls `use` with every row of a file; the fields live until it returns. Throws std::runtime_error
// where the file cannot be read.
void for_each_row(const std::string& file, const std::function<void(const Fields&)>& use);
std::vector<std::string> files_in(const std::string& subfolder);

Code parse_hex(std::string_view digits);

// Compares one kind of vectors from one file with an engine's answers. Differences that no entry of
// explained.json covers fail the test; so does an entry that covers another number than it states.
class Comparison {
 public:
  Comparison(const Engine& engine, std::string file);
  ~Comparison();
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  void agree() { ++checks_; }
  void differ(const Difference& difference);
  void check(bool same, const std::function<Difference()>& difference) {
    same ? agree() : differ(difference());
  }

 private:
  const Engine& engine_;
  std::string file_;
  std::uint64_t checks_ = 0, explained_ = 0, failures_ = 0;
  std::map<const Explanation*, std::uint64_t> used_;
};

// A suite on one engine, skipped where there are no vectors.
class GoldenTest : public testing::TestWithParam<const Engine*> {
 protected:
  void SetUp() override {
    if (folder().empty()) GTEST_SKIP() << "HALFULP_GOLDEN_DIR is not set: no vectors to check";
  }
  [[nodiscard]] static const Engine& engine() { return *GetParam(); }
};

}  // namespace halfulp::golden
