// SPDX-License-Identifier: MIT
//
// The main of every test program. With `--file block_test.cc` it runs the tests that this source
// file holds, which is what one CTest entry asks for; a file without tests fails, as does a wrong
// name. A run in which a test was skipped ends with status 77, so that CTest counts it as skipped
// rather than passed.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace {

constexpr int skipped_status = 77;

// A filter of every test whose source file has this name; empty where there is none.
std::string filter_of_file(std::string_view name) {
  std::string filter;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int s = 0; s < all.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *all.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      const testing::TestInfo& test = *suite.GetTestInfo(t);
      const std::string_view file = test.file();
      if (file.substr(file.rfind('/') + 1) != name) continue;
      filter += (filter.empty() ? "" : ":") + std::string(suite.name()) + "." + test.name();
    }
  }
  return filter;
}

}  // namespace

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  if (count == 3 && std::string_view(arguments[1]) == "--file") {
    const std::string filter = filter_of_file(arguments[2]);
    if (filter.empty()) {
      std::fprintf(stderr, "no test comes from a file %s\n", arguments[2]);
      return 2;
    }
    GTEST_FLAG_SET(filter, filter);
  } else if (count != 1) {
    std::fprintf(stderr, "usage: %s [--file X_test.cc] [--gtest_...]\n", arguments[0]);
    return 2;
  }
  const int status = RUN_ALL_TESTS();
  if (status != 0) return status;
  return testing::UnitTest::GetInstance()->skipped_test_count() > 0 ? skipped_status : 0;
}
