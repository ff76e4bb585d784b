// SPDX-License-Identifier: MIT
//
// Hand-made bytes of tensor files, and what is said of the bad ones.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/error.h"
#include "golden/tensors/files.h"
#include "golden/tensors/npz.h"

namespace halfulp::tensors {

inline Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

inline std::string little(std::uint64_t number, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(number >> (8 * i));
  return text;
}

// A NumPy file of a version, with a dictionary and data.
inline std::string npy_text(const std::string& dictionary, const std::string& data,
                            unsigned major = 1) {
  return std::string("\x93NUMPY") + static_cast<char>(major) + '\0' +
         little(dictionary.size(), major == 1 ? 2 : 4) + dictionary + data;
}

// The dictionary as NumPy writes it, but for the padding.
inline std::string dictionary(const std::string& type, const std::string& shape,
                              const std::string& fortran_order = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran_order + ", 'shape': " + shape +
         ", }\n";
}

inline std::string safetensors_text(const std::string& header, const std::string& data) {
  return little(header.size(), 8) + header + data;
}

inline TensorFile parse_text(const std::string& text, Container container,
                             const ReadOptions& options = {}) {
  return parse(bytes_of(text), container, options);
}

// What reading says; "" where it says nothing.
inline std::string complaint(const std::string& text, Container container,
                             const ReadOptions& options = {}) {
  try {
    parse_text(text, container, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

struct BadFile {
  const char* name;
  std::string bytes;
  const char* words;  // stand in the message
};

inline void PrintTo(const BadFile& bad, std::ostream* out) { *out << bad.name; }

inline void expect_refused(const BadFile& bad, Container container) {
  const std::string said = complaint(bad.bytes, container);
  EXPECT_NE(said.find(bad.words), std::string::npos) << "said: " << said;
  for (const char c : said) EXPECT_FALSE(c >= 0 && c < ' ') << said;
}

}  // namespace halfulp::tensors
