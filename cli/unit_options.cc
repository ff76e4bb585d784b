// SPDX-License-Identifier: MIT
#include "cli/unit_options.h"

#include <vector>

#include "cli/at_option.h"
#include "cli/calculation.h"
#include "cli/literals.h"
#include "cli/output.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/kernels/product.h"

namespace halfulp::cli {

UnitAndOrder unit_and_order_of(const UnitOptions& options) {
  UnitAndOrder chosen;
  chosen.order = at_option("--order", [&] { return kernels::order_from_text(options.order); });
  if (!options.unit.empty())
    chosen.unit = at_option("--unit", [&] { return matrix_unit_from_text(options.unit); });
  if (!chosen.unit && !chosen.order.tree)
    throw Error("is missing", "--unit",
                "`halfulp units` lists units; or give an order such as exact:binary32");
  if (chosen.unit && chosen.order.tree)
    throw Error("the order has an arithmetic of its own", "--unit", "leave one of them out");
  return chosen;
}

MatrixUnit unit_with_formats(const UnitAndOrder& chosen, const std::string& formats) {
  if (chosen.unit && !formats.empty())
    throw Error("the unit says the formats of its operands", "--format", "leave it out");
  if (chosen.unit) return *chosen.unit;
  if (formats.empty())
    throw Error("the format of the operands is missing", "--format",
                "add it, as in --format binary16");
  const std::vector<std::string> names = listed(formats);
  if (names.size() > 2)
    throw Error(std::to_string(names.size()) + " formats are given, and there are two operands",
                "--format", "give one format for both, or one for each");
  return kernels::unit_of(chosen.order, format_at("--format", names.front()),
                          format_at("--format", names.back()));
}

void warn_of_unproven(const MatrixUnit& unit) {
  if (!is_unproven(unit)) return;
  note("warning: nothing published compares the unit \"" + unit.name +
       "\" with the device; `halfulp units " + unit.name + "` says what it rests on");
}

}  // namespace halfulp::cli
