// SPDX-License-Identifier: MIT
//
// Dot products with an accumulator, prepared: what multiply.cc hands to one of three ways.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "emulator/arrays/plan.h"
#include "emulator/arrays/random_bits.h"
#include "formats/engine.h"

namespace halfulp::emulator {

struct CompiledDot {
  Order order = Order::sequential;
  std::size_t chunk = 0;
  std::uint64_t draws = 2;  // of a term
  std::unique_ptr<CompiledPlan> product, accumulator, outer;

  [[nodiscard]] const CompiledPlan& result() const { return outer ? *outer : *accumulator; }
};

// True where lanes can do every rounding.
bool fits_lanes(const CompiledDot& unit);
bool lanes_can(const CompiledPlan& plan);

// One result after the other, any formats; not `exact`.
void multiply_by_element(const View& a, const View& b, const CompiledDot& unit,
                         const Random& random, const MutableView& out);
// These need a StandardEnvironment.
void multiply_by_lanes(const View& a, const View& b, const CompiledDot& unit, const Random& random,
                       const MutableView& out);
void multiply_exactly(const View& a, const View& b, const CompiledDot& unit, const Random& random,
                      const MutableView& out);

// A matrix as doubles, transposed or not, row after row without gaps. flush: subnormals of its
// carrier become zeros of their sign.
std::vector<double> doubles_of(const View& view, bool transposed, bool flush = false);

// The number into its place; any NaN as the positive quiet one.
void store_result(const MutableView& out, std::size_t row, std::size_t column, double number);

void store_operand(const MutableView& out, std::size_t row, std::size_t column, Operand x);

// Operations on up to draw_block numbers at once, each rounded by a plan that lanes_can() do. What
// the lanes are not certain of takes the scalar path. NaNs keep their sign.
class Lanes {
 public:
  using Numbers = std::array<double, draw_block>;

  explicit Lanes(const Random& random) : random_(random) {}

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
  // Whole vectors of any target, so that few lanes cost no copies at the end of an array.
  static constexpr std::size_t padding = 8;
  std::size_t count_ = 0;
  std::size_t padded_ = 0;
  Numbers exact_{};
  std::array<std::uint64_t, draw_block> bits_{};
  std::vector<Marked> marked_;
};

}  // namespace halfulp::emulator
