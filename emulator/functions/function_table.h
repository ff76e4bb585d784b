// SPDX-License-Identifier: MIT
//
// Functions of narrow formats, tabulated: for every code the result cut to 126 bits and jammed,
// which serves every result format and rounding that looks at no more; of logarithmic formats it is
// near enough for all but a few, for which the function is asked again. A table is made once a
// process, after so many calls that it pays, and kept on disk under $HALFULP_CACHE, else
// $XDG_CACHE_HOME/halfulp, else ~/.cache/halfulp; HALFULP_CACHE=off keeps it in memory only. A file
// serves the build that wrote it and no other, and only as long as its checksum is right.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "emulator/scalar/target.h"
#include "formats/engine.h"

namespace halfulp::emulator {

struct TableEntry {
  std::uint64_t low = 0, high = 0;  // the significand; 0 where the result is not computed
  std::int32_t exponent = 0;
  std::uint32_t negative = 0;
  bool operator==(const TableEntry&) const = default;
};

// True for functions of one operand, computed, of formats of at most 16 bits.
bool is_tabulated(Op op, const Format& format);

// The table, from the folder where it is there and whole, else made, and put there if that can be.
// Empty path: no folder.
std::vector<TableEntry> function_table(Op op, const Format& format,
                                       const std::filesystem::path& folder);
std::filesystem::path table_path(Op op, const Format& format, const std::filesystem::path& folder);
// What the environment says; empty for none.
std::filesystem::path table_folder();

// Nothing where no table serves. The code's format is operation.inputs[0].
std::optional<Outcome> function_by_table(const Operation& operation, Code code,
                                         const Target& target, std::uint64_t random);

}  // namespace halfulp::emulator
