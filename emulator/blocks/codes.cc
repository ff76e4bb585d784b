// SPDX-License-Identifier: MIT
//
// Matrices in block formats from their codes.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/packing.h"
#include "emulator/blocks/block.h"
#include "emulator/blocks/element.h"
#include "emulator/blocks/extent.h"
#include "emulator/blocks/plan.h"
#include "emulator/environment.h"
#include "emulator/kernels/array_codes.h"
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

  // --- Row by row: the numbers of their codes times the scales of the row's blocks.

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
    if (by_tables()) return;
    for (std::size_t i = 0; i < cuts_.size(); ++i) {
      const bool pays = cuts_[i].count() > 256 && plan_.scale_numbers(i).empty();
      own_numbers_.push_back(pays ? numbers_of_codes(plan_.format().levels[i].scale.format)
                                  : std::vector<double>{});
    }
    known_.resize(cuts_.size());
    const Partition& cut = cuts_.back();
    // So few that they stay in the nearest cache, but where a table of numbers has to pay.
    const bool tabulated =
        out_.carrier == Carrier::binary32 && plan_.element().decode_table() != nullptr;
    const std::size_t elements_at_once = tabulated ? 1 << 12 : 1 << 15;
    const std::size_t at_once =
        std::clamp<std::size_t>(elements_at_once / out_.columns / cut.block_rows, 1, cut.down);
    totals_.resize(at_once * cut.across);
    for (std::size_t down = 0; down < cut.down; down += at_once)
      run_lines(down, std::min(down + at_once, cut.down));
  }

  // All at once, by what each code of an innermost scale is worth: where the scales around have one
  // block each, and there are so many blocks that the tables pay.
  [[nodiscard]] bool by_tables() {
    const Partition& cut = cuts_.back();
    const kernels::DecodeTable* const table = plan_.element().decode_table();
    const std::vector<double>& list = plan_.scale_numbers(cuts_.size() - 1);
    if (out_.carrier != Carrier::binary32 || table == nullptr || list.empty() ||
        cut.count() < blocks_that_pay || !rows_are_one())
      return false;
    double around = 1;
    for (std::size_t i = 0; i + 1 < cuts_.size(); ++i) {
      if (cuts_[i].count() != 1) return false;
      const Format& format = plan_.format().levels[i].scale.format;
      const Operand number = carried(format, codes_.scales[i][0] & code_mask(format));
      around *= double_in_range(number).value_or(std::nan(""));
    }
    if (around != around) return false;
    const Code mask = code_mask(plan_.format().levels.back().scale.format);
    return decode_by(*table, numbers_under(list, around), mask);
  }
  // False where there is no kernel for it.
  bool decode_by(const kernels::DecodeTable& table, const kernels::ScaleNumbers& numbers,
                 Code mask) {
    kernels::ScaleCodes scales{.codes = codes_.scales.back().data(),
                               .mask = mask,
                               .block = cuts_.back().block_columns,
                               .factors = {},
                               .nan = {},
                               .halves = nullptr};
    kernels::ScaledHalves halves;
    if (!kernels::set_factors(numbers, scales)) {
      if (table.width != 4) return false;
      kernels::scale_halves(table, numbers, halves);
      scales.halves = &halves;
    }
    const std::optional<bool> lost =
        kernels::decode_scaled(codes_.elements.data(), out_.rows * out_.columns, table, scales,
                               static_cast<float*>(out_.data));
    if (lost && *lost) redo_under_nan(scales);
    return lost.has_value();
  }
  void redo_under_nan(const kernels::ScaleCodes& scales) {
    const Random none;
    BlockElements elements(plan_.element(), false, none, nullptr);
    for (std::size_t block = 0; block < cuts_.back().count(); ++block) {
      if (scales.nan[static_cast<std::size_t>(scales.codes[block] & scales.mask)] != 0)
        one_block(elements, block);
    }
  }
  // Lines of whole blocks of one row, without gaps in between.
  [[nodiscard]] bool rows_are_one() const {
    const Partition& cut = cuts_.back();
    return cut.block_rows == 1 && out_.columns % cut.block_columns == 0 &&
           out_.stride == out_.columns;
  }

  // Lines of blocks, whose totals follow each other.
  void run_lines(std::size_t first, std::size_t end) {
    const Partition& cut = cuts_.back();
    const bool as_one = rows_are_one();
    bool all = true;
    for (std::size_t down = first; down < end; ++down) {
      const std::span<double> totals = totals_of(down - first);
      all = find_totals(down * cut.block_rows, totals) && all;
      const std::size_t bottom = std::min((down + 1) * cut.block_rows, out_.rows);
      for (std::size_t row = down * cut.block_rows; !as_one && row < bottom; ++row)
        worth_of_rows(row, 1, totals.data());
    }
    if (as_one) worth_of_rows(first, end - first, totals_.data());
    for (std::size_t down = first; !all && down < end; ++down)
      redo_lost(down, totals_of(down - first));
  }
  [[nodiscard]] std::span<double> totals_of(std::size_t line) {
    const std::size_t across = cuts_.back().across;
    return std::span(totals_).subspan(line * across, across);
  }
  // What the elements of rows without gaps are worth, in one piece.
  void worth_of_rows(std::size_t first, std::size_t count, const double* totals) const {
    const CompiledPlan& element = plan_.element();
    const std::size_t bytes = packed_bytes(element.quantizer().format, out_.columns);
    const auto codes = std::span(codes_.elements).subspan(first * bytes, count * bytes);
    const std::size_t size = out_.carrier == Carrier::binary32 ? sizeof(float) : sizeof(double);
    MutableView rows = out_;
    rows.data = static_cast<std::byte*>(out_.data) + first * out_.stride * size;
    rows.columns = rows.stride = count * out_.columns;
    rows.rows = 1;
    const kernels::Scales scales{totals, cuts_.back().block_columns};
    if (out_.carrier == Carrier::binary64) {
      decode_array(codes, element, rows);
      return kernels::scale_blocks(static_cast<double*>(rows.data), rows.columns, scales);
    }
    auto* const numbers = static_cast<float*>(rows.data);
    const kernels::DecodeTable* const table = element.decode_table();
    if (table != nullptr &&
        kernels::decode_blocks(codes.data(), rows.columns, *table, scales, numbers))
      return;
    decode_array(codes, element, rows);
    kernels::scale_blocks(numbers, rows.columns, scales);
  }
  // The products of scales over the blocks of a row; NaN, and false, where one is no double in
  // range.
  bool find_totals(std::size_t row, std::span<double> totals) {
    std::ranges::fill(totals, 1.0);
    for (std::size_t level = 0; level < cuts_.size(); ++level) multiply_level(level, row, totals);
    // Positive or NaN, whose patterns are greater.
    std::uint64_t greatest = 0;
    for (const double total : totals)
      greatest = std::max(greatest, std::bit_cast<std::uint64_t>(total) << 1);
    return greatest <= std::uint64_t{0x7ff} << 53;
  }
  void multiply_level(std::size_t level, std::size_t row, std::span<double> totals) {
    const Code mask = code_mask(plan_.format().levels[level].scale.format);
    const std::vector<double>& list = list_of(level);
    const Partition& cut = cuts_[level];
    const Code* const scales = codes_.scales[level].data() + row / cut.block_rows * cut.across;
    const std::size_t inner = cuts_.back().block_columns;
    const std::size_t blocks = (cut.block_columns + inner - 1) / inner;  // that share a scale
    if (blocks == 1 && !list.empty()) {
      for (std::size_t k = 0; k < totals.size(); ++k)
        totals[k] *= list[static_cast<std::size_t>(scales[k] & mask)];
      return;
    }
    for (std::size_t k = 0; k < cut.across; ++k) {
      const double number = number_of_scale(level, scales[k] & mask);
      const std::size_t end = std::min((k + 1) * blocks, totals.size());
      for (std::size_t i = k * blocks; i < end; ++i) totals[i] *= number;
    }
  }
  [[nodiscard]] const std::vector<double>& list_of(std::size_t level) const {
    return own_numbers_[level].empty() ? plan_.scale_numbers(level) : own_numbers_[level];
  }
  // Scales that are in no list are remembered: blocks of many rows may have one.
  double number_of_scale(std::size_t level, Code code) {
    const std::vector<double>& list = list_of(level);
    if (!list.empty()) return list[static_cast<std::size_t>(code)];
    std::optional<Known>& known = known_[level];
    if (!known || known->code != code) {
      const Operand number = carried(plan_.format().levels[level].scale.format, code);
      known = Known{code, double_in_range(number).value_or(std::nan(""))};
    }
    return known->number;
  }
  void redo_lost(std::size_t down, std::span<const double> totals) {
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
  struct Known {
    Code code = 0;
    double number = 0;
  };
  std::vector<std::optional<Known>> known_;
  std::vector<double> totals_;  // of the lines of blocks at hand
};

}  // namespace

void dequantize(const BlockCodes& codes, const BlockPlan& plan, const MutableView& out) {
  Dequantizing(codes, compiled(plan), out).run();
}

}  // namespace halfulp::emulator
