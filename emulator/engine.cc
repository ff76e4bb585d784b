// SPDX-License-Identifier: MIT
#include "emulator/engine.h"

#include "emulator/arrays/arrays.h"
#include "emulator/blocks/block.h"
#include "emulator/blocks/plan.h"
#include "emulator/dot/dot.h"
#include "emulator/operations/operate.h"
#include "emulator/operations/scalar.h"
#include "emulator/prepared/operation.h"

namespace halfulp::emulator {
namespace {

Outcome convert_code(const Format& from, Code code, const Plan& plan, std::uint64_t random) {
  return round_operand(compiled(plan).target(), unpack(from, code), random);
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
                                .convert = convert_code,
                                .round = round_array,
                                .map = map_array,
                                .encode = encode_array,
                                .decode = decode_array,
                                .multiply_add = multiply_add,
                                .quantize = quantize,
                                .dequantize = dequantize};
  return table;
}

}  // namespace halfulp::emulator
