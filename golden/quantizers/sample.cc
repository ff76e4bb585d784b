// SPDX-License-Identifier: MIT
#include "golden/quantizers/sample.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "golden/tensors/axis.h"

namespace halfulp::quantizers {
namespace {

using tensors::Tensor;

constexpr std::size_t most = 48;

std::size_t count_rows(const Tensor& tensor) {
  const std::size_t width =
      tensor.shape.empty() ? 0 : static_cast<std::size_t>(tensor.shape.back());
  return width == 0 ? 0 : tensors::element_count(tensor) / width;
}

// These of so many rows; a part of one element is of all of them.
Tensor rows_of(const Tensor& part, std::size_t rows, const std::vector<std::size_t>& places) {
  if (tensors::element_count(part) == 1) return part;
  const std::size_t bytes = part.data.size() / rows;
  const auto width = static_cast<std::int64_t>(tensors::element_count(part) / rows);
  Tensor made{.name = part.name,
              .type = part.type,
              .shape = {static_cast<std::int64_t>(places.size()), width},
              .data = {}};
  for (const std::size_t row : places) {
    const auto begin = part.data.begin() + static_cast<std::ptrdiff_t>(row * bytes);
    made.data.insert(made.data.end(), begin, begin + static_cast<std::ptrdiff_t>(bytes));
  }
  return made;
}

// The row of the largest magnitude; nothing where a number is not finite.
std::optional<std::size_t> largest_row(const Tensor& tensor, std::size_t rows) {
  const std::vector<double> numbers = tensors::doubles_of(tensor);
  double largest = -1;
  std::size_t place = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double magnitude = std::abs(numbers[i]);
    if (!std::isfinite(magnitude)) return std::nullopt;
    if (magnitude <= largest) continue;
    largest = magnitude;
    place = i;
  }
  return place / (numbers.size() / rows);
}

// Rows in which a part is another.
std::vector<std::size_t> rows_that_differ(const Tensor& got, const Tensor& made, std::size_t rows) {
  std::vector<std::size_t> bad;
  const std::size_t bytes = got.data.size() / rows;
  if (tensors::element_count(got) == 1 || made.data.size() != got.data.size()) return bad;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto begin = static_cast<std::ptrdiff_t>(row * bytes);
    const auto end = begin + static_cast<std::ptrdiff_t>(bytes);
    if (!std::equal(got.data.begin() + begin, got.data.begin() + end, made.data.begin() + begin))
      bad.push_back(row);
  }
  return bad;
}

}  // namespace

std::optional<Sample> sample_of(const Tensor& tensor, const std::vector<Tensor>& got,
                                const std::vector<Tensor>& made) {
  const std::size_t rows = count_rows(tensor);
  if (tensor.shape.size() < 2 || rows < 4 * most) return std::nullopt;
  for (const Tensor& part : got) {
    const std::size_t count = tensors::element_count(part);
    if (count != 1 && count % rows != 0) return std::nullopt;
  }
  const std::optional<std::size_t> largest = largest_row(tensor, rows);
  if (!largest) return std::nullopt;
  std::set<std::size_t> places{*largest};
  for (const Tensor& part : got) {
    const auto own =
        std::ranges::find_if(made, [&](const Tensor& one) { return one.name == part.name; });
    if (own == made.end()) continue;
    const std::vector<std::size_t> bad = rows_that_differ(part, *own, rows);
    const std::size_t taken = std::min(bad.size(), most / (got.size() + 1));
    for (std::size_t k = 0; k < taken; ++k) places.insert(bad[k * bad.size() / taken]);
  }
  for (std::size_t row = 0; places.size() < most; ++row) places.insert(row * (rows / most));
  const std::vector<std::size_t> list(places.begin(), places.end());
  Sample sample{.tensor = rows_of(tensor, rows, list), .parts = {}};
  for (const Tensor& part : got) sample.parts.push_back(rows_of(part, rows, list));
  return sample;
}

bool goes_by_rows(const Recipe& recipe, const Tensor& tensor) {
  const std::size_t axis = tensors::axis_of(tensor.shape, recipe.axis);
  if (recipe.tiled || axis + 1 != tensor.shape.size()) return false;
  const auto* block = std::get_if<BlockFormat>(&recipe.quantizer);
  if (block == nullptr) return !is_stochastic(std::get<Quantizer>(recipe.quantizer).rounding.mode);
  if (is_stochastic(block->element.rounding.mode) || block->special != SpecialBlock::nan)
    return false;
  return std::ranges::all_of(block->levels, [&](const Level& level) {
    if (is_stochastic(level.scale.rounding.mode)) return false;
    if (level.rows == 1) return true;
    const bool of_largest = level.rule != ScaleRule::mean && level.rule != ScaleRule::range;
    return level.rows == 0 && level.columns == 0 && of_largest && recipe.hadamard == 0;
  });
}

}  // namespace halfulp::quantizers
