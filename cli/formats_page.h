// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace halfulp::cli {

// docs/formats.md: all formats, names, kinds and overflow rules in Markdown.
std::string formats_page();

}  // namespace halfulp::cli
