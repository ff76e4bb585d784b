// SPDX-License-Identifier: MIT
#include "cli/coverage.h"

#include <nlohmann/json.hpp>

#include "cli/case_classes.h"
#include "cli/output.h"
#include "cli/vector_source.h"
#include "cli/verb.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/vectors/arrays.h"
#include "golden/vectors/line_reader.h"

namespace halfulp::cli {
namespace {

constexpr const char* head = "its head says";

void require_known(const Calculation& calculation, const vectors::Case& c) {
  const std::size_t count = calculation.inputs.size() + (calculation.is_stochastic() ? 1 : 0);
  for (std::size_t place = 0; place < count; ++place) {
    if (is_unknown(c, place))
      throw Error("an operand is \"" + c.unknown[place] + "\"", "", "its class is unknown");
  }
}

// Calls take for every case of the file; the number of cases.
template <typename Take>
std::uint64_t for_each_case(const Calculation& calculation, const std::string& path,
                            const Take& take) {
  LineSource source(path);
  const vectors::Layout layout = layout_of(calculation);
  const vectors::Style style = vectors::detect_style(source.peek());
  if (style == vectors::Style::npz) {
    const std::string bytes = source.rest();
    const vectors::ArrayCases read = vectors::cases_of_npz(
        {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, layout, true);
    for (const vectors::Case& c : read.cases) take(c);
    if (read.stated_count)
      require_count(source.name(), read.cases.size(), *read.stated_count, head);
    return read.cases.size();
  }
  vectors::LineReader reader(style, layout, true);
  std::uint64_t count = 0;
  std::uint64_t others = 0;
  bool beginning = true;
  while (true) {
    const std::vector<std::string_view>& lines = source.next();
    if (lines.empty()) {
      if (const auto stated = reader.stated_count())
        require_count(source.name(), count + others, *stated, head);
      return count;
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      try {
        beginning = beginning && reader.begin(lines[i]);
        if (beginning) continue;
        vectors::Case c;
        const vectors::LineReader::Line line = reader.read(lines[i], c);
        others += line == vectors::LineReader::Line::another ? 1 : 0;
        if (line != vectors::LineReader::Line::a_case) continue;
        require_known(calculation, c);
        take(c);
        ++count;
      } catch (const Error& error) {
        throw error.at(source.place(source.line_number() + i));
      }
    }
  }
}

}  // namespace

int print_coverage(const Calculation& calculation, const std::string& path, bool json) {
  const Classifier classifier(calculation);
  const std::vector<Classifier::Class>& classes = classifier.classes();
  std::vector<std::uint64_t> counts(classes.size());
  const std::uint64_t cases = for_each_case(
      calculation, path, [&](const vectors::Case& c) { classifier.count(c, counts); });
  std::vector<std::vector<std::string>> rows;
  std::size_t missing = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    missing += counts[i] == 0 ? 1 : 0;
    rows.push_back({classes[i].name, std::to_string(counts[i]), counts[i] == 0 ? "missing" : "",
                    classes[i].what});
    if (!json) continue;
    Json object;
    object["class"] = classes[i].name;
    object["cases"] = counts[i];
    print(object.dump() + "\n");
  }
  if (!json) {
    print(table_text({{"class"}, {"cases", Align::right}, {""}, {"what it is"}}, rows));
    print(counted(cases, "case") + ", " + std::to_string(classes.size() - missing) + " of " +
          counted(classes.size(), "class", "classes") + "\n");
  }
  return missing == 0 ? exit_good : exit_bad_verdict;
}

}  // namespace halfulp::cli
