// SPDX-License-Identifier: MIT
//
// Samples given as numbers: in the document, {"x": [[...], ...], "target": [[...], ...]}, or in a
// file of one sample a line, its inputs and then its targets with commas between,
// {"file": "digits.csv", "scale": 0.0625}. Inputs are multiplied by `scale`. Where the loss is
// cross_entropy a target is one number, the class, counted from 0.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments::training {

struct Table {
  std::size_t inputs = 0, outputs = 0;
  std::vector<double> x, target;  // row after row; the target of a class is a row of zeros with a 1

  [[nodiscard]] std::size_t rows() const { return inputs == 0 ? 0 : x.size() / inputs; }
};

// What a network takes and gives.
struct TableShape {
  std::size_t inputs = 0, outputs = 0;
  bool classes = false;
};

// folder: where relative paths begin. Throws Error that names the member, or the file and line.
// resolved: a file with the hash of its numbers, which a document may demand ("hash").
Table parse_table(const Json& value, const std::string& where, const std::string& folder,
                  const TableShape& shape, Json& resolved);

}  // namespace halfulp::experiments::training
