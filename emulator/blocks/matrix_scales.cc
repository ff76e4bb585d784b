// SPDX-License-Identifier: MIT
#include "emulator/blocks/matrix_scales.h"

#include <bit>
#include <variant>

#include "emulator/arrays/carried.h"
#include "emulator/blocks/four_over_six.h"
#include "emulator/blocks/peer_steps.h"
#include "emulator/kernels/kernels.h"
#include "emulator/kernels/ratio_scales.h"

namespace halfulp::emulator {

BlockScales::BlockScales(const View& in, const CompiledBlock& plan, const Random& random,
                         BlockCodes* codes)
    : in_(in),
      plan_(plan),
      random_(random),
      codes_(codes),
      flush_(plan.element().rounding().flush_inputs),
      one_(one_operand()),
      levels_(plan.levels()) {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    LevelState& state = levels_[i];
    state.cut = partition(plan.level(i).level(), in.rows, in.columns);
    state.random = random;
    state.random.stream += i + 1;
    state.random.offset = 0;
    const std::uint64_t band = std::uint64_t{in.columns} * state.cut.block_rows;
    if (band > 0) state.first_draw = random.offset / band * state.cut.across;
  }
  if (codes == nullptr) return;
  codes->scales.resize(levels_.size());
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    codes->scales[i].assign(levels_[i].cut.count(), 0);
  }
  codes->zero_points.assign(plan.zero_points() ? innermost().count() : 0, 0);
}

std::uint64_t BlockScales::draw(std::size_t i, std::size_t block) const {
  const CompiledPlan& scale = plan_.level(i).plan();
  if (!scale.stochastic()) return 0;
  return levels_[i].random.bits(levels_[i].first_draw + block, scale.rounding().random_bits);
}

std::size_t BlockScales::holder(std::size_t i, std::size_t block) const {
  const Partition& cut = levels_[i].cut;
  return block_at(levels_[i - 1].cut, block / cut.across * cut.block_rows,
                  block % cut.across * cut.block_columns);
}

const Operand& BlockScales::around(std::size_t i, std::size_t block) const {
  return i == 0 ? one_ : levels_[i - 1].totals[holder(i, block)];
}

const Operand& BlockScales::around(std::size_t block) const {
  return around(levels_.size() - 1, block);
}

bool BlockScales::share_around(std::size_t first, std::size_t last) const {
  const std::size_t i = levels_.size() - 1;
  return i == 0 || holder(i, first) == holder(i, last);
}

std::size_t BlockScales::blocks_that_share_around() const {
  const std::size_t i = levels_.size() - 1;
  return i == 0 ? innermost().count() : innermost().count() / levels_[i - 1].cut.count();
}

const Operand& BlockScales::largest_around(std::size_t block) const {
  return levels_[0].largest[holder(1, block)];
}

Scale BlockScales::choose(std::size_t i, std::size_t block, const Extent& extent, bool second) {
  const CompiledLevel& level = plan_.level(i);
  const Operand& outside = around(i, block);
  const Arithmetic arithmetic = plan_.format().arithmetic;
  if (!has_scale_steps(arithmetic)) return level.choose(extent, outside, draw(i, block));
  const Operand largest = unpack_double(std::bit_cast<double>(extent.largest));
  Operand asked;
  if (i == 0) {
    asked = asked_outer(arithmetic, largest, level);
    levels_[0].largest.push_back(largest);
  } else if (outside.kind == Operand::Class::finite) {
    asked = asked_inner(arithmetic, largest_around(block), largest, outside,
                        {&plan_.level(0), &level}, second);
  }
  return level.choose(extent, outside, draw(i, block), &asked);
}

// The largest magnitude of all is that of the blocks' largest, which are kept.
Extent BlockScales::extent_by_blocks(const Area& area) {
  const Partition& cut = innermost();
  kept_.resize(cut.count());
  kernels::largest_magnitudes(static_cast<const float*>(in_.data), in_.rows * in_.columns,
                              cut.block_columns, kept_.data());
  const std::uint32_t largest = kernels::largest_of(kept_.data(), kept_.size());
  constexpr std::uint32_t infinity = 0x7f800000;
  if (largest >= infinity) return extent_of(in_, area, plan_.level(0).level().rule, flush_);
  Extent extent;
  extent.finite = true;
  extent.largest =
      std::bit_cast<std::uint64_t>(double_of(unpack_float(std::bit_cast<float>(largest))));
  return extent;
}

void BlockScales::choose_outer(bool keeps) {
  const Partition& cut = innermost();
  const bool as_one = in_.carrier == Carrier::binary32 && in_.stride == in_.columns &&
                      cut.block_rows == 1 && in_.columns % cut.block_columns == 0;
  for (std::size_t i = 0; i + 1 < levels_.size(); ++i) {
    LevelState& state = levels_[i];
    state.totals.reserve(state.cut.count());
    for (std::size_t block = 0; block < state.cut.count(); ++block) {
      const Area area = area_of(state.cut, block, in_.rows, in_.columns);
      const ScaleRule rule = plan_.level(i).level().rule;
      const bool by_largest = rule != ScaleRule::mean && rule != ScaleRule::range;
      const bool of_blocks =
          keeps && as_one && !flush_ && by_largest && levels_.size() == 2 && state.cut.count() == 1;
      const Scale scale =
          choose(i, block, of_blocks ? extent_by_blocks(area) : extent_of(in_, area, rule, flush_));
      if (codes_ != nullptr) codes_->scales[i][block] = scale.code;
      state.totals.push_back(product_of(around(i, block), scale.number));
    }
  }
}

Scaled BlockScales::scaled_by(const Scale& scale, std::size_t block, const Extent& extent) const {
  const Operand& outside = around(block);
  Scaled scaled;
  scaled.ordinary = !extent.nan && !extent.infinite;
  scaled.total = product_of(outside, scale.number);
  scaled.former = former_of(plan_.format(), scaled.total, outside, scale.number);
  return scaled;
}

Scaled BlockScales::exact(std::size_t block) {
  const std::size_t i = levels_.size() - 1;
  const Area area = area_of(innermost(), block, in_.rows, in_.columns);
  const Extent extent = extent_of(in_, area, plan_.level(i).level().rule, flush_);
  Scale scale = choose(i, block, extent);
  Scaled scaled = scaled_by(scale, block, extent);
  const bool twice = plan_.format().arithmetic == Arithmetic::four_over_six && scaled.ordinary &&
                     around(block).kind == Operand::Class::finite;
  if (twice) {
    const Scale second = choose(i, block, extent, true);
    const Scaled scaled_second = scaled_by(second, block, extent);
    const BlockErrors errors(in_, plan_, random_, area, largest_around(block));
    if (errors.of(scaled_second, second.number) < errors.of(scaled, scale.number)) {
      scale = second;
      scaled = scaled_second;
    }
  }
  if (codes_ != nullptr) codes_->scales[i][block] = scale.code;
  if (!plan_.zero_points()) return scaled;
  const auto& integer = std::get<Fixed>(plan_.format().element.format.kind);
  scaled.zero_point = zero_point_of(integer, extent, scaled.total);
  if (codes_ != nullptr) codes_->zero_points[block] = scaled.zero_point;
  return scaled;
}

}  // namespace halfulp::emulator
