// SPDX-License-Identifier: MIT
//
// Operations on up to draw_segment numbers at once, each rounded by a plan that lanes_can() do.
// What the lanes are not certain of takes the scalar path. NaNs keep their sign.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "emulator/arrays/plan.h"
#include "emulator/arrays/random_bits.h"

namespace halfulp::emulator {

bool lanes_can(const CompiledPlan& plan);

class Lanes {
 public:
  using Numbers = std::array<double, draw_segment>;
  // Whole vectors of any target, so that few lanes cost no copies at the end of an array.
  static constexpr std::size_t padding = 8;

  // drawn: the bits at an index (TreeDraws); a rounding takes the first of them.
  Lanes(const Random& random, int drawn) : random_(random), drawn_(drawn) {}

  // How many numbers there are from now on.
  void resize(std::size_t count);
  [[nodiscard]] std::size_t padded() const { return padded_; }

  // out[i] = op(a[i], b[i], c[i]), rounded; draws are as many as there are numbers. Arrays are
  // read up to padded(), and out may be one of them.
  void operate(Op op, const CompiledPlan& plan, const Draws& draws,
               const std::array<const double*, 3>& in, double* out);
  // out[i] = in[i], converted.
  void convert(const CompiledPlan& plan, const Draws& draws, const double* in, double* out);

 private:
  struct Marked {
    std::size_t place = 0;
    double number = 0;
  };
  void round(const CompiledPlan& plan, const Draws& draws, double* out);
  [[nodiscard]] std::uint64_t draw_one(const CompiledPlan& plan, const Draws& draws,
                                       std::size_t place) const;

  const Random& random_;
  int drawn_;
  std::size_t count_ = 0;
  std::size_t padded_ = 0;
  Numbers exact_{};
  std::array<std::uint64_t, draw_segment> bits_{};
  std::vector<Marked> marked_;
};

}  // namespace halfulp::emulator
