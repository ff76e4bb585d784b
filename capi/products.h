// SPDX-License-Identifier: MIT
//
// The operands of a product as a caller gives them, copied and checked.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "capi/halfulp.h"
#include "capi/handles.h"
#include "golden/kernels/product.h"

namespace halfulp::capi {

class ProductInput {
 public:
  // Throws Error, located at the operand.
  ProductInput(const halfulp_unit& unit, const halfulp_product& product);

  [[nodiscard]] kernels::ProductOperands operands() const { return held_.operands(); }
  // The dimensions of the batch.
  [[nodiscard]] tensors::Shape leading() const;

 private:
  kernels::HeldOperands held_;
};

// Throws Error where it is negative. 0: all processors.
int threads_of(const halfulp_product& product);

}  // namespace halfulp::capi
