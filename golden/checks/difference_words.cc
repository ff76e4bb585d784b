// SPDX-License-Identifier: MIT
#include "golden/checks/difference_words.h"

#include "formats/codes.h"
#include "formats/counted.h"
#include "golden/checks/mismatch_words.h"

namespace halfulp::checks {

std::string text_of(const Format& format, const comparison::Differences& differences) {
  if (differences.mismatches == 0) return {};
  std::string text = std::to_string(differences.mismatches) + " of " +
                     counted(differences.elements, "element") +
                     (differences.mismatches == 1 ? " differs" : " differ");
  if (differences.first.empty()) return text + "\n";
  const comparison::Mismatch& first = differences.first.front();
  text += differences.elements == 1 ? "\n" : ", the first at " + std::to_string(first.index) + "\n";
  text += "  got   " + code_line(format, first.got) + "\n";
  text += "  want  " + code_line(format, first.want) + "\n";
  const std::string distance = distance_text(format, first.got, first.want);
  if (!distance.empty()) text += "  off   " + distance + " ulp\n";
  const std::uint64_t largest = differences.distances.largest();
  if (differences.mismatches > 1 && largest > 0)
    text += "  finite numbers are at most " + std::to_string(largest) + " ulp apart\n";
  return text;
}

}  // namespace halfulp::checks
