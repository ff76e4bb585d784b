// SPDX-License-Identifier: MIT
//
// An operation as the words of `halfulp op` say it, on arrays of codes and on single operands.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/literals.h"
#include "golden/vectors/calculation.h"
#include "python/engine/quantizer.h"
#include "python/engine/tensors.h"

namespace halfulp::python {

class WordedCalculation {
 public:
  // operation: a name of `halfulp op --list`, or cast. Throws Error.
  WordedCalculation(const std::string& operation, const std::vector<std::string>& words);

  // The names of the types of the operands, and of the result.
  [[nodiscard]] std::vector<std::string> inputs() const;
  [[nodiscard]] std::string output() const;

  // Operands are codes of one count, each in the bytes that its type takes; so is what `out`
  // receives, and `flags` where it is given, a byte each.
  void compute(const std::vector<Bytes>& operands, const MutableBytes& out,
               const std::optional<MutableBytes>& flags) const;
  // Operands as tokens of `halfulp op`: code, value and flags. index: of its random bits.
  [[nodiscard]] Words compute_numbers(const std::vector<std::string>& tokens,
                                      std::uint64_t index) const;

 private:
  vectors::Calculation calculation_;
  OperationPlan plan_;
  Random random_;
  int threads_ = 0;
  std::vector<cli::OperandReader> readers_;
};

}  // namespace halfulp::python
