// SPDX-License-Identifier: MIT
//
// Matrices in block formats from their codes.
#include <array>
#include <span>
#include <variant>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/packing.h"
#include "emulator/blocks/block.h"
#include "emulator/blocks/element.h"
#include "emulator/blocks/extent.h"
#include "emulator/blocks/plan.h"
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
    const Random none;
    BlockElements elements(plan_.element(), plan_.zero_points(), none, nullptr);
    for (std::size_t block = 0; block < cuts_.back().count(); ++block) {
      const Area area = area_of(cuts_.back(), block, out_.rows, out_.columns);
      elements.start({.total = total(area),
                      .former = {},
                      .zero_point = plan_.zero_points() ? codes_.zero_points[block] : 0});
      for (std::size_t row = area.top; row < area.bottom; ++row) one_row(elements, row, area);
    }
  }

 private:
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

  const BlockCodes& codes_;
  const CompiledBlock& plan_;
  const MutableView& out_;
  Code mask_;
  std::vector<Partition> cuts_;
};

}  // namespace

void dequantize(const BlockCodes& codes, const BlockPlan& plan, const MutableView& out) {
  Dequantizing(codes, compiled(plan), out).run();
}

}  // namespace halfulp::emulator
