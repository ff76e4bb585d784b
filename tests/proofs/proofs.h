// SPDX-License-Identifier: MIT
//
// Proofs by going through everything: 2^32 operands each. What is counted is printed; a difference
// is printed too, as long as there are few.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "formats/rounding.h"

namespace halfulp::proofs {

struct Count {
  std::uint64_t cases = 0, differences = 0;
};

// Tells of the first differences, from any thread.
class Reporter {
 public:
  void differ(const std::string& text);
  [[nodiscard]] std::uint64_t differences() const { return differences_; }

 private:
  std::atomic<std::uint64_t> differences_ = 0;
};

// All pairs of codes of binary16 or bfloat16 under add or mul, to nearest even: the emulator's
// arrays against MPFR, which rounds in the format's own precision and exponent range.
Count prove_pairs(const std::string& format, const std::string& operation);

// All 2^32 patterns of binary32 into a format of at most 8 bits: the emulator's arrays against the
// steps of the reference. Rounding is monotonic, so that between two numbers with one result there
// is no other; the reference is asked where the steps are by bisection.
Count prove_narrow(const std::string& format, Mode mode, const std::string& overflow);

}  // namespace halfulp::proofs
