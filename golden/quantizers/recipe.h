// SPDX-License-Identifier: MIT
//
// How a kernel makes codes and scales of a tensor: the format, and what it does around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/engine.h"
#include "formats/json.h"
#include "golden/tensors/tensor.h"

namespace halfulp::quantizers {

struct Recipe {
  enum class Handling : std::uint8_t {
    nothing,
    pairs_exchanged,  // neighbouring codes in each other's place, as nibbles may be
    unrounded_scales  // elements are divided by the innermost scale before that is rounded; it is
                      // held in binary32. Of rule ratio only
  };
  AnyQuantizer quantizer;
  int axis = -1;                                      // that blocks lie along
  std::optional<Quantizer> input = std::nullopt;      // rounds the numbers first
  std::size_t hadamard = 0;                           // size of the matrix before it; 0: none
  std::optional<std::uint64_t> signs = std::nullopt;  // the seed of its signs
  bool tiled = false;                                 // innermost scales lie in tiles of 128x4
  Handling handling = Handling::nothing;
  bool operator==(const Recipe&) const = default;
};

struct RecipeOptions {
  Random random = {};  // of stochastic modes, and the generator of signs
  int threads = 0;
};

// What is made of a tensor: "codes", and of block formats "scales", "outer_scales" and
// "zero_points" as far as there are any (golden/tensors/quantizer.h). Throws Error where the tensor
// cannot be quantized so.
std::vector<tensors::Tensor> parts_of(const Recipe& recipe, const tensors::Tensor& tensor,
                                      const Engine& engine, const RecipeOptions& options);
// The numbers that these stand for, as float32 or float64.
tensors::Tensor values_of(const Recipe& recipe, const tensors::Tensor& tensor, const Engine& engine,
                          const RecipeOptions& options);

}  // namespace halfulp::quantizers
