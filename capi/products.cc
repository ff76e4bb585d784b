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

ProductInput::ProductInput(const halfulp_unit& unit, const halfulp_product& product) {
  held_.b_transposed = product.b_transposed != 0;
  require(product.a, "a");
  require(product.b, "b");
  require_array(product.a_scales, product.scales, "a_scales");
  require_array(product.b_scales, product.scales, "b_scales");
  held_.a = tensor_of(*product.a, unit.a.format, "a");
  held_.b = tensor_of(*product.b, unit.b.format, "b");
  const Format single = find_format("binary32");
  if (product.c != nullptr)
    held_.c = tensor_of(*product.c,
                        kernels::adds_c_in_epilogue(unit.order) ? single : unit.c.format, "c");
  if (product.bias != nullptr) held_.bias = tensor_of(*product.bias, single, "bias");
  const std::vector<ScaleFormats> taken = scales_taken(unit);
  for (std::size_t i = 0; i < product.scales; ++i) {
    const ScaleFormats formats = i < taken.size() ? taken[i] : ScaleFormats{single, single};
    held_.a_scales.push_back(tensor_of(product.a_scales[i], formats.left, "a_scales"));
    held_.b_scales.push_back(tensor_of(product.b_scales[i], formats.right, "b_scales"));
  }
}

tensors::Shape ProductInput::leading() const {
  return {held_.a.shape.begin(),
          held_.a.shape.end() -
              static_cast<std::ptrdiff_t>(std::min<std::size_t>(held_.a.shape.size(), 2))};
}

int threads_of(const halfulp_product& product) {
  if (product.threads < 0)
    throw Error("there is no negative number of threads", "threads", "give 0 for all processors");
  return product.threads;
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
                                             .threads = capi::threads_of(*product)};
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
