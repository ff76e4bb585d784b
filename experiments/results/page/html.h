// SPDX-License-Identifier: MIT
//
// Texts of a result as HTML.
#pragma once

#include <string>

#include "formats/json.h"

namespace halfulp::experiments {

// With entities in place of what means something in HTML, attributes included.
std::string html_escaped(const std::string& text);
// A cell of a table; numbers stand at the right.
std::string html_cell(const std::string& text, bool number, const char* tag = "td");
// JSON text; bytes that are no UTF-8 are replaced. indent -1: on one line.
std::string json_text(const Json& value, int indent);

}  // namespace halfulp::experiments
