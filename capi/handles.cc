// SPDX-License-Identifier: MIT
//
// Handles from texts, and what they answer about themselves.
#include "capi/handles.h"

#include <memory>
#include <string>
#include <utility>

#include "capi/status.h"
#include "emulator/engine.h"
#include "emulator/functions/thread_memory.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "formats/json/no_files.h"
#include "golden/kernels/product.h"

namespace halfulp::capi {

const Engine& engine() { return emulator::engine(); }

Random random_of(const halfulp_random* random) {
  if (random == nullptr) return {};
  if (random->generator > HALFULP_SPLITMIX64 || random->reserved != 0)
    throw Error("no generator", "random",
                "generator is HALFULP_PHILOX4X32_10 or HALFULP_SPLITMIX64, reserved is 0");
  return {.seed = random->seed,
          .stream = random->stream,
          .offset = random->offset,
          .generator = random->generator == HALFULP_SPLITMIX64 ? Generator::splitmix64
                                                               : Generator::philox4x32_10};
}

namespace {

OperationPlan conversion(const Format& from, const Quantizer& to) {
  return engine().prepare_operation({.op = Op::convert, .inputs = {&from, 1}, .output = &to}, {});
}

int bits_drawn(const Rounding& rounding) {
  return is_stochastic(rounding.mode) ? rounding.random_bits : 0;
}

// The text of an argument, which names no file.
std::string described(const char* text, const char* name) {
  require(text, name);
  std::string copy(text);
  refuse_files(copy, name);
  return copy;
}

// An error of what `read` says is located at the argument.
template <typename Read>
auto located(const char* name, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    throw error.at(name);
  }
}

Format format_of(const char* text, const char* name) {
  const std::string copy = described(text, name);
  return located(name, [&] { return format_from_text(copy); });
}

AnyQuantizer any_of(const char* text, const char* name) {
  const std::string copy = described(text, name);
  return located(name, [&] { return any_quantizer_from_text(copy); });
}

Quantizer quantizer_of(const char* text, const char* name) {
  AnyQuantizer any = any_of(text, name);
  if (auto* scalar = std::get_if<Quantizer>(&any)) return std::move(*scalar);
  throw Error("a block format, whose numbers share scales", name,
              "make a halfulp_block_format of it");
}

// *made is written where nothing is thrown.
template <typename Handle, typename Make>
halfulp_status create(const Handle** made, halfulp_error* error, const Make& make) noexcept {
  return guarded(HALFULP_BAD_DESCRIPTION, error, [&] {
    require(made, "made");
    *made = nullptr;
    *made = make().release();
  });
}

vectors::Calculation calculation_of(const char* name, const char* const* inputs, std::size_t count,
                                    const char* output) {
  vectors::Calculation calculation;
  require(name, "name");
  calculation.op = located("name", [&] { return parse_op(name); });
  const auto operands = static_cast<std::size_t>(arity(calculation.op));
  if (count != 1 && count != operands)
    throw BadArgument(std::to_string(count) + " formats, and " + std::to_string(operands) +
                          " operands of " + std::string(name_of(calculation.op)),
                      "inputs", "give one format for all, or one for each");
  require(inputs, "inputs");
  for (std::size_t i = 0; i < operands; ++i)
    calculation.inputs.push_back(i < count ? format_of(inputs[i], "inputs")
                                           : calculation.inputs.front());
  calculation.output = quantizer_of(output, "output");
  located("output", [&] {
    vectors::require_delivered(calculation.op, calculation.output.format);
    return 0;
  });
  calculation.engine = &engine();
  return calculation;
}

std::unique_ptr<halfulp_unit> unit_of(const char* unit, const char* order, const char* a,
                                      const char* b) {
  const std::string order_text = described(order == nullptr ? "plain" : order, "order");
  kernels::Order read = located("order", [&] { return kernels::order_from_text(order_text); });
  if (unit != nullptr) {
    if (read.tree)
      throw Error("the order has an arithmetic of its own", "unit", "leave one of them out");
    if (a != nullptr || b != nullptr)
      throw Error("the unit says the formats of its operands", a != nullptr ? "a" : "b",
                  "leave it out");
    const std::string text = described(unit, "unit");
    MatrixUnit made = located("unit", [&] { return matrix_unit_from_text(text); });
    return std::make_unique<halfulp_unit>(std::move(made), std::move(read));
  }
  if (!read.tree)
    throw Error("is missing", "unit", "name one, or give an order such as exact:binary32");
  const Format left = format_of(a, "a");
  const Format right = format_of(b, "b");
  MatrixUnit made = kernels::unit_of(read, left, right);
  return std::make_unique<halfulp_unit>(std::move(made), std::move(read));
}

}  // namespace
}  // namespace halfulp::capi

namespace capi = halfulp::capi;

halfulp_format::halfulp_format(halfulp::Format described)
    : format(std::move(described)),
      bits(halfulp::bits(format)),
      plan(capi::engine().prepare({.format = format, .rounding = {}})),
      to_double(
          capi::conversion(format, {.format = halfulp::find_format("binary64"), .rounding = {}})) {}

halfulp_quantizer::halfulp_quantizer(const halfulp::Quantizer& described)
    : format(described.format),
      rounding(described.rounding),
      random_bits(capi::bits_drawn(rounding)),
      plan(capi::engine().prepare(described)),
      from_float(capi::conversion(halfulp::find_format("binary32"), described)),
      from_double(capi::conversion(halfulp::find_format("binary64"), described)) {}

halfulp_operation::halfulp_operation(halfulp::vectors::Calculation described)
    : calculation(std::move(described)),
      output(calculation.output.format),
      random_bits(capi::bits_drawn(calculation.output.rounding)),
      plan(calculation.prepared()) {
  for (const halfulp::Format& format : calculation.inputs) {
    input_formats.push_back(std::make_unique<const halfulp_format>(format));
    inputs.push_back(input_formats.back().get());
  }
}

halfulp_block_format::halfulp_block_format(halfulp::BlockFormat described)
    : format(std::move(described)),
      element(format.element.format),
      plan(capi::engine().prepare_block(format)) {
  for (const halfulp::Level& level : format.levels)
    scales.push_back(std::make_unique<const halfulp_format>(level.scale.format));
}

halfulp_unit::halfulp_unit(halfulp::MatrixUnit described, halfulp::kernels::Order its_order)
    : unit(std::move(described)),
      order(std::move(its_order)),
      a(unit.a.format),
      b(unit.b.format),
      c(unit.c.format),
      d(unit.d) {}

uint32_t halfulp_abi(void) { return HALFULP_ABI; }
const char* halfulp_version(void) { return HALFULP_VERSION; }
void halfulp_thread_end(void) { halfulp::emulator::release_thread_memory(); }

halfulp_status halfulp_format_create(const char* text, const halfulp_format** made,
                                     halfulp_error* error) {
  return capi::create(made, error, [&] {
    return std::make_unique<const halfulp_format>(capi::format_of(text, "text"));
  });
}
halfulp_status halfulp_quantizer_create(const char* text, const halfulp_quantizer** made,
                                        halfulp_error* error) {
  return capi::create(made, error, [&] {
    return std::make_unique<const halfulp_quantizer>(capi::quantizer_of(text, "text"));
  });
}
halfulp_status halfulp_operation_create(const char* name, const char* const* inputs,
                                        size_t input_count, const char* output,
                                        const halfulp_operation** made, halfulp_error* error) {
  return capi::create(made, error, [&] {
    return std::make_unique<const halfulp_operation>(
        capi::calculation_of(name, inputs, input_count, output));
  });
}
halfulp_status halfulp_block_format_create(const char* text, const halfulp_block_format** made,
                                           halfulp_error* error) {
  return capi::create(made, error, [&] {
    halfulp::AnyQuantizer any = capi::any_of(text, "text");
    auto* block = std::get_if<halfulp::BlockFormat>(&any);
    if (block == nullptr)
      throw halfulp::Error("a number format without scales", "text",
                           "name a block format such as mxfp4, or add \"scaling\"");
    return std::make_unique<const halfulp_block_format>(std::move(*block));
  });
}
halfulp_status halfulp_unit_create(const char* unit, const char* order, const char* a,
                                   const char* b, const halfulp_unit** made, halfulp_error* error) {
  return capi::create(made, error, [&] { return capi::unit_of(unit, order, a, b); });
}

void halfulp_format_destroy(const halfulp_format* format) { delete format; }
void halfulp_quantizer_destroy(const halfulp_quantizer* quantizer) { delete quantizer; }
void halfulp_operation_destroy(const halfulp_operation* operation) { delete operation; }
void halfulp_block_format_destroy(const halfulp_block_format* block) { delete block; }
void halfulp_unit_destroy(const halfulp_unit* unit) { delete unit; }

const char* halfulp_format_name(const halfulp_format* format) {
  return format == nullptr ? "" : format->format.name.c_str();
}
uint32_t halfulp_format_bits(const halfulp_format* format) {
  return format == nullptr ? 0 : static_cast<uint32_t>(format->bits);
}
uint32_t halfulp_format_packed_bits(const halfulp_format* format) {
  return format == nullptr ? 0 : static_cast<uint32_t>(halfulp::packed_bits(format->format));
}

const halfulp_format* halfulp_quantizer_format(const halfulp_quantizer* quantizer) {
  return quantizer == nullptr ? nullptr : &quantizer->format;
}
uint32_t halfulp_quantizer_random_bits(const halfulp_quantizer* quantizer) {
  return quantizer == nullptr ? 0 : static_cast<uint32_t>(quantizer->random_bits);
}

size_t halfulp_operation_arity(const halfulp_operation* operation) {
  return operation == nullptr ? 0 : operation->inputs.size();
}
const halfulp_format* halfulp_operation_input(const halfulp_operation* operation, size_t operand) {
  return operation == nullptr || operand >= operation->inputs.size() ? nullptr
                                                                     : operation->inputs[operand];
}
const halfulp_format* halfulp_operation_output(const halfulp_operation* operation) {
  return operation == nullptr ? nullptr : &operation->output;
}

const halfulp_format* halfulp_block_element(const halfulp_block_format* block) {
  return block == nullptr ? nullptr : &block->element;
}
size_t halfulp_block_levels(const halfulp_block_format* block) {
  return block == nullptr ? 0 : block->scales.size();
}
const halfulp_format* halfulp_block_scale(const halfulp_block_format* block, size_t level) {
  return block == nullptr || level >= block->scales.size() ? nullptr : block->scales[level].get();
}

const halfulp_format* halfulp_unit_a(const halfulp_unit* unit) {
  return unit == nullptr ? nullptr : &unit->a;
}
const halfulp_format* halfulp_unit_b(const halfulp_unit* unit) {
  return unit == nullptr ? nullptr : &unit->b;
}
const halfulp_format* halfulp_unit_c(const halfulp_unit* unit) {
  return unit == nullptr ? nullptr : &unit->c;
}
const halfulp_format* halfulp_unit_d(const halfulp_unit* unit) {
  return unit == nullptr ? nullptr : &unit->d;
}
