// SPDX-License-Identifier: MIT
//
// Is one engine equal to the reference, bit for bit? A range of operands is located once with the
// reference's exact arithmetic, decided for every mode, and compared with what the engine answers
// on codes (operate, convert) and on arrays of float and double (map, round, encode), and with
// MPFR's own rounding where MPFR can express the format. The engine is a parameter, so that a test
// can give a wrong one and see it found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/engine.h"
#include "golden/equality/cases.h"

namespace halfulp::equality {

// What is checked: an operation on codes of `source`, or else of `format`, that delivers in
// `format`; or the conversion to it of codes of a source; or (neither) decoding and encoding its
// codes.
struct Subject {
  Format format;
  std::optional<Op> op;
  std::optional<Format> source;
};
// True where the mode plays no part, so that one is enough.
bool is_without_mode(Op op);

// Operand combinations [begin, end) of a subject.
struct CaseRange {
  std::uint64_t begin = 0, end = 0;
  bool exhaustive = true;
};

struct Tally {
  std::uint64_t cases = 0;
  std::uint64_t mismatches = 0;
  std::vector<std::string> first;  // at most most_shown lines
  void add(const Tally& other);
};
inline constexpr std::size_t most_shown = 3;

// How many cases each operand combination makes over these modes: what a budget is divided by.
std::uint64_t cases_per_combination(const std::vector<Mode>& modes);

// caches: given to the engine; may be null, here and below.
Tally check_range(const Subject& subject, const CaseRange& range, const std::vector<Mode>& modes,
                  const Engine& engine, Caches* caches = nullptr);
// The engine's answers on arrays under the same roundings, as one number (64 bits, every NaN
// alike): equal where another instruction set, or another build, gives the same bits. No reference
// takes part.
std::uint64_t digest_range(const Subject& subject, const CaseRange& range,
                           const std::vector<Mode>& modes, const Engine& engine,
                           Caches* caches = nullptr);
// Every code of at most 16 bits, drawn ones of wider formats: decode to its value in each carrier
// that holds the format, encode back to itself.
Tally check_codes(const Format& format, const CaseRange& range, const Engine& engine);

}  // namespace halfulp::equality
