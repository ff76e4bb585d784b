// SPDX-License-Identifier: MIT
#include "reference/blocks/block.h"

#include <algorithm>
#include <bit>
#include <variant>
#include <vector>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "reference/blocks/block_scale.h"
#include "reference/carrier.h"
#include "reference/engine_name.h"
#include "reference/operations.h"
#include "reference/packing.h"
#include "reference/round.h"

namespace halfulp::reference {
namespace {

// The blocks of every level of one matrix.
class Layout {
 public:
  Layout(const BlockFormat& format, std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns) {
    for (const Level& level : format.levels) levels_.push_back(partition(level, rows, columns));
  }

  [[nodiscard]] const Partition& level(std::size_t index) const { return levels_[index]; }
  [[nodiscard]] std::size_t innermost() const { return levels_.size() - 1; }

  // The number of the block that holds an element.
  [[nodiscard]] std::size_t block_of(std::size_t level, std::size_t row, std::size_t column) const {
    const Partition& p = levels_[level];
    return row / p.block_rows * p.across + column / p.block_columns;
  }
  [[nodiscard]] std::size_t first_row(std::size_t level, std::size_t block) const {
    return block / levels_[level].across * levels_[level].block_rows;
  }
  [[nodiscard]] std::size_t first_column(std::size_t level, std::size_t block) const {
    return block % levels_[level].across * levels_[level].block_columns;
  }
  // Calls use(row, column) for every element of a block, row after row.
  template <typename Use>
  void for_each(std::size_t level, std::size_t block, Use use) const {
    const Partition& p = levels_[level];
    const std::size_t top = first_row(level, block);
    const std::size_t left = first_column(level, block);
    for (std::size_t row = top; row < std::min(rows_, top + p.block_rows); ++row) {
      for (std::size_t column = left; column < std::min(columns_, left + p.block_columns); ++column)
        use(row, column);
    }
  }

 private:
  std::size_t rows_, columns_;
  std::vector<Partition> levels_;
};

using Scales = std::vector<std::vector<Scale>>;  // a level each

// The scales of all levels at an innermost block.
Divisors divisors_at(const Scales& scales, const Layout& layout, std::size_t block) {
  const std::size_t innermost = layout.innermost();
  const std::size_t row = layout.first_row(innermost, block);
  const std::size_t column = layout.first_column(innermost, block);
  Divisors by{.scale = make_value(1), .outer = make_value(1), .inner = make_value(1)};
  for (std::size_t level = 0; level < scales.size(); ++level) {
    const Value& scale = scales[level][layout.block_of(level, row, column)].value;
    by.scale = product_of_scales(by.scale, scale);
    if (level == 0) by.outer = scale;
    by.inner = scale;
  }
  return by;
}

// What an element of a block is rounded to: the element's quantizer or, with zero points, the
// integers around the block's.
Quantizer element_at(const BlockFormat& format, std::int64_t zero_point) {
  if (format.levels.back().rule != ScaleRule::range) return format.element;
  const auto& integer = std::get<Fixed>(format.element.format.kind);
  Quantizer q = format.element;
  q.format.kind = Affine{.bits = integer.bits, .sign = integer.sign, .zero_point = zero_point};
  return q;
}

void deliver(const MutableView& out, std::size_t row, std::size_t column, const Value& scale,
             const Value& number) {
  const Value operands[] = {scale, carried(number)};
  const Quantizer carrier{.format = format_of(out.carrier), .rounding = {}};
  const Outcome outcome = operate(Op::multiply, operands, carrier, 0);
  store(out, row, column, decode(carrier.format, outcome.code));
}

// One call of quantize().
class Quantization {
 public:
  Quantization(const View& in, const BlockFormat& format, const Random& random)
      : in_(in), format_(format), random_(random), layout_(format, in.rows, in.columns) {}

  void find_scales() {
    for (std::size_t level = 0; level < format_.levels.size(); ++level) {
      scales_.emplace_back();
      for (std::size_t block = 0; block < layout_.level(level).count(); ++block)
        scales_[level].push_back(find_scale(level, block));
    }
  }

  void round_elements(const MutableView& out, BlockCodes* codes, Counts* counts) {
    const std::size_t innermost = layout_.innermost();
    for (std::size_t block = 0; block < layout_.level(innermost).count(); ++block) {
      const Divisors by = divisors_at(scales_, layout_, block);
      const std::int64_t zero_point = find_zero_point(block, by.scale);
      const Quantizer element = element_at(format_, zero_point);
      if (codes != nullptr && format_.levels.back().rule == ScaleRule::range)
        codes->zero_points.push_back(zero_point);
      layout_.for_each(innermost, block, [&](std::size_t row, std::size_t column) {
        const std::size_t index = row * in_.columns + column;
        const Value x = number(row, column);
        const Outcome outcome = round_element(x, by, element, index);
        const Value delivered = decode(element.format, outcome.code);
        count_element(counts, x, by, outcome, delivered);
        if (codes != nullptr)
          put_code(codes->elements, index, packed_bits(format_.element.format), outcome.code);
        deliver(out, row, column, by.scale, delivered);
      });
    }
  }

  void store_scales(BlockCodes& codes) const {
    codes.scales.assign(scales_.size(), {});
    for (std::size_t level = 0; level < scales_.size(); ++level) {
      for (const Scale& scale : scales_[level]) codes.scales[level].push_back(scale.code);
    }
  }

 private:
  [[nodiscard]] Value number(std::size_t row, std::size_t column) const {
    const Value x = load(in_, row, column);
    return format_.element.rounding.flush_inputs ? flushed(format_of(in_.carrier), x) : x;
  }

  [[nodiscard]] BlockContent content(std::size_t level, std::size_t block) const {
    BlockContent content;
    layout_.for_each(level, block, [&](std::size_t row, std::size_t column) {
      content.add(number(row, column));
    });
    return content;
  }

  // Random bits of a scale go by blocks, from the block on in which Random::offset lies.
  [[nodiscard]] std::uint64_t bits_of_scale(std::size_t level, std::size_t block) const {
    const Rounding& rounding = format_.levels[level].scale.rounding;
    if (!is_stochastic(rounding.mode)) return 0;
    const Partition& p = layout_.level(level);
    const std::uint64_t before = random_.offset / (in_.columns * p.block_rows) * p.across;
    Random random = random_;
    random.stream += level + 1;
    random.offset = 0;
    return random.bits(before + block, rounding.random_bits);
  }

  // The one of two scales under which a block has the lesser error (FourOverSix).
  [[nodiscard]] Scale nearer_scale(const Surroundings& around, const BlockContent& content,
                                   std::size_t block, const Scale& first) const {
    if (content.nan || content.infinite || !around.scale.is_finite()) return first;
    Surroundings elsewhere = around;
    elsewhere.second = true;
    const Scale second = scale_of(format_, elsewhere, content, bits_of_scale(around.level, block));
    const Value of_second = block_error(block, second);
    const Value of_first = block_error(block, first);
    const bool numbers = !of_second.is_nan() && !of_first.is_nan();
    return numbers && compare(of_second, of_first) < 0 ? second : first;
  }

  [[nodiscard]] Value block_error(std::size_t block, const Scale& scale) const {
    const std::size_t innermost = layout_.innermost();
    const FourOverSix::Error measure = format_.four_over_six.error;
    const std::size_t top = layout_.first_row(innermost, block);
    const std::size_t left = layout_.first_column(innermost, block);
    const Scale& outer = scales_[0][layout_.block_of(0, top, left)];
    const Divisors by{.scale = product_of_scales(outer.value, scale.value),
                      .outer = outer.value,
                      .inner = scale.value};
    std::vector<Value> rows(std::bit_ceil(layout_.level(innermost).block_rows));
    layout_.for_each(innermost, block, [&](std::size_t row, std::size_t column) {
      const Value x = number(row, column);
      const Outcome outcome = round_element(x, by, format_.element, row * in_.columns + column);
      const Value q = carried(decode(format_.element.format, outcome.code));
      const Value error = measured(measure, element_error(format_, x, q, scale.value, outer));
      rows[row - top] = joined_errors(measure, rows[row - top], error);
    });
    for (std::size_t half = rows.size() / 2; half > 0; half /= 2) {
      for (std::size_t i = 0; i < half; ++i)
        rows[i] = joined_errors(measure, rows[i], rows[i + half]);
    }
    return rows[0];
  }

  [[nodiscard]] Scale find_scale(std::size_t level, std::size_t block) const {
    Surroundings around{.level = level};
    const std::size_t row = layout_.first_row(level, block);
    const std::size_t column = layout_.first_column(level, block);
    for (std::size_t outer = 0; outer < level; ++outer) {
      const Scale& scale = scales_[outer][layout_.block_of(outer, row, column)];
      around.scale = product_of_scales(around.scale, scale.value);
      around.encoding = scale.encoding;
    }
    const BlockContent found = content(level, block);
    const Scale first = scale_of(format_, around, found, bits_of_scale(level, block));
    const bool twice = format_.arithmetic == Arithmetic::four_over_six && level == 1;
    return twice ? nearer_scale(around, found, block, first) : first;
  }

  [[nodiscard]] std::int64_t find_zero_point(std::size_t block, const Value& scale) const {
    if (format_.levels.back().rule != ScaleRule::range) return 0;
    return zero_point(format_, content(layout_.innermost(), block).lowest, scale);
  }

  [[nodiscard]] Outcome round_element(const Value& x, const Divisors& by, const Quantizer& element,
                                      std::size_t index) const {
    const Rounding& rounding = element.rounding;
    const std::uint64_t bits =
        is_stochastic(rounding.mode) ? random_.bits(index, rounding.random_bits) : 0;
    return round(quotient(format_, x, by), element, bits);
  }

  // Step 4: under a zero scale that takes no part in the quotient, what is lost is x itself.
  void count_element(Counts* counts, const Value& x, const Divisors& by, const Outcome& outcome,
                     const Value& delivered) const {
    if (counts == nullptr) return;
    const Real u = quotient(format_, x, by);
    const bool lost = by.scale.is_zero() && u.numerator.is_zero() && !x.is_zero();
    if (!lost || zero_stays(format_, layout_.innermost()))
      return count(counts, u, outcome, delivered);
    ++counts->elements;
    ++counts->flushed;
    ++counts->inexact;
  }

  const View& in_;
  const BlockFormat& format_;
  const Random& random_;
  Layout layout_;
  Scales scales_;
};

}  // namespace

BlockPlan prepare_block(const BlockFormat& format, const Preparation& /*preparation*/) {
  validate(format);
  const auto in_range = [](const Quantizer& q) {
    return q.rounding.random_bits >= 1 && q.rounding.random_bits <= 64;
  };
  HALFULP_REQUIRE(in_range(format.element) &&
                      std::all_of(format.levels.begin(), format.levels.end(),
                                  [&](const Level& level) { return in_range(level.scale); }),
                  "prepare_block: random_bits is 1 to 64");
  return {.format = format, .engine = engine_name, .compiled = nullptr};
}

void quantize(const View& in, const BlockPlan& plan, const Random& random, const MutableView& out,
              BlockCodes* codes, Counts* counts) {
  require_engine(plan.engine, engine_name);
  HALFULP_REQUIRE(in.rows == out.rows && in.columns == out.columns, "views of different shapes");
  Quantization quantization(in, plan.format, random);
  quantization.find_scales();
  if (codes != nullptr) {
    const std::size_t bytes = packed_bytes(plan.format.element.format, in.rows * in.columns);
    codes->elements.assign(bytes, 0);
    codes->zero_points.clear();
    quantization.store_scales(*codes);
  }
  quantization.round_elements(out, codes, counts);
}

void dequantize(const BlockCodes& codes, const BlockPlan& plan, const MutableView& out) {
  require_engine(plan.engine, engine_name);
  const BlockFormat& format = plan.format;
  const Layout layout(format, out.rows, out.columns);
  const std::size_t innermost = layout.innermost();
  const bool zero_points = format.levels.back().rule == ScaleRule::range;
  HALFULP_REQUIRE(
      codes.elements.size() >= packed_bytes(format.element.format, out.rows * out.columns) &&
          codes.scales.size() == format.levels.size() &&
          (!zero_points || codes.zero_points.size() == layout.level(innermost).count()),
      "dequantize: codes of another shape");
  Scales scales(format.levels.size());
  for (std::size_t level = 0; level < scales.size(); ++level) {
    HALFULP_REQUIRE(codes.scales[level].size() == layout.level(level).count(),
                    "dequantize: scales of another shape");
    for (const Code code : codes.scales[level])
      scales[level].push_back(
          {.code = code, .value = decode(format.levels[level].scale.format, code)});
  }
  const int width = packed_bits(format.element.format);
  const Code mask = (Code{1} << bits(format.element.format)) - 1;
  for (std::size_t block = 0; block < layout.level(innermost).count(); ++block) {
    const Divisors by = divisors_at(scales, layout, block);
    const Quantizer element = element_at(format, zero_points ? codes.zero_points[block] : 0);
    layout.for_each(innermost, block, [&](std::size_t row, std::size_t column) {
      const Code code = get_code(codes.elements, row * out.columns + column, width) & mask;
      deliver(out, row, column, by.scale, decode(element.format, code));
    });
  }
}

}  // namespace halfulp::reference
