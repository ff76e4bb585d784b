// SPDX-License-Identifier: MIT
#include <array>
#include <vector>

#include "emulator/environment.h"
#include "emulator/internal/arrays.h"
#include "emulator/internal/operate.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

struct CompiledDot {
  std::unique_ptr<CompiledPlan> product, accumulator;
};

double element(const View& v, std::size_t row, std::size_t column) {
  const std::size_t place = row * v.stride + column;
  return v.carrier == Carrier::binary32
             ? static_cast<double>(static_cast<const float*>(v.data)[place])
             : static_cast<const double*>(v.data)[place];
}

void store(const MutableView& v, std::size_t row, std::size_t column, double x) {
  const std::size_t place = row * v.stride + column;
  if (x != x) x = std::bit_cast<double>(std::uint64_t{0x7ff8} << 48);
  if (v.carrier == Carrier::binary32) {
    static_cast<float*>(v.data)[place] = static_cast<float>(x);
  } else {
    static_cast<double*>(v.data)[place] = x;
  }
}

template <typename Real>
double native_dot(const View& a, const View& b, std::size_t row, std::size_t column, Order order) {
  std::array<Real, 8> sums{};
  const std::size_t step = order == Order::sequential ? 1 : 8;
  for (std::size_t k = 0; k < a.columns; ++k) {
    const Real product =
        static_cast<Real>(element(a, row, k)) * static_cast<Real>(element(b, k, column));
    sums[k % step] += product;
  }
  if (order == Order::sequential) return sums[0];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

double emulated_dot(const View& a, const View& b, const CompiledDot& unit, const Random& random,
                    std::array<std::size_t, 3> at) {
  const CompiledPlan& accumulator = *unit.accumulator;
  const Target& target = accumulator.target();
  const auto draw = [&](const CompiledPlan& plan, std::uint64_t index) {
    return plan.stochastic() ? random.bits(index, plan.rounding().random_bits) : 0;
  };
  const auto flush = [](const CompiledPlan& plan, Operand x) {
    if (plan.rounding().flush_inputs && x.subnormal) x.kind = Operand::Class::zero;
    return x;
  };
  Operand total;  // +0
  for (std::size_t k = 0; k < a.columns; ++k) {
    const std::uint64_t index = at[2] + 2 * k;
    const CompiledPlan& entry = unit.product ? *unit.product : accumulator;
    Operand left = flush(entry, load_operand(a, at[0], k));
    Operand right = flush(entry, load_operand(b, k, at[1]));
    Outcome sum;
    left.subnormal = right.subnormal = false;
    if (unit.product) {
      std::array<Operand, 2> factors{left, right};
      const Outcome product =
          operate(Op::multiply, entry.target(), factors, draw(entry, index + 1));
      std::array<Operand, 2> terms{total, unpack(entry.quantizer().format, product.code)};
      sum = operate(Op::add, target, terms, draw(accumulator, index));
    } else {
      std::array<Operand, 3> terms{left, right, total};
      sum = operate(Op::fused_multiply_add, target, terms, draw(accumulator, index));
    }
    total = unpack(accumulator.quantizer().format, sum.code);
  }
  return double_of(total);
}

}  // namespace

DotPlan prepare_dot(const DotUnit& unit) {
  auto ready = std::make_shared<CompiledDot>();
  if (unit.product) {
    prepare(*unit.product);
    ready->product = std::make_unique<CompiledPlan>(*unit.product);
  }
  if (unit.accumulator) {
    prepare(*unit.accumulator);
    ready->accumulator = std::make_unique<CompiledPlan>(*unit.accumulator);
  }
  return {.unit = unit, .compiled = ready};
}

void multiply(const View& a, const View& b, const DotPlan& plan, const Random& random,
              const MutableView& out) {
  HALFULP_REQUIRE(a.columns == b.rows && a.rows == out.rows && b.columns == out.columns,
                  "multiply: shapes do not match");
  HALFULP_REQUIRE(plan.compiled != nullptr, "a dot plan of another engine, or of none");
  const auto& ready = *static_cast<const CompiledDot*>(plan.compiled.get());
  const StandardEnvironment environment;
  for (std::size_t row = 0; row < out.rows; ++row) {
    for (std::size_t column = 0; column < out.columns; ++column) {
      const std::size_t first = (row * out.columns + column) * a.columns * 2;
      double dot = 0;
      if (ready.accumulator) {
        dot = emulated_dot(a, b, ready, random, {row, column, first});
      } else if (plan.unit.native == Carrier::binary64) {
        dot = native_dot<double>(a, b, row, column, plan.unit.order);
      } else {
        dot = native_dot<float>(a, b, row, column, plan.unit.order);
      }
      store(out, row, column, dot);
    }
  }
}

}  // namespace halfulp::emulator
