// SPDX-License-Identifier: MIT
//
// Headers of recorded dot products (matrix-units/hw), and the units that they name.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "formats/matrix_unit.h"
#include "tests/golden/vectors.h"

namespace halfulp::golden {

inline std::vector<std::string> words_of(const Fields& row) {
  std::string line;
  for (const std::string_view field : row) line += (line.empty() ? "" : ",") + std::string(field);
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// "key=value" of a header.
inline std::map<std::string, std::string> header_of(const std::vector<std::string>& words) {
  std::map<std::string, std::string> header;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) header[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return header;
}

// The name of a unit for a file's header. The model is named after the first device that has it;
// later ones have units of their own.
inline std::string unit_named(const std::map<std::string, std::string>& header) {
  const std::string& gpu = header.at("gpu");
  std::string model = header.at("model");
  if (model.starts_with("emulated:"))
    model = "nv.hopper.mma." + header.at("a") + "." + header.at("d");
  const auto of_later = [&](const std::string& first, const std::string& later) {
    if (model.starts_with(first)) model = later + model.substr(first.size());
  };
  if (gpu == "B200") of_later("nv.hopper.", "nv.blackwell.");
  if (gpu == "Ada" || gpu == "L40S") of_later("nv.ampere.", "nv.ada.");
  return model;
}

// The unit of a recording's header; none where it names none.
inline const MatrixUnit* unit_of_header(const std::map<std::string, std::string>& header) {
  if (header.contains("model")) return &find_matrix_unit(unit_named(header));
  if (header.contains("instruction") && header.at("instruction") == "VDPBF16PS")
    return &find_matrix_unit("x86.vdpbf16ps");
  return nullptr;
}

}  // namespace halfulp::golden
