// SPDX-License-Identifier: MIT
//
// Numbers that are no codes, rounded one after the other to one quantizer: what round_real of
// scalar.h answers, with everything that follows from the quantizer worked out once. Literals of
// few digits are read into a word (formats/numbers/short_decimal.h) and rounded from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "formats/engine.h"

namespace halfulp {
struct Real;         // formats/numbers/value.h
struct Value;        // likewise
struct ShortNumber;  // formats/numbers/short_decimal.h
}  // namespace halfulp

namespace halfulp::emulator {

class NumberRounder {
 public:
  explicit NumberRounder(const Quantizer& quantizer);

  [[nodiscard]] Outcome round(const Real& x, std::uint64_t random) const;
  [[nodiscard]] Outcome round(const Value& x, std::uint64_t random) const;
  // Absent where a word does not tell what is rounded.
  [[nodiscard]] std::optional<Outcome> round(const ShortNumber& x, std::uint64_t random) const;
  // What parse_real reads, which throws Error where it is no number.
  [[nodiscard]] Outcome round_literal(std::string_view text, std::uint64_t random) const;

 private:
  struct Prepared;

  std::shared_ptr<const Prepared> prepared_;
};

}  // namespace halfulp::emulator
