// SPDX-License-Identifier: MIT
//
// Vectors as an archive of NumPy arrays of codes, an array a field under its name: unsigned
// integers of 8, 16, 32 or 64 bits, and the metadata as bytes of JSON.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "golden/vectors/layout.h"

namespace halfulp::vectors {

// The whole file. Throws Error where a field has more than 64 bits.
std::string npz_of(const Layout& layout, const Origin& origin, std::span<const Case> cases);

struct ArrayCases {
  std::vector<Case> cases;
  std::optional<std::uint64_t> stated_count;  // where the metadata have it
};
// The cases of a file. Throws Error, naming the array: missing, unknown, of another length, with
// codes of too many bits; metadata that are no JSON or of another operation; or what
// golden/tensors/npz.h has against the file.
ArrayCases cases_of_npz(std::span<const std::uint8_t> file, const Layout& layout,
                        bool flags_optional);

}  // namespace halfulp::vectors
