// SPDX-License-Identifier: MIT
//
// Functions of narrow formats, tabulated: for every code the result cut to 126 bits and jammed,
// which serves every result format and rounding that looks at no more; of logarithmic formats it is
// near enough for all but a few, for which the function is asked again. A table is made once so
// many results are wanted that it pays, and kept in a folder where there is one. A file there
// serves the build that wrote it and no other, and only as long as its checksum is right.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "emulator/scalar/target.h"
#include "formats/engine.h"

namespace halfulp::emulator {

class RealMemory;

struct TableEntry {
  std::uint64_t low = 0, high = 0;  // the significand; 0 where the result is not computed
  std::int32_t exponent = 0;
  std::uint32_t negative = 0;
  bool operator==(const TableEntry&) const = default;
};

struct FunctionTable {
  Op op = Op::exp;
  Format format;                    // of the operand
  std::vector<TableEntry> entries;  // of every code
};

// True for functions of one operand, computed, of formats of at most 16 bits, where what the table
// holds is enough for the target.
bool table_serves(Op op, const Format& format, const Target& target);

// The table, from the folder where it is there and whole, else made, and put there if that can be.
// Empty path: no folder.
std::vector<TableEntry> function_table(Op op, const Format& format,
                                       const std::filesystem::path& folder);
std::filesystem::path table_path(Op op, const Format& format, const std::filesystem::path& folder);

// Nothing where the table does not tell the result. Preconditions: it serves the target, and the
// operand is not to be flushed. memory: may be null.
std::optional<Outcome> function_by_table(const FunctionTable& table, Code code,
                                         const Target& target, std::uint64_t random,
                                         RealMemory* memory);

// The tables of a program. Safe for many threads at once; who waits for a table that is being made
// gets it whole.
class FunctionTables {
 public:
  explicit FunctionTables(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // For so many results more: the table, if it is there or all that were wanted since the first
  // call pay for it; else null. Precondition: it serves some target.
  std::shared_ptr<const FunctionTable> wanted(Op op, const Format& format, std::uint64_t results);

 private:
  struct Entry {
    Entry(Op of, Format operand) : op(of), format(std::move(operand)) {}
    const Op op;
    const Format format;
    std::mutex making;
    std::uint64_t wanted = 0;
    std::shared_ptr<const FunctionTable> table;
  };
  Entry& entry(Op op, const Format& format);

  std::filesystem::path folder_;
  std::mutex adding_;
  std::deque<Entry> entries_;
};

}  // namespace halfulp::emulator
