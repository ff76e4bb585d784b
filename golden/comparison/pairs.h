// SPDX-License-Identifier: MIT
//
// Which tensor of a file is compared with which of another: those of one name; where each file has
// one tensor and either has no name for it, those.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "golden/tensors/opened.h"

namespace halfulp::comparison {

struct Pair {
  std::size_t got = 0, want = 0;  // places among the headings of their files
};

// In the order of want. Throws Error naming the first tensor that one of the files lacks, with the
// nearest name that it has.
std::vector<Pair> pairs_of(const tensors::OpenedFile& got, const tensors::OpenedFile& want);

// The place of the tensor of a name, or of the only one where it or the name is without a name.
// Throws Error likewise.
std::size_t partner_of(const std::string& name, const tensors::OpenedFile& file);

}  // namespace halfulp::comparison
