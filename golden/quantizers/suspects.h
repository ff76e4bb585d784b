// SPDX-License-Identifier: MIT
//
// What a kernel that quantizes may do otherwise than was asked of it: one property of the format or
// of what is done around it changed at a time. Quantizing again under each tells which changes
// account for all codes and scales. The properties are those in which published quantizers differ:
// rounding and ties, how a scale follows from its block and is rounded, division or a reciprocal,
// variants of formats, saturation, subnormals, a rounding before, layouts (block_presets.cc and
// rounding_presets.cc of formats/presets name the sources).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "golden/quantizers/recipe.h"

namespace halfulp::quantizers {

struct Suspect {
  std::string property;  // "rounding", "rule of scales", "layout", ...
  std::string what;      // "elements rounded nearest-away, instead of nearest-even"
  Recipe recipe;
};

// Those of tensors of so many dimensions. None is what was asked for, and none stands there twice.
std::vector<Suspect> suspects_of(const Recipe& asked, std::size_t dimensions);

// How much of one part of a result differs: of "codes", "scales", "outer_scales", "zero_points", or
// of "values".
struct PartMismatches {
  std::string part;
  std::uint64_t elements = 0, mismatches = 0;
};
std::uint64_t mismatches_of(const std::vector<PartMismatches>& parts);  // of all of them

struct Explanation {
  const Suspect* suspect = nullptr;
  std::vector<PartMismatches> parts;
};
struct Explained {
  std::vector<PartMismatches> asked;   // of what was asked for
  std::vector<Explanation> exact;      // those that leave none
  std::optional<Explanation> nearest;  // else the one that leaves the fewest, if fewer
};

// What a kernel was asked to do with a tensor, and what it may have done instead.
struct Asked {
  const tensors::Tensor& tensor;
  const Recipe& recipe;
  const std::vector<Suspect>& suspects;
};

// got: what a kernel made of the tensor: parts under the names of parts_of, in any order, or one
// tensor "values". Codes and scales are compared as bits, so that another format of as many bits is
// told apart; values as numbers, those of a suspect rounded to got's format (nearest even). NaN is
// equal to NaN, zeros differ by sign. A suspect's scales that are those of larger blocks stand for
// every block that was asked for within one. Suspects are tried on a few rows first, where they can
// be. tried: called after each; may be empty. Throws Error:
// a part that what was asked for does not have, or of another size.
Explained explain(const std::vector<tensors::Tensor>& got, const Asked& asked, const Engine& engine,
                  const RecipeOptions& options, const std::function<void(std::size_t done)>& tried);

}  // namespace halfulp::quantizers
