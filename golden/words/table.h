// SPDX-License-Identifier: MIT
//
// Tables of text.
#pragma once

#include <string>
#include <vector>

namespace halfulp::words {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

// Lines of cells with two blanks between the columns and none at the end.
std::string table_text(const std::vector<Column>& columns,
                       const std::vector<std::vector<std::string>>& rows);

}  // namespace halfulp::words
