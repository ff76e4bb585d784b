// SPDX-License-Identifier: MIT
#include "cli/quantizer_options.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "cli/at_option.h"
#include "cli/tensor_options.h"
#include "formats/block.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

void set_block_options(const QuantizerOptions& options, BlockFormat& format) {
  if (const std::string& name = options.rounding.preset; !name.empty())
    format = at_option("--preset", [&] { return find_block_preset(name).apply(format); });
  if (!options.scale_rule.empty()) {
    format.levels.back().rule =
        at_option("--scale-rule", [&] { return parse_scale_rule(options.scale_rule); });
  }
  if (!options.special_block.empty()) {
    format.special =
        at_option("--special-block", [&] { return parse_special_block(options.special_block); });
  }
  if (!options.zero_scale.empty()) {
    format.zero_scale =
        at_option("--zero-scale", [&] { return parse_zero_scale(options.zero_scale); });
  }
  if (!options.block.empty()) {
    const tensors::Shape block = parse_extents(options.block, "--block");
    constexpr std::int64_t most = 1 << 20;
    if (block.size() != 2 || block[0] > most || block[1] > most)
      throw Error("\"" + options.block + "\" is no block", "--block", "write for example 16x16");
    format.levels.back().rows = static_cast<int>(block[0]);
    format.levels.back().columns = static_cast<int>(block[1]);
  }
  RoundingOptions of_element = options.rounding;
  of_element.preset.clear();
  format.element.rounding = rounding_of(of_element, format.element.format, format.element.rounding);
  at_option("--to", [&] {
    validate(format);
    return 0;
  });
}

}  // namespace

void add_block_options(Parser& parser, QuantizerOptions& options) {
  parser
      .text("--scaling", options.scaling,
            "scales for a number format: tensor, row, column, group:N, block:RxC, or JSON")
      .value_name("HOW");
  parser
      .text("--scale-rule", options.scale_rule,
            "how a block's scale follows from its elements: floor, ceil, even, rceil, ratio, "
            "largest, mean")
      .value_name("RULE");
  parser
      .text("--special-block", options.special_block,
            "blocks with NaN or infinities: nan, saturate, ignore, nan_else_saturate")
      .value_name("HOW");
  parser
      .text("--zero-scale", options.zero_scale,
            "what stands for a scale that is zero: zero, least, one")
      .value_name("HOW");
}

void add_block_extents(Parser& parser, QuantizerOptions& options) {
  parser.text("--block", options.block, "rows and columns of the innermost blocks instead: 16x16")
      .value_name("RxC");
}

AnyQuantizer quantizer_of(const QuantizerOptions& options) {
  AnyQuantizer any = at_option("--to", [&] { return any_quantizer_from_text(options.to); });
  if (!options.scaling.empty()) {
    any = at_option("--scaling", [&] {
      const Quantizer* scalar = std::get_if<Quantizer>(&any);
      if (scalar == nullptr)
        throw Error("a block format has its own scales", "", "leave --scaling out");
      Json object = to_json(*scalar);
      object["scaling"] =
          options.scaling[0] == '{' ? parse_json(options.scaling, "JSON") : Json(options.scaling);
      return any_quantizer_from_json(object, "");
    });
  }
  if (auto* block = std::get_if<BlockFormat>(&any)) {
    set_block_options(options, *block);
    return any;
  }
  for (const auto& [option, text] : {std::pair{"--block", options.block},
                                     {"--scale-rule", options.scale_rule},
                                     {"--special-block", options.special_block},
                                     {"--zero-scale", options.zero_scale}}) {
    if (!text.empty())
      throw Error("is for block formats", option, "add --scaling, or leave it out");
  }
  auto& scalar = std::get<Quantizer>(any);
  scalar.rounding = rounding_of(options.rounding, scalar.format, scalar.rounding);
  return any;
}

}  // namespace halfulp::cli
