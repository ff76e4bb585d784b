// SPDX-License-Identifier: MIT
#include "golden/probe/findings.h"

#include <algorithm>

#include "golden/probe/hypotheses.h"

namespace halfulp::probe {

std::vector<Finding> findings_of(const Exam& exam, const MatrixUnit& unit) {
  std::vector<Finding> findings;
  std::vector<std::size_t> all = exam.all();
  for (const Variant& variant : variants_of(unit, exam.ports())) {
    auto place = std::ranges::find(findings, variant.property, &Finding::property);
    if (place == findings.end()) {
      findings.push_back({.property = variant.property, .instead = "", .against = SIZE_MAX});
      place = findings.end() - 1;
    }
    const std::size_t misses = exam.misses_learning(variant.unit, all, place->against);
    if (misses == 0) {
      place->open.push_back(variant.value);
    } else if (misses < place->against) {
      place->against = misses;
      place->instead = variant.value;
    }
  }
  for (Finding& finding : findings) {
    if (finding.instead.empty()) finding.against = 0;
  }
  std::stable_partition(findings.begin(), findings.end(),
                        [](const Finding& finding) { return finding.open.empty(); });
  return findings;
}

Nearest nearest_named(const Exam& exam) {
  Nearest nearest;
  for (const Fit& fit : ranked(exam, shipped_units())) {
    if (!nearest.names.empty() && fit.misses > nearest.misses) break;
    nearest.names.push_back(fit.unit.name);
    nearest.misses = fit.misses;
  }
  return nearest;
}

MatrixUnit documented(MatrixUnit unit, const std::string& name,
                      const std::vector<Finding>& findings, std::size_t questions) {
  unit.name = name;
  unit.aliases.clear();
  unit.vendor = unit.architecture = "";
  unit.instruction = "found by halfulp probe";
  unit.evidence.clear();
  const std::string of = std::to_string(questions) + " answers of the device";
  unit.evidence.push_back({.what = "all answers", .ground = Ground::hardware, .source = of});
  for (const Finding& finding : findings) {
    if (finding.open.empty()) {
      unit.evidence.push_back({.what = finding.property,
                               .ground = Ground::hardware,
                               .source = std::to_string(finding.against) + " of " + of +
                                         " are others with the nearest alternative, " +
                                         finding.instead});
      continue;
    }
    unit.evidence.push_back(
        {.what = finding.property,
         .ground = Ground::inference,
         .source = "no answer is another with " + finding.open.front() +
                   (finding.open.size() > 1
                        ? " (nor with " + std::to_string(finding.open.size() - 1) + " more)"
                        : "")});
  }
  return unit;
}

}  // namespace halfulp::probe
