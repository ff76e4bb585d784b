// SPDX-License-Identifier: MIT
#include "tests/golden/vectors.h"

#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "formats/json.h"

namespace halfulp::golden {
namespace {

// What was compared, printed once at the end.
class Tally : public testing::Environment {
 public:
  void add(const std::string& line) { lines_.push_back(line); }
  void TearDown() override {
    for (const std::string& line : lines_) std::printf("%s\n", line.c_str());
  }

 private:
  std::vector<std::string> lines_;
};

Tally& tally() {
  static auto* the_tally = static_cast<Tally*>(testing::AddGlobalTestEnvironment(new Tally));
  return *the_tally;
}
[[maybe_unused]] const Tally& registered = tally();  // before main

Fields split(std::string_view line) {
  Fields fields;
  while (true) {
    const std::size_t comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

// Of each file the number of its lines that are not empty, headers among them.
const std::map<std::string, std::uint64_t>& expected_rows() {
  static const auto rows =
      read_json_file(std::string(HALFULP_SOURCE_DIR) + "/tests/golden/rows.json")
          .get<std::map<std::string, std::uint64_t>>();
  return rows;
}

}  // namespace

std::string folder() {
  const char* from_environment = std::getenv("HALFULP_GOLDEN_DIR");
  return from_environment != nullptr ? from_environment : HALFULP_GOLDEN_DIR;
}

bool required() {
  const char* value = std::getenv("HALFULP_REQUIRE_GOLDEN");
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

void for_each_row(const std::string& file, const std::function<void(const Fields&)>& use) {
  const std::string path = folder() + "/" + file;
  const auto expected = expected_rows().find(file);
  if (expected == expected_rows().end())
    throw std::runtime_error(file + " is missing in tests/golden/rows.json");
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> input(gzopen(path.c_str(), "rb"), gzclose);
  if (!input) throw std::runtime_error("cannot read " + path);
  std::vector<char> buffer(1 << 16);
  std::uint64_t rows = 0;
  while (gzgets(input.get(), buffer.data(), static_cast<int>(buffer.size())) != nullptr) {
    std::string_view line(buffer.data());
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    ++rows;
    use(split(line));
  }
  int status = Z_OK;
  const char* problem = gzerror(input.get(), &status);
  if (status != Z_OK && status != Z_STREAM_END)
    throw std::runtime_error(path + " is damaged: " + problem);
  if (rows != expected->second)
    throw std::runtime_error(path + " has " + std::to_string(rows) + " rows, rows.json says " +
                             std::to_string(expected->second));
}

std::vector<std::string> files_in(const std::string& subfolder) {
  std::vector<std::string> files;
  for (const auto& [file, rows] : expected_rows())
    if (file.starts_with(subfolder + "/")) files.push_back(file);
  for (const auto& entry : std::filesystem::directory_iterator(folder() + "/" + subfolder)) {
    const std::string file = subfolder + "/" + entry.path().filename().string();
    if (!std::binary_search(files.begin(), files.end(), file))
      throw std::runtime_error(file + " is missing in tests/golden/rows.json");
  }
  return files;
}

void GoldenTest::SetUp() {
  if (folder().empty()) {
    if (required()) FAIL() << "HALFULP_REQUIRE_GOLDEN is set, but HALFULP_GOLDEN_DIR is not";
    GTEST_SKIP() << "HALFULP_GOLDEN_DIR is not set: no vectors to check";
  }
  if (!std::filesystem::is_directory(folder()))
    FAIL() << "HALFULP_GOLDEN_DIR: " << folder() << " is no folder";
}

Code parse_hex(std::string_view digits) {
  if (digits.empty() || digits.size() > 32)
    throw std::runtime_error("not a code: " + std::string(digits));
  Code code = 0;
  for (const char c : digits) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos)
      throw std::runtime_error("not a code: " + std::string(digits));
    code = code << 4 | digit;
  }
  return code;
}

Comparison::Comparison(const Engine& engine, std::string file)
    : engine_(engine), file_(std::move(file)) {}

Comparison::~Comparison() {
  std::string line = std::string(engine_.name) + " " + file_ + ": " + std::to_string(checks_) +
                     " checks, " + std::to_string(explained_) + " explained differences, " +
                     std::to_string(failures_) + " failures";
  tally().add(line);
  EXPECT_GT(checks_, 0U) << file_ << " held nothing to compare";
  EXPECT_EQ(failures_, 0U) << file_;
  for (const Explanation& explanation : explanations()) {
    const auto stated = explanation.cases.find(file_);
    if (stated == explanation.cases.end()) continue;
    const auto found = used_.find(&explanation);
    EXPECT_EQ(found == used_.end() ? 0 : found->second, stated->second)
        << "explained.json, " << file_ << ": " << explanation.reason;
  }
}

void Comparison::differ(const Difference& difference) {
  ++checks_;
  if (const Explanation* explanation = explain(file_, difference)) {
    ++explained_;
    ++used_[explanation];
    return;
  }
  constexpr std::uint64_t shown = 20;
  if (++failures_ <= shown) ADD_FAILURE() << file_ << ": " << difference.text();
}

}  // namespace halfulp::golden
