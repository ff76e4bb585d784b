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

#include "emulator/prepared/short_operation.h"
#include "emulator/scalar/target.h"
#include "formats/engine.h"

namespace halfulp::emulator {

struct FunctionTable;
struct Kept;

class CompiledOperation {
 public:
  CompiledOperation(const Operation& operation, const Preparation& preparation);
  CompiledOperation(const CompiledOperation&) = delete;
  CompiledOperation& operator=(const CompiledOperation&) = delete;

  [[nodiscard]] const std::vector<Format>& inputs() const { return inputs_; }
  [[nodiscard]] const Quantizer& output() const { return output_; }

  // Codes have no bits beyond those of their formats; `random` as in Engine::operate.
  void result(std::span<const Code> operands, std::uint64_t random, Outcome& outcome) const {
    if (!all_.empty()) return listed(operands, outcome);
    if (short_ && short_->result(operands, random, outcome)) return;
    outcome = computed(operands, random);
  }

 private:
  // An outcome whose code has at most 32 bits.
  struct Listed {
    std::uint32_t code = 0;
    std::uint8_t flags = 0;
  };
  void list_all(std::uint64_t elements);
  void listed(std::span<const Code> operands, Outcome& outcome) const {
    std::size_t place = 0;
    for (std::size_t i = operands.size(); i-- > 0;)
      place = place << bits_[i] | static_cast<std::size_t>(operands[i]);
    outcome = {all_[place].code, all_[place].flags};
  }
  [[nodiscard]] Outcome computed(std::span<const Code> operands, std::uint64_t random) const;

  Op op_;
  std::vector<Format> inputs_;
  std::vector<int> bits_;  // of the inputs
  Quantizer output_;
  Target target_;
  std::shared_ptr<Kept> kept_;
  std::shared_ptr<const FunctionTable> table_;
  std::optional<ShortOperation> short_;
  // The outcomes of all combinations of operands, the first one's codes fastest; empty where they
  // are too many, or too few elements to come.
  std::vector<Listed> all_;
};

OperationPlan prepare_operation(const Operation& operation, const Preparation& preparation);
const CompiledOperation& compiled(const OperationPlan& plan);

// The functions of the engine's table.
Outcome operate_on_codes(const OperationPlan& plan, std::span<const Code> operands,
                         std::uint64_t random);
void operate_codes(const OperationPlan& plan, std::span<const std::span<const std::uint8_t>> in,
                   std::size_t count, const Random& random, std::span<std::uint8_t> out,
                   std::span<std::uint8_t> flags);

}  // namespace halfulp::emulator
