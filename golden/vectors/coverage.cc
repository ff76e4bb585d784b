// SPDX-License-Identifier: MIT
#include "golden/vectors/coverage.h"

#include <functional>

#include "formats/error.h"
#include "golden/vectors/arrays.h"
#include "golden/vectors/case_classes.h"
#include "golden/vectors/line_reader.h"

namespace halfulp::vectors {
namespace {

using Take = std::function<void(const Case&)>;

void require_known(const Calculation& calculation, const Case& c) {
  const std::size_t count = calculation.inputs.size() + (calculation.is_stochastic() ? 1 : 0);
  for (std::size_t place = 0; place < count; ++place) {
    if (is_unknown(c, place))
      throw Error("an operand is \"" + c.unknown[place] + "\"", "", "its class is unknown");
  }
}

void read_arrays(const Layout& layout, LineSource& source, const Take& take, Coverage& coverage) {
  const std::string bytes = source.rest();
  const ArrayCases read = cases_of_npz(
      {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, layout, true);
  for (const Case& c : read.cases) take(c);
  coverage.cases = read.cases.size();
  coverage.stated_count = read.stated_count;
}

void read_lines(const Calculation& calculation, Style style, LineSource& source, const Take& take,
                Coverage& coverage) {
  LineReader reader(style, calculation.layout(), true);
  bool beginning = true;
  while (true) {
    const std::vector<std::string_view>& lines = source.next();
    if (lines.empty()) break;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      try {
        beginning = beginning && reader.begin(lines[i]);
        if (beginning) continue;
        Case c;
        const LineReader::Line line = reader.read(lines[i], c);
        coverage.others += line == LineReader::Line::another ? 1 : 0;
        if (line != LineReader::Line::a_case) continue;
        require_known(calculation, c);
        take(c);
        ++coverage.cases;
      } catch (const Error& error) {
        throw error.at(source.place(source.line_number() + i));
      }
    }
  }
  coverage.stated_count = reader.stated_count();
}

}  // namespace

Coverage coverage_of(const Calculation& calculation, LineSource& source) {
  const Classifier classifier(calculation);
  const std::vector<Classifier::Class>& classes = classifier.classes();
  std::vector<std::uint64_t> counts(classes.size());
  const Take take = [&](const Case& c) { classifier.count(c, counts); };
  Coverage coverage;
  const Style style = detect_style(source.peek());
  if (style == Style::npz) {
    read_arrays(calculation.layout(), source, take, coverage);
  } else {
    read_lines(calculation, style, source, take, coverage);
  }
  for (std::size_t i = 0; i < classes.size(); ++i)
    coverage.classes.push_back({classes[i].name, classes[i].what, counts[i]});
  return coverage;
}

}  // namespace halfulp::vectors
