// SPDX-License-Identifier: MIT
//
// halfulp probe: what its calls share, and what it reports.
#pragma once

#include <string>
#include <vector>

#include "golden/probe/findings.h"

namespace halfulp::cli {

struct ProbeReport {
  const probe::Exam* exam = nullptr;
  probe::Standing standing;
  probe::Nearest nearest;                // the shipped units
  std::vector<probe::Finding> findings;  // of the unit that is reported
  bool settled = false;                  // nothing is gained by asking on
  std::size_t rounds = 0;                // 0: answers that were recorded
};

// Of the unit that is reported: one that gives all answers, else the one that misses the fewest.
const MatrixUnit& unit_of(const ProbeReport& report);

std::string probe_text(const ProbeReport& report);
std::string probe_json(const ProbeReport& report);

}  // namespace halfulp::cli
