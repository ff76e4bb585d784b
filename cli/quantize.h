// SPDX-License-Identifier: MIT
//
// The options of `halfulp quantize`, and what it says of every tensor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/quantizer_options.h"
#include "cli/tensor_options.h"
#include "cli/verb.h"
#include "formats/json.h"
#include "golden/tensors/error_statistics.h"
#include "golden/tensors/files.h"

namespace halfulp::cli {

struct QuantizeOptions {
  std::string in, out;
  QuantizerOptions quantizer;
  std::string scale_layout = "rows";
  std::vector<std::string> only;
  int axis = -1;
  std::uint64_t hadamard = 0;  // 0: none
  std::uint64_t hadamard_seed = 0;
  bool hadamard_signs = false;
  int threads = 0;
  bool codes = false, both_copies = false, reference = false;
  bool json = false, quiet = false;
  TensorOptions tensors;
};

// A tensor's line of the table and its object.
struct TensorAnswer {
  std::string name;
  tensors::Shape shape;
  tensors::ErrorStatistics errors;
  std::optional<double> predicted_scale;
  bool steps = true;  // else errors know no largest number and no units of the last place
};
// As --json or the table has it.
void print_answers(const std::vector<TensorAnswer>& answers, bool as_json);
// What a reader of the errors must know besides: "1 NaN in, 16 NaN out, ..."; empty where all
// elements are finite before and after.
std::string warning_of(const tensors::ErrorStatistics& errors, bool in_blocks);

// quantize_gguf.cc: --to is a type of GGUF.
int quantize_to_gguf(const QuantizeOptions& options);

}  // namespace halfulp::cli
