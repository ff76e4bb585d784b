// SPDX-License-Identifier: MIT
#include "cli/product_call.h"

#include <array>
#include <utility>

#include "cli/named_tensor.h"
#include "cli/tensor_options.h"
#include "cli/unit_options.h"
#include "formats/error.h"

namespace halfulp::cli {

void add_product_options(Parser& parser, ProductCall& call, bool required) {
  const Option a = parser.text(
      "--a", call.a, "the left matrix, rows x terms; a batch of them has more dimensions");
  a.value_name("FILE");
  const Option b = parser.text("--b", call.b, "the right matrix, terms x columns");
  b.value_name("FILE");
  if (required) {
    a.required();
    b.required();
  }
  parser.text("--unit", call.unit, "the matrix unit").value_name("U");
  parser.text("--order", call.order, "what the kernel does around it (plain)").value_name("ORDER");
  parser.flag("--b-transposed", call.b_transposed, "B is columns x terms");
  parser
      .list("--a-scales", call.a_scales,
            "scales of A: rows x blocks, one a row, or one number; again for every scaled sum")
      .value_name("FILE")
      .repeated();
  parser.list("--b-scales", call.b_scales, "scales of B: columns x blocks, likewise")
      .value_name("FILE")
      .repeated();
  parser.text("--bias", call.bias, "of an order that adds one: a number a column")
      .value_name("FILE");
  parser.text("--a-shape", call.a_shape, "of a raw file: 128,512").value_name("N,...");
  parser.text("--b-shape", call.b_shape, "likewise").value_name("N,...");
}

std::vector<NamedPath> input_paths(const ProductCall& call) {
  std::vector<NamedPath> inputs;
  for (const auto& [option, text] :
       {std::pair{"--a", call.a}, {"--b", call.b}, {"--c", call.c}, {"--bias", call.bias}}) {
    if (!text.empty()) inputs.push_back({option, tensor_name(text).path});
  }
  for (const std::string& scales : call.a_scales)
    inputs.push_back({"--a-scales", tensor_name(scales).path});
  for (const std::string& scales : call.b_scales)
    inputs.push_back({"--b-scales", tensor_name(scales).path});
  return inputs;
}

ProductInput::ProductInput(const ProductCall& call) {
  held_.b_transposed = call.b_transposed;
  UnitAndOrder chosen = unit_and_order_of({.unit = call.unit, .order = call.order});
  order_ = std::move(chosen.order);
  unit_ = std::move(chosen.unit);
  read(call);
  if (!unit_) unit_ = kernels::unit_of(order_, held_.a.type.format, held_.b.type.format);
}

void ProductInput::read(const ProductCall& call) {
  const auto format = [&](const UnitOperand MatrixUnit::*operand) {
    return unit_ ? std::optional(((*unit_).*operand).format) : std::nullopt;
  };
  const auto shape = [](const std::string& text, const std::string& option) {
    return text.empty() ? std::nullopt : std::optional(parse_extents(text, option));
  };
  held_.a = read_tensor(
      call.a, {"--a", format(&MatrixUnit::a), shape(call.a_shape, "--a-shape"), call.packed});
  held_.b = read_tensor(
      call.b, {"--b", format(&MatrixUnit::b), shape(call.b_shape, "--b-shape"), call.packed});
  if (!call.c.empty()) {
    const bool as_unit = !kernels::adds_c_in_epilogue(order_);
    held_.c = read_tensor(call.c, {"--c", as_unit ? format(&MatrixUnit::c) : std::nullopt});
  }
  if (!call.bias.empty()) held_.bias = read_tensor(call.bias, {.option = "--bias"});
  for (const std::string& scales : call.a_scales)
    held_.a_scales.push_back(read_tensor(scales, {.option = "--a-scales"}));
  for (const std::string& scales : call.b_scales)
    held_.b_scales.push_back(read_tensor(scales, {.option = "--b-scales"}));
}

Error with_option(const Error& error) {
  static constexpr std::array<std::array<const char*, 2>, 7> options{{{"a_scales", "--a-scales"},
                                                                      {"b_scales", "--b-scales"},
                                                                      {"a", "--a"},
                                                                      {"b", "--b"},
                                                                      {"c", "--c"},
                                                                      {"bias", "--bias"},
                                                                      {"order", "--order"}}};
  for (const auto& [name, option] : options) {
    if (error.location() == name) return Error(error.message(), option, error.hint());
  }
  return error;
}

}  // namespace halfulp::cli
