// SPDX-License-Identifier: MIT
//
// What can be computed, by name. Every operation takes operands of any scalar formats and delivers
// its exact result rounded once to another, with the flags of IEEE 754-2019 clause 7; the clauses
// beside the groups say what the exact result is. reference/operations.cc states every special case
// row by row.
//
// Results that are no numbers: a comparison delivers the number 1 or 0. A conversion to an integer
// delivers it in an integer format, its direction being the rounding mode.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace halfulp {

enum class Op : std::uint8_t {
  // 5.4.1
  add,
  subtract,
  multiply,
  divide,
  fused_multiply_add,
  square_root,
  // 5.3.1: x - y n, n the integer nearest to x / y, ties to even; invalid where x / y is irrational
  remainder,
  // 5.3.1, 5.9: the integer that the rounding mode chooses; the exact form raises inexact
  round_to_integral,
  round_to_integral_exact,
  // 5.3.3: x 2^n, invalid where n is no integer; floor(log2 |x|)
  scale_b,
  log_b,
  // 5.4.2: the operand itself, rounded
  convert,
  // 5.8: as round_to_integral; what the integer format does not hold raises invalid alone
  to_integer,
  to_integer_exact,
  // 5.5.1: operands are not flushed, and a NaN keeps its fraction and raises nothing
  negate,
  absolute,
  copy_sign,
  // 5.3.1 of IEEE 754-2008: a quiet NaN beside a number is not there, a signalling one makes the
  // result NaN; +0 and -0 are equal, and the first operand stands
  min_num,
  max_num,
  min_num_magnitude,
  max_num_magnitude,
  // 9.6: NaN is the result, and -0 < +0
  minimum,
  maximum,
  minimum_magnitude,
  maximum_magnitude,
  // 9.6: any NaN beside a number is not there, and -0 < +0
  minimum_number,
  maximum_number,
  minimum_magnitude_number,
  maximum_magnitude_number,
  // 5.6.1, 5.11: the signalling forms are invalid on every NaN, the quiet ones on signalling NaN
  equal,
  equal_signalling,
  not_equal,
  less,
  less_quiet,
  less_equal,
  less_equal_quiet,
  greater,
  greater_quiet,
  greater_equal,
  greater_equal_quiet,
  unordered,
  // 9.2, and functions of neural networks
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  sigmoid,  // 1 / (1 + e^-x)
  erf,
  gelu,      // x (1 + erf(x / sqrt 2)) / 2
  silu,      // x / (1 + e^-x)
  softplus,  // log(1 + e^x)
  reciprocal_square_root,
  reciprocal,
  cube_root,
  power,
  hypotenuse,
};
inline constexpr int op_count = static_cast<int>(Op::hypotenuse) + 1;
// The first ones, of 5.4.1: what arrays do on lanes and blocks are built of.
inline constexpr int arithmetic_op_count = 6;

int arity(Op op);
bool is_arithmetic(Op op);
bool is_comparison(Op op);
bool is_to_integer(Op op);
bool is_sign_operation(Op op);
bool is_function(Op op);

struct OpEntry {
  Op op;
  std::string_view name;
  std::vector<std::string_view> aliases;
  int arity;
  std::string_view what;  // one line
};
const std::vector<OpEntry>& operations();  // in the order of Op

std::string_view name_of(Op op);     // "add", "fma", "to_int"
Op parse_op(std::string_view name);  // names and aliases; throws Error with a suggestion

}  // namespace halfulp
