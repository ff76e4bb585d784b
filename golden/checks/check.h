// SPDX-License-Identifier: MIT
//
// Files of test vectors, recomputed: every case of a source is judged. Batches of lines are cut
// among threads; what is reported comes in the order of the lines, whatever the threads.
//
//   vectors::LineSource source("add.txt");
//   const checks::Summary found = checks::check(addition, source);
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "formats/error.h"
#include "golden/checks/judge.h"
#include "golden/vectors/line_source.h"

namespace halfulp::checks {

struct CheckOptions {
  std::optional<vectors::Style> style = {};  // found out where it is not said
  Strictness strictness = {};
  bool skip_noise = false;   // lines that are no cases, damaged ones excepted, are counted only
  bool keep_going = false;   // lines that cannot be read do not end the work
  std::uint64_t shown = 10;  // so many mismatches, and so many lines that cannot be read, are told
  int threads = 0;           // 0: all processors
};

struct Mismatch {
  std::string place;  // "standard input, line 7"; empty where there is one case alone
  vectors::Case got;
  std::optional<Outcome> want;  // none where an operand is unknown
};

// Whom to tell what is found, as it is found; all on the thread that called. Any may be empty.
struct CheckReports {
  std::function<void(const Mismatch&)> mismatch = {};
  std::function<void(const Error&)> bad_line = {};
  // The bytes of lines that are done, those of the whole source (0 where its size is not known),
  // and the cases so far.
  std::function<void(std::uint64_t done, std::uint64_t all, std::uint64_t cases)> progress = {};
};

struct Summary {
  std::uint64_t cases = 0, mismatches = 0;
  std::uint64_t others = 0;     // lines of other operations or formats, or without a result
  std::uint64_t bad_lines = 0;  // that cannot be read
  std::uint64_t noise = 0;      // lines that were skipped
  std::optional<std::uint64_t> stated_count = {};  // of cases, as the source says itself
  std::optional<Error> ended_by = {};  // the line that cannot be read and ended the work
};

// Throws Error: what cannot be read as a whole, or an unreadable line before the first case.
Summary check(const vectors::Calculation& calculation, vectors::LineSource& source,
              const CheckOptions& options = {}, const CheckReports& reports = {});

}  // namespace halfulp::checks
