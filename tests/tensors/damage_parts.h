// SPDX-License-Identifier: MIT
//
// What readers in parts promise of any bytes whatever: GGUF files, and safetensors files with codes
// and scales.
#pragma once

#include <memory>
#include <string>

#include "damage.h"
#include "formats/block.h"
#include "golden/tensors/checkpoint/scaled.h"
#include "golden/tensors/dequantizer.h"
#include "golden/tensors/gguf/tensors.h"

namespace halfulp::tensors {

// "", or what is wrong: it must be an Error of one short line, or tensors whose values have the
// size that their shape says. `readable` says which.
template <typename Make>
std::string broken_parts(const Make& make, bool& readable) {
  constexpr std::size_t longest_line = 1000;
  readable = false;
  try {
    for (const PartedTensor& tensor : make()) {
      if (!tensor.give) continue;
      const Tensor made = collected(tensor);
      if (make_tensor(made.name, made.type, made.shape, made.data) != made)
        return "a tensor is not what it says";
      readable = true;
    }
  } catch (const Error& error) {
    const std::string_view line = error.what();
    if (line.empty() || line.size() > longest_line) return "a line of another length";
    for (const char c : line) {
      if (c >= 0 && c < ' ') return "a control character in the line";
    }
  }
  return "";
}

inline ValueEncoder encoder_of(std::size_t choice) {
  static const std::array<ElementType, 3> types{element_type("float32"), element_type("bfloat16"),
                                                element_type("float64")};
  return ValueEncoder(types[choice % types.size()]);
}

inline std::string broken_gguf(ByteView bytes, std::size_t choice, bool& readable) {
  const auto file = std::make_shared<const ByteSource>(Bytes(bytes.begin(), bytes.end()));
  return broken_parts([&] { return gguf::parted_tensors(file, encoder_of(choice)).tensors; },
                      readable);
}

// Codes under the names of a checkpoint or, by the choice, of `quantize --codes`.
inline std::string broken_pairs(ByteView bytes, std::size_t choice, bool& readable) {
  static const std::array<AnyQuantizer, 3> formats{find_block_format("mxfp4"),
                                                   find_block_format("nvfp4"),
                                                   any_quantizer_from_text("float8_e4m3fn")};
  const auto file = std::make_shared<const ByteSource>(Bytes(bytes.begin(), bytes.end()));
  const ValueEncoder encoder = encoder_of(choice);
  PairOptions options;
  options.nibbles = choice / 3 % 2 == 1 ? Nibbles::high_first : Nibbles::low_first;
  options.tiled_scales = choice / 6 % 4 == 3;
  if (choice / 24 % 4 == 3) options.block = {{2, 16}};
  return broken_parts(
      [&] {
        const FoundFile stored = found_safetensors(file);
        std::vector<PartedTensor> tensors;
        if (choice % 2 == 0) {
          for (const ScaledTensor& tensor : checkpoint_of(stored, options).scaled)
            tensors.push_back(values_of(tensor, encoder));
          return tensors;
        }
        const AnyQuantizer& format = formats[choice / 2 % formats.size()];
        CodedFile coded = coded_file(stored, format);
        for (CodedTensor& tensor : coded.coded) {
          const int axis = choice / 96 % 3 == 2 ? 0 : -1;
          if (options.tiled_scales) untile_scales(tensor, format, axis);
          tensors.push_back(dequantized(tensor, format, axis, encoder));
        }
        return tensors;
      },
      readable);
}

}  // namespace halfulp::tensors
