// SPDX-License-Identifier: MIT
//
// The array functions: blocks of at most draw_block elements go through the vector kernels where
// the plan has a grid, else element by element through the scalar path. A block is one row's part,
// or a part of the whole where the rows follow each other without gaps.
#include "emulator/internal/arrays.h"

#include <algorithm>
#include <array>
#include <vector>

#include "emulator/environment.h"
#include "emulator/internal/blocks.h"
#include "emulator/internal/packing.h"
#include "emulator/internal/random_bits.h"
#include "emulator/internal/round_exact.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

void require_same_shape(const View& a, const MutableView& b) {
  HALFULP_REQUIRE(a.rows == b.rows && a.columns == b.columns, "views of different shapes");
}

void require_fits(const CompiledPlan& plan, Carrier carrier) {
  HALFULP_REQUIRE(plan.fits(carrier), "the carrier does not hold every number of " +
                                          plan.quantizer().format.name +
                                          "; use codes (apply, convert, encode)");
}

// A number or NaN of the plan's format into its place.
void store(const MutableView& out, std::size_t index, const Operand& x) {
  const std::size_t place = index / out.columns * out.stride + index % out.columns;
  if (out.carrier == Carrier::binary32) {
    static_cast<float*>(out.data)[place] = float_of(x);
  } else {
    static_cast<double*>(out.data)[place] = double_of(x);
  }
}

Operand delivered(const CompiledPlan& plan, const Outcome& outcome, bool nan_negative) {
  Operand x = unpack(plan.quantizer().format, outcome.code);
  if (x.kind == Operand::Class::nan) x.negative = nan_negative;
  return x;
}

// flush_inputs of map: an operand counts as subnormal by the plan's own format, below whose least
// number of full precision it is.
Operand operand_of_format(Operand x, const Target& target) {
  x.subnormal = false;
  if (!target.is_float || x.kind != Operand::Class::finite) return x;
  const std::int64_t exponent = x.exponent + bit_length(x.significand) - 1;
  const Exact<Code> number{false, x.significand, x.exponent};
  x.subnormal =
      target.subnormals ? exponent < target.least_exponent : below_least(target, number, exponent);
  return x;
}

void round_by_element(const View& in, const CompiledPlan& plan, const Random& random,
                      const MutableView& out, Counts* counts) {
  const Elements elements(plan, random, counts);
  for (std::size_t row = 0; row < in.rows; ++row) {
    for (std::size_t column = 0; column < in.columns; ++column) {
      const Operand x = load_operand(in, row, column);
      const std::size_t index = row * in.columns + column;
      store(out, index, delivered(plan, elements.round(x, index), x.negative));
    }
  }
}

// In and out are of the grid's carrier.
template <typename Real, typename Bits>
void round_in_carrier(const View& in, const CompiledPlan& plan, const kernels::Grid<Bits>& grid,
                      const Random& random, const MutableView& out, Counts* counts) {
  const Blocks blocks(in.rows, in.columns, {in.stride, out.stride});
  std::array<Bits, draw_block> draws;
  const std::size_t longest = plan.stochastic() ? draw_block : blocks.longest_row();
  blocks.for_each(longest, [&](const Block& block) {
    if (plan.stochastic()) {
      draw(random, plan.rounding().random_bits, {block.index, 1, block.count}, draws.data());
    }
    kernels::round(pointer<Real>(in, block), block.count, grid, draws.data(),
                   pointer<Real>(out, block), counts);
  });
}

// Through binary64, whatever the carriers: exact both ways.
void round_through_binary64(const View& in, const CompiledPlan& plan, const Random& random,
                            const MutableView& out, Counts* counts) {
  const StandardEnvironment environment;
  const Blocks blocks(in.rows, in.columns, {in.stride, out.stride});
  std::array<double, draw_block> numbers;
  std::array<std::uint64_t, draw_block> draws;
  blocks.for_each(draw_block, [&](const Block& block) {
    if (plan.stochastic()) {
      draw(random, plan.rounding().random_bits, {block.index, 1, block.count}, draws.data());
    }
    widen(in, block, plan.rounding().flush_inputs, numbers.data());
    kernels::round(numbers.data(), block.count, *plan.grid64(), draws.data(), numbers.data(),
                   counts);
    narrow(numbers.data(), out, block);
  });
}

// Elements of a block that the lanes have marked by NaN: recomputed by the scalar path.
class Marked {
 public:
  // Takes the marks out of `numbers`, which keeps zeros in their place.
  void take(double* numbers, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (numbers[i] == numbers[i]) continue;
      places_.push_back(i);
      numbers[i] = 0;
    }
  }
  [[nodiscard]] const std::vector<std::size_t>& places() const { return places_; }
  void clear() { places_.clear(); }

 private:
  std::vector<std::size_t> places_;
};

class Mapper {
 public:
  Mapper(Op op, const CompiledPlan& plan, const Random& random, Counts* counts)
      : op_(op),
        plan_(plan),
        random_(random),
        counts_(counts),
        elements_(plan, random, counts),
        options_{.op = op,
                 .zero_sum_negative = plan.rounding().mode == Mode::toward_negative,
                 .flush_below = plan.flush_below()} {}

  void by_element(std::span<const View> in, const MutableView& out) {
    for (std::size_t index = 0; index < out.rows * out.columns; ++index) {
      one(in, index, index / out.columns, index % out.columns, out);
    }
  }

  void by_lanes(std::span<const View> in, const MutableView& out) {
    const StandardEnvironment environment;
    std::size_t stride = out.stride;
    for (const View& view : in) {
      if (view.stride != view.columns) stride = view.stride;
    }
    const Blocks blocks(out.rows, out.columns, {stride, out.stride});
    blocks.for_each(draw_block, [&](const Block& block) { one_block(in, block, out); });
  }

 private:
  void one(std::span<const View> in, std::size_t index, std::size_t row, std::size_t column,
           const MutableView& out) {
    std::array<Operand, 3> operands;
    for (std::size_t i = 0; i < in.size(); ++i) {
      operands[i] = operand_of_format(load_operand(in[i], row, column), plan_.target());
    }
    const Outcome outcome = elements_.operate(op_, std::span(operands).first(in.size()), index);
    results_.push_back({index, delivered(plan_, outcome, false)});
    if (!keep_) flush_results(out);
  }

  void flush_results(const MutableView& out) {
    for (const auto& [index, x] : results_) store(out, index, x);
    results_.clear();
  }

  void one_block(std::span<const View> in, const Block& block, const MutableView& out) {
    std::array<const double*, 3> operands{};
    for (std::size_t i = 0; i < in.size(); ++i) {
      widen(in[i], block, false, numbers_[i].data());
      operands[i] = numbers_[i].data();
    }
    for (std::size_t i = in.size(); i < 3; ++i) operands[i] = operands[0];
    if (plan_.stochastic()) {
      draw(random_, plan_.rounding().random_bits, {block.index, 1, block.count}, draws_.data());
    }
    const bool marked = kernels::operate_to_odd(options_, operands[0], operands[1], operands[2],
                                                block.count, exact_.data());
    if (marked) recompute(in, block, out);
    kernels::round(exact_.data(), block.count, plan_.arithmetic_grid(), draws_.data(),
                   exact_.data(), counts_);
    narrow(exact_.data(), out, block);
    flush_results(out);
  }

  // Before the block is stored, as `out` may be one of the operands.
  void recompute(std::span<const View> in, const Block& block, const MutableView& out) {
    marked_.clear();
    marked_.take(exact_.data(), block.count);
    keep_ = true;
    for (const std::size_t place : marked_.places()) {
      const std::size_t index = block.index + place;
      one(in, index, index / out.columns, index % out.columns, out);
    }
    keep_ = false;
    // The zeros in their places are counted as elements by the kernel too.
    if (counts_ != nullptr) counts_->elements -= marked_.places().size();
  }

  struct Result {
    std::size_t index;
    Operand number;
  };

  Op op_;
  const CompiledPlan& plan_;
  const Random& random_;
  Counts* counts_;
  Elements elements_;
  kernels::OddOptions options_;
  bool keep_ = false;
  Marked marked_;
  std::vector<Result> results_;
  std::array<std::array<double, draw_block>, 3> numbers_;
  std::array<double, draw_block> exact_;
  std::array<std::uint64_t, draw_block> draws_;
};

}  // namespace

void round_array(const View& in, const Plan& plan, const Random& random, const MutableView& out,
                 Counts* counts) {
  require_same_shape(in, out);
  const CompiledPlan& ready = compiled(plan);
  require_fits(ready, out.carrier);
  const bool same = in.carrier == out.carrier;
  if (same && in.carrier == Carrier::binary32 && ready.grid32() != nullptr) {
    round_in_carrier<float>(in, ready, *ready.grid32(), random, out, counts);
  } else if (same && in.carrier == Carrier::binary64 && ready.grid64() != nullptr) {
    round_in_carrier<double>(in, ready, *ready.grid64(), random, out, counts);
  } else if (ready.grid64() != nullptr) {
    round_through_binary64(in, ready, random, out, counts);
  } else {
    round_by_element(in, ready, random, out, counts);
  }
}

void map_array(Op op, std::span<const View> in, const Plan& plan, const Random& random,
               const MutableView& out, Counts* counts) {
  HALFULP_REQUIRE(in.size() == static_cast<std::size_t>(arity(op)),
                  "map: the operation takes another number of operands");
  const CompiledPlan& ready = compiled(plan);
  require_fits(ready, out.carrier);
  for (const View& view : in) require_same_shape(view, out);
  Mapper mapper(op, ready, random, counts);
  if (ready.rounds_odd()) {
    mapper.by_lanes(in, out);
  } else {
    mapper.by_element(in, out);
  }
}

}  // namespace halfulp::emulator
