// SPDX-License-Identifier: MIT
#include "golden/quantizers/recipe.h"

#include <algorithm>
#include <utility>

#include "formats/catalogue.h"
#include "formats/error.h"
#include "golden/comparison/in_memory.h"
#include "golden/tensors/quantizer.h"
#include "golden/tensors/scale_tiles.h"

namespace halfulp::quantizers {
namespace {

using tensors::Quantized;
using tensors::Tensor;
using tensors::TensorQuantizer;
using tensors::Unfolded;
using Handling = Recipe::Handling;

// Signs are drawn from a stream that no tensor draws from, as `halfulp quantize` does.
constexpr std::uint64_t stream_of_signs = std::uint64_t{1} << 63U;

Unfolded unfolded(const Recipe& recipe, const Tensor& tensor, const Engine& engine,
                  const RecipeOptions& options) {
  const Tensor first = recipe.input ? comparison::converted(tensor, *recipe.input, engine) : tensor;
  Unfolded in = tensors::unfold(first, tensors::axis_of(tensor.shape, recipe.axis));
  if (recipe.hadamard == 0) return in;
  Random signs = options.random;
  signs.seed = recipe.signs.value_or(0);
  signs.stream = stream_of_signs;
  tensors::rotate(in, recipe.hadamard, recipe.signs ? &signs : nullptr);
  return in;
}

// The same block format with innermost scales that keep their bits.
AnyQuantizer with_unrounded_scales(const AnyQuantizer& quantizer) {
  const auto* block = std::get_if<BlockFormat>(&quantizer);
  if (block == nullptr || block->levels.back().rule != ScaleRule::ratio ||
      block->arithmetic != Arithmetic::exact)
    throw Error("no scale of rule ratio is rounded");
  BlockFormat wide = *block;
  wide.levels.back().scale = {.format = find_format("binary32"), .rounding = {}};
  validate(wide);
  return wide;
}

// In the matrix of `in`, with codes.
Quantized quantized(const Recipe& recipe, const Unfolded& in, const Engine& engine,
                    const RecipeOptions& options) {
  const TensorQuantizer quantizer(recipe.quantizer, engine, options.threads);
  Quantized out = quantizer.quantize(in, options.random, true);
  if (recipe.handling != Handling::unrounded_scales) return out;
  const TensorQuantizer wide(with_unrounded_scales(recipe.quantizer), engine, options.threads);
  out.codes.elements = wide.quantize(in, options.random, true).codes.elements;
  const auto& block = std::get<BlockFormat>(recipe.quantizer);
  engine.dequantize(out.codes, engine.prepare_block(block, {}), out.values.view());
  return out;
}

void exchange_pairs(Tensor& tensor) {
  const std::size_t bytes = tensors::element_bytes(tensor.type);
  const std::size_t row = tensor.shape.empty() ? 1 : static_cast<std::size_t>(tensor.shape.back());
  if (row % 2 != 0) throw Error("a row has no pairs of neighbours");
  for (std::size_t i = 0; i + 1 < tensors::element_count(tensor); i += 2) {
    const auto first = tensor.data.begin() + static_cast<std::ptrdiff_t>(i * bytes);
    const auto second = first + static_cast<std::ptrdiff_t>(bytes);
    std::swap_ranges(first, second, second);
  }
}

}  // namespace

std::vector<Tensor> parts_of(const Recipe& recipe, const Tensor& tensor, const Engine& engine,
                             const RecipeOptions& options) {
  const Unfolded in = unfolded(recipe, tensor, engine, options);
  const Quantized out = quantized(recipe, in, engine, options);
  const TensorQuantizer quantizer(recipe.quantizer, engine, options.threads);
  std::vector<Tensor> parts = quantizer.codes(in, out, "");
  if (recipe.handling == Handling::pairs_exchanged) exchange_pairs(parts.front());
  if (!recipe.tiled) return parts;
  const auto* block = std::get_if<BlockFormat>(&recipe.quantizer);
  if (block == nullptr || !tensors::lies_in_tiles(block->levels.back()) ||
      in.axis + 2 < in.shape.size())
    throw Error("tiles are of one-byte scales of blocks of one row");
  for (Tensor& part : parts) {
    if (part.name == "scales") part = tensors::tiled_scales(part, in.axis + 1 < in.shape.size());
  }
  return parts;
}

Tensor values_of(const Recipe& recipe, const Tensor& tensor, const Engine& engine,
                 const RecipeOptions& options) {
  const Unfolded in = unfolded(recipe, tensor, engine, options);
  const TensorQuantizer quantizer(recipe.quantizer, engine, options.threads);
  Tensor values = quantizer.values(in, quantized(recipe, in, engine, options), tensor.name);
  if (recipe.handling == Handling::pairs_exchanged) exchange_pairs(values);
  return values;
}

}  // namespace halfulp::quantizers
