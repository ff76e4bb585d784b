// SPDX-License-Identifier: MIT
#include "cli/product_call.h"

#include <array>
#include <utility>

#include "cli/at_option.h"
#include "cli/tensor_options.h"
#include "cli/unit_options.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/tensors/files.h"

namespace halfulp::cli {
namespace {

// "FILE:NAME" where the file holds tensors with names.
struct TensorName {
  std::string path, name;
};
TensorName name_of(const std::string& text) {
  for (const std::string& ending : {std::string(".safetensors:"), std::string(".npz:")}) {
    const std::size_t found = text.rfind(ending);
    if (found == std::string::npos) continue;
    const std::size_t colon = found + ending.size() - 1;
    return {text.substr(0, colon), text.substr(colon + 1)};
  }
  return {text, ""};
}

tensors::Tensor one_of(tensors::TensorFile file, const TensorName& named,
                       const std::string& option) {
  if (file.tensors.size() != 1) {
    std::string names;
    for (const tensors::Tensor& tensor : file.tensors)
      names += (names.empty() ? "" : ", ") + tensors::printable(tensor.name);
    throw Error(named.path + " holds " + std::to_string(file.tensors.size()) + " tensors", option,
                file.tensors.empty() ? "" : "write FILE:NAME with one of " + names);
  }
  return std::move(file.tensors.front());
}

}  // namespace

tensors::Tensor read_tensor(const std::string& text, const TensorReading& how) {
  const TensorName named = name_of(text);
  tensors::Selection only(named.name.empty() ? std::vector<std::string>{}
                                             : std::vector<std::string>{named.name});
  tensors::ReadOptions options;
  options.only = &only;
  options.packed = how.packed;
  if (!how.shape.empty()) options.shape = parse_extents(how.shape, how.option + "-shape");
  const bool raw = options.shape.has_value() || how.packed;
  if (raw && how.format) options.type = tensors::element_type(*how.format);
  tensors::Tensor tensor = one_of(tensors::read(named.path, options), named, how.option);
  if (raw || !how.format) return tensor;
  return at_option(how.option, [&] { return as_codes_of(std::move(tensor), *how.format); });
}

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
    if (!text.empty()) inputs.push_back({option, name_of(text).path});
  }
  for (const std::string& scales : call.a_scales)
    inputs.push_back({"--a-scales", name_of(scales).path});
  for (const std::string& scales : call.b_scales)
    inputs.push_back({"--b-scales", name_of(scales).path});
  return inputs;
}

ProductInput::ProductInput(const ProductCall& call) : b_transposed_(call.b_transposed) {
  UnitAndOrder chosen = unit_and_order_of({.unit = call.unit, .order = call.order});
  order_ = std::move(chosen.order);
  unit_ = std::move(chosen.unit);
  read(call);
  if (!unit_) unit_ = kernels::unit_of(order_, a_.type.format, b_.type.format);
}

void ProductInput::read(const ProductCall& call) {
  const auto format = [&](const UnitOperand MatrixUnit::*operand) {
    return unit_ ? std::optional(((*unit_).*operand).format) : std::nullopt;
  };
  a_ = read_tensor(call.a, {"--a", format(&MatrixUnit::a), call.a_shape, call.packed});
  b_ = read_tensor(call.b, {"--b", format(&MatrixUnit::b), call.b_shape, call.packed});
  if (!call.c.empty()) {
    const bool as_unit = !kernels::adds_c_in_epilogue(order_);
    c_ = read_tensor(call.c, {"--c", as_unit ? format(&MatrixUnit::c) : std::nullopt, "", false});
  }
  if (!call.bias.empty()) bias_ = read_tensor(call.bias, {"--bias", {}, "", false});
  for (const std::string& scales : call.a_scales)
    a_scales_.push_back(read_tensor(scales, {"--a-scales", {}, "", false}));
  for (const std::string& scales : call.b_scales)
    b_scales_.push_back(read_tensor(scales, {"--b-scales", {}, "", false}));
}

kernels::ProductOperands ProductInput::operands() const {
  kernels::ProductOperands all;
  all.a = &a_;
  all.b = &b_;
  all.b_transposed = b_transposed_;
  if (c_) all.c = &*c_;
  if (bias_) all.bias = &*bias_;
  for (const tensors::Tensor& scales : a_scales_) all.a_scales.push_back(&scales);
  for (const tensors::Tensor& scales : b_scales_) all.b_scales.push_back(&scales);
  return all;
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
