// SPDX-License-Identifier: MIT
#include "golden/vectors/testfloat_names.h"

#include <array>
#include <utility>

#include "formats/error.h"

namespace halfulp::vectors {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

std::string format_named(std::string_view name) {
  static constexpr std::array<Names, 9> formats{{{"f16", "binary16"},
                                                 {"bf16", "bfloat16"},
                                                 {"f32", "binary32"},
                                                 {"f64", "binary64"},
                                                 {"f128", "binary128"},
                                                 {"ui32", "uint32"},
                                                 {"ui64", "uint64"},
                                                 {"i32", "int32"},
                                                 {"i64", "int64"}}};
  if (name == "extF80")
    throw Error("the codes of extF80 have an explicit integer bit, which no format here has", "",
                "the same numbers are the format e15m63");
  for (const auto& [theirs, ours] : formats) {
    if (theirs == name) return std::string(ours);
  }
  return {};
}

bool is_integer_name(std::string_view name) { return name[0] == 'i' || name[0] == 'u'; }

std::optional<Op> op_named(std::string_view name, bool exact) {
  static constexpr std::array<std::pair<std::string_view, Op>, 13> ops{
      {{"add", Op::add},
       {"sub", Op::subtract},
       {"mul", Op::multiply},
       {"div", Op::divide},
       {"sqrt", Op::square_root},
       {"mulAdd", Op::fused_multiply_add},
       {"rem", Op::remainder},
       {"eq", Op::equal},
       {"le", Op::less_equal},
       {"lt", Op::less},
       {"eq_signaling", Op::equal_signalling},
       {"le_quiet", Op::less_equal_quiet},
       {"lt_quiet", Op::less_quiet}}};
  if (name == "roundToInt") return exact ? Op::round_to_integral_exact : Op::round_to_integral;
  for (const auto& [theirs, op] : ops) {
    if (theirs == name) return op;
  }
  return std::nullopt;
}

// Takes "_r_minMag" or "_rx_minMag" off the end of a name, and "_x" too.
std::string_view without_mode(std::string_view name, std::optional<Mode>& mode, bool& exact) {
  for (const std::string_view mark : {"_rx_", "_r_"}) {
    const std::size_t at = name.find(mark);
    if (at == std::string_view::npos) continue;
    mode = testfloat_mode(name.substr(at + mark.size()));
    if (!mode) return name;
    exact = mark == "_rx_";
    return name.substr(0, at);
  }
  if (name.size() > 2 && name.substr(name.size() - 2) == "_x") {
    exact = true;
    return name.substr(0, name.size() - 2);
  }
  return name;
}

}  // namespace

std::optional<Mode> testfloat_mode(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Mode>, 6> modes{
      {{"near_even", Mode::nearest_even},
       {"near_maxMag", Mode::nearest_away},
       {"minMag", Mode::toward_zero},
       {"min", Mode::toward_negative},
       {"max", Mode::toward_positive},
       {"odd", Mode::to_odd}}};
  for (const auto& [theirs, mode] : modes) {
    if (name == theirs || (name.size() > 1 && name[0] == 'r' && name.substr(1) == theirs))
      return mode;
  }
  return std::nullopt;
}

std::optional<TestFloatFunction> testfloat_function(std::string_view name, bool exact) {
  TestFloatFunction function;
  const std::string_view plain = without_mode(name, function.mode, exact);
  const std::size_t bar = plain.find('_');
  if (bar == std::string_view::npos) return std::nullopt;
  function.input = format_named(plain.substr(0, bar));
  if (function.input.empty()) return std::nullopt;
  const std::string_view rest = plain.substr(bar + 1);
  if (rest.substr(0, 3) == "to_") {
    function.output = format_named(rest.substr(3));
    if (function.output.empty()) return std::nullopt;
    const bool to_integer = is_integer_name(rest.substr(3)) && !is_integer_name(plain);
    function.op = to_integer ? (exact ? Op::to_integer_exact : Op::to_integer) : Op::convert;
    return function;
  }
  const std::optional<Op> op = op_named(rest, exact);
  if (!op || is_integer_name(plain)) return std::nullopt;
  function.op = *op;
  return function;
}

}  // namespace halfulp::vectors
