// SPDX-License-Identifier: MIT
//
// What is behind the handles: descriptions with their plans of the emulator. Nothing of them
// changes once they are made, but for what plans keep under locks of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "capi/halfulp.h"
#include "formats/block.h"
#include "formats/engine.h"
#include "formats/matrix_unit.h"
#include "golden/kernels/order.h"
#include "golden/vectors/calculation.h"

// NOLINTBEGIN(readability-identifier-naming): as the header has them
struct halfulp_format {
  explicit halfulp_format(halfulp::Format described);
  halfulp_format(const halfulp_format&) = delete;
  halfulp_format& operator=(const halfulp_format&) = delete;

  halfulp::Format format;
  int bits;
  halfulp::Plan plan;                // to nearest even, of arrays that are decoded
  halfulp::OperationPlan to_double;  // likewise, of one code
};

struct halfulp_quantizer {
  explicit halfulp_quantizer(const halfulp::Quantizer& described);

  halfulp_format format;
  halfulp::Rounding rounding;
  int random_bits;  // 0 where none are drawn
  halfulp::Plan plan;
  halfulp::OperationPlan from_float, from_double;
};

struct halfulp_operation {
  halfulp_operation(halfulp::vectors::Calculation described);

  halfulp::vectors::Calculation calculation;
  std::vector<const halfulp_format*> inputs;  // of those below
  std::vector<std::unique_ptr<const halfulp_format>> input_formats;
  halfulp_format output;
  int random_bits;
  halfulp::OperationPlan plan;
};

struct halfulp_block_format {
  explicit halfulp_block_format(halfulp::BlockFormat described);

  halfulp::BlockFormat format;
  halfulp_format element;
  std::vector<std::unique_ptr<const halfulp_format>> scales;  // one a level
  halfulp::BlockPlan plan;
};

struct halfulp_unit {
  halfulp_unit(halfulp::MatrixUnit described, halfulp::kernels::Order its_order);

  halfulp::MatrixUnit unit;
  halfulp::kernels::Order order;
  halfulp_format a, b, c, d;
};
// NOLINTEND(readability-identifier-naming)

namespace halfulp::capi {

const Engine& engine();

// Throws Error where they are none.
Random random_of(const halfulp_random* random);

}  // namespace halfulp::capi
