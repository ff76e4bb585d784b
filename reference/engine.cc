// SPDX-License-Identifier: MIT
#include "reference/engine.h"

#include <array>
#include <variant>
#include <vector>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "reference/blocks/block.h"
#include "reference/carrier.h"
#include "reference/dot.h"
#include "reference/engine_name.h"
#include "reference/operations.h"
#include "reference/packing.h"

namespace halfulp::reference {
namespace {

void require_valid(const Quantizer& quantizer) {
  validate(quantizer.format);
  HALFULP_REQUIRE(quantizer.rounding.random_bits >= 1 && quantizer.rounding.random_bits <= 64,
                  "prepare: random_bits is 1 to 64");
}

// Plans of this engine are the descriptions themselves: it computes from them, each time anew.
Plan prepare(const Quantizer& quantizer, const Preparation& /*preparation*/) {
  require_valid(quantizer);
  return {.quantizer = quantizer, .engine = engine_name, .compiled = nullptr};
}

DotPlan prepare_dot(const DotTree& tree, const Preparation& /*preparation*/) {
  validate(tree);
  if (tree.product) require_valid(*tree.product);
  for (const Sum& sum : tree.sums) {
    if (sum.rounded) require_valid(sum.quantizer);
  }
  return {.tree = tree, .engine = engine_name, .compiled = nullptr};
}

OperationPlan prepare_operation(const Operation& operation, const Preparation& /*preparation*/) {
  HALFULP_REQUIRE(operation.inputs.size() == static_cast<std::size_t>(arity(operation.op)),
                  "prepare_operation: the operation takes another number of operands");
  for (const Format& format : operation.inputs) validate(format);
  require_valid(*operation.output);
  return {.op = operation.op,
          .inputs = {operation.inputs.begin(), operation.inputs.end()},
          .output = *operation.output,
          .engine = engine_name,
          .compiled = nullptr};
}

// NaR, the NaN of posits and takums, equals itself and is less than every number (Posit Standard
// 2022, 5.3).
Value ordered(const Format& format, const Value& v) {
  const bool has_nar =
      std::holds_alternative<Posit>(format.kind) || std::holds_alternative<Takum>(format.kind);
  return has_nar && v.is_nan() ? infinite_value(true) : v;
}

Outcome apply(const Operation& operation, std::span<const Code> operands, std::uint64_t random) {
  HALFULP_REQUIRE(operands.size() == operation.inputs.size(), "apply: wrong number of operands");
  const Quantizer& q = *operation.output;
  const bool flush = q.rounding.flush_inputs && !is_sign_operation(operation.op);
  std::vector<Value> values;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    values.push_back(operand(operation.inputs[i], operands[i], flush));
    if (is_comparison(operation.op)) values[i] = ordered(operation.inputs[i], values[i]);
  }
  return operate(operation.op, values, q, random);
}

Outcome operate_on_codes(const OperationPlan& plan, std::span<const Code> operands,
                         std::uint64_t random) {
  require_engine(plan.engine, engine_name);
  return apply({.op = plan.op, .inputs = plan.inputs, .output = &plan.output}, operands, random);
}

void operate_codes(const OperationPlan& plan, std::span<const std::span<const std::uint8_t>> in,
                   std::size_t count, const Random& random, std::span<std::uint8_t> out,
                   std::span<std::uint8_t> flags) {
  HALFULP_REQUIRE(in.size() == plan.inputs.size(), "operate_codes: wrong number of operands");
  const Format& format = plan.output.format;
  const std::size_t bytes = packed_bytes(format, count);
  HALFULP_REQUIRE(out.size() >= bytes && (flags.empty() || flags.size() >= count),
                  "operate_codes: too few bytes for the results");
  const Rounding& rounding = plan.output.rounding;
  std::vector<Code> operands(in.size());
  for (std::size_t index = 0; index < count; ++index) {
    for (std::size_t i = 0; i < in.size(); ++i) {
      const Format& from = plan.inputs[i];
      HALFULP_REQUIRE(in[i].size() >= packed_bytes(from, count),
                      "operate_codes: too few bytes for the operands");
      operands[i] = get_code(in[i], index, packed_bits(from)) & all_codes(from);
    }
    const bool draws = is_stochastic(rounding.mode);
    const std::uint64_t word = draws ? random.bits(index, rounding.random_bits) : 0;
    const Outcome outcome = operate_on_codes(plan, operands, word);
    put_code(out, index, packed_bits(format), outcome.code);
    if (!flags.empty()) flags[index] = outcome.flags;
  }
  clear_behind(out, count, packed_bits(format));
}

Outcome convert(const Format& from, Code code, const Plan& plan, std::uint64_t random) {
  require_engine(plan.engine, engine_name);
  const Quantizer& q = plan.quantizer;
  return round(real(operand(from, code, q.rounding.flush_inputs)), q, random);
}

// The exact results of the elements of an array, their rounding and what becomes of it: what
// round(), map() and encode() have in common.
class Elements {
 public:
  Elements(const Plan& plan, const Random& random, Counts* counts)
      : quantizer_(plan.quantizer), random_(random), counts_(counts) {}

  std::uint64_t bits(std::uint64_t index) const {
    const Rounding& rounding = quantizer_.rounding;
    return is_stochastic(rounding.mode) ? random_.bits(index, rounding.random_bits) : 0;
  }

  Outcome deliver(Op op, const Exact& x, std::uint64_t index) const {
    const Outcome outcome = reference::deliver(op, x, quantizer_, bits(index));
    // Conversions to integers raise invalid where they overflow.
    const Outcome counted =
        is_to_integer(op) ? decide(locate(x, quantizer_.format), quantizer_, bits(index)) : outcome;
    count(counts_, x.value, counted, decode(quantizer_.format, outcome.code));
    return outcome;
  }

 private:
  const Quantizer& quantizer_;
  const Random& random_;
  Counts* counts_;
};

Exact element(const View& in, std::size_t row, std::size_t column, const Quantizer& q) {
  Value v = load(in, row, column);
  if (q.rounding.flush_inputs) v = flushed(format_of(in.carrier), v);
  return {.value = real(number_of(q.format, in.carrier, v))};
}

// What a carrier gets. A NaN has the sign that the rule gives it, though the format may have one
// NaN only; where a number landed on it, that of the number, and none in arithmetic.
Value delivered(const Exact& x, const Quantizer& q, const Outcome& outcome) {
  Value value = decode(q.format, outcome.code);
  if (!value.is_nan()) return value;
  const Located located = locate(x, q.format);
  const bool nan = located.place == Located::Place::nan;
  if (nan && located.copied) {
    value.negative = located.nan.operands[0].negative;
    return value;
  }
  value.negative = nan ? choose_nan(q.rounding.nan, located.nan).negative
                       : x.value.numerator.negative && !x.arithmetic;
  return value;
}

void require_same_shape(const View& a, const MutableView& b) {
  HALFULP_REQUIRE(a.rows == b.rows && a.columns == b.columns, "views of different shapes");
}

void round_array(const View& in, const Plan& plan, const Random& random, const MutableView& out,
                 Counts* counts) {
  require_engine(plan.engine, engine_name);
  require_same_shape(in, out);
  require_fits(plan.quantizer.format, out.carrier);
  const Elements elements(plan, random, counts);
  for (std::size_t row = 0; row < in.rows; ++row) {
    for (std::size_t column = 0; column < in.columns; ++column) {
      const Exact x = element(in, row, column, plan.quantizer);
      const Outcome outcome = elements.deliver(Op::convert, x, row * in.columns + column);
      store(out, row, column, delivered(x, plan.quantizer, outcome));
    }
  }
}

void map_array(Op op, std::span<const View> in, const Plan& plan, const Random& random,
               const MutableView& out, Counts* counts) {
  require_engine(plan.engine, engine_name);
  HALFULP_REQUIRE(in.size() == static_cast<std::size_t>(arity(op)),
                  "map: wrong number of operands");
  const Quantizer& q = plan.quantizer;
  require_fits(q.format, out.carrier);
  for (const View& view : in) require_same_shape(view, out);
  const Elements elements(plan, random, counts);
  const bool flush = q.rounding.flush_inputs && !is_sign_operation(op);
  std::vector<Value> operands(in.size());
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      for (std::size_t i = 0; i < in.size(); ++i) {
        const Value v = number_of(q.format, in[i].carrier, load(in[i], row, column));
        operands[i] = flush ? flushed(q.format, v) : v;
      }
      const std::size_t index = row * out.columns + column;
      const Exact x = exact(op, operands, q.rounding, elements.bits(index));
      const Outcome outcome = elements.deliver(op, x, index);
      store(out, row, column, delivered(x, q, outcome));
    }
  }
}

void encode_array(const View& in, const Plan& plan, const Random& random,
                  std::span<std::uint8_t> out, Counts* counts) {
  require_engine(plan.engine, engine_name);
  const Format& format = plan.quantizer.format;
  HALFULP_REQUIRE(out.size() >= packed_bytes(format, in.rows * in.columns),
                  "encode: too few bytes for the codes");
  const Elements elements(plan, random, counts);
  for (std::size_t row = 0; row < in.rows; ++row) {
    for (std::size_t column = 0; column < in.columns; ++column) {
      const Exact x = element(in, row, column, plan.quantizer);
      const std::size_t index = row * in.columns + column;
      put_code(out, index, packed_bits(format), elements.deliver(Op::convert, x, index).code);
    }
  }
  clear_behind(out, in.rows * in.columns, packed_bits(format));
}

void decode_array(std::span<const std::uint8_t> in, const Plan& plan, const MutableView& out) {
  require_engine(plan.engine, engine_name);
  const Format& format = plan.quantizer.format;
  require_fits(format, out.carrier);
  HALFULP_REQUIRE(in.size() >= packed_bytes(format, out.rows * out.columns),
                  "decode: too few bytes for the codes");
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      const Code code = get_code(in, row * out.columns + column, packed_bits(format));
      store(out, row, column, decode(format, code & all_codes(format)));
    }
  }
}

}  // namespace

const Engine& engine() {
  static constexpr Engine table{.name = engine_name,
                                .prepare = {prepare},
                                .prepare_dot = {prepare_dot},
                                .prepare_block = {prepare_block},
                                .prepare_operation = {prepare_operation},
                                .operate = operate_on_codes,
                                .apply = apply,
                                .operate_codes = operate_codes,
                                .convert = convert,
                                .round = round_array,
                                .map = map_array,
                                .encode = encode_array,
                                .decode = decode_array,
                                .multiply_add = multiply_add,
                                .quantize = quantize,
                                .dequantize = dequantize};
  return table;
}

}  // namespace halfulp::reference
