// SPDX-License-Identifier: MIT
#include "reference/functions.h"

#include "formats/error.h"

namespace halfulp::reference {

Exact function(Op op, std::span<const Value> /*operands*/) {
  throw Error("the function " + std::string(name_of(op)) + " is missing");
}

}  // namespace halfulp::reference
