// SPDX-License-Identifier: MIT
//
// The last results of functions that bounds decide: they are slow to narrow, and arrays of narrow
// formats hold the same numbers again and again. No result depends on what is remembered. Safe for
// many threads at once.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "formats/numbers/value.h"
#include "formats/operation.h"

namespace halfulp::emulator {

class RealMemory {
 public:
  // The result of these one or two operands: remembered, or made and remembered.
  Real result(Op op, std::span<const Operand> operands, const std::function<Real()>& make);

 private:
  struct Remembered {
    Op op = Op::exp;
    std::array<Operand, 2> operands;
    std::optional<Real> result;
  };
  // Each part holds the results whose places it has, once there is one.
  static constexpr std::size_t parts = 16;
  static constexpr std::size_t places = 256;
  struct Part {
    std::mutex using_it;
    std::vector<Remembered> all;
  };
  std::array<Part, parts> parts_;
};

}  // namespace halfulp::emulator
