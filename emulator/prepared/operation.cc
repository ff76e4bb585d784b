// SPDX-License-Identifier: MIT
#include "emulator/prepared/operation.h"

#include <algorithm>
#include <array>

#include "emulator/functions/kept.h"
#include "emulator/operations/operate.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {

CompiledOperation::CompiledOperation(const Operation& operation, const Preparation& preparation)
    : op_(operation.op),
      arity_(operation.inputs.size()),
      inputs_(operation.inputs.begin(), operation.inputs.end()),
      output_(*operation.output),
      target_(target_of(output_)),
      kept_(kept_in(preparation.caches)),
      words_(WordOperation::make(op_, inputs_, target_)),
      short_(ShortOperation::make(op_, inputs_, target_)) {
  for (const Format& format : inputs_) bits_.push_back(bits(format));
  if (kept_ && table_serves(op_, inputs_[0], target_))
    table_ = kept_->tables.wanted(op_, inputs_[0], preparation.elements);
  list_all(preparation.elements);
}

// Where as many elements are to come as there are combinations twice, computing each of these once
// is less work.
void CompiledOperation::list_all(std::uint64_t elements) {
  constexpr int most_bits = 16;
  int together = 0;
  for (const int bits : bits_) together += bits;
  if (together > most_bits || elements >> together < 2) return;
  if (target_.bits > 32 || is_stochastic(output_.rounding.mode)) return;
  std::vector<Listed> all(std::size_t{1} << together);
  std::array<Code, 3> operands;
  for (std::size_t place = 0; place < all.size(); ++place) {
    std::size_t rest = place;
    for (std::size_t i = 0; i < bits_.size(); rest >>= bits_[i++])
      operands[i] = rest & ((std::size_t{1} << bits_[i]) - 1);
    const Outcome outcome = result(std::span(operands).first(bits_.size()), 0);
    all[place] = {static_cast<std::uint32_t>(outcome.code), outcome.flags};
  }
  all_ = std::move(all);
  words_.reset();
}

Outcome CompiledOperation::by_other_ways(std::span<const Code> operands,
                                         std::uint64_t random) const {
  Outcome outcome;
  if (!all_.empty()) {
    outcome = listed(operands);
  } else if (!short_ || !short_->result(operands, random, outcome)) {
    outcome = computed(operands, random);
  }
  return outcome;
}

ShortOutcome CompiledOperation::short_by_other_ways(const std::array<std::uint64_t, 3>& operands,
                                                    std::uint64_t random) const {
  const std::array<Code, 3> codes{operands[0], operands[1], operands[2]};
  const Outcome outcome = by_other_ways(std::span(codes).first(arity_), random);
  return {static_cast<std::uint64_t>(outcome.code), outcome.flags};
}

Outcome CompiledOperation::computed(std::span<const Code> operands, std::uint64_t random) const {
  std::array<Operand, 3> unpacked;
  for (std::size_t i = 0; i < operands.size(); ++i)
    unpacked[i] = unpack_operand(op_, inputs_[i], operands[i]);
  RealMemory* const memory = kept_ ? &kept_->reals : nullptr;
  const bool flushed = output_.rounding.flush_inputs && unpacked[0].subnormal;
  if (table_ && !flushed) {
    if (const auto outcome = function_by_table(*table_, operands[0], target_, random, memory))
      return *outcome;
  }
  return operate(op_, target_, std::span(unpacked).first(operands.size()), random, memory);
}

OperationPlan prepare_operation(const Operation& operation, const Preparation& preparation) {
  HALFULP_REQUIRE(operation.inputs.size() == static_cast<std::size_t>(arity(operation.op)),
                  "prepare_operation: the operation takes another number of operands");
  for (const Format& format : operation.inputs) validate(format);
  validate(operation.output->format);
  const int random_bits = operation.output->rounding.random_bits;
  HALFULP_REQUIRE(random_bits >= 1 && random_bits <= 64,
                  "prepare_operation: random_bits is 1 to 64");
  return {.op = operation.op,
          .inputs = {operation.inputs.begin(), operation.inputs.end()},
          .output = *operation.output,
          .engine = engine_name,
          .compiled = std::make_shared<CompiledOperation>(operation, preparation)};
}

Outcome operate_on_codes(const OperationPlan& plan, std::span<const Code> operands,
                         std::uint64_t random) {
  const CompiledOperation& ready = compiled(plan);
  HALFULP_REQUIRE(operands.size() == ready.arity(),
                  "operate: the operation takes another number of operands");
  return ready.result(operands, random);
}

bool is_short(const OperationPlan& plan) {
  constexpr int most = 64;
  return bits(plan.output.format) <= most &&
         std::ranges::all_of(plan.inputs, [](const Format& f) { return bits(f) <= most; });
}

ShortOutcome operate_on_short_codes(const OperationPlan& plan,
                                    const std::array<std::uint64_t, 3>& operands,
                                    std::uint64_t random) {
  return compiled(plan).result(operands, random);
}

}  // namespace halfulp::emulator
