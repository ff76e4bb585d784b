// SPDX-License-Identifier: MIT
//
// The options that say which unit computes a product and what a kernel does around it.
#pragma once

#include <optional>
#include <string>

#include "formats/matrix_unit.h"
#include "golden/kernels/order.h"

namespace halfulp::cli {

struct UnitOptions {
  std::string unit, order = "plain";  // texts; no unit where the order has an arithmetic of its own
};
struct UnitAndOrder {
  std::optional<MatrixUnit> unit;
  kernels::Order order;
};
// Either a unit or an order with a tree. Throws Error with the option's name as location.
UnitAndOrder unit_and_order_of(const UnitOptions& options);

// The unit; where there is none, one of the order's arithmetic with operands of the formats that
// --format lists, one or two. Throws Error, located at --format, where the formats are missing or
// are too many.
MatrixUnit unit_with_formats(const UnitAndOrder& chosen, const std::string& formats);

// Says on standard error that nobody has held the unit against a device, where it is so.
void warn_of_unproven(const MatrixUnit& unit);

}  // namespace halfulp::cli
