// SPDX-License-Identifier: MIT
#include "experiments/policy/step_blocks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace halfulp::experiments {
namespace {

// Does every block of several rows end with a step, so that steps below each other are one matrix?
bool ends_with_steps(const BlockFormat& format, std::size_t rows) {
  return rows <= static_cast<std::size_t>(std::numeric_limits<int>::max()) &&
         std::all_of(format.levels.begin(), format.levels.end(), [rows](const Level& level) {
           return level.rows == 0 || rows % static_cast<std::size_t>(level.rows) == 0;
         });
}

// Blocks of more rows than the matrix of a step has are all of its rows.
void fit_rows(BlockFormat& format, std::size_t rows) {
  for (Level& level : format.levels) {
    if (static_cast<std::size_t>(level.rows) >= rows) level.rows = 0;
  }
}

template <typename AnyView>
AnyView rows_of(const AnyView& view, std::size_t first, std::size_t count) {
  AnyView part = view;
  if constexpr (std::is_same_v<AnyView, View>) {
    part.data = static_cast<const double*>(view.data) + first * view.stride;
  } else {
    part.data = static_cast<double*>(view.data) + first * view.stride;
  }
  part.rows = count;
  return part;
}

// Numbers that lie one after the other, from number `first` on, as rows of `columns`.
template <typename AnyView>
AnyView as_rows(const AnyView& column, std::size_t first, std::size_t rows, std::size_t columns) {
  AnyView part = rows_of(column, first, rows);
  part.columns = part.stride = columns;
  return part;
}

// NaN counts as 0; an infinity as a code beyond all.
std::uint64_t largest_code(std::span<const double> values, double scale) {
  double largest = 0;
  for (const double x : values) largest = std::max(largest, std::abs(x) / scale);
  return static_cast<std::uint64_t>(std::min(largest, 0x1p62));
}

}  // namespace

StepBlocks::StepBlocks(const Engine& engine, const BlockRule& rule, const StepShape& shape,
                       const Random& random, std::uint64_t elements)
    : engine_(&engine),
      format_(rule.format),
      column_(shape.column),
      handed_rows_(std::max<std::size_t>(shape.rows, 1)),
      rows_(shape.column ? 1 : handed_rows_),
      numbered_rows_(rows_),
      random_(random) {
  random_.stream = block_stream(random.stream);
  random_.generator = rule.generator;
  if (const auto prediction = autoflex_rule(format_)) {
    autoflex_.emplace(*prediction);
    return;
  }
  fit_rows(format_, rows_);
  together_ = ends_with_steps(format_, rows_);
  for (Level& level : format_.levels) {
    if (together_ && level.rows == 0) level.rows = static_cast<int>(rows_);
    // Blocks nest, so the largest rows of a block are a multiple of all.
    const auto rows = static_cast<std::uint64_t>(std::max(level.rows, 1));
    numbered_rows_ = std::max(numbered_rows_, (rows_ + rows - 1) / rows * rows);
  }
  plan_ = engine_->prepare_block(format_, {.elements = elements});
}

void StepBlocks::round(const View& in, std::uint64_t first_row, const MutableView& out) {
  const std::uint64_t first_step = first_row / handed_rows_;
  if (!column_) return round_steps(in, first_step, out);
  const std::size_t steps = in.rows / handed_rows_;
  const std::size_t whole = steps * handed_rows_;
  if (steps > 0)
    round_steps(as_rows(in, 0, steps, handed_rows_), first_step,
                as_rows(out, 0, steps, handed_rows_));
  const std::size_t rest = in.rows - whole;
  if (rest > 0)
    round_steps(as_rows(in, whole, 1, rest), first_step + steps, as_rows(out, whole, 1, rest));
}

void StepBlocks::round_steps(const View& in, std::uint64_t first_step, const MutableView& out) {
  Random random = random_;
  const std::size_t at_once = together_ ? std::max<std::size_t>(in.rows, 1) : rows_;
  for (std::size_t row = 0; row < in.rows; row += at_once) {
    const std::size_t rows = std::min(at_once, in.rows - row);
    random.offset = (first_step + row / rows_) * numbered_rows_ * in.columns;
    const View from = rows_of(in, row, rows);
    const MutableView to = rows_of(out, row, rows);
    if (autoflex_) {
      predict(from, random, to);
    } else {
      engine_->quantize(from, plan_, random, to, nullptr, nullptr);
    }
  }
}

void StepBlocks::predict(const View& in, const Random& random, const MutableView& out) {
  tried_.resize(in.rows * in.columns);
  const MutableView tried = view_of(tried_.data(), in.rows, in.columns);
  double scale = 0;
  do {
    scale = autoflex_->scale();
    engine_->quantize(in, plan_for(scale), random, tried, nullptr, nullptr);
  } while (!autoflex_->observe(largest_code(tried_, scale)));
  for (std::size_t row = 0; row < in.rows; ++row)
    std::copy_n(tried_.data() + row * in.columns, in.columns,
                static_cast<double*>(out.data) + row * out.stride);
}

const BlockPlan& StepBlocks::plan_for(double scale) {
  const auto [found, fresh] = plans_.try_emplace(scale);
  if (fresh) {
    format_.levels.front().given = scale;
    found->second = engine_->prepare_block(format_);
  }
  return found->second;
}

}  // namespace halfulp::experiments
