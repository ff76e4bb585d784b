// SPDX-License-Identifier: MIT
//
// Texts of a result as HTML, and the page around them.
#pragma once

#include <string>

#include "formats/json.h"

namespace halfulp::experiments {

// Of a page that needs no network and runs no script: up to where its body begins, and its end.
std::string page_beginning(const std::string& title);
extern const char* const page_end;

// With entities in place of what means something in HTML, attributes included.
std::string html_escaped(const std::string& text);
// A cell of a table; numbers stand at the right.
std::string html_cell(const std::string& text, bool number, const char* tag = "td");
// JSON text; bytes that are no UTF-8 are replaced. indent -1: on one line.
std::string json_text(const Json& value, int indent);

}  // namespace halfulp::experiments
