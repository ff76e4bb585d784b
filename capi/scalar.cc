// SPDX-License-Identifier: MIT
//
// One number, or one code of each operand, at a time. What the handles hold is prepared; nothing
// here allocates, unless something is wrong.
#include <array>
#include <bit>

#include "capi/codes.h"
#include "capi/handles.h"
#include "capi/status.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::capi {
namespace {

void set_flags(std::uint32_t* flags, const Outcome& outcome) {
  if (flags != nullptr) *flags = outcome.flags;
}

void deliver(const halfulp_format&, const Outcome& outcome, halfulp_code* code,
             std::uint32_t* flags) {
  require(code, "code");
  *code = words_of(outcome.code);
  set_flags(flags, outcome);
}
void deliver(const halfulp_format& format, const Outcome& outcome, std::uint64_t* code,
             std::uint32_t* flags) {
  require(code, "code");
  require_word(format);
  *code = static_cast<std::uint64_t>(outcome.code);
  set_flags(flags, outcome);
}

Code input_code(const halfulp_format& format, halfulp_code code) {
  return code_of(format, code, "code");
}
Code input_code(const halfulp_format& format, std::uint64_t code) {
  require_word(format);
  return code_of(format, {.low = code, .high = 0}, "code");
}

template <typename Word>
halfulp_status decode(const halfulp_format* format, Word word, double* number, std::uint32_t* flags,
                      halfulp_error* error) {
  return answered(error, [&] {
    require(format, "format");
    require(number, "number");
    const Code code = input_code(*format, word);
    const Outcome outcome = engine().operate(format->to_double, {&code, 1}, 0);
    *number = std::bit_cast<double>(static_cast<std::uint64_t>(outcome.code));
    set_flags(flags, outcome);
  });
}

template <typename Word>
halfulp_status round(const halfulp_quantizer* quantizer, double number, std::uint64_t random,
                     Word* code, std::uint32_t* flags, halfulp_error* error) {
  return answered(error, [&] {
    require(quantizer, "quantizer");
    require_random(quantizer->random_bits, random);
    const Code pattern = std::bit_cast<std::uint64_t>(number);
    deliver(quantizer->format, engine().operate(quantizer->from_double, {&pattern, 1}, random),
            code, flags);
  });
}
template <typename Word>
halfulp_status round(const halfulp_quantizer* quantizer, float number, std::uint64_t random,
                     Word* code, std::uint32_t* flags, halfulp_error* error) {
  return answered(error, [&] {
    require(quantizer, "quantizer");
    require_random(quantizer->random_bits, random);
    const Code pattern = std::bit_cast<std::uint32_t>(number);
    deliver(quantizer->format, engine().operate(quantizer->from_float, {&pattern, 1}, random), code,
            flags);
  });
}

template <typename Word>
halfulp_status convert(const halfulp_quantizer* quantizer, const halfulp_format* from, Word word,
                       std::uint64_t random, Word* result, std::uint32_t* flags,
                       halfulp_error* error) {
  return answered(error, [&] {
    require(quantizer, "quantizer");
    require(from, "from");
    require_random(quantizer->random_bits, random);
    const Code code = input_code(*from, word);
    deliver(quantizer->format, engine().convert(from->format, code, quantizer->plan, random),
            result, flags);
  });
}

template <typename Word>
halfulp_status operate(const halfulp_operation* operation, const Word* operands, std::size_t count,
                       std::uint64_t random, Word* result, std::uint32_t* flags,
                       halfulp_error* error) {
  return answered(error, [&] {
    require(operation, "operation");
    require_array(operands, count, "operands");
    const std::size_t arity = operation->inputs.size();
    if (count != arity)
      throw Error(counted(count, "operand") + ", and the operation takes " + std::to_string(arity),
                  "operands");
    require_random(operation->random_bits, random);
    std::array<Code, vectors::most_operands> codes{};
    for (std::size_t i = 0; i < arity; ++i)
      codes[i] = input_code(*operation->inputs[i], operands[i]);
    deliver(operation->output,
            engine().operate(operation->plan, std::span<const Code>(codes).first(arity), random),
            result, flags);
  });
}

}  // namespace
}  // namespace halfulp::capi

namespace capi = halfulp::capi;

halfulp_status halfulp_decode(const halfulp_format* format, halfulp_code code, double* number,
                              uint32_t* flags, halfulp_error* error) {
  return capi::decode(format, code, number, flags, error);
}
halfulp_status halfulp_decode_u64(const halfulp_format* format, uint64_t code, double* number,
                                  uint32_t* flags, halfulp_error* error) {
  return capi::decode(format, code, number, flags, error);
}

halfulp_status halfulp_round_f64(const halfulp_quantizer* quantizer, double number, uint64_t random,
                                 halfulp_code* code, uint32_t* flags, halfulp_error* error) {
  return capi::round(quantizer, number, random, code, flags, error);
}
halfulp_status halfulp_round_f32(const halfulp_quantizer* quantizer, float number, uint64_t random,
                                 halfulp_code* code, uint32_t* flags, halfulp_error* error) {
  return capi::round(quantizer, number, random, code, flags, error);
}
halfulp_status halfulp_round_f64_u64(const halfulp_quantizer* quantizer, double number,
                                     uint64_t random, uint64_t* code, uint32_t* flags,
                                     halfulp_error* error) {
  return capi::round(quantizer, number, random, code, flags, error);
}
halfulp_status halfulp_round_f32_u64(const halfulp_quantizer* quantizer, float number,
                                     uint64_t random, uint64_t* code, uint32_t* flags,
                                     halfulp_error* error) {
  return capi::round(quantizer, number, random, code, flags, error);
}

halfulp_status halfulp_convert(const halfulp_quantizer* quantizer, const halfulp_format* from,
                               halfulp_code code, uint64_t random, halfulp_code* result,
                               uint32_t* flags, halfulp_error* error) {
  return capi::convert(quantizer, from, code, random, result, flags, error);
}
halfulp_status halfulp_convert_u64(const halfulp_quantizer* quantizer, const halfulp_format* from,
                                   uint64_t code, uint64_t random, uint64_t* result,
                                   uint32_t* flags, halfulp_error* error) {
  return capi::convert(quantizer, from, code, random, result, flags, error);
}

halfulp_status halfulp_operate(const halfulp_operation* operation, const halfulp_code* operands,
                               size_t operand_count, uint64_t random, halfulp_code* result,
                               uint32_t* flags, halfulp_error* error) {
  return capi::operate(operation, operands, operand_count, random, result, flags, error);
}
halfulp_status halfulp_operate_u64(const halfulp_operation* operation, const uint64_t* operands,
                                   size_t operand_count, uint64_t random, uint64_t* result,
                                   uint32_t* flags, halfulp_error* error) {
  return capi::operate(operation, operands, operand_count, random, result, flags, error);
}
