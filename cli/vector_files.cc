// SPDX-License-Identifier: MIT
#include "cli/vector_files.h"

#include "cli/at_option.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::cli {

vectors::Style style_at(const std::string& option, const std::string& name) {
  return at_option(option, [&] { return vectors::parse_style(name); });
}

void require_count(const std::string& source, std::uint64_t cases, std::uint64_t wanted,
                   const std::string& who) {
  if (cases == wanted) return;
  throw Error(counted(cases, "case") + ", but " + who + " " + std::to_string(wanted), source,
              cases < wanted ? "is it whole? --expect-count N of check says what is right"
                             : "are they two files in one? --expect-count N of check says what is "
                               "right");
}

}  // namespace halfulp::cli
