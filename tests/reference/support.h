// SPDX-License-Identifier: MIT
//
// What the tests of the reference share: the formats and modes that suites run over, names of
// instances, messages.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/engine.h"
#include "formats/numbers/value.h"
#include "formats/rounding.h"
#include "reference/round.h"

namespace halfulp {

// GoogleTest prints what it compares.
inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << std::hex << static_cast<std::uint64_t>(outcome.code >> 64) << ":"
       << static_cast<std::uint64_t>(outcome.code) << " flags " << int{outcome.flags} << std::dec;
}
inline void PrintTo(const Value& value, std::ostream* out) { *out << hexadecimal_text(value); }

namespace reference {

inline Quantizer quantizer(const std::string& format, Mode mode = Mode::nearest_even,
                           const std::string& overflow = "ieee") {
  Quantizer q{.format = find_format(format), .rounding = {}};
  q.rounding.mode = mode;
  q.rounding.overflow = parse_overflow(overflow);
  return q;
}

inline std::vector<std::string> catalogue_names() {
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : catalogue()) names.push_back(entry.format.name);
  return names;
}

inline std::string instance_name(std::string text) {
  for (char& c : text) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return text;
}

// A suite over named formats and all modes.
class FormatAndMode : public testing::TestWithParam<std::tuple<std::string, Mode>> {
 public:
  static std::string name(const testing::TestParamInfo<ParamType>& info) {
    return instance_name(std::get<0>(info.param) + "_" +
                         std::string(name_of(std::get<1>(info.param))));
  }

 protected:
  [[nodiscard]] static Quantizer under_test() {
    return quantizer(std::get<0>(GetParam()), std::get<1>(GetParam()));
  }
};

}  // namespace reference
}  // namespace halfulp
