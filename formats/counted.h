// SPDX-License-Identifier: MIT
//
// A number with its noun, as messages say it: "1 case", "2 cases", "0 mismatches".
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace halfulp {

// many: the noun of every number but one; with an s behind `one` where it is empty.
std::string counted(std::integral auto count, std::string_view one, std::string_view many = {}) {
  std::string text = std::to_string(count) + ' ';
  if (count == 1) return text.append(one);
  return many.empty() ? text.append(one).append("s") : text.append(many);
}

}  // namespace halfulp
