// SPDX-License-Identifier: MIT
//
// What answers say of a device: its unit, what speaks for each of the unit's properties, and the
// shipped units next to it.
#pragma once

#include <string>
#include <vector>

#include "golden/probe/interview.h"

namespace halfulp::probe {

// One property of the unit: of the values that it might have instead, the one that is hardest to
// tell from its own. Where no question tells it, the property is open.
struct Finding {
  std::string property;
  std::string instead;
  std::size_t against = 0;             // questions whose answers are others with `instead`
  std::vector<std::string> open = {};  // values with which no answer is another
};

// Of all properties, those that are open last.
std::vector<Finding> findings_of(const Exam& exam, const MatrixUnit& unit);

// Of the shipped units with such operands: those with the fewest misses, and how many these are.
struct Nearest {
  std::vector<std::string> names;  // more than one where they give the same answers
  std::size_t misses = 0;
};
Nearest nearest_named(const Exam& exam);

// The unit as a file has it: a name, and the findings as its evidence.
MatrixUnit documented(MatrixUnit unit, const std::string& name,
                      const std::vector<Finding>& findings, std::size_t questions);

}  // namespace halfulp::probe
