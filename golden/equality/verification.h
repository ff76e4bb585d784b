// SPDX-License-Identifier: MIT
//
// The emulator against the reference and MPFR, row by row of a table: a format and an operation,
// every operand combination where the budget allows it, drawn ones else. Rows are cut into blocks
// that threads take in any order; what a range checks depends on the range alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "formats/block.h"
#include "formats/matrix_unit.h"
#include "formats/rounding.h"
#include "golden/equality/equality.h"

namespace halfulp::equality {

inline constexpr std::uint64_t usual_budget = std::uint64_t{1} << 24;

// What is verified.
struct Scope {
  std::vector<Format> formats;
  std::vector<BlockFormat> block_formats;
  std::vector<MatrixUnit> units;
  std::vector<std::string> operations;  // of verified_operations(); none: all
  std::vector<Mode> modes;
  std::uint64_t budget = usual_budget;  // of cases, a row, and a source of casts
  bool shares_budget_of_casts = false;  // all sources of a cast have one budget
  Caches* caches = nullptr;             // given to the emulator; may be null
};

// "codes", which are decoded and encoded; "quantize" and "dequantize", of block formats; "dot", of
// matrix units; and the names of operations.
const std::vector<std::string>& verified_operations();

struct Row {
  std::string format;  // or unit
  std::string text{};  // its description, where it is none of the catalogue's
  std::string operation;
  bool exhaustive = true;
  std::size_t modes = 0;
  Tally tally;
};

// Called before the first range and after every one, one call at a time: the instruction set, and
// is it the first; the row; the cases so far, and about how many there will be (0: not known yet).
struct VerifyProgress {
  const std::string& instruction_set;
  bool first = true;
  const Row& row;
  double cases = 0, all_cases = 0;
};

// The first instruction set (of emulator/instruction_set.h) against the reference; the others
// against the first, and where they differ against the reference too, which says where. The first
// is forced afterwards. threads: 0: all processors.
std::vector<Row> verify(const Scope& scope, const std::vector<std::string>& instruction_sets,
                        int threads, const std::function<void(const VerifyProgress&)>& progress);

}  // namespace halfulp::equality
