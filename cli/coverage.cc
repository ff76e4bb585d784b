// SPDX-License-Identifier: MIT
#include "cli/coverage.h"

#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/vector_files.h"
#include "cli/verb.h"
#include "formats/counted.h"
#include "formats/json.h"
#include "golden/vectors/coverage.h"

namespace halfulp::cli {

int print_coverage(const vectors::Calculation& calculation, const std::string& path, bool json) {
  vectors::LineSource source(path, flush_output);
  const vectors::Coverage coverage = vectors::coverage_of(calculation, source);
  if (coverage.stated_count)
    require_count(source.name(), coverage.cases + coverage.others, *coverage.stated_count,
                  "its head says");
  std::vector<std::vector<std::string>> rows;
  std::size_t missing = 0;
  for (const vectors::ClassCount& one : coverage.classes) {
    missing += one.cases == 0 ? 1 : 0;
    rows.push_back(
        {one.name, std::to_string(one.cases), one.cases == 0 ? "missing" : "", one.what});
    if (!json) continue;
    Json object;
    object["class"] = one.name;
    object["cases"] = one.cases;
    print(object.dump() + "\n");
  }
  if (!json) {
    print(table_text({{"class"}, {"cases", Align::right}, {""}, {"what it is"}}, rows));
    print(counted(coverage.cases, "case") + ", " + std::to_string(rows.size() - missing) + " of " +
          counted(rows.size(), "class", "classes") + "\n");
  }
  return missing == 0 ? exit_good : exit_bad_verdict;
}

}  // namespace halfulp::cli
