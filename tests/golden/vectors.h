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
// Whether the environment variable HALFULP_REQUIRE_GOLDEN asks that vectors be there.
bool required();

using Fields = std::vector<std::string_view>;

// Calls `use` with every row of a file; the fields live until it returns. Throws std::runtime_error
// where the file cannot be read, and where it has another number of rows than
// tests/golden/rows.json says: a shortened file does not pass.
void for_each_row(const std::string& file, const std::function<void(const Fields&)>& use);
// The files of a subfolder that rows.json lists, sorted; throws where the folder holds another one.
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

// A suite on one engine. Without a folder of vectors it is skipped, or fails where they are
// required; a folder that does not exist fails.
class GoldenTest : public testing::TestWithParam<const Engine*> {
 protected:
  void SetUp() override;
  [[nodiscard]] static const Engine& engine() { return *GetParam(); }
};

}  // namespace halfulp::golden
