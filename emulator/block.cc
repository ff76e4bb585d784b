// SPDX-License-Identifier: MIT
//
// Matrices in block formats. The scales of the outer levels come first, from all of the matrix;
// then block after block of the innermost level its scale and its elements. No element is written
// before every scale that it takes part in is known, so that `in` and `out` may be one.
#include "emulator/internal/block.h"

#include <algorithm>
#include <bit>

#include "emulator/internal/arrays.h"
#include "emulator/internal/block_arithmetic.h"
#include "emulator/internal/block_element.h"
#include "emulator/internal/block_lanes.h"
#include "emulator/internal/packing.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

using Class = Operand::Class;

// A magnitude of binary64, 53 bits, as a multiple of 2^-1074.
Integer units(std::uint64_t magnitude) {
  const auto field = static_cast<unsigned>(magnitude >> 52);
  const std::uint64_t fraction = magnitude & ((std::uint64_t{1} << 52) - 1);
  if (field == 0) return Integer(fraction);
  return Integer(fraction | (std::uint64_t{1} << 52)) << (field - 1);
}

void extend(Extent& extent, const Operand& x, bool sums) {
  if (x.kind == Class::nan) {
    extent.nan = true;
    return;
  }
  if (x.kind == Class::infinite) {
    extent.infinite = true;
    return;
  }
  const auto magnitude = std::bit_cast<std::uint64_t>(double_of(x)) << 1 >> 1;
  extent.finite = true;
  extent.largest = std::max(extent.largest, magnitude);
  std::uint64_t& side = x.negative ? extent.below : extent.above;
  side = std::max(side, magnitude);
  if (!sums) return;
  ++extent.count;
  extent.sum += units(magnitude);
}

// One matrix.
class Quantizing {
 public:
  Quantizing(const View& in, const CompiledBlock& plan, const Random& random, BlockCodes* codes)
      : in_(in), plan_(plan), random_(random), codes_(codes), levels_(plan.levels()) {
    for (std::size_t i = 0; i < levels_.size(); ++i) prepare_level(i);
    if (codes_ == nullptr) return;
    codes_->elements.assign(packed_bytes(plan.format().element.format, in.rows * in.columns), 0);
    codes_->zero_points.assign(plan.zero_points() ? innermost().cut.count() : 0, 0);
    codes_->scales.assign(levels_.size(), {});
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      codes_->scales[i].assign(levels_[i].cut.count(), 0);
    }
  }

  void run(const MutableView& out, Counts* counts) {
    for (std::size_t i = 0; i + 1 < levels_.size(); ++i) outer_level(i);
    BlockElements elements(plan_.element(), plan_.zero_points(), random_, counts);
    const Transfer transfer{.in = in_, .out = out, .codes = codes_, .counts = counts};
    const bool same = in_.carrier == out.carrier;
    if (same && in_.carrier == Carrier::binary32 && plan_.power32() != nullptr) {
      by_power<float>(*plan_.power32(), transfer, elements);
    } else if (same && in_.carrier == Carrier::binary64 && plan_.power64() != nullptr) {
      by_power<double>(*plan_.power64(), transfer, elements);
    } else {
      for (std::size_t k = 0; k < innermost().cut.count(); ++k) exact_block(k, elements, out);
    }
  }

 private:
  struct LevelState {
    Partition cut;
    Random random;
    std::uint64_t first_draw = 0;
    // Of every block, at the outer levels: the product with the scales around, and for arithmetics
    // with steps of their own the largest magnitude.
    std::vector<Operand> totals;
    std::vector<Operand> largest;
  };

  [[nodiscard]] const LevelState& innermost() const { return levels_.back(); }

  void prepare_level(std::size_t i) {
    const Level& level = plan_.level(i).level();
    LevelState& state = levels_[i];
    state.cut = partition(level, in_.rows, in_.columns);
    state.random = {.seed = random_.seed, .stream = random_.stream + i + 1, .offset = 0};
    const std::uint64_t band = std::uint64_t{in_.columns} * state.cut.block_rows;
    if (band > 0) state.first_draw = random_.offset / band * state.cut.across;
  }

  [[nodiscard]] std::uint64_t draw(std::size_t i, std::size_t block) const {
    const CompiledPlan& scale = plan_.level(i).plan();
    if (!scale.stochastic()) return 0;
    return levels_[i].random.bits(levels_[i].first_draw + block, scale.rounding().random_bits);
  }

  [[nodiscard]] Extent extent_of(const Area& area, ScaleRule rule) const {
    Extent extent;
    for (std::size_t row = area.top; row < area.bottom; ++row) {
      for (std::size_t column = area.left; column < area.right; ++column) {
        Operand x = load_operand(in_, row, column);
        if (plan_.element().rounding().flush_inputs && x.subnormal) x.kind = Class::zero;
        extend(extent, x, rule == ScaleRule::mean);
      }
    }
    return extent;
  }

  // The product of the scales around a block, and the largest magnitude there.
  [[nodiscard]] Operand around(std::size_t i, const Area& area) const {
    if (i == 0) return one_operand();
    const LevelState& outer = levels_[i - 1];
    return outer.totals[block_at(outer.cut, area.top, area.left)];
  }

  [[nodiscard]] Scale choose(std::size_t i, std::size_t block, const Area& area,
                             const Extent& extent) {
    const CompiledLevel& level = plan_.level(i);
    const Operand outside = around(i, area);
    const Arithmetic arithmetic = plan_.format().arithmetic;
    if (!has_scale_steps(arithmetic)) return level.choose(extent, outside, draw(i, block));
    const Operand largest = unpack_double(std::bit_cast<double>(extent.largest));
    Operand asked;
    if (i == 0) {
      asked = asked_outer(arithmetic, largest, level);
      levels_[0].largest.push_back(largest);
    } else if (outside.kind == Class::finite) {
      const std::size_t outer = block_at(levels_[0].cut, area.top, area.left);
      asked = asked_inner(arithmetic, levels_[0].largest[outer], largest, outside,
                          {&plan_.level(0), &level});
    }
    return level.choose(extent, outside, draw(i, block), &asked);
  }

  [[nodiscard]] Scaled scaled_block(std::size_t i, std::size_t block, const Area& area) {
    const CompiledLevel& level = plan_.level(i);
    const Extent extent = extent_of(area, level.level().rule);
    const Scale scale = choose(i, block, area, extent);
    if (codes_ != nullptr) codes_->scales[i][block] = scale.code;
    const Operand outside = around(i, area);
    Scaled scaled{.total = product_of(outside, scale.number), .former = {}, .zero_point = 0};
    if (i + 1 < levels_.size()) return scaled;
    scaled.former = former_of(plan_.format(), scaled.total, outside, scale.number);
    if (!plan_.zero_points()) return scaled;
    const auto& integer = std::get<Fixed>(plan_.format().element.format.kind);
    scaled.zero_point = zero_point_of(integer, extent, scaled.total);
    if (codes_ != nullptr) codes_->zero_points[block] = scaled.zero_point;
    return scaled;
  }

  void outer_level(std::size_t i) {
    LevelState& state = levels_[i];
    state.totals.reserve(state.cut.count());
    for (std::size_t block = 0; block < state.cut.count(); ++block) {
      const Area area = area_of(state.cut, block, in_.rows, in_.columns);
      state.totals.push_back(scaled_block(i, block, area).total);
    }
  }

  template <typename Real, typename Bits>
  void by_power(const PowerRule<Bits>& rule, const Transfer& transfer, BlockElements& elements) {
    const Partition& cut = innermost().cut;
    if (cut.count() == 0) return;
    PowerBlocks<Real, Bits> blocks(rule, plan_.element(), cut, random_);
    for (std::size_t begin = 0; begin < cut.count();) {
      const std::size_t left = cut.across - begin % cut.across;
      const std::size_t count = std::min(blocks.blocks_at_once(), left);
      blocks.run(begin, count, transfer,
                 [&](std::size_t k) { exact_block(k, elements, transfer.out); });
      begin += count;
    }
  }

  void exact_block(std::size_t block, BlockElements& elements, const MutableView& out) {
    const Area area = area_of(innermost().cut, block, in_.rows, in_.columns);
    elements.start(scaled_block(levels_.size() - 1, block, area));
    round_area(area, elements, out);
  }

  void round_area(const Area& area, BlockElements& elements, const MutableView& out) {
    for (std::size_t row = area.top; row < area.bottom; ++row) {
      for (std::size_t column = area.left; column < area.right; ++column) {
        const std::size_t index = row * in_.columns + column;
        const Code code = elements.round(load_operand(in_, row, column), index);
        store(out, index, elements.worth(code, out.carrier));
        if (codes_ != nullptr) put_code(static_cast<std::uint64_t>(code), index);
      }
    }
  }

  void put_code(std::uint64_t code, std::size_t index) {
    const int width = packed_bits(plan_.format().element.format);
    pack_codes_at(std::span(&code, 1), width, index, codes_->elements.data());
  }

  const View& in_;
  const CompiledBlock& plan_;
  const Random& random_;
  BlockCodes* codes_;
  std::vector<LevelState> levels_;
};

}  // namespace

CompiledBlock::CompiledBlock(const BlockFormat& format)
    : format_(format), element_(format.element) {
  for (std::size_t i = 0; i < format_.levels.size(); ++i) {
    levels_.push_back(std::make_unique<CompiledLevel>(format_, i));
  }
  zero_points_ = format_.levels.back().rule == ScaleRule::range;
  power32_ = power_rule32(format_, level(0), element_);
  power64_ = power_rule64(format_, level(0), element_);
}

BlockPlan prepare_block(const BlockFormat& format) {
  validate(format);
  const auto in_range = [](const Quantizer& quantizer) {
    return quantizer.rounding.random_bits >= 1 && quantizer.rounding.random_bits <= 64;
  };
  HALFULP_REQUIRE(in_range(format.element), "prepare_block: random_bits is 1 to 64");
  for (const Level& level : format.levels) {
    HALFULP_REQUIRE(in_range(level.scale), "prepare_block: random_bits is 1 to 64");
  }
  return {.format = format, .compiled = std::make_shared<CompiledBlock>(format)};
}

const CompiledBlock& compiled(const BlockPlan& plan) {
  HALFULP_REQUIRE(plan.compiled != nullptr, "a plan of another engine, or of none");
  return *static_cast<const CompiledBlock*>(plan.compiled.get());
}

void quantize(const View& in, const BlockPlan& plan, const Random& random, const MutableView& out,
              BlockCodes* codes, Counts* counts) {
  require_same_shape(in, out);
  Quantizing(in, compiled(plan), random, codes).run(out, counts);
}

}  // namespace halfulp::emulator
