// SPDX-License-Identifier: MIT
//
// Conversions, sums and products of floats in words of 64 bits (kernels/words.h): what is common,
// before the ways that serve all codes and formats (short_operation.h).
#pragma once

#include <optional>
#include <span>

#include "emulator/kernels/words.h"
#include "emulator/scalar/target.h"

namespace halfulp::emulator {

class WordOperation {
 public:
  // Nothing where words are too short, or the operation, a format or the rounding is another.
  static std::optional<WordOperation> make(Op op, std::span<const Format> inputs,
                                           const Target& target);

  // flags are kernels::not_a_word where the codes need another way. Operands that are not there may
  // be anything.
  [[nodiscard]] kernels::WordOutcome result(std::uint64_t a, std::uint64_t b,
                                            std::uint64_t c) const {
    return run_(constants_, a, b, c);
  }

 private:
  WordOperation(kernels::WordOperation run, const kernels::WordConstants& constants)
      : run_(run), constants_(constants) {}

  kernels::WordOperation run_;
  kernels::WordConstants constants_;
};

}  // namespace halfulp::emulator
