// SPDX-License-Identifier: MIT
//
// Matrices in block formats from their codes.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <variant>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/packing.h"
#include "emulator/blocks/block.h"
#include "emulator/blocks/element.h"
#include "emulator/blocks/extent.h"
#include "emulator/blocks/plan.h"
#include "emulator/environment.h"
#include "emulator/kernels/kernels.h"
#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

Code code_mask(const Format& format) {
  const int used = bits(format);
  return used >= 128 ? ~Code{0} : (Code{1} << used) - 1;
}

class Dequantizing {
 public:
  Dequantizing(const BlockCodes& codes, const CompiledBlock& plan, const MutableView& out)
      : codes_(codes), plan_(plan), out_(out), mask_(code_mask(plan.format().element.format)) {
    const BlockFormat& format = plan.format();
    HALFULP_REQUIRE(codes.scales.size() == plan.levels(), "dequantize: too few levels of scales");
    HALFULP_REQUIRE(
        codes.elements.size() >= packed_bytes(format.element.format, out.rows * out.columns),
        "dequantize: too few bytes for the codes");
    for (std::size_t i = 0; i < plan.levels(); ++i) {
      cuts_.push_back(partition(format.levels[i], out.rows, out.columns));
      HALFULP_REQUIRE(codes.scales[i].size() >= cuts_[i].count(), "dequantize: too few scales");
    }
    HALFULP_REQUIRE(!plan.zero_points() || codes.zero_points.size() >= cuts_.back().count(),
                    "dequantize: too few zero points");
  }

  void run() {
    if (by_rows()) return run_by_rows();
    const Random none;
    BlockElements elements(plan_.element(), plan_.zero_points(), none, nullptr);
    for (std::size_t block = 0; block < cuts_.back().count(); ++block) one_block(elements, block);
  }

 private:
  // --- Element by element.

  void one_block(BlockElements& elements, std::size_t block) {
    const Area area = area_of(cuts_.back(), block, out_.rows, out_.columns);
    elements.start({.total = total(area),
                    .former = {},
                    .zero_point = plan_.zero_points() ? codes_.zero_points[block] : 0});
    for (std::size_t row = area.top; row < area.bottom; ++row) one_row(elements, row, area);
  }
  // The product of the scales of a block.
  [[nodiscard]] Operand total(const Area& area) const {
    Operand product = one_operand();
    for (std::size_t i = 0; i < cuts_.size(); ++i) {
      const Format& format = plan_.format().levels[i].scale.format;
      const Code code = codes_.scales[i][block_at(cuts_[i], area.top, area.left)];
      product = product_of(product, carried(format, code & code_mask(format)));
    }
    return product;
  }

  void one_row(const BlockElements& elements, std::size_t row, const Area& area) {
    const int width = packed_bits(plan_.format().element.format);
    std::array<std::uint64_t, 256> codes;
    for (std::size_t column = area.left; column < area.right;) {
      const std::size_t count = std::min(codes.size(), area.right - column);
      const std::size_t index = row * out_.columns + column;
      unpack_codes_at(codes_.elements.data(), width, index, std::span(codes).first(count));
      for (std::size_t i = 0; i < count; ++i) {
        store(out_, index + i, elements.worth(codes[i] & mask_, out_.carrier));
      }
      column += count;
    }
  }

  // --- Row by row: decoded, and multiplied by the scales of the row's blocks.

  // True where elements and products of scales are numbers of the carrier or of doubles, so that
  // one multiplication rounds once; and rows begin at whole bytes.
  [[nodiscard]] bool by_rows() const {
    const int width = packed_bits(plan_.format().element.format);
    const bool any = out_.rows > 0 && out_.columns > 0;
    return any && !plan_.zero_points() && plan_.quotients().exact_products &&
           !plan_.element().irrational() && plan_.element().fits(out_.carrier) &&
           out_.columns * static_cast<std::size_t>(width) % 8 == 0;
  }

  void run_by_rows() {
    const StandardEnvironment environment;
    for (std::size_t i = 0; i < cuts_.size(); ++i) {
      const bool pays = cuts_[i].count() > 256 && plan_.scale_numbers(i).empty();
      own_numbers_.push_back(pays ? numbers_of_codes(plan_.format().levels[i].scale.format)
                                  : std::vector<double>{});
    }
    const Partition& cut = cuts_.back();
    constexpr std::size_t elements_at_once = 1 << 15;
    const std::size_t at_once = std::max<std::size_t>(
        elements_at_once / std::max<std::size_t>(out_.columns, 1) / cut.block_rows, 1);
    for (std::size_t down = 0; down < cut.down; down += at_once)
      run_lines(down, std::min(down + at_once, cut.down));
  }
  // Lines of blocks.
  void run_lines(std::size_t first, std::size_t end) {
    const Partition& cut = cuts_.back();
    decode_rows(first * cut.block_rows, std::min(end * cut.block_rows, out_.rows));
    std::vector<double> totals(cut.across);
    for (std::size_t down = first; down < end; ++down) {
      const std::size_t top = down * cut.block_rows;
      const std::size_t bottom = std::min(top + cut.block_rows, out_.rows);
      const bool all = find_totals(top, totals);
      for (std::size_t row = top; row < bottom; ++row) multiply_row(row, totals);
      if (!all) redo_lost(down, totals);
    }
  }
  [[nodiscard]] MutableView rows_of_out(std::size_t first, std::size_t end) const {
    const std::size_t size = out_.carrier == Carrier::binary32 ? sizeof(float) : sizeof(double);
    MutableView rows = out_;
    rows.rows = end - first;
    rows.data = static_cast<std::byte*>(out_.data) + first * out_.stride * size;
    return rows;
  }
  void decode_rows(std::size_t first, std::size_t end) const {
    const std::size_t bytes = packed_bytes(plan_.format().element.format, out_.columns);
    const auto codes = std::span(codes_.elements).subspan(first * bytes, (end - first) * bytes);
    // A plan that owns nothing: the block format's outlives it.
    const Plan elements{
        .quantizer = plan_.element().quantizer(),
        .engine = engine_name,
        .compiled = std::shared_ptr<const void>(std::shared_ptr<const void>(), &plan_.element())};
    decode_array(codes, elements, rows_of_out(first, end));
  }
  // The products of scales over the blocks of a row; NaN, and false, where one is no double in
  // range.
  bool find_totals(std::size_t row, std::vector<double>& totals) const {
    std::ranges::fill(totals, 1.0);
    for (std::size_t level = 0; level < cuts_.size(); ++level) multiply_level(level, row, totals);
    return std::ranges::all_of(totals, [](double total) { return total == total; });
  }
  void multiply_level(std::size_t level, std::size_t row, std::vector<double>& totals) const {
    const Format& format = plan_.format().levels[level].scale.format;
    const Code mask = code_mask(format);
    const bool planned = own_numbers_[level].empty();
    const std::vector<double>& list = planned ? plan_.scale_numbers(level) : own_numbers_[level];
    const Partition& cut = cuts_[level];
    const Code* scale = codes_.scales[level].data() + row / cut.block_rows * cut.across;
    double number = 0;
    std::size_t column = 0;
    std::size_t end = 0;  // of the columns that `number` scales
    for (double& total : totals) {
      if (column >= end) {
        const Code code = *scale++ & mask;
        number = list.empty() ? double_in_range(carried(format, code)).value_or(std::nan(""))
                              : list[static_cast<std::size_t>(code)];
        end += cut.block_columns;
      }
      total *= number;
      column += cuts_.back().block_columns;
    }
  }
  void multiply_row(std::size_t row, const std::vector<double>& totals) {
    const MutableView of_row = rows_of_out(row, row + 1);
    const kernels::Scales scales{totals.data(), cuts_.back().block_columns};
    if (out_.carrier == Carrier::binary32) {
      kernels::scale_blocks(static_cast<float*>(of_row.data), out_.columns, scales);
    } else {
      kernels::scale_blocks(static_cast<double*>(of_row.data), out_.columns, scales);
    }
  }
  void redo_lost(std::size_t down, const std::vector<double>& totals) {
    const Random none;
    BlockElements elements(plan_.element(), false, none, nullptr);
    for (std::size_t across = 0; across < totals.size(); ++across) {
      if (totals[across] != totals[across]) one_block(elements, down * totals.size() + across);
    }
  }

  const BlockCodes& codes_;
  const CompiledBlock& plan_;
  const MutableView& out_;
  Code mask_;
  std::vector<Partition> cuts_;
  std::vector<std::vector<double>> own_numbers_;
};

}  // namespace

void dequantize(const BlockCodes& codes, const BlockPlan& plan, const MutableView& out) {
  Dequantizing(codes, compiled(plan), out).run();
}

}  // namespace halfulp::emulator
