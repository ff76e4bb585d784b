// SPDX-License-Identifier: MIT
//
// The array functions of the engine's table, and what they share with the matrix product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "emulator/arrays/plan.h"
#include "emulator/scalar/logarithmic/logarithmic.h"
#include "formats/engine.h"
#include "formats/error.h"

namespace halfulp::emulator {

void round_array(const View& in, const Plan& plan, const Random& random, const MutableView& out,
                 Counts* counts);
void map_array(Op op, std::span<const View> in, const Plan& plan, const Random& random,
               const MutableView& out, Counts* counts);
void encode_array(const View& in, const Plan& plan, const Random& random,
                  std::span<std::uint8_t> out, Counts* counts);
void decode_array(std::span<const std::uint8_t> in, const Plan& plan, const MutableView& out);

// Elements of a view.
inline Operand load_operand(const View& view, std::size_t row, std::size_t column) {
  const std::size_t place = row * view.stride + column;
  return view.carrier == Carrier::binary32
             ? unpack_float(static_cast<const float*>(view.data)[place])
             : unpack_double(static_cast<const double*>(view.data)[place]);
}

// The same where the numbers are of the plan's format: an element next to an irrational one stands
// for it.
inline Operand load_number(const CompiledPlan& plan, const View& view, std::size_t row,
                           std::size_t column) {
  const Operand x = load_operand(view, row, column);
  if (!plan.irrational() || !plan.fits(view.carrier)) return x;
  return number_of(plan.target(), view.carrier, x);
}

// Preconditions.
inline void require_same_shape(const View& a, const MutableView& b) {
  HALFULP_REQUIRE(a.rows == b.rows && a.columns == b.columns, "views of different shapes");
}

inline void require_fits(const CompiledPlan& plan, Carrier carrier) {
  HALFULP_REQUIRE(plan.fits(carrier), "the carrier does not hold every number of " +
                                          plan.quantizer().format.name +
                                          "; use codes (apply, convert, encode)");
}

// A number or NaN of the plan's format into its place.
inline void store(const MutableView& out, std::size_t index, const Operand& x) {
  const std::size_t place = index / out.columns * out.stride + index % out.columns;
  if (out.carrier == Carrier::binary32) {
    static_cast<float*>(out.data)[place] = float_of(x);
  } else {
    static_cast<double*>(out.data)[place] = double_of(x);
  }
}

// nan_negative: the sign of a NaN, which the format may not have.
inline Operand delivered(const CompiledPlan& plan, const Outcome& outcome, bool nan_negative) {
  Operand x = unpack(plan.quantizer().format, outcome.code);
  if (x.kind == Operand::Class::nan) x.negative = nan_negative;
  return x;
}
// The sign of the NaN that a conversion of x delivers.
inline bool nan_is_negative(const CompiledPlan& plan, const Operand& x) {
  const bool is_nan = x.kind == Operand::Class::nan;
  return is_nan ? choose_nan(plan.rounding().nan, conversion_of(x)).negative : x.negative;
}

// One element by the scalar path. The target must outlive it.
class Elements {
 public:
  Elements(const Target& target, const Random& random, Counts* counts)
      : target_(target),
        random_(random),
        counts_(counts),
        stochastic_(is_stochastic(target.quantizer->rounding.mode)) {}

  // Conversion of x, drawing at index.
  [[nodiscard]] Outcome round(Operand x, std::uint64_t index) const;
  // Operands in the order of the operation. plain: of tabulated functions, the target's format with
  // no choice made, so that a number of it is found by its code.
  [[nodiscard]] Outcome operate(Op op, std::span<Operand> operands, std::uint64_t index,
                                const Target* plain = nullptr) const;
  // The sign of a NaN that operate() delivered for these operands.
  [[nodiscard]] bool nan_is_negative(Op op, std::span<const Operand> operands) const;

 private:
  [[nodiscard]] std::uint64_t draw(std::uint64_t index) const {
    return stochastic_ ? random_.bits(index, target_.quantizer->rounding.random_bits) : 0;
  }
  [[nodiscard]] std::optional<Outcome> function_of_code(Op op, const Operand& x,
                                                        const Target& plain,
                                                        std::uint64_t random) const;
  void count(Operand::Class exact, const Outcome& outcome) const;

  const Target& target_;
  const Random& random_;
  Counts* counts_;
  bool stochastic_;
};

}  // namespace halfulp::emulator
