// SPDX-License-Identifier: MIT
//
// Products of matrices as a unit and an order compute them.
#include "capi/products.h"

#include <algorithm>

#include "capi/status.h"
#include "capi/tensors.h"
#include "formats/catalogue.h"
#include "formats/error.h"

namespace halfulp::capi {
namespace {

// What the scaled sums of a product take, the outermost first; of an epilogue binary32.
struct ScaleFormats {
  Format left, right;
};
std::vector<ScaleFormats> scales_taken(const halfulp_unit& unit) {
  std::vector<ScaleFormats> all;
  const auto add = [&](const Sum& sum) {
    if (sum.scaling) all.push_back({sum.scaling->left, sum.scaling->right});
  };
  for (const kernels::OuterSum& outer : unit.order.sums) add(outer.sum);
  const DotTree& inner = unit.order.tree ? *unit.order.tree : unit.unit.tree;
  for (const Sum& sum : inner.sums) add(sum);
  return all;
}

}  // namespace

ProductInput::ProductInput(const halfulp_unit& unit, const halfulp_product& product)
    : b_transposed_(product.b_transposed != 0) {
  require(product.a, "a");
  require(product.b, "b");
  require_array(product.a_scales, product.scales, "a_scales");
  require_array(product.b_scales, product.scales, "b_scales");
  a_ = tensor_of(*product.a, unit.a.format, "a");
  b_ = tensor_of(*product.b, unit.b.format, "b");
  const Format single = find_format("binary32");
  if (product.c != nullptr)
    c_ = tensor_of(*product.c, kernels::adds_c_in_epilogue(unit.order) ? single : unit.c.format,
                   "c");
  if (product.bias != nullptr) bias_ = tensor_of(*product.bias, single, "bias");
  const std::vector<ScaleFormats> taken = scales_taken(unit);
  for (std::size_t i = 0; i < product.scales; ++i) {
    const ScaleFormats formats = i < taken.size() ? taken[i] : ScaleFormats{single, single};
    a_scales_.push_back(tensor_of(product.a_scales[i], formats.left, "a_scales"));
    b_scales_.push_back(tensor_of(product.b_scales[i], formats.right, "b_scales"));
  }
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

tensors::Shape ProductInput::leading() const {
  return {a_.shape.begin(),
          a_.shape.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(a_.shape.size(), 2))};
}

}  // namespace halfulp::capi

namespace capi = halfulp::capi;

halfulp_status halfulp_multiply(const halfulp_unit* unit, const halfulp_product* product,
                                const halfulp_result* result, halfulp_error* error) {
  return capi::answered(error, [&] {
    capi::require(unit, "unit");
    capi::require(product, "product");
    capi::require(result, "result");
    const capi::ProductInput input(*unit, *product);
    halfulp::kernels::ProductOptions options{.random = capi::random_of(product->random),
                                             .threads = std::max(product->threads, 0)};
    if (result->to != nullptr)
      options.to = {.format = result->to->format.format, .rounding = result->to->rounding};
    const halfulp::kernels::ProductShape shape =
        shape_of(unit->unit, unit->order, input.operands());
    halfulp::tensors::Shape wanted = input.leading();
    wanted.push_back(static_cast<std::int64_t>(shape.rows));
    wanted.push_back(static_cast<std::int64_t>(shape.columns));
    capi::require_result(
        *result, wanted,
        options.to ? options.to->format : result_of(unit->unit, unit->order).format);
    capi::give(multiply(unit->unit, unit->order, capi::engine(), input.operands(), options),
               *result);
  });
}
