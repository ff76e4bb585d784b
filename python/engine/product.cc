// SPDX-License-Identifier: MIT
#include "python/engine/product.h"

#include <algorithm>
#include <utility>

#include "cli/at_option.h"
#include "cli/literals.h"
#include "cli/product_call.h"
#include "cli/tensor_options.h"
#include "cli/unit_options.h"
#include "emulator/engine.h"
#include "formats/error.h"
#include "golden/kernels/product.h"
#include "python/engine/interruptible.h"
#include "reference/engine.h"

namespace halfulp::python {
namespace {

struct Call {
  cli::UnitOptions unit;
  std::string to;
  cli::RoundingOptions rounding;
  bool b_transposed = false, reference = false;
  int threads = 0;
};

Call call_of(const std::vector<std::string>& words) {
  Call call;
  cli::Parser parser("gemm", "", "");
  parser.text("--unit", call.unit.unit, "");
  parser.text("--order", call.unit.order, "");
  parser.text("--to", call.to, "");
  parser.flag("--b-transposed", call.b_transposed, "");
  cli::add_rounding(parser, call.rounding);
  parser.flag("--reference", call.reference, "");
  cli::add_threads(parser, call.threads);
  if (!parser.parse(words)) throw Error("help is no option here");
  return call;
}

// What a file is to `halfulp gemm`: unsigned integers may be codes of the unit's operand.
tensors::Tensor operand_of(const CodedArray& array, const std::string& name,
                           const std::optional<Format>& format) {
  tensors::Tensor tensor = tensor_of(array, name);
  if (!format) return tensor;
  return cli::at_option(name, [&] { return cli::as_codes_of(std::move(tensor), *format); });
}

}  // namespace

NewArray multiply(const ProductArrays& arrays, const std::vector<std::string>& words) {
  const Call call = call_of(words);
  const cli::UnitAndOrder chosen = cli::unit_and_order_of(call.unit);
  const auto format = [&](const UnitOperand MatrixUnit::*operand) {
    return chosen.unit ? std::optional(((*chosen.unit).*operand).format) : std::nullopt;
  };
  kernels::HeldOperands held{.a = operand_of(arrays.a, "a", format(&MatrixUnit::a)),
                             .b = operand_of(arrays.b, "b", format(&MatrixUnit::b)),
                             .b_transposed = call.b_transposed};
  const bool c_as_unit = !kernels::adds_c_in_epilogue(chosen.order);
  if (arrays.c)
    held.c = operand_of(*arrays.c, "c", c_as_unit ? format(&MatrixUnit::c) : std::nullopt);
  if (arrays.bias) held.bias = tensor_of(*arrays.bias, "bias");
  for (const CodedArray& scales : arrays.a_scales)
    held.a_scales.push_back(tensor_of(scales, "a_scales"));
  for (const CodedArray& scales : arrays.b_scales)
    held.b_scales.push_back(tensor_of(scales, "b_scales"));
  const MatrixUnit unit =
      chosen.unit ? *chosen.unit
                  : kernels::unit_of(chosen.order, held.a.type.format, held.b.type.format);

  kernels::ProductOptions how;
  how.random = cli::random_of(call.rounding);
  how.threads = call.threads;
  if (!call.to.empty()) {
    Quantizer to{.format = cli::format_at("--to", call.to), .rounding = {}};
    to.rounding = cli::rounding_of(call.rounding, to.format);
    how.to = to;
  }
  const Engine& engine = call.reference ? reference::engine() : emulator::engine();
  tensors::Tensor d;
  const tensors::Shape& shape = held.a.shape;
  const std::size_t terms = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
  const std::size_t rows = tensors::element_count(held.a) / std::max<std::size_t>(terms, 1);
  without_gil(tensors::element_count(held.b) * rows, [&](const Interruption& interruption) {
    how.progress = [&](double) { interruption.check(); };
    d = kernels::multiply(unit, chosen.order, engine, held.operands(), how);
  });
  return array_of(d);
}

}  // namespace halfulp::python
