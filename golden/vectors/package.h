// SPDX-License-Identifier: MIT
//
// A SystemVerilog package (IEEE 1800-2017) that says what a readmemh file of vectors holds, so that
// a test bench needs no number of its own: widths, a packed structure, the count of vectors (a
// simulator tells a short file by it), formats, seed and the SHA-256 of the file.
#pragma once

#include <string>
#include <string_view>

#include "golden/vectors/layout.h"

namespace halfulp::vectors {

struct PackageFacts {
  std::string name;         // of the package: what is no letter, digit or underscore becomes one
  std::string vector_file;  // as $readmemh is to be given it
  std::string sha256;
};
std::string package_of(const Layout& layout, const Origin& origin, const PackageFacts& facts);

}  // namespace halfulp::vectors
