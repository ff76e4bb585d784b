// SPDX-License-Identifier: MIT
//
// What TensorQuantizer::codes makes, back to values, part by part.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formats/json.h"
#include "golden/tensors/parts.h"
#include "golden/tensors/value_encoder.h"

namespace halfulp::tensors {

// The tensors that belong together.
struct CodedTensor {
  std::string name;  // of the values
  FoundTensor codes;
  std::vector<FoundTensor> scales;  // of every level, the outermost first
  std::optional<FoundTensor> zero_points;
};

struct CodedFile {
  std::vector<CodedTensor> coded;
  std::vector<FoundTensor> others;
};

// By the names that TensorQuantizer::codes gives. Throws Error: no codes at all, or codes without
// what belongs to them.
CodedFile coded_file(const FoundFile& file, const AnyQuantizer& quantizer);

// Puts the innermost scales, which lie in tiles (scale_tiles.h), into rows, in memory. Throws Error
// where the format's scales do not lie in tiles, or the tiles are of another size.
void untile_scales(CodedTensor& tensor, const AnyQuantizer& quantizer, int axis);

// The values of codes whose blocks lie along an axis: scale times element, rounded once to the
// carrier that the encoder asks for, and once to its type. (Scalar formats that no float holds are
// carried in float64.) Rows along the last axis come in parts; along another one the tensor is
// turned in memory. Throws Error where types or shapes are not those that the format has, at once;
// `give` where a code has more bits than its format.
PartedTensor dequantized(const CodedTensor& tensor, const AnyQuantizer& quantizer, int axis,
                         const ValueEncoder& encoder);

}  // namespace halfulp::tensors
