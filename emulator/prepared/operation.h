// SPDX-License-Identifier: MIT
//
// An operation prepared: everything that its formats and its rounding say, worked out once. What is
// left to do for a result depends on the codes alone, and changes nothing here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "emulator/arrays/plan.h"
#include "emulator/prepared/short_operation.h"
#include "emulator/prepared/word_operation.h"
#include "emulator/scalar/target.h"
#include "formats/engine.h"

namespace halfulp::emulator {

struct FunctionTable;
struct Kept;

// An outcome whose code has at most 64 bits.
struct ShortOutcome {
  std::uint64_t code = 0;
  std::uint8_t flags = 0;
};

class CompiledOperation {
 public:
  CompiledOperation(const Operation& operation, const Preparation& preparation);
  CompiledOperation(const CompiledOperation&) = delete;
  CompiledOperation& operator=(const CompiledOperation&) = delete;

  [[nodiscard]] const std::vector<Format>& inputs() const { return inputs_; }
  [[nodiscard]] const Quantizer& output() const { return output_; }
  [[nodiscard]] std::size_t arity() const { return arity_; }

  // Codes have no bits beyond those of their formats; `random` as in Engine::operate.
  [[nodiscard]] Outcome result(std::span<const Code> operands, std::uint64_t random) const {
    if (words_) {
      const auto word = [&](std::size_t i) {
        return i < operands.size() ? static_cast<std::uint64_t>(operands[i]) : 0;
      };
      const kernels::WordOutcome outcome = words_->result(word(0), word(1), word(2));
      if (outcome.flags != kernels::not_a_word) [[likely]]
        return {outcome.code, static_cast<std::uint8_t>(outcome.flags)};
    }
    return by_other_ways(operands, random);
  }
  // The same of codes of at most 64 bits.
  [[nodiscard]] ShortOutcome result(const std::array<std::uint64_t, 3>& operands,
                                    std::uint64_t random) const {
    if (words_) {
      const auto [code, flags] = words_->result(operands[0], operands[1], operands[2]);
      if (flags != kernels::not_a_word) [[likely]]
        return {code, static_cast<std::uint8_t>(flags)};
    }
    return short_by_other_ways(operands, random);
  }

 private:
  // An outcome whose code has at most 32 bits.
  struct Listed {
    std::uint32_t code = 0;
    std::uint8_t flags = 0;
  };
  void list_all(std::uint64_t elements);
  [[nodiscard, gnu::noinline]] Outcome by_other_ways(std::span<const Code> operands,
                                                     std::uint64_t random) const;
  [[nodiscard, gnu::noinline]] ShortOutcome short_by_other_ways(
      const std::array<std::uint64_t, 3>& operands, std::uint64_t random) const;
  [[nodiscard]] Outcome listed(std::span<const Code> operands) const {
    std::size_t place = 0;
    for (std::size_t i = operands.size(); i-- > 0;)
      place = place << bits_[i] | static_cast<std::size_t>(operands[i]);
    return {all_[place].code, all_[place].flags};
  }
  [[nodiscard]] Outcome computed(std::span<const Code> operands, std::uint64_t random) const;

  Op op_;
  std::size_t arity_;
  std::vector<Format> inputs_;
  std::vector<int> bits_;  // of the inputs
  Quantizer output_;
  Target target_;
  std::shared_ptr<Kept> kept_;
  std::shared_ptr<const FunctionTable> table_;
  std::optional<WordOperation> words_;  // not where outcomes are listed
  std::optional<ShortOperation> short_;
  // The outcomes of all combinations of operands, the first one's codes fastest; empty where they
  // are too many, or too few elements to come.
  std::vector<Listed> all_;
};

OperationPlan prepare_operation(const Operation& operation, const Preparation& preparation);
inline const CompiledOperation& compiled(const OperationPlan& plan) {
  require_engine(plan.engine, engine_name);
  return *static_cast<const CompiledOperation*>(plan.compiled.get());
}

// The functions of the engine's table.
Outcome operate_on_codes(const OperationPlan& plan, std::span<const Code> operands,
                         std::uint64_t random);
// The same of operands and results of at most 64 bits, which goes through registers; what is not
// there may be anything. Precondition: is_short(plan).
ShortOutcome operate_on_short_codes(const OperationPlan& plan,
                                    const std::array<std::uint64_t, 3>& operands,
                                    std::uint64_t random);
bool is_short(const OperationPlan& plan);
void operate_codes(const OperationPlan& plan, std::span<const std::span<const std::uint8_t>> in,
                   std::size_t count, const Random& random, std::span<std::uint8_t> out,
                   std::span<std::uint8_t> flags);

}  // namespace halfulp::emulator
