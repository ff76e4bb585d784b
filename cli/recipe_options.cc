// SPDX-License-Identifier: MIT
#include "cli/recipe_options.h"

#include <bit>

#include "formats/error.h"

namespace halfulp::cli {

Option add_recipe_options(Parser& parser, RecipeCall& call) {
  parser
      .text("--input", call.input,
            "of --explain: the tensors that GOT was quantized from, as `halfulp quantize` would")
      .value_name("FILE");
  parser.text("--to", call.quantizer.to, "the format that --input was to be quantized to")
      .value_name("F");
  parser.number("--axis", call.axis, "the axis that its blocks lie along (-1, the last)")
      .value_name("N");
  add_block_options(parser, call.quantizer);
  parser
      .text("--scale-layout", call.scale_layout,
            "of scales in GOT: rows (the default), 128x4 (tiles as matrix units read them)")
      .value_name("HOW");
  parser.text("--rounding", call.quantizer.rounding.rounding, "how elements are rounded")
      .value_name("NAME");
  parser
      .text("--overflow", call.quantizer.rounding.overflow,
            "what stands for an element beyond the largest number")
      .value_name("NAME");
  parser.text("--preset", call.quantizer.rounding.preset, "all as a peer has it")
      .value_name("NAME");
  parser.count("--hadamard", call.hadamard,
               "blocks of N along the axis were multiplied by a Hadamard matrix first", 1, 65536);
  return parser
      .number("--hadamard-seed", call.hadamard_seed, "the signs of --hadamard are from this seed")
      .value_name("S");
}

quantizers::Recipe recipe_of(const RecipeCall& call) {
  if (call.quantizer.to.empty())
    throw Error("is missing", "--to", "name the format that --input was to be quantized to");
  quantizers::Recipe recipe{.quantizer = quantizer_of(call.quantizer), .axis = call.axis};
  recipe.hadamard = call.hadamard;
  if (call.hadamard != 0 && !std::has_single_bit(call.hadamard))
    throw Error(
        "there is no Hadamard matrix of " + std::to_string(call.hadamard) + " rows by doubling",
        "--hadamard", "give a power of two, such as 16");
  if (call.hadamard_signs) recipe.signs = call.hadamard_seed;
  recipe.tiled = call.scale_layout == "128x4";
  if (!recipe.tiled && call.scale_layout != "rows")
    throw Error("\"" + call.scale_layout + "\" is neither rows nor 128x4", "--scale-layout",
                suggest(call.scale_layout, {"rows", "128x4"}));
  return recipe;
}

}  // namespace halfulp::cli
