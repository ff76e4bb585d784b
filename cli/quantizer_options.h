// SPDX-License-Identifier: MIT
//
// The options that say which quantizer a verb is about: a format, with what is changed of it.
#pragma once

#include <string>

#include "cli/verb.h"
#include "formats/json.h"

namespace halfulp::cli {

struct QuantizerOptions {
  std::string to, scaling, block, scale_rule, special_block, zero_scale;  // empty: not given
  RoundingOptions rounding;
};

// --scaling, --scale-rule, --special-block and --zero-scale, and --block where the verb has no
// other meaning for it.
void add_block_options(Parser& parser, QuantizerOptions& options);
void add_block_extents(Parser& parser, QuantizerOptions& options);

// Throws Error with the option's name as location.
AnyQuantizer quantizer_of(const QuantizerOptions& options);

}  // namespace halfulp::cli
