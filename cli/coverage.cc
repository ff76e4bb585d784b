// SPDX-License-Identifier: MIT
#include "cli/coverage.h"
namespace halfulp::cli {
int print_coverage(const Calculation&, const std::string&, bool) { return 0; }
}  // namespace halfulp::cli
