// SPDX-License-Identifier: MIT
//
// Single dot products by a matrix unit, codes in and codes out: what recorded vectors hold.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "formats/engine.h"
#include "formats/matrix_unit.h"
#include "golden/kernels/unit_operands.h"

namespace halfulp::reference {
struct DotStep;  // reference/dot.h
}

namespace halfulp::kernels {

// a and b: as many codes each; they are filled up with +0 to whole instructions. scales: of a and
// of b, one a block, for every sum of the tree that has a scaling, the outermost first.
struct DotCodes {
  std::span<const Code> a, b;
  Code c = 0;
  std::span<const std::vector<Code>> a_scales = {}, b_scales = {};
};

class UnitDot {
 public:
  // The unit must outlive it.
  UnitDot(const MatrixUnit& unit, const Engine& engine);

  // Throws Error where lengths do not go together.
  [[nodiscard]] Code operator()(const DotCodes& codes, const Random& random = {}) const;
  // The same by the exact reference, whichever the engine is; calls the observer after every step.
  [[nodiscard]] Code observed(const DotCodes& codes, const Random& random,
                              const std::function<void(const reference::DotStep&)>& observer) const;

 private:
  struct Scales {
    OperandReader left, right;
    std::size_t block;
  };
  // The numbers of one dot product, and the matrices that they are.
  struct Numbers {
    std::vector<double> a, b, c;
    std::vector<std::vector<double>> scales;
    MatrixOperands operands;
  };
  [[nodiscard]] Numbers numbers_of(const DotCodes& codes) const;
  [[nodiscard]] Code code_of_result(double result, const DotCodes& codes) const;
  [[nodiscard]] Code nan_of(const DotCodes& codes) const;

  const MatrixUnit& unit_;
  const Engine& engine_;
  DotPlan plan_;
  OperandReader a_, b_, c_;
  std::vector<Scales> scales_;
  ResultWriter result_;
};

// The number of terms, filled up to whole instructions.
std::size_t whole_instructions(const MatrixUnit& unit, std::size_t terms);

}  // namespace halfulp::kernels
