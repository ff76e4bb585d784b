// SPDX-License-Identifier: MIT
//
// Policies of other tools as documents `policy/1`: what a tool says of its products' operands
// stands at the uses of `matmul`. What a tool can say and a policy cannot is an Error that names
// it; what decides nothing about numbers is passed over.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "formats/json.h"

namespace halfulp::experiments {

// Each throws Error, with JSON pointers into its text as locations.
struct Importer {
  std::string_view tool, what;
  Json (*import)(const std::string& text);
};
std::span<const Importer> importers();
// Throws Error with the nearest name.
const Importer& find_importer(const std::string& tool);

// The dict `mx_specs` of microxcaling (7bc4195) as JSON, members that follow from others left out
// or null. Operands are rounded to `bfloat` or `fp` and then to blocks; so are the operations
// between products, but no parameters of norms and no biases.
Json import_mx_specs(const std::string& text);
// A policy of jmp (260e5ba): "params=f32,compute=bf16,output=f32", or one type for all three.
Json import_jmp(const std::string& text);
// Float8LinearConfig of torchao (36027d8) as JSON, or the name of a recipe. Sums are in binary32
// whatever `use_fast_accum` says; scales are the largest magnitude over the format's largest
// number, where torchao multiplies by the reciprocal.
Json import_torchao(const std::string& text);

}  // namespace halfulp::experiments
