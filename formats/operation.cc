// SPDX-License-Identifier: MIT
#include "formats/operation.h"

#include "formats/error.h"

namespace halfulp {
namespace {

std::vector<OpEntry> arithmetic_entries() {
  return {
      {Op::add, "add", {}, 2, "a + b"},
      {Op::subtract, "sub", {"subtract"}, 2, "a - b"},
      {Op::multiply, "mul", {"multiply"}, 2, "a b"},
      {Op::divide, "div", {"divide"}, 2, "a / b"},
      {Op::fused_multiply_add, "fma", {"muladd"}, 3, "a b + c, rounded once"},
      {Op::square_root, "sqrt", {}, 1, "square root"},
      {Op::remainder, "rem", {"remainder"}, 2, "a - b n, n the even nearest integer of a / b"},
      {Op::round_to_integral,
       "nearbyint",
       {"round_to_integral"},
       1,
       "the integer that the rounding mode chooses; inexact is not raised"},
      {Op::round_to_integral_exact,
       "rint",
       {"round_to_int", "round_to_integral_exact"},
       1,
       "the same, inexact is raised"},
      {Op::scale_b, "scalb", {"scale_b"}, 2, "a 2^b, b an integer"},
      {Op::log_b, "logb", {"log_b"}, 1, "floor(log2 |a|)"},
      {Op::convert, "cast", {"convert", "from_int"}, 1, "a in another format"},
      {Op::to_integer,
       "to_int_quiet",
       {"to_integer"},
       1,
       "a as an integer of the result format; inexact is not raised"},
      {Op::to_integer_exact, "to_int", {"to_integer_exact"}, 1, "the same, inexact is raised"},
      {Op::negate, "neg", {"negate"}, 1, "the other sign, of NaN too"},
      {Op::absolute, "abs", {"absolute"}, 1, "without sign, of NaN too"},
      {Op::copy_sign, "copysign", {"copy_sign"}, 2, "a with the sign of b"},
  };
}

std::vector<OpEntry> choice_entries() {
  return {
      {Op::min_num, "minnum", {"min_num"}, 2, "IEEE 754-2008: a number rather than a quiet NaN"},
      {Op::max_num, "maxnum", {"max_num"}, 2, "the same"},
      {Op::min_num_magnitude, "minnummag", {"min_num_mag"}, 2, "of smaller magnitude"},
      {Op::max_num_magnitude, "maxnummag", {"max_num_mag"}, 2, "of larger magnitude"},
      {Op::minimum, "minimum", {}, 2, "IEEE 754-2019: NaN if either is, -0 < +0"},
      {Op::maximum, "maximum", {}, 2, "the same"},
      {Op::minimum_magnitude, "minimum_magnitude", {"minimum_mag"}, 2, "of smaller magnitude"},
      {Op::maximum_magnitude, "maximum_magnitude", {"maximum_mag"}, 2, "of larger magnitude"},
      {Op::minimum_number,
       "min",
       {"minimum_number", "fmin"},
       2,
       "IEEE 754-2019 minimumNumber: a number rather than NaN, -0 < +0"},
      {Op::maximum_number, "max", {"maximum_number", "fmax"}, 2, "maximumNumber"},
      {Op::minimum_magnitude_number,
       "minimum_magnitude_number",
       {"minimum_mag_num"},
       2,
       "of smaller magnitude"},
      {Op::maximum_magnitude_number,
       "maximum_magnitude_number",
       {"maximum_mag_num"},
       2,
       "of larger magnitude"},
      {Op::equal, "eq", {"equal"}, 2, "a = b; quiet"},
      {Op::equal_signalling, "eq_signaling", {"eq_signalling"}, 2, "a = b; invalid on NaN"},
      {Op::not_equal, "ne", {"not_equal"}, 2, "a != b; quiet"},
      {Op::less, "lt", {"less"}, 2, "a < b; invalid on NaN"},
      {Op::less_quiet, "lt_quiet", {}, 2, "a < b; quiet"},
      {Op::less_equal, "le", {"less_equal"}, 2, "a <= b; invalid on NaN"},
      {Op::less_equal_quiet, "le_quiet", {}, 2, "a <= b; quiet"},
      {Op::greater, "gt", {"greater"}, 2, "a > b; invalid on NaN"},
      {Op::greater_quiet, "gt_quiet", {}, 2, "a > b; quiet"},
      {Op::greater_equal, "ge", {"greater_equal"}, 2, "a >= b; invalid on NaN"},
      {Op::greater_equal_quiet, "ge_quiet", {}, 2, "a >= b; quiet"},
      {Op::unordered, "unordered", {"un"}, 2, "a or b is NaN; quiet"},
  };
}

std::vector<OpEntry> function_entries() {
  return {
      {Op::exp, "exp", {}, 1, "e^a"},
      {Op::exp2, "exp2", {}, 1, "2^a"},
      {Op::expm1, "expm1", {}, 1, "e^a - 1"},
      {Op::log, "log", {"ln"}, 1, "natural logarithm"},
      {Op::log2, "log2", {}, 1, "logarithm to base 2"},
      {Op::log10, "log10", {}, 1, "logarithm to base 10"},
      {Op::log1p, "log1p", {}, 1, "natural logarithm of 1 + a"},
      {Op::sin, "sin", {}, 1, "sine, a in radians"},
      {Op::cos, "cos", {}, 1, "cosine"},
      {Op::tan, "tan", {}, 1, "tangent"},
      {Op::asin, "asin", {}, 1, "arc sine"},
      {Op::acos, "acos", {}, 1, "arc cosine"},
      {Op::atan, "atan", {}, 1, "arc tangent"},
      {Op::sinh, "sinh", {}, 1, "hyperbolic sine"},
      {Op::cosh, "cosh", {}, 1, "hyperbolic cosine"},
      {Op::tanh, "tanh", {}, 1, "hyperbolic tangent"},
      {Op::sigmoid, "sigmoid", {"logistic"}, 1, "1 / (1 + e^-a)"},
      {Op::erf, "erf", {}, 1, "error function"},
      {Op::gelu, "gelu", {}, 1, "a (1 + erf(a / sqrt 2)) / 2"},
      {Op::silu, "silu", {"swish"}, 1, "a / (1 + e^-a)"},
      {Op::softplus, "softplus", {}, 1, "log(1 + e^a)"},
      {Op::reciprocal_square_root, "rsqrt", {"reciprocal_square_root"}, 1, "1 / sqrt a"},
      {Op::reciprocal, "recip", {"reciprocal"}, 1, "1 / a"},
      {Op::cube_root, "cbrt", {"cube_root"}, 1, "cube root"},
      {Op::power, "pow", {"power"}, 2, "a^b"},
      {Op::hypotenuse, "hypot", {"hypotenuse"}, 2, "sqrt(a^2 + b^2)"},
  };
}

bool lies_between(Op op, Op first, Op last) { return op >= first && op <= last; }

}  // namespace

const std::vector<OpEntry>& operations() {
  static const std::vector<OpEntry> all = [] {
    std::vector<OpEntry> entries = arithmetic_entries();
    for (const OpEntry& entry : choice_entries()) entries.push_back(entry);
    for (const OpEntry& entry : function_entries()) entries.push_back(entry);
    return entries;
  }();
  return all;
}

namespace {
const OpEntry& entry_of(Op op) { return operations().at(static_cast<std::size_t>(op)); }
}  // namespace

int arity(Op op) { return entry_of(op).arity; }
std::string_view name_of(Op op) { return entry_of(op).name; }

bool is_arithmetic(Op op) { return static_cast<int>(op) < arithmetic_op_count; }
bool is_comparison(Op op) { return lies_between(op, Op::equal, Op::unordered); }
bool is_to_integer(Op op) { return lies_between(op, Op::to_integer, Op::to_integer_exact); }
bool is_sign_operation(Op op) { return lies_between(op, Op::negate, Op::copy_sign); }
bool is_function(Op op) { return op >= Op::exp; }

Op parse_op(std::string_view name) {
  std::vector<std::string> known;
  for (const OpEntry& entry : operations()) {
    if (entry.name == name) return entry.op;
    known.emplace_back(entry.name);
    for (const std::string_view alias : entry.aliases) {
      if (alias == name) return entry.op;
      known.emplace_back(alias);
    }
  }
  if (name == "compare")
    throw Error("\"compare\" is several operations", "",
                "say which: eq, ne, lt, le, gt, ge or unordered");
  const std::string hint = suggest(std::string(name), known);
  throw Error("unknown operation \"" + std::string(name) + "\"", "",
              hint.empty() ? "`halfulp op --help` lists the operations" : hint);
}

}  // namespace halfulp
