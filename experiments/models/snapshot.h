// SPDX-License-Identifier: MIT
//
// All that a training holds between two steps, bit by bit: matrices by their names, and the rest as
// JSON. visit_state.h makes it and takes it back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/engine.h"
#include "formats/files/bytes.h"

namespace halfulp::experiments {

struct SavedTensor {
  std::string name;
  Carrier carrier = Carrier::binary32;
  std::int64_t rows = 0, columns = 0;
  tensors::Bytes data;  // row after row, each number's least significant byte first
  bool operator==(const SavedTensor&) const = default;
};

struct Snapshot {
  std::vector<SavedTensor> tensors;  // those that are not +0 throughout
  std::string values;                // the text of an object; empty where there is no snapshot
};

}  // namespace halfulp::experiments
