// SPDX-License-Identifier: MIT
//
// Differences from other software that are known and right, each with its reason: explained.json
// lists them by file, column and properties of the case, with the number of cases they cover.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "formats/format.h"
#include "formats/numbers/value.h"

namespace halfulp::golden {

// One case in which an engine and a peer differ.
struct Difference {
  std::string format, column;  // as the file names them
  std::string operands;        // for the message
  std::string peer, ours;      // as texts
  // Properties of the case that an explanation may ask for: see facts_of.
  std::map<std::string, std::string> facts;

  [[nodiscard]] std::string text() const;
};

// Properties of a conversion of x (a number of the format `from`) in which the peer delivered
// `peer` (nullptr: it gave an error):
//   "input" nan, infinite, zero, finite; "sign" of the input, positive or negative
//   "place" of a finite input: below_least, tie, beyond_largest (nothing else is told apart)
//   "operand": subnormal where x is one in the format `from`, else empty
//   "peer", "ours": error, nan, infinite, zero, largest, finite
struct Conversion {
  const Format& from;
  const Format& to;
  const Value& x;
};
std::map<std::string, std::string> facts_of(const Conversion& conversion, const Code* peer,
                                            Code ours);

struct Explanation {
  std::map<std::string, std::uint64_t> cases;  // by file: how many it covers there
  std::set<std::string> formats, columns;      // empty: all
  std::map<std::string, std::string> when;
  std::string reason, source;
};

const std::vector<Explanation>& explanations();
// The entry that covers the case, or nullptr.
const Explanation* explain(const std::string& file, const Difference& difference);

}  // namespace halfulp::golden
