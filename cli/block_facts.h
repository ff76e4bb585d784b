// SPDX-License-Identifier: MIT
//
// What there is to say about a block format, for the verb formats and the page that it writes.
#pragma once

#include <string>
#include <vector>

#include "cli/output.h"
#include "formats/json.h"

namespace halfulp::cli {

// The table of all block formats in at most 100 columns: its titles, and a format's row.
const std::vector<Column>& short_block_columns();
std::vector<std::string> short_row_of(const BlockEntry& entry);

// The same with the scales in words.
const std::vector<Column>& block_columns();
std::vector<std::string> row_of(const BlockEntry& entry);

// One format, a line for each of its facts: those of the catalogue where it is there, and what the
// rules of formats/block.h leave to a format.
std::string block_text(const BlockFormat& format);

// The description with bits a number, aliases and source.
Json block_json(const BlockFormat& format);

}  // namespace halfulp::cli
