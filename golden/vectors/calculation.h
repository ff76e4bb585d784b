// SPDX-License-Identifier: MIT
//
// One operation in given formats, rounded once, and the engine that answers: what cases are drawn
// for, and what vectors are checked against.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/engine.h"
#include "golden/vectors/layout.h"

namespace halfulp::vectors {

struct Calculation {
  Op op = Op::add;
  std::vector<Format> inputs;  // one each operand
  Quantizer output;
  const Engine* engine = nullptr;  // of the emulator or the reference
  Caches* caches = nullptr;  // given to the engine, and outlives what is prepared; may be null

  [[nodiscard]] bool is_stochastic() const { return halfulp::is_stochastic(output.rounding.mode); }
  // Of the files that hold its cases.
  [[nodiscard]] Layout layout() const { return {.op = op, .inputs = inputs, .output = output}; }
  // The output, rounded as the case says where it says it.
  [[nodiscard]] Quantizer output_of(const Case& c) const;

  // For so many results, as far as is known.
  [[nodiscard]] OperationPlan prepared(std::uint64_t results = 0) const;
  // One result. Precondition: as many operands as there are inputs.
  [[nodiscard]] Outcome compute(std::span<const Code> operands, std::uint64_t random) const;
  // The same with another rounding, or to another format.
  [[nodiscard]] Outcome compute_as(const Quantizer& other, std::span<const Code> operands,
                                   std::uint64_t random) const;
};

// Throws Error where the operation delivers no numbers of the format: conversions to integers
// deliver integers.
void require_delivered(Op op, const Format& format);

}  // namespace halfulp::vectors
