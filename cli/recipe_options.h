// SPDX-License-Identifier: MIT
//
// The options of halfulp compare --explain that say what was asked of a quantizer.
#pragma once

#include <cstdint>
#include <string>

#include "cli/quantizer_options.h"
#include "cli/verb.h"
#include "golden/quantizers/recipe.h"

namespace halfulp::cli {

struct RecipeCall {
  std::string input;  // the file that was quantized; empty: not given
  QuantizerOptions quantizer;
  int axis = -1;
  std::uint64_t hadamard = 0;  // 0: none
  std::uint64_t hadamard_seed = 0;
  bool hadamard_signs = false;
  std::string scale_layout = "rows";
};
// But --block, which the verb words for itself. Answers the option of the seed of --hadamard.
Option add_recipe_options(Parser& parser, RecipeCall& call);

// Throws Error with the option's name as location.
quantizers::Recipe recipe_of(const RecipeCall& call);

}  // namespace halfulp::cli
